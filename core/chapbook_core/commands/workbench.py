"""Workbench: what the builds of one command share; each part is made when it is first needed."""

from __future__ import annotations

import json
import os
import threading
from contextlib import ExitStack, contextmanager
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from chapbook_core.commands.cache_folders import open_store
from chapbook_core.commands.interpreters import choose_interpreter, interpreter_of
from chapbook_core.commands.project_environment import present_condition
from chapbook_core.environment.condition import Moved, Sound
from chapbook_core.environment.wheel_tags import tags_of
from chapbook_core.errors import Cancelled, ChapbookError
from chapbook_core.index.mode import Mode
from chapbook_core.index.tags import TagOrder
from chapbook_core.installer.store import WHEELS
from chapbook_core.project.removal import remove_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import TracebackType

    from chapbook_core.builder.frontend import Frontend
    from chapbook_core.builder.git import GitRepositories
    from chapbook_core.builder.isolation import BuildEnvironments
    from chapbook_core.commands.build_sources import BuildSource
    from chapbook_core.commands.built_wheels import BuiltWheels
    from chapbook_core.commands.session import Session
    from chapbook_core.commands.source_archives import SourceArchives
    from chapbook_core.environment.interpreter import Build, Interpreter
    from chapbook_core.events import Event, Watcher
    from chapbook_core.index.opening import OpenIndex
    from chapbook_core.installer.store import Store, StoredWheel
    from chapbook_core.requirements.requirement import Requirement


class _Stoppable:
    """The watcher of work that stops when some other part of it has failed."""

    def __init__(self, watcher: Watcher, stopping: threading.Event) -> None:
        self._watcher = watcher
        self._stopping = stopping

    def emit(self, event: Event, /) -> None:
        self._watcher.emit(event)

    def checkpoint(self) -> None:
        if self._stopping.is_set():
            raise Cancelled
        self._watcher.checkpoint()


