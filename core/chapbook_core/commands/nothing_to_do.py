"""Nothing to do: told from a few files and the names in one folder, before anything is parsed or imported."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING

from chapbook_core.environment.environment import CONFIGURATION
from chapbook_core.environment.place import VENV
from chapbook_core.environment.state import read_state, was_moved
from chapbook_core.installer.condition_key import condition_key
from chapbook_core.installer.journal import has_traces
from chapbook_core.project.discovery import PROJECT_FILE, find_project
from chapbook_core.project.settings import read_settings
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from pathlib import Path

    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.environment.environment import Environment

_LOCK_FILE = "poetry.lock"
_DIST_INFO = ".dist-info"


@frozen
class Known:
    """An environment that is as it should be."""

    environment: Path
    packages: int


class NothingToDo:
    """Compares a project and its environment with what they were when a command last left them in order."""

    def __init__(self, surroundings: Surroundings, words: tuple[str, ...]) -> None:
        """`words` are the options of the command that have a say in what is installed."""
        self._surroundings = surroundings
        self._words = words

    def found(self) -> Known | None:
        """Return the environment when nothing has changed since; None when it has to be looked into.

        Raises ProjectNotFound.
        """
        environment = self._folder / VENV
        state = read_state(environment)
        if state is None or state.fingerprint is None or not self._is_in_project or was_moved(environment, state):
            return None
        library = _library(environment)
        if library is None or has_traces(environment) or state.fingerprint != self._key(environment, library):
            return None
        names = os.listdir(library)  # noqa: PTH208  names, not paths
        return Known(environment, sum(name.endswith(_DIST_INFO) for name in names))

    def fingerprint(self, environment: Environment) -> str | None:
        """Return what to remember of an environment that is in order; None when it is elsewhere."""
        if environment.path != self._folder / VENV or not self._is_in_project:
            return None
        return self._key(environment.path, environment.site_packages)

    @cached_property
    def _folder(self) -> Path:
        return find_project(self._surroundings.start)

    @cached_property
    def _is_in_project(self) -> bool:
        settings = read_settings(self._folder, variables=self._surroundings.variables, home=self._surroundings.home)
        return settings.flag("virtualenvs.in-project")

    def _key(self, environment: Path, library: Path) -> str | None:
        files = (self._folder / PROJECT_FILE, self._folder / _LOCK_FILE, environment / CONFIGURATION)
        try:
            return condition_key(files, self._words, (library,))
        except OSError:
            return None


def _library(environment: Path) -> Path | None:
    if os.name == "nt":
        return environment / "Lib" / "site-packages"
    try:
        names = os.listdir(environment / "lib")  # noqa: PTH208  names, not paths
    except OSError:
        return None
    return environment / "lib" / names[0] / "site-packages" if len(names) == 1 else None
