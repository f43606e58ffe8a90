"""What stands where an environment belongs, and what may be done with it."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.environment.environment import CONFIGURATION, Environment, read_environment
from chapbook_core.environment.state import State, read_state, was_moved
from chapbook_core.errors import ChapbookError
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable


@frozen
class Absent:
    """Nothing, or an empty folder, as a container mounts one."""

    path: Path


@frozen
class Sound:
    """An environment whose Python is there."""

    environment: Environment
    state: State | None

    @property
    def path(self) -> Path:
        """Where it is."""
        return self.environment.path


@frozen
class Moved:
    """An environment that was made for another place: its Python works, its scripts do not."""

    environment: Environment
    state: State

    @property
    def path(self) -> Path:
        """Where it is."""
        return self.environment.path

    @property
    def reason(self) -> str:
        """Say so."""
        return f"it was made for `{self.state.path}`, and its scripts point there"


@frozen
class Broken:
    """An environment that cannot be used."""

    path: Path
    reason: str
    hint: str = ""
    """What to do, when it cannot be made anew."""


@frozen
class Foreign:
    """Something else."""

    path: Path
    reason: str


Condition = Absent | Sound | Moved | Broken | Foreign


class NotToBeRemoved(ChapbookError):
    """What stands where the environment belongs is somebody's who did not ask for it to be removed."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        super().__init__(
            f"`{path}` is left as it is: {reason}",
            hints=["look into it, and move it away yourself if nobody needs it"],
        )


def look_at(path: Path) -> Condition:
    """Return the condition of a place; nothing is run."""
    try:
        mode = os.lstat(path).st_mode
    except OSError:
        return Absent(path)
    is_link = stat.S_ISLNK(mode)
    link = f"a link to `{path.readlink()}`, which is " if is_link else ""
    if not (path.is_dir() if is_link else stat.S_ISDIR(mode)):
        return Foreign(path, f"it is {link}{'a file' if path.exists() else 'not there'}")
    if not os.path.isfile(f"{path}/{CONFIGURATION}"):  # noqa: PTH113  each command asks, and paths are dearer
        return Absent(path) if not link and _is_empty(path) else Foreign(path, f"it is {link}no virtual environment")
    environment = read_environment(path)
    if environment is None:
        return Broken(path, f"its `{CONFIGURATION}` does not say what Python it has")
    if not _has_python(environment):
        python = environment.python
        missing = f"it has no `{python.relative_to(path)}`"
        gone = f"its Python {environment.version} in `{environment.home}` is gone"
        return Broken(path, gone if os.path.lexists(python) else missing)
    state = read_state(path)
    return Moved(environment, state) if state is not None and was_moved(path, state) else Sound(environment, state)


def require_removable(path: Path, precious: Iterable[Path]) -> None:
    """Raise NotToBeRemoved unless a folder is an environment that nothing else depends on.

    `precious` are folders that must not go with it: the home folder, the project.
    """
    reason = _reason_to_keep(path, precious)
    if reason is not None:
        raise NotToBeRemoved(path, reason)


def runs_this(path: Path) -> bool:
    """Tell whether the program that asks runs from an environment: it would take its own code away."""
    try:
        return path.samefile(sys.prefix)
    except OSError:
        return False


def _reason_to_keep(path: Path, precious: Iterable[Path]) -> str | None:  # noqa: PLR0911  one a reason
    if path.is_symlink():
        return f"it is a link to `{path.readlink()}`, which others may use"
    if not path.is_dir():
        return "it is a file"
    if not (path / CONFIGURATION).is_file() and not _is_empty(path):
        return "it is no virtual environment"
    if os.path.lexists(path / ".git"):
        return "it holds a git repository"
    if os.path.ismount(path):
        return "another file system is mounted on it"
    if runs_this(path):
        return "Chapbook itself runs from it"
    real = Path(os.path.realpath(path))
    held = next((one for one in precious if Path(os.path.realpath(one)).is_relative_to(real)), None)
    return None if held is None else f"it holds `{held}`"


def _is_empty(folder: Path) -> bool:
    try:
        return not any(folder.iterdir())
    except OSError:
        return False


def _has_python(environment: Environment) -> bool:
    # Copied programs find their library through `home` alone.
    return environment.python.exists() and environment.home.is_dir()
