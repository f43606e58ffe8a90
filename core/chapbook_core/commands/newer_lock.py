"""A lock of a later format than is known in full, which is read all the same, as Poetry reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.events import Notice
from chapbook_core.project.discovery import LOCK_FILE

if TYPE_CHECKING:
    from chapbook_core.events import Watcher
    from chapbook_core.lock.lockfile import Lock

_HINT = "bring Chapbook up to date, or run `chapbook lock --regenerate` to have it in the format that is known"


def warn_of_newer_lock(lock: Lock | None, watcher: Watcher) -> None:
    """Say so when there may be more in a lock than is understood."""
    if lock is not None and lock.is_newer:
        message = f"{LOCK_FILE} has the format {lock.lock_version}, of which Chapbook may not understand everything"
        watcher.emit(Notice("warning", message, (_HINT,)))
