"""The partial solution: for every package, which versions are still possible in which environments.

PubGrub keeps one list of assignments for one environment. Here the list is *lifted*: each assignment holds on a region,
and a package's possible versions are a partition of the universe, `{mask: region}`. What PubGrub's specification says
of a partial solution is true of the restriction of this one to any single point of the universe.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from chapbook_core.requirements.diagram import FALSE, conjunction, contains, difference, disjunction
from chapbook_core.resolver.versions import ABSENT
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chapbook_core.requirements.diagram import Value
    from chapbook_core.resolver.cause import Cause
    from chapbook_core.resolver.facts import Dependency
    from chapbook_core.resolver.incompatibility import Incompatibility

Point = Mapping[str, "Value"]
"""One environment: a value for each variable that matters."""

Pieces = dict[int, int]
"""The possible versions of a package: masks, each with its region; the regions partition the universe."""

BEFORE_THE_TRAIL = -1


# Assignments are made by the thousand, hence tuples.


class Assignment(NamedTuple):
    """A package's versions narrowed on a region: by a decision when it has no cause, else by a derivation."""

    package: str
    allowed: int
    region: int
    level: int
    cause: Incompatibility | None
    pieces_before: Pieces
    selected_before: tuple[tuple[int, int], ...]


@frozen
class Satisfier:
    """The assignment that makes a term true at a point."""

    place: int
    """Of the assignment in the trail."""
    level: int
    allowed: int
    """What this assignment alone allows."""
    cause: Incompatibility | None


@frozen
class Clash:
    """A package would be left without a version on a region, because of an incompatibility."""

    incompatibility: Incompatibility
    region: int


