"""Reach: from the project's requirements along the selected versions, where each of them is needed and by which group.

The solver narrows versions with every switch of the project on. This walk follows the edges that are left once the
versions are known, with all switches free, so that a package's region says which extras and groups bring it.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from chapbook_core.requirements.diagram import FALSE, conjunction, difference, disjunction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from chapbook_core.resolver.facts import Dependency

    Selection = tuple[str, int]
    """A package, and the mask of one version."""


class Reach:
    """Regions that only grow, until nothing along any edge adds to them."""

    def __init__(
        self,
        selected: Mapping[str, tuple[tuple[int, int], ...]],
        dependencies: Callable[[str, int], Iterable[Dependency]],
    ) -> None:
        self.needed: dict[Selection, int] = {}
        self.extras: dict[tuple[str, int, str], int] = {}
        self._selected = selected
        self._dependencies = dependencies
        self._waiting: deque[Selection] = deque()

    def add(self, dependency: Dependency, region: int) -> None:
        """Say that a requirement is in force on a region."""
        for version, where in self._selected.get(dependency.name, ()):
            inside = conjunction(where, region)
            if inside == FALSE:
                continue
            selection = (dependency.name, version)
            grew = self._grow(self.needed, selection, inside)
            for extra in dependency.extras:
                grew |= self._grow(self.extras, (*selection, extra), inside)
            if grew and selection not in self._waiting:
                self._waiting.append(selection)

    @staticmethod
    def _grow(regions: dict, key: tuple, region: int) -> bool:  # type: ignore[type-arg]
        before = regions.get(key, FALSE)
        if difference(region, before) == FALSE:
            return False
        regions[key] = disjunction(before, region)
        return True

    def walk(self) -> None:
        """Follow every edge until nothing grows."""
        while self._waiting:
            name, version = self._waiting.popleft()
            region = self.needed[name, version]
            for dependency in self._dependencies(name, version):
                source = self.extras.get((name, version, dependency.extra), FALSE) if dependency.extra else region
                inside = conjunction(source, dependency.region)
                if inside != FALSE:
                    self.add(dependency, inside)
