from __future__ import annotations

import json
import os
import threading
from typing import Any

import pytest

from chapbook_core.engine.messages import Output, Progress, Reply, TaskEnded
from chapbook_core.engine.outbox import SECONDS_BETWEEN, Outbox
from chapbook_core.errors import Cancelled
from tests.fakes.engine import wait_until


class Line:
    """A pipe with an outbox at one end, and a clock that a test sets."""

    def __init__(self) -> None:
        self.read, self.write = os.pipe()
        self.time = 100.0
        self.broken = threading.Event()
        self.outbox = Outbox(self.write, self.broken.set, lambda: self.time)
        self.outbox.start()

    def messages(self) -> list[dict[str, Any]]:
        """Close the outbox, and return what came."""
        self.outbox.close(5)
        os.close(self.write)
        with os.fdopen(self.read, "rb") as stream:
            return [json.loads(line) for line in stream]


@pytest.fixture
def line() -> Line:
    return Line()


def progress(done: int, task: str = "download", identity: int = 1) -> Progress:
    return Progress(identity, task, "Downloading", done, 9, "")


def test_messages_come_in_their_order(line: Line) -> None:
    for number in range(100):
        line.outbox.put(Output(1, "stdout", str(number)))
    assert [message["text"] for message in line.messages()] == [str(number) for number in range(100)]


def test_of_progress_the_last_state_before_the_end_of_a_task_is_told(line: Line) -> None:
    for done in range(10):
        line.outbox.put(progress(done))
    line.outbox.put(TaskEnded(1, "download", 1.0))
    messages = line.messages()
    assert [message["event"] for message in messages[-2:]] == ["progress", "finished"]
    assert messages[-2]["done"] == 9
    assert len(messages) <= 3


def test_progress_is_told_again_after_a_while(line: Line) -> None:
    line.outbox.put(progress(1))
    assert wait_until(lambda: not line.outbox._pending, 5)
    line.outbox.put(progress(2))
    line.outbox.put(progress(3))
    line.time += SECONDS_BETWEEN
    assert wait_until(lambda: not line.outbox._pending, 5)
    assert [message["done"] for message in line.messages()] == [1, 3]


def test_nothing_of_a_request_comes_after_its_reply(line: Line) -> None:
    line.outbox.put(progress(1))
    line.outbox.put(progress(1, identity=2))
    line.outbox.put(progress(2))
    line.outbox.put(Reply(1, {}))
    messages = [message for message in line.messages() if message["id"] == 1]
    assert "result" in messages[-1]
    assert messages[-2]["done"] == 2


def test_who_waits_for_room_is_let_go_when_there_is_some_or_when_it_is_cancelled(line: Line) -> None:
    line.outbox.put(Output(1, "stdout", "x" * 5_000_000))

    def cancelled() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        line.outbox.wait_for_room(cancelled)
    reader = threading.Thread(target=drain, args=(line,), daemon=True)
    reader.start()
    line.outbox.wait_for_room(lambda: None)
    reader.join()
    os.close(line.read)
    os.close(line.write)


def drain(line: Line) -> None:
    left = 5_000_000
    while left > 0:
        left -= len(os.read(line.read, 65_536))


def test_a_client_that_has_gone_is_noticed(line: Line) -> None:
    os.close(line.read)
    line.outbox.put(Output(1, "stdout", "x"))
    assert line.broken.wait(30)
    line.outbox.put(Output(1, "stdout", "y"))
    line.outbox.wait_for_room(lambda: None)
    os.close(line.write)
