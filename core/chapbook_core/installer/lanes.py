"""Lanes: which downloads go on at once.

All of them share one way, mostly. Were all the large ones to begin together they would also end together, and only then
would there be anything to unpack; so few of them go at a time, the largest first, while the small ones go beside them.
Where each connection is slow by itself more of them bring more, which shows after a moment, and more are let go.
"""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LARGE = 2 << 20
"""From so many bytes on a download waits for a lane."""
LEAST = 2
"""So many large ones go at once in any case."""
_WINDOW = 0.3
"""Seconds over which a rate is taken."""
_GAIN = 1.15
"""How many times faster it must have become with one lane more, for another one."""
_GLANCE = 0.05
"""Seconds between two looks at whether the work is to stop."""


class Lanes:
    """Lets downloads go; used from many threads."""

    def __init__(self, most: int, *, now: Callable[[], float] = time.monotonic) -> None:
        """`most` is how many may go at once, large and small together."""
        self._most = most
        self._now = now
        self._open = min(LEAST, most)
        self._is_settled = False
        self._going = self._large = 0
        self._waiting: list[tuple[int, int]] = []
        self._serials = itertools.count()
        self._changed = threading.Condition()
        self._rate = 0.0
        self._since: float | None = None
        self._bytes = 0

    @contextmanager
    def turn(self, size: int, checkpoint: Callable[[], None]) -> Iterator[None]:
        """Wait until a download of this size may go; raises what the checkpoint raises."""
        self._enter(size, checkpoint)
        try:
            yield
        finally:
            with self._changed:
                self._going -= 1
                self._large -= size >= LARGE
                self._since = None
                self._changed.notify_all()

    def advance(self, count: int) -> None:
        """Take note of bytes that have come; they decide whether another lane is opened."""
        with self._changed:
            if self._is_settled or self._large < self._open or not self._waiting:
                # It is not the lanes that hold anything up.
                self._since = None
                return
            now = self._now()
            if self._since is None:
                self._since, self._bytes = now, 0
                return
            self._bytes += count
            if now - self._since >= _WINDOW:
                self._judge(self._bytes / (now - self._since))
                self._since = None

    def _judge(self, rate: float) -> None:
        if self._open < self._most and rate > self._rate * _GAIN:
            self._open += 1
            self._changed.notify_all()
        else:
            # The last lane brought nothing: it is given up as soon as what goes there has come.
            self._open = max(min(LEAST, self._most), self._open - 1)
            self._is_settled = True
        self._rate = rate

    def _enter(self, size: int, checkpoint: Callable[[], None]) -> None:
        is_large = size >= LARGE
        with self._changed:
            rank = (-size, next(self._serials))
            if is_large:
                heapq.heappush(self._waiting, rank)
            try:
                while self._going >= self._most or (is_large and not self._has_lane(rank)):
                    self._changed.wait(_GLANCE)
                    checkpoint()
                self._going += 1
                self._large += is_large
            finally:
                if is_large:
                    self._waiting.remove(rank)
                    heapq.heapify(self._waiting)
                    # The next one may be let go beside this one.
                    self._changed.notify_all()

    def _has_lane(self, rank: tuple[int, int]) -> bool:
        return self._large < self._open and self._waiting[0] == rank
