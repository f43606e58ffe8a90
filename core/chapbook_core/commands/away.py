"""Away: the sign below a project that its environment, which is elsewhere, is being changed."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.installer.traces import is_interrupted
from chapbook_core.project.lock_place import STATE_FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterator

AWAY = f"{STATE_FOLDER}/away"
"""Below a project; for whoever looks at the project alone."""


def away_from(folder: Path) -> Path | None:
    """Return the environment that a sign is of; None when it does not say."""
    try:
        path = Path(os.fsdecode((folder / AWAY).read_bytes()))
    except (OSError, ValueError):
        return None
    return path if path.is_absolute() else None


@contextmanager
def told_away(folder: Path, environment: Path) -> Iterator[None]:
    """Leave a sign in the project while an environment changes that is not in it.

    It stays as long as the change is neither finished nor undone, as after a kill.
    """
    if environment.parent == folder:
        yield
        return
    sign = folder / AWAY
    # A project that cannot be written in is not changed either.
    with suppress(OSError):
        sign.parent.mkdir(exist_ok=True)
        sign.write_bytes(os.fsencode(environment))
    try:
        yield
    finally:
        if not is_interrupted(environment):
            with suppress(OSError):
                sign.unlink(missing_ok=True)
