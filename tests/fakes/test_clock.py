"""Time stands still until it is told to move."""

from __future__ import annotations

from tests.fakes.clock import Clock


def test_time_moves_only_when_told() -> None:
    clock = Clock(100.0)
    assert (clock(), clock()) == (100.0, 100.0)
    clock.advance(5)
    clock.sleep(2.5)
    assert clock() == 107.5
    assert clock.slept == [2.5]
