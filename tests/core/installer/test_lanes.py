from __future__ import annotations

import threading
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from chapbook_core.errors import Cancelled
from chapbook_core.installer.lanes import LARGE, LEAST, Lanes

if TYPE_CHECKING:
    from collections.abc import Callable

SECONDS = 300.0


class Traffic:
    """Downloads that go until they are told to end."""

    def __init__(self, lanes: Lanes) -> None:
        self.lanes = lanes
        self.going: list[int] = []
        self.waiting: set[int] = set()
        """Those that had to wait."""
        self._ends: dict[int, threading.Event] = {}
        self._threads: list[threading.Thread] = []

    def begin(self, *sizes: int) -> None:
        for size in sizes:
            self._ends[size] = threading.Event()
            thread = threading.Thread(target=self._go, args=(size,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _go(self, size: int) -> None:
        with self.lanes.turn(size, lambda: self.waiting.add(size)):
            self.going.append(size)
            self._ends[size].wait(SECONDS)
            self.going.remove(size)

    def end(self, size: int) -> None:
        self._ends[size].set()

    def wait(self, what: Callable[[], bool]) -> None:
        end = time.monotonic() + SECONDS
        while not what():
            assert time.monotonic() < end, self.going
            time.sleep(0.002)

    def wait_for(self, *sizes: int) -> None:
        """Wait until these are going, and see that nothing else has joined them a moment later."""
        self.wait(lambda: sorted(self.going) == sorted(sizes))
        time.sleep(0.15)
        assert sorted(self.going) == sorted(sizes)

    def end_all(self) -> None:
        for end in self._ends.values():
            end.set()
        for thread in self._threads:
            thread.join(SECONDS)


class Clock:
    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time


def told(lanes: Lanes, clock: Clock, rate: float) -> None:
    """Let bytes come for as long as the lanes look at them once."""
    for _ in range(4):
        lanes.advance(int(rate * 0.11))
        clock.time += 0.11


def test_of_the_large_ones_the_largest_go_first_and_few_at_once() -> None:
    traffic = Traffic(Lanes(8))
    first, second = LARGE, LARGE + 1
    traffic.begin(first, second)
    traffic.wait_for(first, second)
    rest = [2 * LARGE, 5 * LARGE, 3 * LARGE, 4 * LARGE]
    traffic.begin(*rest)
    traffic.wait(lambda: traffic.waiting == set(rest))
    traffic.end(first)
    traffic.wait_for(second, 5 * LARGE)
    traffic.end(second)
    traffic.wait_for(5 * LARGE, 4 * LARGE)
    traffic.end(5 * LARGE)
    traffic.wait_for(4 * LARGE, 3 * LARGE)
    traffic.end(4 * LARGE)
    traffic.wait_for(3 * LARGE, 2 * LARGE)
    traffic.end_all()
    assert traffic.going == []


def test_small_ones_wait_for_no_lane() -> None:
    traffic = Traffic(Lanes(8))
    traffic.begin(2 * LARGE, 3 * LARGE, 4 * LARGE)
    traffic.wait(lambda: len(traffic.going) == LEAST)
    traffic.begin(1, 2, 3, LARGE - 1)
    traffic.wait(lambda: len(traffic.going) == LEAST + 4)
    traffic.end_all()


def test_no_more_than_were_allowed_go_at_once() -> None:
    traffic = Traffic(Lanes(1))
    traffic.begin(1, 2, 3 * LARGE, 4 * LARGE)
    seen = set()
    for _ in range(4):
        traffic.wait(lambda: len(traffic.going) == 1)
        time.sleep(0.1)
        (one,) = traffic.going
        seen.add(one)
        traffic.end(one)
        traffic.wait(lambda one=one: one not in traffic.going)  # type: ignore[misc]  # bound at once
    assert len(seen) == 4
    traffic.end_all()


def test_where_each_connection_is_slow_more_are_let_go() -> None:
    clock = Clock()
    lanes = Lanes(5, now=clock)
    traffic = Traffic(lanes)
    traffic.begin(*(number * LARGE for number in range(2, 10)))
    traffic.wait(lambda: len(traffic.waiting) == 8 - LEAST)
    for count in range(LEAST, 6):
        traffic.wait(lambda count=count: len(traffic.going) == count)  # type: ignore[misc]  # bound at once
        told(lanes, clock, 1e6 * count)
    time.sleep(0.15)
    assert len(traffic.going) == 5
    traffic.end_all()


def test_where_the_way_is_full_it_stays_at_few() -> None:
    clock = Clock()
    lanes = Lanes(8, now=clock)
    traffic = Traffic(lanes)
    traffic.begin(*(number * LARGE for number in range(2, 10)))
    traffic.wait(lambda: len(traffic.waiting) == 8 - LEAST)
    told(lanes, clock, 1e7)
    traffic.wait(lambda: len(traffic.going) == LEAST + 1)
    for _ in range(5):
        told(lanes, clock, 1e7)
    traffic.end(traffic.going[0])
    traffic.wait(lambda: len(traffic.going) == LEAST)
    time.sleep(0.15)
    assert len(traffic.going) == LEAST
    traffic.end_all()


def test_bytes_of_small_ones_open_no_lane() -> None:
    clock = Clock()
    lanes = Lanes(8, now=clock)
    with ExitStack() as stack:
        stack.enter_context(lanes.turn(3 * LARGE, lambda: None))
        told(lanes, clock, 1e7)
        traffic = Traffic(lanes)
        traffic.begin(4 * LARGE, 5 * LARGE)
        traffic.wait(lambda: len(traffic.going) == 1)
        time.sleep(0.15)
        assert len(traffic.going) == 1
    traffic.end_all()


def test_whoever_waits_can_be_stopped_and_the_next_one_goes() -> None:
    lanes = Lanes(1)
    stopped = threading.Event()

    def checkpoint() -> None:
        if stopped.is_set():
            raise Cancelled

    with lanes.turn(1, lambda: None):
        stopped.set()
        with pytest.raises(Cancelled), lanes.turn(9 * LARGE, checkpoint):
            pytest.fail("it has no turn")
    with lanes.turn(2 * LARGE, lambda: None):
        pass
