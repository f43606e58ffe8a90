"""Claiming: requirements taken apart into claims, in the terms and masks of one partial solution."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.requirements.diagram import FALSE, conjunction
from chapbook_core.resolver.cause import Requires
from chapbook_core.resolver.claim import claim
from chapbook_core.resolver.extras import OFF, ON, ON_OR_OFF

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chapbook_core.resolver.assignment import PartialSolution
    from chapbook_core.resolver.catalogue import Catalogue
    from chapbook_core.resolver.cause import RootRequires
    from chapbook_core.resolver.claim import Claim
    from chapbook_core.resolver.extras import Extras
    from chapbook_core.resolver.facts import Dependency


class Claiming:
    """Makes the claims of the project and of releases."""

    def __init__(self, assigned: PartialSolution, catalogue: Catalogue, extras: Extras) -> None:
        self._assigned = assigned
        self._catalogue = catalogue
        self._extras = extras

    def of_project(self, requirements: Iterable[tuple[RootRequires, Dependency, int]]) -> list[Claim]:
        """Return what the requirements of the project amount to, each where it is in force."""
        return [
            claim(dependency, region, region, {}, demanded=self._demanded(dependency), cause=cause)
            for cause, dependency, region in requirements
        ]

    def of_release(
        self, package: str, mask: int, version: str, dependencies: Iterable[tuple[Dependency, int]]
    ) -> list[Claim]:
        """Return what the requirements of a release amount to, each where it is in force."""
        alone = {package: mask}
        claims = []
        for dependency, where in dependencies:
            terms = {**alone, self._extra(package, dependency.extra): ON} if dependency.extra else alone
            cause = Requires(package, version, dependency)
            demanded = self._demanded(dependency)
            claims.append(claim(dependency, where, dependency.region, terms, demanded=demanded, cause=cause))
        return claims

    def in_force(self, package: str, dependency: Dependency, region: int) -> int:
        """Return where a requirement of a release that is selected on a region is in force."""
        region = conjunction(region, dependency.region)
        if dependency.extra and region != FALSE:
            name = self._extras.known(package, dependency.extra)
            return FALSE if name is None else self._assigned.satisfied(name, ON, region)
        return region

    def _demanded(self, dependency: Dependency) -> list[tuple[str, int]]:
        """Return each package that a requirement narrows, with the mask it does not allow."""
        name = dependency.name
        demanded = [(name, self._assigned.full(name) ^ self._catalogue.allowed(dependency))]
        if dependency.extras:
            demanded += [(self._extra(name, extra), OFF) for extra in dependency.extras]
        return demanded

    def _extra(self, package: str, extra: str) -> str:
        name = self._extras.name(package, extra)
        if name not in self._assigned:
            self._assigned.add(name, ON_OR_OFF)
        return name
