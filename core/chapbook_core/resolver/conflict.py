"""Conflict resolution: from an incompatibility that came true to the decision that is to blame for it.

This is the loop of PubGrub's specification ("Conflict Resolution"), run at one point of the conflict's region. What it
learns holds in the common region of all causes it used, which contains the point and usually much more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.resolver.incompatibility import Incompatibility, resolvent
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from chapbook_core.resolver.assignment import PartialSolution, Point, Satisfier


@frozen
class Lesson:
    """What a conflict taught: an incompatibility, and the level at which it leaves one package to narrow."""

    incompatibility: Incompatibility
    level: int
    affected: str = ""
    """The package whose decision is undone; empty when there is no solution."""


def resolve(solution: PartialSolution, conflict: Incompatibility, point: Point) -> Lesson:
    """Return the lesson of a conflict; one without terms is the proof that the point has no solution."""
    while conflict.terms:
        latest_package, latest, previous_satisfier_level = _latest_satisfier(solution, conflict, point)
        excess = latest.allowed & ~conflict.terms[latest_package]
        if excess:
            # The latest satisfier needs the help of an earlier one to make its term true.
            helper = solution.first_satisfier(latest_package, solution.full(latest_package) & ~excess, point)
            previous_satisfier_level = max(previous_satisfier_level, helper.level)
        if latest.cause is None or previous_satisfier_level < latest.level:
            # What holds of one package alone holds before every decision.
            level = previous_satisfier_level if len(conflict.terms) > 1 else 0
            return Lesson(conflict, level, latest_package)
        conflict = resolvent(conflict, latest.cause, latest_package, solution.full(latest_package))
    return Lesson(conflict, 0)


def _latest_satisfier(solution: PartialSolution, conflict: Incompatibility, point: Point) -> tuple[str, Satisfier, int]:
    """Return the assignment that made the conflict complete, with its package, and the level of the one before."""
    satisfiers = [(package, solution.first_satisfier(package, mask, point)) for package, mask in conflict.terms.items()]
    latest_package, latest = max(satisfiers, key=lambda each: each[1].place)
    others = (satisfier.level for package, satisfier in satisfiers if package != latest_package)
    return latest_package, latest, max(others, default=0)
