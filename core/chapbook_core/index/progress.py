"""Progress: how many things were wanted from indexes, and how many have come."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from chapbook_core.events import Advanced, Finished, Started

if TYPE_CHECKING:
    from chapbook_core.events import Watcher

_TASK = "index"


class Progress:
    """Tells how many things were wanted from indexes, and how many have come."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher
        self._lock = threading.Lock()
        self._began = 0.0
        self._wanted = 0
        self._come = 0

    def of(self, what: str) -> _Step:
        """Count a thing as wanted, and as come when the block ends."""
        with self._lock:
            self._wanted += 1
            begins = self._wanted == 1
            if begins:
                self._began = time.monotonic()
        if begins:
            self._watcher.emit(Started(_TASK, "Reading package indexes"))
        return _Step(self, what)

    def came(self, what: str) -> None:
        """Count a thing as come."""
        with self._lock:
            self._come += 1
            come, wanted = self._come, self._wanted
        self._watcher.emit(Advanced(_TASK, come, wanted, what))

    def end(self) -> None:
        """Tell how many came, and how long it took."""
        if self._wanted:
            self._watcher.emit(Finished(_TASK, time.monotonic() - self._began, f"{self._come} pages and metadata"))
            self._wanted = self._come = 0


class _Step:
    """One thing on its way."""

    __slots__ = ("_progress", "_what")

    def __init__(self, progress: Progress, what: str) -> None:
        self._progress = progress
        self._what = what

    def __enter__(self) -> None: ...

    def __exit__(self, *_problem: object) -> None:
        self._progress.came(self._what)
