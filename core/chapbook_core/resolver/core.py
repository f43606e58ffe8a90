"""Core: the fewest facts that already exclude every solution.

A proof uses each of its facts, but often a shorter proof would do without some. Facts that say the same of several
releases are one group; groups are left out one after another as long as the rest stays contradictory at one point of
the proof's region.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from chapbook_core.requirements.diagram import TRUE, conjunction, contains, sample
from chapbook_core.resolver.cause import Derived, Requires, RootRequires, required_by

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from chapbook_core.resolver.assignment import Point
    from chapbook_core.resolver.cause import Fact
    from chapbook_core.resolver.incompatibility import Incompatibility

_MOST_GROUPS = 60
"""Beyond this many, finding the fewest takes longer than anyone reads."""
_MOST_CONSTRAINTS = 3
"""Beyond this many different requirements of one package on another, they are told as one."""
_MOST_TRIES = 2_000
"""Branches tried before a set of facts counts as possible."""


@dataclass(frozen=True, slots=True)
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
    if len(groups) > _MOST_GROUPS:
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
    """Tell whether some versions satisfy all facts at a point, or whether that is hard to rule out."""
    terms = [
        dict(incompatibility.terms)
        for group in groups
        for incompatibility in group.incompatibilities
        if contains(incompatibility.region, point)
    ]
    tries = 0

    def possible(domains: dict[str, int]) -> bool:
        nonlocal tries
        tries += 1
        if tries > _MOST_TRIES:
            return True
        open_terms = _propagated(terms, domains, full)
        if open_terms is None:
            return False
        if not open_terms:
            return True
        # Either the first term is false, or it is true; both make the domain smaller.
        package, mask = next(iter(open_terms.items()))
        domain = domains.get(package, full(package))
        return possible({**domains, package: domain & ~mask}) or possible({**domains, package: domain & mask})

    return possible({})


def _propagated(
    terms: Sequence[dict[str, int]], domains: dict[str, int], full: Callable[[str], int]
) -> dict[str, int] | None:
    """Narrow the domains as far as single incompatibilities do; return one that is still open, or None on a conflict.

    An empty answer means that every incompatibility is contradicted.
    """
    changed = True
    open_terms: dict[str, int] = {}
    while changed:
        changed = False
        open_terms = {}
        for incompatibility in terms:
            unsatisfied = []
            for package, mask in incompatibility.items():
                domain = domains.get(package, full(package))
                if not domain & mask:
                    break
                if domain & ~mask:
                    unsatisfied.append((package, mask))
            else:
                if not unsatisfied:
                    return None
                if len(unsatisfied) == 1:
                    package, mask = unsatisfied[0]
                    domains[package] = domains.get(package, full(package)) & ~mask
                    changed = True
                else:
                    open_terms = dict(unsatisfied)
    return open_terms
