"""What goes wrong with an index, on demand: which request gets which fault, and how often."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fakes.index.listing import Listing
    from tests.fakes.index.message import Reply, Request


@dataclass(frozen=True, slots=True)
class Fault:
    """A change to what would have been answered: to the reply, or to what a page lists before it is written."""

    name: str
    reply: Callable[[Request, Reply], Reply] | None = None
    listing: Callable[[Listing], Listing] | None = None


class Faults:
    """The faults in wait, by patterns of paths such as `/simple/a/` or `*.metadata`; those said first come first."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[str, Fault]] = deque()
        self._lasting: list[tuple[str, Fault]] = []
        self._lock = threading.Lock()

    def once(self, pattern: str, fault: Fault) -> None:
        """Let the next matching request meet the fault."""
        self.times(1, pattern, fault)

    def times(self, number: int, pattern: str, fault: Fault) -> None:
        """Let the next matching requests meet the fault."""
        with self._lock:
            self._waiting.extend([(pattern, fault)] * number)

    def always(self, pattern: str, fault: Fault) -> None:
        """Let every matching request meet the fault that none of the counted ones is waiting for."""
        with self._lock:
            self._lasting.append((pattern, fault))

    def clear(self) -> None:
        """Mend everything."""
        with self._lock:
            self._waiting.clear()
            self._lasting.clear()

    @property
    def waiting(self) -> int:
        """How many counted faults have not happened yet."""
        return len(self._waiting)

    def take(self, path: str) -> Fault | None:
        """Return the fault for a request to a path, and count it as happened."""
        if not self._waiting and not self._lasting:
            return None
        with self._lock:
            for place, (pattern, fault) in enumerate(self._waiting):
                if _matches(path, pattern):
                    del self._waiting[place]
                    return fault
            return next((fault for pattern, fault in self._lasting if _matches(path, pattern)), None)


def _matches(path: str, pattern: str) -> bool:
    return path == pattern or fnmatchcase(path, pattern)
