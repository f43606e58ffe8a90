"""Where a project's environment most likely is, told before the project file is understood."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.environment.place import VENV, place_of
from chapbook_core.project.discovery import PROJECT_FILE
from chapbook_core.project.lock_place import STATE_FOLDER
from chapbook_core.project.settings import read_settings

if TYPE_CHECKING:
    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.project.settings import Settings

AWAY = f"{STATE_FOLDER}/away"
"""Below a project: there while its environment, which is elsewhere, changes; for whoever looks at the project alone."""


def likely_place(folder: Path, surroundings: Surroundings, settings: Settings | None = None) -> Path:
    """Return where the environment is that the project uses; there may be none. Raises InvalidSetting.

    `settings` are for who has read them.
    """
    if settings is None:
        settings = read_settings(folder, variables=surroundings.variables, home=surroundings.home)
    if settings.flag("virtualenvs.in-project"):
        return folder / VENV
    central = Path(settings.text("virtualenvs.path") or settings.locations.cache / "virtualenvs").expanduser()
    return place_of(folder, _name(folder / PROJECT_FILE), central).present(".".join(map(str, surroundings.python)))


def _name(file: Path) -> str | None:
    """Return the name of a project; what is wrong with its file is told when it is read in earnest."""
    # Most environments are in their project's folder.
    import tomllib

    try:
        data = tomllib.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    match data:
        case {"project": {"name": str(name)}} | {"tool": {"poetry": {"name": str(name)}}}:
            return name
        case _:
            return None
