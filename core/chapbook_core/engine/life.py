"""How long an engine lives: as long as its client does, and ten minutes without work."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

IDLE = 600.0
"""Seconds."""


class Life:
    """Counts the requests under way, and looks after the parent."""

    def __init__(
        self,
        idle: float = IDLE,
        *,
        now: Callable[[], float] = time.monotonic,
        parent: Callable[[], int] = os.getppid,
    ) -> None:
        self._idle = idle
        self._now = now
        self._find_parent = parent
        self._parent = parent()
        self._lock = threading.Lock()
        self._busy = 0
        self._quiet_since = now()
        self._is_over = False

    def begin(self) -> bool:
        """Count a request in, unless it comes too late: then the engine is on its way out, and another has to do it."""
        with self._lock:
            if not self._is_over:
                self._busy += 1
            return not self._is_over

    def end(self) -> None:
        """Count a request out."""
        with self._lock:
            self._busy -= 1
            self._quiet_since = self._now()

    def is_busy(self) -> bool:
        """Tell whether requests are under way."""
        return self._busy > 0

    def is_over(self) -> bool:
        """Tell whether the engine is to end, after which no request is counted in."""
        is_orphan = self._find_parent() != self._parent
        with self._lock:
            is_idle = not self._busy and self._now() - self._quiet_since >= self._idle
            self._is_over = self._is_over or is_idle or is_orphan
            return self._is_over

    def finish(self) -> None:
        """Let it be over."""
        with self._lock:
            self._is_over = True
