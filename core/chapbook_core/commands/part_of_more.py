"""PartOfMore: the watcher of a command that is only a part of another one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.events import Committed

if TYPE_CHECKING:
    from chapbook_core.events import Event, Watcher


class PartOfMore:
    """Passes everything on, but that something has happened for good: the whole can still be stopped."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher

    def emit(self, event: Event, /) -> None:
        """Pass it on, unless it says that there is nothing left to cancel."""
        if not isinstance(event, Committed):
            self._watcher.emit(event)

    def checkpoint(self) -> None:
        """Stop when the whole is to be stopped."""
        self._watcher.checkpoint()
