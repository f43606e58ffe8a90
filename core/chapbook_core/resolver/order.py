"""Order: which package is decided next.

The packages of the project come before what they require, in the order they were met, so that what people name is
newest. Three things go before that order: a direct reference, of which there is one version only; a package with one
possible version left, because deciding it costs nothing; and a package that conflicts again and again. The last is
uv's remedy for long searches: when a package was made to give way to another one five times, it is decided early, and
the other one late.
"""

from __future__ import annotations

from collections import Counter
from enum import IntEnum
from heapq import heappop, heappush
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

PATIENCE = 5
"""Conflicts until a package is moved."""

Rank = tuple[int, int]


class Place(IntEnum):
    """Classes of packages, first to be decided first."""

    PREFERRED = 0
    DIRECT_REFERENCE = 1
    OFTEN_IN_CONFLICT = 2
    WITHOUT_CHOICE = 3
    ORDINARY = 4
    OFTEN_IN_THE_WAY = 5


class Order:
    """A queue of packages that wait for a decision."""

    def __init__(self, prefer: Iterable[str] = ()) -> None:
        self._met: dict[str, int] = {}
        self._moved: dict[str, Place] = {}
        self._preferred = {name: place for place, name in enumerate(prefer)}
        self._ranks: dict[str, Rank] = {}
        self._heap: list[tuple[Rank, str]] = []
        self._gave_way: Counter[str] = Counter()
        self._clashes: Counter[tuple[str, str]] = Counter()

    def meet(self, package: str) -> None:
        """Give a package its place among the ordinary ones."""
        self._met.setdefault(package, len(self._met))

    def put(self, package: str, place: Place) -> None:
        """Let a package wait; a later call with another place replaces an earlier one."""
        rank = self._rank(package, place)
        if self._ranks.get(package) != rank:
            self._ranks[package] = rank
            heappush(self._heap, (rank, package))

    def _rank(self, package: str, place: Place) -> Rank:
        if package in self._preferred:
            return Place.PREFERRED, self._preferred[package]
        if place is not Place.DIRECT_REFERENCE:
            moved = self._moved.get(package)
            if moved is Place.OFTEN_IN_CONFLICT or (moved is not None and place is Place.ORDINARY):
                place = moved
        return place, self._met[package]

    def first(self, is_waiting: Callable[[str], bool]) -> str | None:
        """Return the first package that still waits, or nothing when none does; it goes on waiting."""
        while self._heap:
            rank, package = self._heap[0]
            if self._ranks.get(package) == rank:
                if is_waiting(package):
                    return package
                del self._ranks[package]
            heappop(self._heap)
        return None

    def record_conflict(self, gave_way: str, in_the_way: Iterable[str]) -> list[str]:
        """Count a conflict; return the packages that it moves to the end, whose decisions are better taken again."""
        self._gave_way[gave_way] += 1
        late = []
        for package in in_the_way:
            pair = (gave_way, package)
            self._clashes[pair] += 1
            if self._clashes[pair] == PATIENCE:
                self._moved.setdefault(gave_way, Place.OFTEN_IN_CONFLICT)
                if self._moved.setdefault(package, Place.OFTEN_IN_THE_WAY) is Place.OFTEN_IN_THE_WAY:
                    late.append(package)
        return late

    @property
    def suspect(self) -> str:
        """The package that most conflicts are about; empty while there are none."""
        if not self._gave_way:
            return ""
        return max(self._gave_way, key=lambda package: self._gave_way[package])
