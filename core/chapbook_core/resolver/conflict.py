"""Conflict resolution: from an incompatibility that came true to the decision that is to blame for it.

This is the loop of PubGrub's specification ("Conflict Resolution"), run at one point of the conflict's region. What it
learns holds in the common region of all causes it used, which contains the point and usually much more.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chapbook_core.resolver.incompatibility import Incompatibility, resolvent

if TYPE_CHECKING:
    from chapbook_core.resolver.assignment import Narrowing, PartialSolution, Point


@dataclass(frozen=True, slots=True)
class Lesson:
    """What a conflict taught: an incompatibility, and the level at which it leaves one package to narrow."""

    incompatibility: Incompatibility
    level: int
    affected: str = ""
    """The package whose decision is undone; empty when there is no solution."""


class _Satisfiers:
    """Finds, at one point, the first assignment that makes a term true."""

    def __init__(self, solution: PartialSolution, point: Point) -> None:
        self._solution = solution
        self._point = point
        self._narrowings: dict[str, list[Narrowing]] = {}

    def first(self, package: str, mask: int) -> Narrowing:
        """Return the first assignment from which on a package can only have versions in a mask."""
        narrowings = self._narrowings.get(package)
        if narrowings is None:
            narrowings = self._narrowings[package] = self._solution.narrowings(package, self._point)
        outside = ~mask
        place = bisect_left(narrowings, x=True, key=lambda narrowing: not narrowing.possible & outside)
        return narrowings[place]


def resolve(solution: PartialSolution, conflict: Incompatibility, point: Point) -> Lesson:
    """Return the lesson of a conflict; one without terms is the proof that the point has no solution."""
    satisfiers = _Satisfiers(solution, point)
    while conflict.terms:
        latest_package, latest, previous_satisfier_level = _latest_satisfier(satisfiers, conflict)
        excess = latest.allowed & ~conflict.terms[latest_package]
        if excess:
            # The latest satisfier needs the help of an earlier one to make its term true.
            helper = satisfiers.first(latest_package, solution.full(latest_package) & ~excess)
            previous_satisfier_level = max(previous_satisfier_level, helper.level)
        if latest.cause is None or previous_satisfier_level < latest.level:
            return Lesson(conflict, previous_satisfier_level, latest_package)
        conflict = resolvent(conflict, latest.cause, latest_package, solution.full(latest_package))
    return Lesson(conflict, 0)


def _latest_satisfier(satisfiers: _Satisfiers, conflict: Incompatibility) -> tuple[str, Narrowing, int]:
    """Return the assignment that made the conflict complete, with its package, and the level of the one before."""
    latest_package = ""
    latest: Narrowing | None = None
    previous_satisfier_level = 0
    for package, mask in conflict.terms.items():
        satisfier = satisfiers.first(package, mask)
        if latest is None:
            latest_package, latest = package, satisfier
        elif satisfier.place > latest.place:
            previous_satisfier_level = max(previous_satisfier_level, latest.level)
            latest_package, latest = package, satisfier
        else:
            previous_satisfier_level = max(previous_satisfier_level, satisfier.level)
    assert latest is not None  # noqa: S101 (a conflict without terms never gets here)
    return latest_package, latest, previous_satisfier_level
