"""Nothing to do: told from a few files and the names in one folder, before anything is parsed or imported."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING

from chapbook_core.commands.first_look import FirstLook
from chapbook_core.commands.likely_place import likely_place
from chapbook_core.commands.own_version import own_version
from chapbook_core.environment.environment import CONFIGURATION, PROGRAM_SUFFIX, SCRIPTS
from chapbook_core.environment.place import VENV
from chapbook_core.environment.state import read_state, state_file, was_moved
from chapbook_core.installer.condition_key import condition_key, file_digest
from chapbook_core.installer.traces import has_traces
from chapbook_core.project.discovery import LOCK_FILE, PROJECT_FILE
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.environment.environment import Environment
    from chapbook_core.environment.state import State

_DIST_INFO = ".dist-info"
_PYTHON = f"{SCRIPTS}/python{PROGRAM_SUFFIX}"


@frozen
class Known:
    """An environment that is as it should be."""

    environment: Path
    packages: int
    places: tuple[str, ...] = ()
    """All files and folders that told it, where no others could have a say; else none."""


def installing_words(given: Mapping[str, object], *, sync: bool) -> Iterator[str]:
    """Yield the options that have a say in what is installed."""
    yield "sync" if sync else "install"
    for name in ("with", "without", "only", "extras"):
        texts = given.get(name)
        yield f"{name}={','.join(sorted(texts)) if isinstance(texts, tuple) else ''}"
    for name in ("all-groups", "all-extras", "no-root", "only-root", "no-directory"):
        yield f"{name}={bool(given.get(name))}"


PLAIN = tuple(installing_words({}, sync=False))
"""Of an `install` without options."""


class NothingToDo:
    """Compares a project and its environment with what they were when a command last left them in order."""

    def __init__(self, surroundings: Surroundings, words: tuple[str, ...], look: FirstLook | None = None) -> None:
        """`words` are the options of the command that have a say in what is installed."""
        self._surroundings = surroundings
        self._words = words
        self._look = look or FirstLook(surroundings)

    def found(self) -> Known | None:
        """Return the environment when nothing has changed since; None when it has to be looked into.

        Raises ProjectNotFound.
        """
        environment = self._environment
        state = read_state(environment)
        if state is None or state.fingerprint is None or was_moved(environment, state):
            return None
        library = _library(environment)
        names = None if library is None else _names(library)
        if library is None or names is None or has_traces(environment):
            return None
        if not any(state.fingerprint == self._key(environment, names, words) for words in self._fitting()):
            return None
        # That of the system may have been taken away, or replaced by a newer one.
        if not os.path.exists(f"{environment}/{_PYTHON}"):  # noqa: PTH110  each command asks, and paths are dearer
            return None
        if state.folders and _is_changed(state.folders):
            return None
        return Known(environment, sum(name.endswith(_DIST_INFO) for name in names), tuple(self._places(state, library)))

    def fingerprint(self, environment: Environment) -> str | None:
        """Return what to remember of an environment that is in order; None when it is elsewhere.

        Files that have been looked at count as they were then: by what they said it was put in order.
        """
        if environment.path != self._environment:
            return None
        try:
            names = os.listdir(environment.site_packages)  # noqa: PTH208  names, not paths
        except OSError:
            return None
        return self._key(environment.path, names, self._words)

    @cached_property
    def _environment(self) -> Path:
        return likely_place(self._look.folder, self._surroundings, self._look.settings)

    def _fitting(self) -> Iterator[tuple[str, ...]]:
        """Yield the options after which nothing is left to do for these."""
        yield self._words
        if self._words[0] == "install":
            yield ("sync", *self._words[1:])

    def _key(self, environment: Path, names: Sequence[str], words: tuple[str, ...]) -> str | None:
        folder = self._look.folder
        places = ((folder, PROJECT_FILE), (folder, LOCK_FILE), (environment, CONFIGURATION))
        files = [os.path.join(place, name) for place, name in places]  # noqa: PTH118  paths are dearer
        try:
            # Another Chapbook may bring other hooks and files along.
            return condition_key(files, (own_version(), *words), names, self._digest)
        except OSError:
            return None

    def _places(self, state: State, library: str) -> Iterator[str]:
        """Yield what was looked at, unless there may be more, or it is somewhere else tomorrow."""
        folder, environment = self._look.folder, self._environment
        own = f"{folder}/{VENV}"
        if (
            state.folders
            or not str(environment) == str(state.path) == own
            or str(self._surroundings.start) != str(folder)
        ):
            return
        yield from (f"{folder}/{PROJECT_FILE}", f"{folder}/{LOCK_FILE}", *self._look.settings.places)
        yield from (f"{own}/{CONFIGURATION}", f"{own}/{_PYTHON}", state_file(own), f"{own}/lib", library)

    def _digest(self, file: str) -> bytes:
        # The environment may be made anew by the command.
        return file_digest(file) if file.endswith(CONFIGURATION) else self._look.digest(file)


def _is_changed(folders: Mapping[str, str]) -> bool:
    from chapbook_core.builder.folder_content import is_any_changed  # hardly a project requires a folder

    return is_any_changed(folders)


def _library(environment: Path) -> str | None:
    """Return the folder for packages, if that can be found."""
    if os.name == "nt":
        return f"{environment}/Lib/site-packages"
    try:
        pythons = os.listdir(f"{environment}/lib")  # noqa: PTH208  names, not paths
    except OSError:
        return None
    return f"{environment}/lib/{pythons[0]}/site-packages" if len(pythons) == 1 else None


def _names(library: str) -> list[str] | None:
    try:
        return os.listdir(library)  # noqa: PTH208  names, not paths
    except OSError:
        return None
