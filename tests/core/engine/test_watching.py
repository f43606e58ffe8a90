"""What a client is told of the events of a command."""

from __future__ import annotations

from types import SimpleNamespace

from chapbook_core.commands.text import Writing
from chapbook_core.engine.watching import WireWatcher
from chapbook_core.events import Notice


def test_a_warning_is_given_once() -> None:
    sent: list[SimpleNamespace] = []
    underway, outbox = SimpleNamespace(id=1), SimpleNamespace(put=sent.append)
    watcher = WireWatcher(underway, outbox, Writing())  # type: ignore[arg-type]  # of both hardly anything is used
    for message in ("slow", "slow", "late", "slow"):
        watcher.emit(Notice("warning", message))
    assert ["slow", "late"] == [event.message for event in sent]
