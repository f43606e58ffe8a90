"""Lanes: the requests of one project run one after another, those of different projects beside each other."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from chapbook_core.value import field, mutable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_GLANCE = 0.2


@mutable(eq=False)
class Place:
    """A place in a lane."""

    lane: str
    call: str
    """What those behind are told that they wait for."""
    is_first: threading.Event = field(default_factory=threading.Event)


class Lanes:
    """Who is before whom."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lanes: dict[str, list[Place]] = {}

    def join(self, lane: str, call: str) -> Place:
        """Take the last place of a lane; whoever takes one also has a turn."""
        place = Place(lane, call)
        with self._lock:
            places = self._lanes.setdefault(lane, [])
            places.append(place)
            if places[0] is place:
                place.is_first.set()
        return place

    @contextmanager
    def turn(self, place: Place, checkpoint: Callable[[], None], wait: Callable[[str], None]) -> Iterator[None]:
        """Wait until everybody before has left; `wait` is told for whom. Raises what `checkpoint` raises."""
        try:
            if not place.is_first.is_set():
                wait(self._first(place.lane))
            while not place.is_first.wait(_GLANCE):
                checkpoint()
            yield
        finally:
            self.leave(place)

    def _first(self, lane: str) -> str:
        with self._lock:
            return self._lanes[lane][0].call

    def leave(self, place: Place) -> None:
        """Give up a place, with or without a turn; once is enough."""
        with self._lock:
            places = self._lanes.get(place.lane, [])
            if place not in places:
                return
            places.remove(place)
            if places:
                places[0].is_first.set()
            else:
                del self._lanes[place.lane]
