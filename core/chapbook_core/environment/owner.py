"""Owner: the project that an environment belongs to, whichever way somebody has come to it."""

from __future__ import annotations

import os
import re
from pathlib import Path

from chapbook_core.environment.place import VENV, place_of
from chapbook_core.environment.state import State, read_state, write_state
from chapbook_core.pattern import late_pattern
from chapbook_core.project.discovery import PROJECT_FILE, declares_project
from chapbook_core.value import replace

_CENTRAL = late_pattern(r".+-[\w-]{8}-py[0-9]+\.[0-9]+", re.ASCII)
"""The name of an environment that is kept apart from its project; it tells which that is by a hash."""


def other_owner(environment: Path, project: Path, name: str | None) -> str | None:
    """Return whose an environment is, in words; None when it is this project's, or nobody's.

    It is another project's when it lies in that project's folder, when its name is made from that, or when that was the
    first to fill it and still uses it.
    """
    real = Path(os.path.realpath(environment))
    here = Path(os.path.realpath(project))
    if real.parent == here:
        return None
    state = read_state(real)
    users = () if state is None else state.projects
    if here in users:
        return None
    if real.name == VENV and _is_project(real.parent):
        return f"the project in `{real.parent}`"
    own = place_of(here, name, real.parent).stem
    if _CENTRAL.fullmatch(real.name) and not real.name.startswith(f"{own}-py"):
        return "the project that it is named for"
    user = next((user for user in users if Path(os.path.realpath(user / VENV)) == real), None)
    return None if user is None else f"the project in `{user}`"


def note_user(environment: Path, project: Path) -> None:
    """Note in an environment outside of this project that the project may change it; raises ChapbookError."""
    real = Path(os.path.realpath(environment))
    here = Path(os.path.realpath(project))
    before = read_state(real) or State(real)
    if real.parent != here and here not in before.projects:
        write_state(real, replace(before, projects=(*before.projects, here)))


def is_user(environment: Path, project: Path) -> bool:
    """Tell whether it is noted in an environment outside of a project that the project may change it."""
    state = read_state(Path(os.path.realpath(environment)))
    return state is not None and Path(os.path.realpath(project)) in state.projects


def is_used_by_others(environment: Path, project: Path) -> bool:
    """Tell whether it is noted in an environment that another project than this one changes it, too."""
    state = read_state(environment)
    if state is None or not state.projects:
        return False
    here = Path(os.path.realpath(project))
    # Whoever an environment in a project belongs to is not noted in it.
    return state.projects != (here,) or Path(os.path.realpath(environment)).name == VENV


def _is_project(folder: Path) -> bool:
    try:
        return declares_project((folder / PROJECT_FILE).read_bytes())
    except OSError:
        return False
