"""Two threads work off tasks; neither outlives what goes wrong."""

from __future__ import annotations

import threading
import time
from functools import partial
from typing import TYPE_CHECKING

import pytest

from chapbook_core.errors import Cancelled
from chapbook_core.installer.ahead import Ahead

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from chapbook_core.installer.relocation import Way

SECONDS = 30.0


def nothing() -> None:
    pass


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "chapbook-laying"]


@pytest.fixture(autouse=True)
def alone() -> None:
    assert not threads()


def is_second() -> bool:
    return threading.current_thread() is not threading.main_thread()


def test_each_task_is_done_once_and_told_once(tmp_path: Path) -> None:
    seen: list[int] = []

    def task(number: int, way: Way, checkpoint: Callable[[], None]) -> None:
        checkpoint()
        seen.append(number)
        way.to(f"folder {number % 2}", is_made=True)

    with Ahead([partial(task, number) for number in range(200)], tmp_path) as ahead:
        told = list(ahead.done(nothing))
    assert list(range(200)) == sorted(seen) == sorted(told)
    assert ["folder 0", "folder 1"] == sorted(path.name for path in tmp_path.iterdir())
    assert not threads()


def test_two_tasks_are_done_at_the_same_time(tmp_path: Path) -> None:
    both = threading.Barrier(2, timeout=SECONDS)

    def task(_way: Way, _checkpoint: Callable[[], None]) -> None:
        both.wait()

    with Ahead([task, task], tmp_path) as ahead:
        assert [0, 1] == sorted(ahead.done(nothing))


def test_what_goes_wrong_in_the_second_thread_is_raised_in_the_first(tmp_path: Path) -> None:
    is_raised = threading.Event()

    def task(_way: Way, _checkpoint: Callable[[], None]) -> None:
        if is_second():
            is_raised.set()
            raise ZeroDivisionError
        assert is_raised.wait(SECONDS)

    with pytest.raises(ZeroDivisionError), Ahead([task] * 5, tmp_path) as ahead:
        list(ahead.done(nothing))
    assert not threads()


@pytest.mark.parametrize("problem", [Cancelled, KeyboardInterrupt])
def test_a_person_who_stops_it_stops_both_at_once(tmp_path: Path, problem: type[BaseException]) -> None:
    is_begun = threading.Event()
    stopped: list[BaseException] = []

    def task(_way: Way, checkpoint: Callable[[], None]) -> None:
        if not is_second():
            assert is_begun.wait(SECONDS)
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            is_begun.set()
            try:
                checkpoint()
            except BaseException as its:
                stopped.append(its)
                raise

    def stop() -> None:
        raise problem

    began = time.monotonic()
    with pytest.raises(problem), Ahead([task] * 5, tmp_path) as ahead:
        list(ahead.done(stop))
    assert time.monotonic() - began < SECONDS / 2
    assert 2 == len(stopped)
    assert not threads()


def test_whoever_only_waits_looks_whether_the_person_wants_to_stop(tmp_path: Path) -> None:
    is_begun = threading.Event()

    def task(_way: Way, checkpoint: Callable[[], None]) -> None:
        if not is_second():
            assert is_begun.wait(SECONDS)
            return
        is_begun.set()
        while True:
            checkpoint()
            time.sleep(0.001)

    def stop() -> None:
        raise Cancelled

    with pytest.raises(Cancelled), Ahead([task, task], tmp_path) as ahead:
        list(ahead.done(stop))
    assert not threads()


def test_without_a_second_thread_the_first_does_it_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_more(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    def task(_way: Way, _checkpoint: Callable[[], None]) -> None:
        assert not is_second()

    monkeypatch.setattr(threading.Thread, "start", no_more)
    with Ahead([task] * 3, tmp_path) as ahead:
        assert [0, 1, 2] == list(ahead.done(nothing))


def test_what_is_left_when_the_first_turns_away_is_not_begun(tmp_path: Path) -> None:
    done: list[int] = []

    def task(number: int, _way: Way, _checkpoint: Callable[[], None]) -> None:
        time.sleep(0.005)
        done.append(number)

    def turn_away(ahead: Ahead) -> None:
        for _number in ahead.done(nothing):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), Ahead([partial(task, number) for number in range(100)], tmp_path) as ahead:
        turn_away(ahead)
    assert not threads()
    assert len(done) < 10
