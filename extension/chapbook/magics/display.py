"""The one live display of a command: its progress while it runs, and in the same place what came of it."""

from __future__ import annotations

import shutil
import sys
import threading
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any, Protocol

    Message = dict[str, Any]

    class Display(Protocol):
        """Where a command shows itself."""

        def line(self, label: str, note: str, share: float | None) -> None:
            """Show how far it is, in the place of what was shown before."""

        def notice(self, text: str, html: str) -> None:
            """Show something that stays."""

        def output(self, stream: str, text: str) -> None:
            """Pass on what a program writes."""

        def pause(self) -> None:
            """Make room for a question."""

        def finish(self, text: str, html: str) -> None:
            """Show what came of it; called once, at the end."""


SECONDS_BEFORE_FIRST = 0.3
"""A command that ends sooner shows nothing but its result."""
SECONDS_BETWEEN = 0.1
MANY = 10_000
"""Of so many of something, bytes are counted."""


class Live:
    """Turns the events of a command into what stands below the cell."""

    def __init__(self, display: Display, quiet: bool = False) -> None:  # noqa: FBT001, FBT002  # named at its one call
        self._display = display
        self._quiet = quiet
        self._began = time.monotonic()
        self._next = self._began + SECONDS_BEFORE_FIRST
        self._tasks: dict[str, tuple[str, str, float | None]] = {}
        self._lock = threading.RLock()
        self._timer: threading.Timer | None = None
        self._is_over = False

    def hear(self, event: Message) -> None:
        """Show an event of the engine."""
        kind = event.get("event")
        with self._lock:
            if kind == "progress":
                self._tasks[event["task"]] = _task(event)
                self._draw()
            elif kind == "finished":
                self._tasks.pop(event.get("task", ""), None)
            elif kind == "waiting":
                self._tasks["waiting"] = (event.get("text", ""), "", None)
                self._draw()
            elif kind == "notice" and event.get("level") != "debug":
                self._display.notice(event.get("text", ""), event.get("html", ""))
            elif kind == "output":
                self._display.output(event.get("stream", "stdout"), event.get("text", ""))

    def pause(self) -> None:
        """Make room for a question."""
        with self._lock:
            self._display.pause()

    def finish(self, text: str, html: str) -> None:
        """Show the result in the place of everything."""
        with self._lock:
            if not self._is_over:
                self._is_over = True
                self._display.finish(text, html)
        if self._timer is not None:
            self._timer.cancel()

    def __enter__(self) -> Live:  # noqa: PYI034  # `Self` came with Python 3.11
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave no stale progress behind."""
        self.finish("", "")

    def _draw(self) -> None:
        if self._quiet or self._is_over or not self._tasks:
            return
        now = time.monotonic()
        if now < self._next:
            self._draw_later(self._next - now)
            return
        self._next = now + SECONDS_BETWEEN
        label, note, share = list(self._tasks.values())[-1]
        self._display.line(label, note, share)

    def _draw_later(self, seconds: float) -> None:
        """Show the first line in time even when no other event comes."""
        if self._timer is None:
            # Only commands that report progress in their first moments need it; the context carries the cell along.
            from contextvars import copy_context

            self._timer = threading.Timer(seconds + 0.01, copy_context().run, (self._draw_in_time,))
            self._timer.daemon = True
            self._timer.start()

    def _draw_in_time(self) -> None:
        with self._lock:
            self._draw()


def _task(event: Message) -> tuple[str, str, float | None]:
    done, total = event.get("done") or 0, event.get("total")
    note = " ".join(part for part in (_count(done, total), event.get("note") or "") if part)
    label = event.get("label") or event["task"]
    return label[:1].upper() + label[1:], note, done / total if total else None


def _count(done: int, total: int | None) -> str:
    if max(done, total or 0) < MANY:
        return f"{done}/{total}" if total else str(done or "")
    whole = f" of {total / 1e6:.1f}" if total else ""
    return f"{done / 1e6:.1f}{whole} MB"


class NotebookDisplay:
    """A display of the notebook, which is updated by its name; nothing but its last state is saved."""

    def __init__(self, publisher: Any) -> None:
        self._publisher = publisher
        self._id = ""
        self._notices: list[tuple[str, str]] = []

    def line(self, label: str, note: str, share: float | None) -> None:
        """Show progress below the notices."""
        # Only commands that take their time need it.
        from chapbook.magics.markup import progress

        self._show(f"{label} {note}".rstrip(), progress(label, note, share))

    def notice(self, text: str, html: str) -> None:
        """Keep it, and show it above what follows."""
        self._notices.append((text.rstrip("\n"), html))
        self._show("", "")

    def output(self, stream: str, text: str) -> None:
        """Let the program's words through as a stream of the cell."""
        _write(stream, text)

    def pause(self) -> None:
        """Let no progress stand above the question; what is said after it stands below it, as it was said."""
        if self._id:
            self._show("", "")
        if self._notices:
            self._id, self._notices = "", []

    def finish(self, text: str, html: str) -> None:
        """Show the result below the notices."""
        if text or html or self._id:
            self._show(text.rstrip("\n"), html)

    def _show(self, text: str, html: str) -> None:
        texts = [one for one, _ in self._notices] + [text]
        parts = [one for _, one in self._notices] + [html]
        data = {"text/plain": "\n".join(filter(None, texts)), "text/html": "".join(filter(None, parts))}
        update = bool(self._id)
        if not update:
            self._id = _new_name()
        if not data["text/html"]:
            del data["text/html"]
        self._publisher.publish(data, transient={"display_id": self._id}, update=update)


class TerminalDisplay:
    """Plain lines; progress is one line that is written over, where there is somebody to see it."""

    def __init__(self) -> None:
        self._width = 0

    def line(self, label: str, note: str, share: float | None) -> None:
        """Write over the line before."""
        del share  # the note counts already
        if not sys.stdout.isatty():
            return
        text = f"{label} {note}".rstrip()[: shutil.get_terminal_size().columns - 1]
        sys.stdout.write("\r" + text.ljust(self._width))
        sys.stdout.flush()
        self._width = len(text)

    def notice(self, text: str, html: str) -> None:
        """Write it above the progress."""
        del html
        self.pause()
        _write("stdout", text)

    def output(self, stream: str, text: str) -> None:
        """Let the program's words through."""
        self.pause()
        _write(stream, text)

    def pause(self) -> None:
        """Clear the line of the progress."""
        if self._width:
            sys.stdout.write("\r" + " " * self._width + "\r")
            sys.stdout.flush()
            self._width = 0

    def finish(self, text: str, html: str) -> None:
        """Write the result."""
        del html
        self.pause()
        _write("stdout", text)


def display_of(shell: Any) -> Display:
    """Choose how to show things; IPython's own publisher is that of terminals, and every other one makes documents."""
    # Loaded by IPython long before.
    from IPython.core.displaypub import DisplayPublisher

    if shell is None or type(shell.display_pub) is DisplayPublisher:
        return TerminalDisplay()
    return NotebookDisplay(shell.display_pub)


def _write(stream: str, text: str) -> None:
    target = sys.stderr if stream == "stderr" else sys.stdout
    target.write(text)
    target.flush()


def _new_name() -> str:
    # Loaded by every kernel long before.
    from os import urandom

    return urandom(12).hex()
