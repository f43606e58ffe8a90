from __future__ import annotations

from chapbook_core.engine.life import Life
from tests.fakes.clock import Clock


class Parent:
    """Whoever has started the process."""

    pid = 7

    def __call__(self) -> int:
        return self.pid


def test_it_is_over_after_the_idle_time_and_not_before() -> None:
    clock = Clock()
    life = Life(600, now=clock, parent=Parent())
    clock.advance(599)
    assert not life.is_over()
    clock.advance(1)
    assert life.is_over()


def test_work_is_not_idle_and_idleness_is_counted_from_its_end() -> None:
    clock = Clock()
    life = Life(600, now=clock, parent=Parent())
    assert life.begin()
    clock.advance(10_000)
    assert not life.is_over()
    life.end()
    clock.advance(599)
    assert not life.is_over()
    clock.advance(1)
    assert life.is_over()


def test_it_is_over_when_the_parent_is_another() -> None:
    parent = Parent()
    life = Life(600, now=Clock(), parent=parent)
    life.begin()
    assert not life.is_over()
    parent.pid = 1
    assert life.is_over()


def test_a_request_that_comes_after_the_end_is_not_begun() -> None:
    clock = Clock()
    life = Life(600, now=clock, parent=Parent())
    clock.advance(600)
    assert life.is_over()
    assert not life.begin()
    assert not life.is_busy()


def test_it_can_be_ended() -> None:
    life = Life(600, now=Clock(), parent=Parent())
    life.finish()
    assert life.is_over()
