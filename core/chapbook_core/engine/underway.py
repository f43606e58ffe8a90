"""A request under way: it can be told to stop, and be given answers, from the thread that reads."""

from __future__ import annotations

import threading
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from chapbook_core.errors import Cancelled

if TYPE_CHECKING:
    from chapbook_core.commands.report import Data

_GLANCE = 0.2


class Underway:
    """What the threads that work on a request, and the one that reads, know of it together."""

    def __init__(self, identity: int) -> None:
        self.id = identity
        self.is_unwinding = False
        """Whether the work has noticed that it is to stop, and is taking back what it has done."""
        self.is_committed = False
        """Whether what was asked for has happened, so that it is too late to stop."""
        self._stopped = threading.Event()
        self._answers: SimpleQueue[tuple[int, Data]] = SimpleQueue()
        self._questions = 0

    def cancel(self) -> None:
        """Tell it to stop."""
        self._stopped.set()
        self._answers.put((0, None))

    @property
    def is_stopped(self) -> bool:
        """Whether it was told to stop."""
        return self._stopped.is_set()

    def checkpoint(self) -> None:
        """Raise `Cancelled` when it was told to stop in time."""
        if self._stopped.is_set() and not self.is_committed:
            self.is_unwinding = True
            raise Cancelled

    def next_question(self) -> int:
        """Number a question."""
        self._questions += 1
        return self._questions

    def give(self, question: int, value: Data) -> None:
        """Give the answer to a question."""
        self._answers.put((question, value))

    def answer(self, question: int) -> Data:
        """Wait for the answer; raises Cancelled."""
        while True:
            try:
                number, value = self._answers.get(timeout=_GLANCE)
            except Empty:
                self.checkpoint()
                continue
            self.checkpoint()
            if number == question:
                return value
