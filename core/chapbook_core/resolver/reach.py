"""Reach: from the project's requirements along the selected versions, where each of them is needed and by which group.

The solver narrows versions with every switch of the project on. This walk follows the edges that are left once the
versions are known, with all switches free, so that a package's region says which extras and groups bring it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from chapbook_core.requirements.diagram import FALSE, conjunction, difference, disjunction
from chapbook_core.resolver.problem import Selected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from chapbook_core.resolver.catalogue import Catalogue
    from chapbook_core.resolver.facts import Dependency
    from chapbook_core.resolver.problem import Problem
    from chapbook_core.resolver.universe import Universe

Selection = tuple[str, int]
"""A package, and the mask of one version."""

_Key = TypeVar("_Key")


class Reach:
    """Regions that only grow, until nothing along any edge adds to them."""

    def __init__(
        self,
        selected: Mapping[str, tuple[tuple[int, int], ...]],
        dependencies: Callable[[str, int, frozenset[str]], Iterable[Dependency]],
    ) -> None:
        self.needed: dict[Selection, int] = {}
        self.extras: dict[Selection, dict[str, int]] = {}
        self._selected = selected
        self._dependencies = dependencies
        self._waiting: dict[Selection, None] = {}
        """Those whose edges are to be followed, the first one first."""

    def add(self, dependency: Dependency, region: int) -> None:
        """Say that a requirement is in force on a region."""
        for version, where in self._selected.get(dependency.name, ()):
            inside = conjunction(where, region)
            if inside == FALSE:
                continue
            selection = (dependency.name, version)
            grew = _grow(self.needed, selection, inside)
            for extra in dependency.extras:
                grew |= _grow(self.extras.setdefault(selection, {}), extra, inside)
            if grew:
                self._waiting.setdefault(selection)

    def walk(self) -> None:
        """Follow every edge until nothing grows."""
        while self._waiting:
            selection = next(iter(self._waiting))
            del self._waiting[selection]
            region, extras = self.needed[selection], self.extras.get(selection, {})
            for dependency in self._dependencies(*selection, frozenset(extras)):
                source = extras.get(dependency.extra, FALSE) if dependency.extra else region
                inside = conjunction(source, dependency.region)
                if inside != FALSE:
                    self.add(dependency, inside)


def needed_packages(
    problem: Problem, universe: Universe, catalogue: Catalogue, selected: Mapping[str, tuple[tuple[int, int], ...]]
) -> tuple[Selected, ...]:
    """Return the selected versions with the regions where they are needed, by name and then oldest first."""

    def dependencies_of(name: str, version: int, extras: frozenset[str]) -> Iterable[Dependency]:
        release = catalogue.versions(name).release(version)
        return catalogue.dependencies(catalogue.metadata_wanted(name, release), extras)

    reach = Reach(selected, dependencies_of)
    for requirement in problem.requirements:
        region = universe.full_region(requirement)
        for dependency in catalogue.effective(requirement.dependency):
            reach.add(dependency, conjunction(region, dependency.region))
    reach.walk()
    packages = []
    for (name, version), region in sorted(reach.needed.items()):
        release = catalogue.versions(name).release(version)
        packages.append(
            Selected(
                name=name,
                version=release.version,
                origin=release.origin,
                region=region,
                groups=universe.by_group(region),
                extras=dict(sorted(reach.extras.get((name, version), {}).items())),
            )
        )
    return tuple(packages)


def _grow(regions: dict[_Key, int], key: _Key, region: int) -> bool:
    before = regions.get(key, FALSE)
    if before == region:
        return False
    if difference(region, before) == FALSE:
        return False
    regions[key] = disjunction(before, region)
    return True
