"""The recording watcher is a watcher, and remembers."""

from __future__ import annotations

import pytest

from chapbook_core.errors import Cancelled
from chapbook_core.events import Advanced, Event, Finished, Notice, Started, Watcher
from tests.fakes.watcher import RecordingWatcher


def test_events_are_kept_in_order_and_by_kind() -> None:
    watcher = RecordingWatcher()
    port: Watcher = watcher
    events: list[Event] = [
        Started("fetch", "Fetching"),
        Notice("warning", "slow host"),
        Advanced("fetch", 1),
        Notice("debug", "skipped"),
        Finished("fetch", 0.1),
    ]
    for event in events:
        port.emit(event)
    assert watcher.events == events
    assert watcher.of_kind(Started) == [Started("fetch", "Fetching")]
    assert watcher.messages == ["slow host", "skipped"]
    assert watcher.warnings == ["slow host"]


def test_work_is_cancelled_after_some_checkpoints() -> None:
    watcher = RecordingWatcher(cancel_after=2)
    watcher.checkpoint()
    watcher.checkpoint()
    with pytest.raises(Cancelled):
        watcher.checkpoint()
    assert watcher.checkpoints == 3


def test_work_is_cancelled_when_asked() -> None:
    passed: list[int] = []
    watcher = RecordingWatcher(at_checkpoint=passed.append)
    watcher.checkpoint()
    watcher.cancel()
    with pytest.raises(Cancelled):
        watcher.checkpoint()
    assert passed == [1, 2]
