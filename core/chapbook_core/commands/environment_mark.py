"""A mark of what is in a project's environment: two that differ tell that a command has changed it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from chapbook_core.environment.place import VENV

if TYPE_CHECKING:
    from pathlib import Path

    from chapbook_core.commands.surroundings import Surroundings


def environment_mark(folder: Path, surroundings: Surroundings) -> object:
    """Return the mark, None without an environment; nothing is read but the names and times of a few folders."""
    environment = folder / VENV
    if not environment.is_dir():
        environment = _elsewhere(folder, surroundings) or environment
        if not environment.is_dir():
            return None
    libraries = (environment / "Lib" / "site-packages", *_libraries(environment / "lib"))
    return (str(environment), *map(_time, (environment, environment / "pyvenv.cfg", *libraries)))


def _elsewhere(folder: Path, surroundings: Surroundings) -> Path | None:
    """Return the environment of a project that does not have it inside; hardly any."""
    from chapbook_core.commands.project_environment import project_place  # as said
    from chapbook_core.errors import ChapbookError
    from chapbook_core.project.discovery import PROJECT_FILE
    from chapbook_core.project.manifest import read_manifest
    from chapbook_core.project.settings import read_settings

    try:
        settings = read_settings(folder, variables=surroundings.variables, home=surroundings.home)
        if settings.flag("virtualenvs.in-project"):
            return None
        place = project_place(read_manifest(folder / PROJECT_FILE), settings)
        return place.present(".".join(map(str, surroundings.python)))
    except (ChapbookError, OSError):
        return None


def _libraries(folder: Path) -> list[Path]:
    try:
        return [folder / name / "site-packages" for name in sorted(os.listdir(folder))]  # noqa: PTH208  names suffice
    except OSError:
        return []


def _time(path: Path) -> int | None:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return None
