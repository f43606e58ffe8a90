"""Core: the fewest facts that already exclude every solution.

A proof uses each of its facts, but often a shorter proof would do without some. Facts that say the same of several
releases are one group; groups are left out one after another as long as the rest stays contradictory at one point of
the proof's region.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.requirements.diagram import TRUE, conjunction, contains, sample
from chapbook_core.resolver.assignment import PartialSolution
from chapbook_core.resolver.cause import Derived, Requires, RootRequires, required_by
from chapbook_core.resolver.conflict import resolve
from chapbook_core.resolver.incompatibility import Incompatibility
from chapbook_core.resolver.propagation import Propagation
from chapbook_core.value import frozen, replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from chapbook_core.resolver.assignment import Point
    from chapbook_core.resolver.cause import Fact

_MOST_FACTS = 200
"""Beyond this many, finding the fewest takes longer than anyone waits; the groups are few all the same."""
_MOST_CONSTRAINTS = 3
"""Beyond this many different requirements of one package on another, they are told as one."""


@frozen
class Group:
    """Facts that differ only in the release they are about."""

    fact: Fact
    """One of them."""
    incompatibilities: tuple[Incompatibility, ...]

    @property
    def has_one_constraint(self) -> bool:
        """Whether all its facts are about the same requirement."""
        first, *others = (required_by(incompatibility.cause) for incompatibility in self.incompatibilities)
        return all(other == first for other in others)

    @property
    def versions(self) -> int:
        """The releases it is about, for a fact about releases."""
        mask = 0
        if isinstance(self.fact, RootRequires):
            return mask
        name = getattr(self.fact, "name", "")
        for incompatibility in self.incompatibilities:
            mask |= incompatibility.terms.get(name, 0)
        return mask


def facts_of(proof: Incompatibility) -> list[Incompatibility]:
    """Return the incompatibilities at the leaves of a derivation graph, each once."""
    facts: list[Incompatibility] = []
    seen: set[int] = set()
    waiting = [proof]
    while waiting:
        incompatibility = waiting.pop()
        if id(incompatibility) in seen:
            continue
        seen.add(id(incompatibility))
        match incompatibility.cause:
            case Derived(left=left, right=right):
                waiting += [right, left]
            case _:
                facts.append(incompatibility)
    return facts


def core_of(proof: Incompatibility, full: Callable[[str], int]) -> list[Group]:
    """Return the groups of facts that exclude every solution where the proof does."""
    groups = _grouped(facts_of(proof))
    if sum(len(group.incompatibilities) for group in groups) > _MOST_FACTS:
        return groups
    point = sample(proof.region)
    kept = list(groups)
    # What is learned last is the farthest from the project; leaving that out first keeps stories short.
    for group in groups:
        without = [other for other in kept if other is not group]
        if not _is_possible(without, full, point):
            kept = without
    return kept


def region_of(groups: Iterable[Group]) -> int:
    """Return where all the facts hold together."""
    region = TRUE
    for group in groups:
        for incompatibility in group.incompatibilities:
            region = conjunction(region, incompatibility.region)
    return region


def _grouped(facts: Iterable[Incompatibility]) -> list[Group]:
    """Put facts together that differ in the release, and in the constraint too where there are many of those."""
    by_words: dict[object, list[Incompatibility]] = {}
    by_packages: dict[object, set[object]] = {}
    for incompatibility in facts:
        words: object = incompatibility.cause
        if isinstance(words, Requires):
            words = replace(words, version="")
            by_packages.setdefault(_without_constraint(words), set()).add(words)
        by_words.setdefault(words, []).append(incompatibility)
    groups: dict[object, list[Incompatibility]] = {}
    for words, members in by_words.items():
        key = words
        if isinstance(words, Requires) and len(by_packages[_without_constraint(words)]) > _MOST_CONSTRAINTS:
            key = _without_constraint(words)
        groups.setdefault(key, []).extend(members)
    return [
        Group(fact, tuple(members)) for members in groups.values() if not isinstance(fact := members[0].cause, Derived)
    ]


def _without_constraint(requires: Requires) -> Requires:
    return replace(requires, dependency=replace(requires.dependency, constraint=""))


def _is_possible(groups: Sequence[Group], full: Callable[[str], int], point: Point) -> bool:
    """Tell whether some versions satisfy all facts at a point.

    This is the solver's own machinery again, on a world of one environment in which these facts are all there is.
    """
    facts = [
        Incompatibility(fact.terms, TRUE, fact.cause)
        for group in groups
        for fact in group.incompatibilities
        if contains(fact.region, point)
    ]
    packages = sorted({package for fact in facts for package in fact.terms})
    assigned = PartialSolution(TRUE)
    for package in packages:
        assigned.add(package, full(package))
    propagation = Propagation(assigned, lambda _package, _region: None)
    for fact in facts:
        propagation.watch(fact)
    clash = next((clash for fact in facts if (clash := propagation.apply(fact)) is not None), None)
    while True:
        clash = clash or propagation.run()
        if clash is not None:
            lesson = resolve(assigned, clash.incompatibility, sample(TRUE))
            if not lesson.incompatibility.terms:
                return False
            propagation.watch(lesson.incompatibility)
            assigned.backjump(lesson.level)
            propagation.forget_changes()
            clash = propagation.apply(lesson.incompatibility)
        elif (undecided := _undecided(assigned, packages)) is not None:
            package, possible = undecided
            assigned.decide(package, possible & -possible, TRUE)
            propagation.note(package, TRUE)
        else:
            return True


def _undecided(assigned: PartialSolution, packages: Iterable[str]) -> tuple[str, int] | None:
    """Return a package that can be several things, and which."""
    for package in packages:
        (possible,) = assigned.pieces[package]
        if possible & (possible - 1):
            return package, possible
    return None
