"""Ahead: tasks that a second thread works off, and the first one as well whenever it would have to wait.

    with Ahead(tasks, folder) as ahead:
        for number in ahead.done(checkpoint):    # does some itself
            ...

What they do is to take its time outside Python, where in one process only one thread runs at a time.
"""

from __future__ import annotations

import threading
from collections import deque
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from chapbook_core.installer.relocation import Way

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from typing import Self

    Task = Callable[[Way, Callable[[], None]], None]
    """What is to be done, with a way that is its thread's own, calling now and then what may end it."""

_GLANCE = 0.05
"""Seconds between two looks at whether the person wants to stop."""


class _Over(Exception):
    """Nobody waits for the rest."""


class Ahead:
    """The tasks; the threads take them in their order."""

    def __init__(self, tasks: Sequence[Task], folder: Path) -> None:
        """`folder` is where the ways begin."""
        self._count = len(tasks)
        self._tasks = deque(enumerate(tasks))
        self._way, self._other_way = Way(folder), Way(folder)
        self._done: SimpleQueue[int | BaseException] = SimpleQueue()
        """What the second thread has done, or why it has ended."""
        self._is_over = False
        self._thread = threading.Thread(target=self._work, name="chapbook-laying", daemon=True)

    def done(self, checkpoint: Callable[[], None]) -> Iterator[int]:
        """Give the number of each task when it is done; raises what goes wrong, and what the checkpoint raises."""
        # Where the system gives no more threads, this one does it all.
        with suppress(RuntimeError):
            self._thread.start()
        for _ in range(self._count):
            yield self._next(checkpoint)

    def _next(self, checkpoint: Callable[[], None]) -> int:
        while True:
            # Nothing is begun here as long as there is something that was done.
            if self._done.empty() and (begun := self._taken()) is not None:
                number, task = begun
                task(self._way, checkpoint)
                return number
            with suppress(Empty):
                done = self._done.get(timeout=_GLANCE)
                if isinstance(done, BaseException):
                    raise done
                return done
            checkpoint()

    def _taken(self) -> tuple[int, Task] | None:
        try:
            return self._tasks.popleft()
        except IndexError:
            return None

    def _work(self) -> None:
        with self._other_way as way:
            try:
                while (begun := self._taken()) is not None:
                    number, task = begun
                    task(way, self._go_on)
                    self._done.put(number)
            except BaseException as problem:  # noqa: BLE001  whoever waits gets it, whatever it is
                self._done.put(problem)

    def _go_on(self) -> None:
        if self._is_over:
            raise _Over

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_problem: object) -> None:
        self._is_over = True
        self._tasks.clear()
        with self._way:
            try:
                self._wait_for_end()
            finally:
                # An interrupt ends the first wait, and what the thread works on is about to be removed.
                self._wait_for_end()

    def _wait_for_end(self) -> None:
        # One that was not started cannot be waited for, and one that an interrupt has met meanwhile finds no task.
        with suppress(RuntimeError):
            self._thread.join()
