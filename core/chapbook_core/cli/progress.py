"""The watcher of a terminal: notices as lines, long work as one line that is drawn over."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Self, TextIO, assert_never

from chapbook_core.commands.report import Message
from chapbook_core.commands.text import Writing, write_text
from chapbook_core.commands.visible import visible
from chapbook_core.events import Advanced, Committed, Event, Finished, Notice, Started

if TYPE_CHECKING:
    from types import TracebackType

_SECONDS_BETWEEN_DRAWINGS = 0.08
_SECONDS_BEFORE_FIRST = 0.3
"""Work that ends sooner draws nothing."""
_WIDTH = 78
_MANY = 10_000
"""Of so many of something, bytes are counted."""
_ERASE = "\r\x1b[K"


class Progress:
    """Draws on the error stream, from whichever thread an event comes."""

    def __init__(self, stream: TextIO, writing: Writing, *, quiet: bool = False) -> None:
        self._stream = stream
        self._writing = writing
        self._quiet = quiet
        self._draws = not quiet and stream.isatty() and writing.ansi
        self._lock = threading.Lock()
        self._tasks: dict[str, tuple[str, int, int | None, str]] = {}
        self._next_drawing = time.monotonic() + _SECONDS_BEFORE_FIRST
        self._drawn = False
        self._warnings: set[str] = set()
        """Those told already: a command may look at one thing several times."""
        self.is_committed = False
        """Whether what the person asked for has happened."""

    def emit(self, event: Event, /) -> None:
        """Draw what is worth drawing."""
        with self._lock:
            match event:
                case Notice():
                    self._tell(event)
                case Started(task, label, total):
                    self._tasks[task] = (label, 0, total, "")
                case Advanced(task, done, total, note):
                    label, _, known, _ = self._tasks.get(task, (task, 0, None, ""))
                    self._tasks[task] = (label, done, total if total is not None else known, note)
                case Finished(task, seconds, note):
                    self._finish(task, seconds, note)
                case Committed():
                    self.is_committed = True
                case _:
                    assert_never(event)
            self._draw()

    def checkpoint(self) -> None:
        """Go on: an interrupt reaches the terminal's command as `KeyboardInterrupt`."""

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave no half line behind."""
        with self._lock:
            self._erase()

    def _tell(self, notice: Notice) -> None:
        needed = {"warning": 0, "info": 0, "debug": 2}[notice.level]
        if self._quiet or self._writing.verbosity < needed:
            return
        if notice.level == "warning" and notice.message in self._warnings:
            return
        self._erase()
        if notice.level == "warning":
            self._warnings.add(notice.message)
            self._stream.write(write_text([Message("warning", notice.message, notice.hints)], self._writing))
        else:
            self._stream.write(f"{visible(notice.message)}\n")

    def _finish(self, task: str, seconds: float, note: str) -> None:
        label, *_ = self._tasks.pop(task, ("", 0, None, ""))
        # What failed before it had begun has no name.
        if label and self._writing.verbosity > 0 and not self._quiet:
            self._erase()
            self._stream.write(visible(f"{label}: {note + ', ' if note else ''}{seconds:.1f} s\n"))

    def _draw(self) -> None:
        now = time.monotonic()
        if not self._draws or not self._tasks or now < self._next_drawing:
            return
        self._next_drawing = now + _SECONDS_BETWEEN_DRAWINGS
        label, done, total, note = list(self._tasks.values())[-1]
        text = visible(" ".join(part for part in (label, _count(done, total), note) if part))
        self._stream.write(f"{_ERASE}{text[:_WIDTH]}")
        self._stream.flush()
        self._drawn = True

    def _erase(self) -> None:
        if self._drawn:
            self._stream.write(_ERASE)
            self._stream.flush()
            self._drawn = False


def _count(done: int, total: int | None) -> str:
    if max(done, total or 0) < _MANY:
        return f"{done}/{total}" if total is not None else str(done or "")
    whole = f" of {total / 1e6:.1f}" if total is not None else ""
    return f"{done / 1e6:.1f}{whole} MB"
