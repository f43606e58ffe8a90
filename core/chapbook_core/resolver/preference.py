"""Preference: which of the possible versions of a package is the best one."""

from __future__ import annotations

from functools import reduce
from operator import and_, or_
from typing import TYPE_CHECKING

from chapbook_core.requirements.constraint import parse_constraint
from chapbook_core.requirements.diagram import FALSE, TRUE, conjunction, disjunction
from chapbook_core.resolver.problem import ForkStrategy, Resolution
from chapbook_core.resolver.versions import ABSENT, bits

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from chapbook_core.resolver.assignment import Pieces
    from chapbook_core.resolver.facts import Dependency
    from chapbook_core.resolver.problem import LockedVersion, Policy
    from chapbook_core.resolver.versions import Versions

Choice = tuple[int, int]
"""A version, as the mask of it alone, and the region to select it on; or versions and where something is so."""


class Preference:
    """Chooses for a package where requirements leave a choice; asks in the order of what people expect most."""

    def __init__(
        self, policy: Policy, direct: frozenset[str], locked: Iterable[LockedVersion], parts: Iterable[int] = (TRUE,)
    ) -> None:
        """`direct` are the packages that the project names itself; see `resolver.parting` for the parts."""
        self.is_kept_by_python = False
        """Whether a better version was passed over because it does not run on every Python."""
        self.parts = tuple(parts)
        self._policy = policy
        self._direct = direct
        self._locked: dict[str, list[LockedVersion]] = {}
        for entry in locked:
            self._locked.setdefault(entry.name, []).append(entry)

    def choose(
        self,
        versions: Versions,
        pending: Pieces,
        *,
        selected: tuple[Choice, ...],
        leaning: int,
        prereleases_wanted: bool,
        stopped_by_python: Iterable[Choice] = (),
    ) -> Choice:
        """Return a version for some of the pieces where one is pending, preferably for all of them.

        Locked versions come first. Then one version for every piece that requirements do not tell apart: one that is
        selected elsewhere, or else the best. Only when no version is possible in all pieces of any part, those get the
        best version of all that can have it. `leaning` is a mask of versions that suit requirements elsewhere; it is
        heeded while it can be. `stopped_by_python` are masks of versions that do not run on the Pythons of a region.
        """
        if (choice := self._locked_choice(versions, pending, leaning)) is not None:
            return choice
        lenient = self._possible_but_for_python(pending, stopped_by_python)
        wholes = [(reduce(and_, pieces), pieces) for pieces in self._wholes(pending)]
        everywhere = lenient & reduce(or_, (mask for mask, _ in wholes))
        self.is_kept_by_python |= lenient & ~everywhere > everywhere
        favoured = everywhere & leaning or everywhere
        candidates = favoured or reduce(or_, pending)
        elsewhere = reduce(or_, (version for version, _ in selected), 0)
        best = self.best(versions, candidates & elsewhere or candidates, prereleases_wanted=prereleases_wanted)
        if everywhere:
            suited = (region for mask, pieces in wholes if mask & best for region in pieces.values())
            return best, reduce(disjunction, suited)
        return best, _region_with(pending, best)

    def _wholes(self, pending: Pieces) -> Iterator[Pieces]:
        """Yield the pieces that one version has to suit together: those of a part, or each alone."""
        if self._policy.fork_strategy is ForkStrategy.REQUIRES_PYTHON:
            yield from ({mask: where} for mask, where in pending.items())
        elif len(self.parts) == 1 or len(pending) == 1:
            # One piece is the same in every part, and the parts are the whole.
            yield pending
        else:
            for part in self.parts:
                cut = {mask: inside for mask, where in pending.items() if (inside := conjunction(where, part)) != FALSE}
                if cut:
                    yield cut

    def keeps_apart(self, package: str) -> bool:
        """Tell whether a package was locked in several versions."""
        return len(self._locked.get(package, ())) > 1

    def _locked_choice(self, versions: Versions, pending: Pieces, leaning: int) -> Choice | None:
        """Return a locked version and its region, when the locked versions suit all pieces they were locked for."""
        first: Choice | None = None
        for entry in self._locked.get(versions.name, ()):
            version = versions.bit(entry.version, entry.origin) & leaning
            region = FALSE
            for mask, where in pending.items():
                inside = conjunction(where, entry.region)
                if inside != FALSE:
                    if not mask & version:
                        return None
                    region = disjunction(region, inside)
            if first is None and region != FALSE:
                first = version, region
        return first

    @staticmethod
    def _possible_but_for_python(pending: Pieces, stopped_by_python: Iterable[Choice]) -> int:
        """Return the versions that would be possible in every piece if they ran on every Python."""
        stopped_by_python = list(stopped_by_python)
        if not stopped_by_python:
            return reduce(and_, pending)
        lenient = reduce(or_, pending)
        for mask, where in pending.items():
            for stopped, region in stopped_by_python:
                if conjunction(where, region) != FALSE:
                    mask |= stopped  # noqa: PLW2901 (what the piece would be)
            lenient &= mask
        return lenient

    def best(self, versions: Versions, candidates: int, *, prereleases_wanted: bool = False) -> int:
        """Return the best of some versions: final rather than not, not yanked, then the newest or the lowest."""
        candidates &= ~ABSENT
        candidates = candidates & ~versions.yanked or candidates
        if not prereleases_wanted:
            candidates = candidates & ~versions.prereleases or candidates
        if self._wants_lowest(versions.name):
            return next(bits(candidates))
        return 1 << (candidates.bit_length() - 1)

    def _wants_lowest(self, name: str) -> bool:
        match self._policy.resolution:
            case Resolution.NEWEST:
                return False
            case Resolution.LOWEST:
                return True
            case Resolution.LOWEST_DIRECT:
                return name in self._direct


def _region_with(pieces: Pieces, version: int) -> int:
    region = FALSE
    for mask, where in pieces.items():
        if mask & version:
            region = disjunction(region, where)
    return region


def are_prereleases_wanted(dependencies: Iterable[Dependency]) -> bool:
    """Tell whether requirements on a package that are all in force ask for its pre-releases.

    One asks in words, or by a bound that is a pre-release and that the other requirements leave standing: `>=2.0a1`
    asks, but not beside `>=2.1`.
    """
    dependencies = list(dependencies)
    if any(dependency.allow_prereleases for dependency in dependencies):
        return True
    constraints = [parse_constraint(dependency.constraint) for dependency in dependencies]
    if not any(constraint.allows_prereleases for constraint in constraints):
        return False
    standing = set(reduce(and_, constraints).keys)
    return any(
        cut.version.is_prerelease and cut.key in standing
        for constraint in constraints
        if constraint.allows_prereleases
        for cut in constraint.cuts
    )
