"""A watcher that remembers what it was told, and can ask work to stop."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, TypeVar

from chapbook_core.errors import Cancelled
from chapbook_core.events import Advanced, Finished, Notice, Started

if TYPE_CHECKING:
    from collections.abc import Callable

    from chapbook_core.events import Event

_Kind = TypeVar("_Kind", Started, Advanced, Finished, Notice)


class RecordingWatcher:
    """Keeps every event; `cancel_after` checkpoints (or `cancel()`) the next checkpoint raises `Cancelled`."""

    def __init__(self, *, cancel_after: int | None = None, at_checkpoint: Callable[[int], None] | None = None) -> None:
        self.events: list[Event] = []
        self.checkpoints = 0
        self._cancel_after = cancel_after
        self._at_checkpoint = at_checkpoint
        self._lock = threading.Lock()

    def emit(self, event: Event, /) -> None:
        with self._lock:
            self.events.append(event)

    def checkpoint(self) -> None:
        with self._lock:
            self.checkpoints += 1
            passed = self.checkpoints
        if self._at_checkpoint is not None:
            self._at_checkpoint(passed)
        if self._cancel_after is not None and passed > self._cancel_after:
            raise Cancelled

    def cancel(self) -> None:
        """Make the next checkpoint raise, as a person's interrupt does."""
        self._cancel_after = 0

    def of_kind(self, kind: type[_Kind]) -> list[_Kind]:
        """Return the events of one kind, in order."""
        with self._lock:
            return [event for event in self.events if isinstance(event, kind)]

    @property
    def messages(self) -> list[str]:
        """The sentences of all notices, in order."""
        return [notice.message for notice in self.of_kind(Notice)]

    @property
    def warnings(self) -> list[str]:
        """The sentences of the warnings, in order."""
        return [notice.message for notice in self.of_kind(Notice) if notice.level == "warning"]