class Workbench:
    """Whoever opens it closes it; what was given to it stays open."""

    def __init__(
        self,
        session: Session,
        mode: Mode,
        *,
        store: Store | None = None,
        index: OpenIndex | None = None,
        interpreter: Interpreter | None = None,
    ) -> None:
        self.session = session
        self.mode = mode
        self.cache = session.cache
        self.stopping = threading.Event()
        """Set when one of several builds has failed, or the person wants no more of them."""
        self.watcher: Watcher = _Stoppable(session.watcher, self.stopping)
        """For whatever may be at work in a thread of its own."""
        self.git_lock = threading.Lock()
        self.lookup_lock = threading.Lock()
        """Held while an index is asked where a file is."""
        self.environment_lock = threading.RLock()
        """Held while an environment is made: what several builds need is made once."""
        self._given_store = store
        self._given_index = index
        self._given_interpreter = interpreter
        self._open = ExitStack()

    @cached_property
    def store(self) -> Store:
        """Where wheels are."""
        return self._given_store or self._open.enter_context(open_store(self.session))

    @cached_property
    def index(self) -> OpenIndex:
        """The way to the indexes."""
        return self._given_index or self._open.enter_context(self.session.open_index(self.mode))

    @cached_property
    def interpreter(self) -> Interpreter:
        """The Python that builds are for: that of the project's environment, or what one would be made from."""
        if self._given_interpreter is not None:
            return self._given_interpreter
        match present_condition(self.session):
            case Sound(environment=environment) | Moved(environment=environment):
                return interpreter_of(self.session, environment)
            case _:
                return self._chosen()

    def _chosen(self) -> Interpreter:
        try:
            return choose_interpreter(self.session)
        except Cancelled:
            raise
        except ChapbookError:
            # A lock can be made where no Python of the project is; then our own tells what a release requires.
            from chapbook_core.environment.discovery import running_interpreter
            from chapbook_core.environment.probe import Prober

            kept = None if self.cache is None else self.cache / "interpreters"
            return Prober(kept, self.session.surroundings.variables).ask(running_interpreter())

    @cached_property
    def tags(self) -> TagOrder:
        """The wheels that this Python takes."""
        interpreter = self.interpreter
        return _tag_order(interpreter.implementation, interpreter.minor, interpreter.build)

    @cached_property
    def folder(self) -> Path:
        """Where builds leave things; all of it goes at the end, also after a kill."""
        from chapbook_core.installer.workshop import Workshop  # hardly a command builds

        top = self.cache
        if top is None:
            # Nearly everybody uses the cache.
            from tempfile import TemporaryDirectory

            room = TemporaryDirectory(prefix="chapbook-build-", ignore_cleanup_errors=True)
            top = Path(self._open.enter_context(room))
        workshop = Workshop(top / "builds")
        self._open.callback(workshop.close)
        return workshop.folder.resolve()

    @cached_property
    def archives(self) -> SourceArchives:
        """Source archives that were downloaded."""
        # What is in the store already needs no source, and no build.
        from chapbook_core.commands.source_archives import SourceArchives

        folder = self.folder / "sources" if self.cache is None else self.cache / "sources"
        return SourceArchives(folder, lambda: self.index.client, self.mode)

    @cached_property
    def built(self) -> BuiltWheels:
        """What was built before."""
        from chapbook_core.commands.built_wheels import BuiltWheels  # as above

        return BuiltWheels(None if self.cache is None else self.cache / "built", self.store)

    @cached_property
    def repositories(self) -> GitRepositories:
        """Git repositories that were fetched."""
        from chapbook_core.builder.git import GitRepositories  # as above

        folder = (self.cache.resolve() if self.cache is not None else self.folder) / "git"
        is_offline = self.mode is Mode.OFFLINE
        return GitRepositories(folder, self.session.surroundings.variables, self.watcher, is_offline=is_offline)

    def settings(self, name: str) -> Mapping[str, str | list[str]]:
        """Return what the person wants the build of a package to be told."""
        value = self.session.settings.get(f"installer.build-config-settings.{name}").value
        # Its form was checked where it was read.
        options: dict[str, str | list[str]] = json.loads(value) if isinstance(value, str) and value else {}
        return options

    def constraints(self, name: str) -> tuple[Requirement, ...]:
        """Return what the project allows of what the build of a package needs."""
        entries = self.session.manifest.poetry.build_constraints.get(name, ())
        return tuple(entry.requirement for entry in entries)

    def key(self, kind: Literal["wheel", "metadata"], identity: tuple[str, ...], name: str) -> str:
        """Return what the outcome of a build is found by; no version of Chapbook finds what it could not read."""
        from chapbook_core.index.blob import METADATA, layouts_of  # as `archives`

        layout = WHEELS if kind == "wheel" else layouts_of(METADATA)
        python = (self.interpreter.implementation, self.interpreter.version, next(iter(self.tags.ranks)))
        settings = sorted(self.settings(name).items())
        constraints = [str((each.name, each.constraint.text, str(each.marker))) for each in self.constraints(name)]
        from chapbook_core.builder.isolation import shaping_variables  # as above

        variables = shaping_variables(self.session.surroundings.variables)
        return self.built.key(kind, layout, identity, python, settings, constraints, variables)

    def kept(self, source: BuildSource) -> StoredWheel | None:
        """Return what was built out of a source before."""
        return self.built.wheel(self.key("wheel", source.identity, source.name))

    def frontend(
        self, environments: BuildEnvironments, watcher: Watcher | None = None, *, is_own: bool = False
    ) -> Frontend:
        """Return what builds one source tree; `is_own` is one that the person can mend."""
        from chapbook_core.builder.frontend import Frontend  # as above
        from chapbook_core.commands.build_logs import keep_log

        logs = None if self.cache is None else self.cache / "logs"
        return Frontend(
            self.session.surroundings.variables,
            watcher or self.watcher,
            environments,
            self.folder,
            lambda what, output: keep_log(logs, what, output),
            is_own=is_own,
        )

    @contextmanager
    def room(self) -> Iterator[Path]:
        """Provide an empty folder that goes with what is put into it."""
        room = self.folder / os.urandom(6).hex()
        room.mkdir()
        try:
            yield room
        finally:
            remove_folder(room)

    def make_ready(self) -> None:
        """Make every part that several threads will use at once."""
        _ = (self.index, self.built, self.tags, self.folder, self.archives, self.repositories)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Remove what the builds left."""
        self._open.close()


@lru_cache(maxsize=16)
def _tag_order(implementation: str, minor: tuple[int, int], build: Build) -> TagOrder:
    # Even to compare a thousand tags with those of before takes longer than to look at some small files.
    return TagOrder.of(tags_of(implementation, minor, build))
