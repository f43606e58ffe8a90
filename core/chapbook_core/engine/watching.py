"""The watcher of a request: events as messages."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, assert_never

from chapbook_core.commands.html import write_html
from chapbook_core.commands.report import Line, Message
from chapbook_core.commands.text import write_text
from chapbook_core.engine.messages import Progress, TaskEnded, Told, Waiting
from chapbook_core.events import Advanced, Committed, Event, Finished, Notice, Started

if TYPE_CHECKING:
    from chapbook_core.commands.text import Writing
    from chapbook_core.engine.outbox import Outbox
    from chapbook_core.engine.underway import Underway


class WireWatcher:
    """Tells the client, from whichever thread an event comes."""

    def __init__(self, underway: Underway, outbox: Outbox, writing: Writing, *, quiet: bool = False) -> None:
        self._underway = underway
        self._outbox = outbox
        self._writing = writing
        self._quiet = quiet
        self._lock = threading.Lock()
        self._tasks: dict[str, tuple[str, int | None]] = {}
        """Label and total."""
        self._warnings: set[str] = set()
        """Those told already: a command may look at one thing several times."""

    def emit(self, event: Event, /) -> None:
        """Pass it on."""
        match event:
            case Notice():
                self._tell(event)
            case Started(task, label, total):
                with self._lock:
                    self._tasks[task] = (label, total)
                self._outbox.put(Progress(self._underway.id, task, label, 0, total, ""))
            case Advanced(task, done, total, note):
                with self._lock:
                    label, known = self._tasks.get(task, (task, None))
                    whole = total if total is not None else known
                    self._tasks[task] = (label, whole)
                self._outbox.put(Progress(self._underway.id, task, label, done, whole, note))
            case Finished(task, seconds):
                with self._lock:
                    self._tasks.pop(task, None)
                self._outbox.put(TaskEnded(self._underway.id, task, seconds))
            case Committed():
                self._underway.is_committed = True
            case _:
                assert_never(event)

    def checkpoint(self) -> None:
        """Raise `Cancelled` when the person has asked to stop."""
        self._underway.checkpoint()

    def _tell(self, notice: Notice) -> None:
        if notice.is_waiting:
            self._outbox.put(Waiting(self._underway.id, notice.message))
            return
        needed = {"warning": 0, "info": 0, "debug": 2}[notice.level]
        if self._quiet or self._writing.verbosity < needed:
            return
        if notice.level == "warning":
            with self._lock:
                if notice.message in self._warnings:
                    return
                self._warnings.add(notice.message)
            block: Message | Line = Message("warning", notice.message, notice.hints)
        else:
            block = Line(notice.message)
        text, html = write_text([block], self._writing), write_html([block], self._writing)
        self._outbox.put(
            Told(self._underway.id, notice.level, notice.message, notice.hints, text, html),
        )