class PartialSolution:
    """The assignments made so far, oldest first, and what they leave possible."""

    def __init__(self, universe: int) -> None:
        self.universe = universe
        self.level = 0
        self.pieces: dict[str, Pieces] = {}
        self.selected: dict[str, tuple[tuple[int, int], ...]] = {}
        """Decided versions: (mask of one version, region)."""
        self.decided_packages = 0
        self.trail: list[Assignment] = []
        self._full: dict[str, int] = {}
        self._given: dict[str, Sequence[Incompatibility]] = {}
        self._places: dict[str, list[int]] = {}
        self._requirements: dict[str, list[tuple[Dependency, int]]] = {}
        self._requirement_trail: list[tuple[int, str]] = []

    def __contains__(self, package: str) -> bool:
        return package in self.pieces

    def full(self, package: str) -> int:
        """Return the mask of every version of a package, and of absence."""
        return self._full[package]

    def add(self, package: str, full: int, given: Sequence[Incompatibility] = ()) -> None:
        """Admit a package, with the incompatibilities about it alone; those hold before every assignment."""
        self._full[package] = full
        self._given[package] = given
        self._places[package] = []
        self.selected[package] = ()
        pieces = {full: self.universe}
        for incompatibility in given:
            pieces, _ = _narrowed(pieces, full ^ incompatibility.terms[package], incompatibility.region)
        self.pieces[package] = pieces

    def given_as(self, package: str, kind: type[Cause]) -> list[tuple[int, int]]:
        """Return what was ruled out from the start for one kind of cause: masks, each with its region."""
        return [
            (incompatibility.terms[package], incompatibility.region)
            for incompatibility in self._given[package]
            if isinstance(incompatibility.cause, kind)
        ]

    def derive(self, package: str, cause: Incompatibility, region: int) -> int | Clash:
        """Rule out the versions in the cause's term on a region; return where that changed anything."""
        allowed = self._full[package] ^ cause.terms[package]
        before = self.pieces[package]
        after, changed = _narrowed(before, allowed, region)
        if changed == FALSE:
            return FALSE
        if 0 in after:
            return Clash(cause, after[0])
        self._assign(package, allowed, changed, cause, after)
        return changed

    def decide(self, package: str, version: int, region: int) -> None:
        """Select a version, given as the mask of it alone, on a region where it is possible."""
        self.level += 1
        after, _ = _narrowed(self.pieces[package], version, region)
        self._assign(package, version, region, None, after)
        self.decided_packages += not self.selected[package]
        self.selected[package] = (*self.selected[package], (version, region))

    def _assign(self, package: str, allowed: int, region: int, cause: Incompatibility | None, after: Pieces) -> None:
        self._places[package].append(len(self.trail))
        self.trail.append(
            Assignment(package, allowed, region, self.level, cause, self.pieces[package], self.selected[package])
        )
        self.pieces[package] = after

    def backjump(self, level: int) -> set[str]:
        """Undo every assignment above a decision level; return the packages this touched."""
        touched = set()
        while self.trail and self.trail[-1].level > level:
            assignment = self.trail.pop()
            self.pieces[assignment.package] = assignment.pieces_before
            if assignment.cause is None:
                self.selected[assignment.package] = assignment.selected_before
                self.decided_packages -= not assignment.selected_before
            self._places[assignment.package].pop()
            touched.add(assignment.package)
        while self._requirement_trail and self._requirement_trail[-1][0] > level:
            _, package = self._requirement_trail.pop()
            self._requirements[package].pop()
        self.level = level
        return touched

    def decided(self, package: str) -> int:
        """Return the region where a version of a package is selected."""
        region = FALSE
        for _, where in self.selected[package]:
            region = disjunction(region, where)
        return region

    def pending(self, package: str) -> Pieces:
        """Return the pieces where a package is required and no version of it is selected."""
        pieces = self.pieces[package]
        if not self.selected[package]:
            return {mask: where for mask, where in pieces.items() if not mask & ABSENT}
        decided = self.decided(package)
        return {
            mask: rest
            for mask, where in pieces.items()
            if not mask & ABSENT and (rest := difference(where, decided)) != FALSE
        }

    def is_pending(self, package: str) -> bool:
        """Tell whether a package is required somewhere without being selected."""
        if self.selected[package]:
            return bool(self.pending(package))
        for mask in self.pieces[package]:  # noqa: SIM110  a generator takes twice as long
            if not mask & ABSENT:
                return True
        return False

    def may_have(self, package: str, mask: int) -> bool:
        """Tell whether any version in a mask is still possible anywhere."""
        for possible in self.pieces[package]:  # noqa: SIM110  as above
            if possible & mask:
                return True
        return False

    def is_satisfied(self, package: str, mask: int) -> bool:
        """Tell whether a package's possible versions are all in a mask anywhere."""
        outside = ~mask
        return any(not possible & outside for possible in self.pieces[package])

    def satisfied(self, package: str, mask: int, within: int) -> int:
        """Return the part of a region where a package's possible versions are all in a mask."""
        region = FALSE
        for possible, where in self.pieces[package].items():
            if not possible & ~mask:
                region = disjunction(region, where)
        return conjunction(region, within)

    def require(self, dependency: Dependency, region: int) -> None:
        """Remember a requirement that is in force on a region as long as the present decisions stand."""
        self._requirements.setdefault(dependency.name, []).append((dependency, region))
        self._requirement_trail.append((self.level, dependency.name))

    def requirements(self, package: str, region: int) -> list[Dependency]:
        """Return the requirements on a package that are in force somewhere in a region, oldest first."""
        return [
            dependency
            for dependency, where in self._requirements.get(package, ())
            if conjunction(where, region) != FALSE
        ]

    def pieces_before_decision(self, package: str) -> Pieces:
        """Return what a package could be when the first of the decisions on it was made."""
        for place in self._places[package]:
            if self.trail[place].cause is None:
                return self.trail[place].pieces_before
        return self.pieces[package]

    def decision_level(self, package: str) -> int | None:
        """Return the level of the first decision on a package."""
        for place in self._places[package]:
            if self.trail[place].cause is None:
                return self.trail[place].level
        return None

    def first_satisfier(self, package: str, mask: int, point: Point) -> Satisfier:
        """Return the first assignment from which on a package's versions at one point are all in a mask.

        The package must be so narrow at the end. Its versions only ever get fewer, hence the bisection.
        """
        outside = ~mask
        possible = self._full[package]
        for incompatibility in self._given[package]:
            if contains(incompatibility.region, point):
                allowed = self._full[package] ^ incompatibility.terms[package]
                possible &= allowed
                if not possible & outside:
                    return Satisfier(BEFORE_THE_TRAIL, 0, allowed, incompatibility)
        places = self._places[package]
        low, high = 0, len(places) - 1
        while low < high:
            middle = (low + high) // 2
            after = self.trail[places[middle + 1]].pieces_before
            if _possible_at(after, point) & outside:
                low = middle + 1
            else:
                high = middle
        assignment = self.trail[places[low]]
        return Satisfier(places[low], assignment.level, assignment.allowed, assignment.cause)


def _possible_at(pieces: Pieces, point: Point) -> int:
    return next(mask for mask, where in pieces.items() if contains(where, point))


def _narrowed(pieces: Mapping[int, int], allowed: int, region: int) -> tuple[Pieces, int]:
    """Return the pieces with only the allowed versions left on a region, and where that changed anything."""
    after: Pieces = {}
    changed = FALSE
    for mask, where in pieces.items():
        rest = where
        narrowed = mask & allowed
        if narrowed != mask:
            inside = conjunction(where, region)
            if inside != FALSE:
                changed = disjunction(changed, inside)
                after[narrowed] = disjunction(after[narrowed], inside) if narrowed in after else inside
                rest = difference(where, inside)
                if rest == FALSE:
                    continue
        after[mask] = disjunction(after[mask], rest) if mask in after else rest
    return after, changed
