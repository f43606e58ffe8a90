"""What a completer knows: read from the project and the cache when it is asked, and nothing where that fails."""

from __future__ import annotations

import os
from contextlib import suppress
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from chapbook_core.errors import ChapbookError
from chapbook_core.events import Unwatched
from chapbook_core.project.discovery import LOCK_FILE, PROJECT_FILE, find_project
from chapbook_core.project.manifest import read_manifest

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.environment.environment import Environment
    from chapbook_core.project.manifest import Manifest

_T = TypeVar("_T")
_LOCKED_NAME = 'name = "'
_PACKAGE = "[[package]]"
_MOST_PATHS = 500


class ProjectKnowledge:
    """The knowledge of one folder."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings

    def declared(self) -> Collection[str]:
        """Return the names of the packages that the project declares."""
        manifest = self._manifest
        groups = () if manifest is None else manifest.groups
        return {requirement.name for group in groups for requirement in group.requirements}

    def locked(self) -> Collection[str]:
        """Return the names of the packages that are locked; the file is not parsed, so that this is quick."""
        if self._folder is None:
            return ()
        try:
            lines = (self._folder / LOCK_FILE).read_text("utf-8", errors="replace").splitlines()
        except OSError:
            return ()
        return {
            line[len(_LOCKED_NAME) : -1]
            for before, line in pairwise(lines)
            if before == _PACKAGE and line.startswith(_LOCKED_NAME)
        }

    def known(self) -> Collection[str]:
        """Return the names of packages that were looked up on indexes before."""
        # The database is opened for this alone.
        from chapbook_core.index.opening import open_cache
        from chapbook_core.project.own_cache import cache_place, is_own
        from chapbook_core.project.settings import read_settings

        surroundings = self._surroundings
        if not surroundings.cache:
            return ()
        with suppress(ChapbookError, OSError):
            settings = read_settings(
                self._folder or surroundings.folder, variables=surroundings.variables, home=surroundings.home
            )
            folder = cache_place(settings)
            if is_own(folder):
                cache = open_cache(folder, Unwatched())
                try:
                    return cache.names()
                finally:
                    cache.close()
        return ()

    def groups(self) -> Collection[str]:
        """Return the groups of the project."""
        return [] if self._manifest is None else [group.name for group in self._manifest.groups]

    def extras(self) -> Collection[str]:
        """Return the extras of the project."""
        return [] if self._manifest is None else list(self._manifest.extras)

    def sources(self) -> Collection[str]:
        """Return the names of the project's package sources."""
        return [] if self._manifest is None else [source.name for source in self._manifest.sources]

    def settings(self) -> Collection[str]:
        """Return the names of settings."""
        from chapbook_core.project.config_keys import KEYS  # needed for `config` alone

        return list(KEYS)

    def programs(self) -> Collection[str]:
        """Return what `run` can run: tasks, scripts, and the programs of the environment."""
        manifest = self._manifest
        if manifest is None:
            return ()
        from chapbook_core.project.tasks import read_tasks  # needed for `run` alone

        names: set[str] = {*manifest.scripts, *manifest.about.file_scripts}
        with suppress(ChapbookError):
            names |= set(read_tasks(manifest.tool, manifest.file, used=""))
        environment = self._environment(manifest)
        if environment is not None:
            with suppress(OSError):
                names |= {Path(name).stem if os.name == "nt" else name for name in os.listdir(environment.scripts)}  # noqa: PTH208  names suffice
        return {name for name in names if not name.startswith(("activate", "Activate", "."))}

    def paths(self, start: str) -> Collection[str]:
        """Return the paths that begin so; folders end with a slash."""
        head, _, name = start.rpartition("/")
        prefix = f"{head}/" if "/" in start else ""
        try:
            with os.scandir(self._surroundings.folder / Path(prefix or ".").expanduser()) as entries:
                found = [
                    f"{prefix}{entry.name}{'/' if entry.is_dir() else ''}"
                    for entry in entries
                    if entry.name.startswith(name) and (name.startswith(".") or not entry.name.startswith("."))
                ]
        except (OSError, RuntimeError, ValueError):
            return ()
        return sorted(found)[:_MOST_PATHS]

    def _environment(self, manifest: Manifest) -> Environment | None:
        from chapbook_core.commands.project_modules import usable_environment
        from chapbook_core.commands.session import Session
        from chapbook_core.project.settings import read_settings  # as above

        surroundings = self._surroundings
        with suppress(ChapbookError, OSError):
            settings = read_settings(manifest.folder, variables=surroundings.variables, home=surroundings.home)
            return usable_environment(Session(manifest, settings, surroundings, Unwatched()))
        return None

    @cached_property
    def _folder(self) -> Path | None:
        return _tried(lambda: find_project(self._surroundings.start))

    @cached_property
    def _manifest(self) -> Manifest | None:
        folder = self._folder
        return None if folder is None else _tried(lambda: read_manifest(folder / PROJECT_FILE))


def _tried(read: Callable[[], _T]) -> _T | None:
    try:
        return read()
    except (ChapbookError, OSError):
        return None
