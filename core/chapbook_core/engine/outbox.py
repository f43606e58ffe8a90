"""The way out: messages in the order they were put, written by one thread; progress is thinned to what can be seen."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from typing import TYPE_CHECKING

from chapbook_core.engine.messages import Progress, Reply, TaskEnded, encode

if TYPE_CHECKING:
    from collections.abc import Callable

    from chapbook_core.engine.messages import Outgoing

SECONDS_BETWEEN = 0.1
"""Between two messages about the progress of one request."""
_MOST_BYTES = 4_000_000
"""What may wait to be written before those wait who can, as readers of a program's output."""
_GLANCE = 0.1


class Outbox:
    """Takes messages from any thread, and never keeps whoever tells of progress waiting."""

    def __init__(self, descriptor: int, broken: Callable[[], None], now: Callable[[], float] = time.monotonic) -> None:
        """`broken` is called once when nobody reads any more."""
        self._descriptor = descriptor
        self._broken = broken
        self._now = now
        self._change = threading.Condition()
        self._lines: deque[bytes] = deque()
        self._size = 0
        self._pending: dict[tuple[int, str], Progress] = {}
        self._told: dict[int, float] = {}
        """When each request told of its progress last."""
        self._is_closing = False
        self._thread = threading.Thread(target=self._write, name="chapbook-outbox", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def put(self, message: Outgoing) -> None:
        """Queue a message; progress waits for its time, and gives way to what comes of the same task meanwhile."""
        with self._change:
            match message:
                case Progress():
                    # What has waited longest stays first in line.
                    self._pending[message.id, message.task] = message
                case TaskEnded():
                    self._flush(lambda key: key == (message.id, message.task))
                    self._queue(encode(message))
                case Reply():
                    self._flush(lambda key: key[0] == message.id)
                    self._queue(encode(message))
                    self._told.pop(message.id or 0, None)
                case _:
                    self._queue(encode(message))
            self._change.notify_all()

    def wait_for_room(self, checkpoint: Callable[[], None]) -> None:
        """Wait until the client has read most of what it was sent."""
        while True:
            with self._change:
                if self._size < _MOST_BYTES or self._is_closing:
                    return
                self._change.wait(_GLANCE)
            checkpoint()

    def close(self, patience: float) -> None:
        """Write what is queued, for as long as patience lasts."""
        with self._change:
            self._flush(lambda _key: True)
            self._is_closing = True
            self._change.notify_all()
        self._thread.join(patience)

    def _queue(self, line: bytes) -> None:
        if not self._is_closing:
            self._lines.append(line)
            self._size += len(line)

    def _flush(self, wanted: Callable[[tuple[int, str]], bool]) -> None:
        for key in [key for key in self._pending if wanted(key)]:
            self._queue(encode(self._pending.pop(key)))

    def _take_due(self) -> float | None:
        """Queue the progress whose time has come; return how long the next one has to wait."""
        now = self._now()
        waits = []
        for key in list(self._pending):
            wait = self._told.get(key[0], float("-inf")) + SECONDS_BETWEEN - now
            if wait > 0:
                waits.append(wait)
            else:
                self._told[key[0]] = now
                self._queue(encode(self._pending.pop(key)))
        return min(waits, default=None)

    def _write(self) -> None:
        while True:
            with self._change:
                wait = self._take_due()
                while not self._lines:
                    if self._is_closing:
                        return
                    self._change.wait(wait)
                    wait = self._take_due()
                piece = b"".join(self._lines)
                self._lines.clear()
            try:
                _write_all(self._descriptor, piece)
            except OSError:
                with self._change:
                    self._is_closing = True
                    self._lines.clear()
                self._broken()
                return
            with self._change:
                self._size -= len(piece)
                self._change.notify_all()


def _write_all(descriptor: int, piece: bytes) -> None:
    rest = memoryview(piece)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
