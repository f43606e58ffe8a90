"""Where a project's environment most likely is, told before the project file is understood."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.environment.place import VENV, place_of
from chapbook_core.errors import ChapbookError
from chapbook_core.pattern import late_pattern
from chapbook_core.project.discovery import PROJECT_FILE
from chapbook_core.project.settings import read_settings

if TYPE_CHECKING:
    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.project.settings import Settings

_UNFILLED = late_pattern(r"\{(?P<name>[^{}]+)\}")


def likely_place(folder: Path, surroundings: Surroundings, settings: Settings | None = None) -> Path:
    """Return where the environment is that the project uses; there may be none.

    `settings` are for who has read them. Raises ChapbookError for a setting that is wrong.
    """
    if settings is None:
        settings = read_settings(folder, variables=surroundings.variables, home=surroundings.home)
    if settings.flag("virtualenvs.in-project"):
        return folder / VENV
    place = place_of(folder, _name(folder / PROJECT_FILE), central_folder(settings))
    return place.present(".".join(map(str, surroundings.python)))


def central_folder(settings: Settings) -> Path:
    """Return the folder of the environments that are in no project; raises ChapbookError for one that is not told."""
    path = settings.text("virtualenvs.path") or str(settings.locations.cache / "virtualenvs")
    if unfilled := _UNFILLED.search(path):
        raise ChapbookError(
            f"`virtualenvs.path` cannot be filled in: there is no setting `{unfilled['name']}`",
            hints=[
                "it may hold `{cache-dir}` and `{data-dir}`",
                "use `virtualenvs.in-project` for the project's folder",
            ],
        )
    return Path(path).expanduser()


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
