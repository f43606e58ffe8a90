"""A command's turn at writing: which project it has for itself, and how long it waits for that."""

from __future__ import annotations

import os
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.errors import UsageError
from chapbook_core.project.discovery import ProjectNotFound, find_project
from chapbook_core.project.locations import find_locations
from chapbook_core.project.writer_lock import PATIENCE, hold_project

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

    from chapbook_core.commands.command import Invocation
    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.events import Watcher

TIMEOUT = "CHAPBOOK_LOCK_TIMEOUT"
"""The variable that says how many seconds to wait for another writer."""
_TEMPORARY = ("TMPDIR", "TEMP", "TMP")


def writing_turn(invocation: Invocation, surroundings: Surroundings, watcher: Watcher) -> AbstractContextManager[None]:
    """Return what holds the project of a command that writes."""
    writes = invocation.command.writes
    try:
        folder = surroundings.start if writes is not None and writes.here else find_project(surroundings.start)
    except ProjectNotFound:
        # Nothing is there to be held; what that means is the command's to say.
        return nullcontext()
    return hold_project(
        folder,
        f"chapbook {invocation.command.name}",
        watcher,
        patience=_patience(surroundings.variables),
        elsewhere=_elsewhere(surroundings),
    )


def _patience(variables: Mapping[str, str]) -> float:
    text = variables.get(TIMEOUT, "").strip()
    if not text:
        return PATIENCE
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    # What is not a number is not less than zero either.
    if not seconds >= 0:
        raise UsageError(
            f"the environment variable {TIMEOUT} is not a number of seconds: {text}",
            hints=[f"set it to 0 to wait for nobody, or leave it out to wait {PATIENCE:.0f} s"],
        )
    return seconds


def _elsewhere(surroundings: Surroundings) -> tuple[Path, ...]:
    """Name where the lock can be when the project cannot hold it: all of this person's programs find the same.

    The cache comes first, because a job or a session may have a folder for temporary files of its own. Where even that
    knows no locks, as a home folder on the network, the temporary files are on a disk of this machine.
    """
    cache = find_locations(surroundings.variables, surroundings.home).cache
    if sys.platform == "win32":
        person = "chapbook"
    else:
        person = f"chapbook-{os.getuid()}"
    temporary = next((surroundings.variables[name] for name in _TEMPORARY if surroundings.variables.get(name)), "/tmp")  # noqa: S108  the folder made in it is checked to be this person's
    return (cache / "locks", Path(temporary) / person)
