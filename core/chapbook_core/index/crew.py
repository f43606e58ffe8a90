"""Threads that work off wishes, the urgent ones first."""

from __future__ import annotations

import itertools
import queue
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Generic, TypeVar

from chapbook_core.index.heap import spare_memory

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future

_T = TypeVar("_T")
_URGENT, _LATER, _LAST = 0, 1, 2
_GLANCE = 0.25
"""Seconds between two looks at whether the person wants to stop."""
_MOMENT = 0.01
"""Seconds in which something gets done wherever answers come at once."""
_GROWTH = 3
"""How many times more there are after a moment in which nothing got done."""


class Wish(Generic[_T]):
    """A piece of work and the future of its result; done once, however often it is queued."""

    __slots__ = ("_claim", "_work", "future")

    def __init__(self, work: Callable[[], _T]) -> None:
        # Imported here because it brings `logging`, and with all in the cache nobody wishes for anything.
        from concurrent.futures import Future

        self.future: Future[_T] = Future()
        self._work = work
        self._claim = threading.Lock()

    def give(self, result: _T) -> None:
        """Fulfil the wish with a result that is at hand, unless somebody has begun the work."""
        if self._claim.acquire(blocking=False):
            self.future.set_result(result)

    def let_go(self) -> None:
        """Do it never, unless somebody has begun the work; whoever waits is told."""
        if self._claim.acquire(blocking=False):
            self.future.cancel()

    def waited(self, checkpoint: Callable[[], None]) -> _T:
        """Wait for the result, and look now and then whether the person wants to stop."""
        while True:
            try:
                return self.future.result(timeout=_GLANCE)
            except TimeoutError:
                if self.future.done():
                    # The work itself may have timed out, or have ended just after this wait did.
                    return self.future.result()
                checkpoint()

    def do(self) -> None:
        """Do the work unless somebody has begun it."""
        if not self._claim.acquire(blocking=False):
            return
        try:
            result = self._work()
        except BaseException as problem:  # noqa: BLE001  whoever waits for the future gets it, whatever it is
            self.future.set_exception(problem)
        else:
            self.future.set_result(result)


class Crew:
    """At most `size` threads, started when there is work for them.

    The first `eager` of them are started at once, and more as long as nothing gets done: where others are waited for,
    many wait at once, and where answers come quickly, they do not stand in each other's way.
    """

    def __init__(self, size: int, *, eager: int | None = None) -> None:
        self._size = size
        self._eager = size if eager is None else min(eager, size)
        self._queue: queue.PriorityQueue[tuple[int, int, int, Wish[object] | None]] = queue.PriorityQueue()
        self._serials = itertools.count()
        self._threads: list[threading.Thread] = []
        self._idle = 0
        self._done = 0
        self._grower: threading.Thread | None = None
        self._lock = threading.Lock()
        self._closed = False
        self._over = threading.Event()
        """Set when it is closed."""

    def ask(self, *wishes: Wish[_T], urgent: bool = False, weight: int = 0) -> None:
        """Queue wishes; queued again as urgent, one overtakes what is not. Of two others the heavier comes first."""
        with self._lock:
            is_closed = self._closed
            if not is_closed:
                self._enqueue(wishes, urgent=urgent, weight=weight)
        if is_closed:
            # Not under the lock: who is told may ask for something else.
            for wish in wishes:
                wish.let_go()

    def _enqueue(self, wishes: Sequence[Wish[_T]], *, urgent: bool, weight: int) -> None:
        for wish in wishes:
            self._queue.put((_URGENT if urgent else _LATER, -weight, next(self._serials), wish))  # type: ignore[arg-type]  # the result's type is between asker and future
        for _ in wishes:
            if not self._is_short():
                return
            if len(self._threads) >= self._eager:
                break
            self._start()
        if self._grower is None and self._is_short():
            self._grower = threading.Thread(target=self._grow, name="chapbook-index", daemon=True)
            # As in `_grow`.
            with suppress(RuntimeError):
                self._grower.start()

    def _is_short(self) -> bool:
        return self._queue.qsize() > self._idle and len(self._threads) < self._size

    def _start(self) -> None:
        if not self._threads:
            spare_memory()
        thread = threading.Thread(target=self._work, name="chapbook-index", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _grow(self) -> None:
        """Start more threads whenever nothing has got done for a moment, until there is one for each wish."""
        done = self._done
        while True:
            self._over.wait(_MOMENT)
            with self._lock:
                if self._closed or not self._is_short():
                    self._grower = None
                    return
                if self._done == done:
                    there = len(self._threads)
                    try:
                        for _ in range(min(there * (_GROWTH - 1), self._queue.qsize(), self._size - there)):
                            self._start()
                    except RuntimeError:
                        # The system gives no more; those that there are do it all.
                        return
                done = self._done

    def _work(self) -> None:
        while True:
            with self._lock:
                self._idle += 1
            *_rank, wish = self._queue.get()
            with self._lock:
                self._idle -= 1
            if wish is None:
                return
            if self._closed:
                wish.let_go()
            else:
                wish.do()
                # Two threads at once may count one for two: that something gets done, it tells all the same.
                self._done += 1

    def dismiss(self) -> None:
        """Let go of what has not begun, and begin nothing more."""
        with self._lock:
            is_closed, self._closed = self._closed, True
            self._over.set()
            for _thread in () if is_closed else self._threads:
                self._queue.put((_LAST, 0, next(self._serials), None))

    def close(self, patience: float) -> None:
        """Let go of what has not begun; wait so many seconds for what has."""
        end = time.monotonic() + patience
        self.dismiss()
        grower = self._grower
        for thread in self._threads if grower is None else (*self._threads, grower):
            # One that an interrupt has met while it started cannot be waited for, and ends by itself.
            with suppress(RuntimeError):
                thread.join(timeout=max(0.0, end - time.monotonic()))
