"""Leaning: the wish that a package be one version everywhere, though its requirements are met one after another.

A package may be selected in one region before a requirement is met that concerns another. If the selected version does
not suit there, but another one suits both, the package is better decided again, leaning towards such versions. A wish
is dropped where it cannot be met, and each time fewer versions are left, so this comes to an end.
"""

from __future__ import annotations

from functools import reduce
from operator import and_
from typing import TYPE_CHECKING

from chapbook_core.requirements.diagram import FALSE, conjunction

if TYPE_CHECKING:
    from collections.abc import Callable

    from chapbook_core.resolver.assignment import PartialSolution

_ANY = -1


class Leaning:
    """The versions of packages that would suit everywhere they were required so far."""

    def __init__(self, assigned: PartialSolution, keeps_apart: Callable[[str], bool]) -> None:
        """`keeps_apart` tells of packages that may be several versions, because they were."""
        self._assigned = assigned
        self._keeps_apart = keeps_apart
        self._versions: dict[str, int] = {}

    def versions(self, package: str) -> int:
        """Return the mask of the versions to lean towards."""
        return self._versions.get(package, _ANY)

    def forget(self) -> None:
        """Lean nowhere."""
        self._versions.clear()

    def calls_for_another(self, package: str) -> bool:
        """Tell whether a selected package is required elsewhere in such a way that another version suits better."""
        selected = self._assigned.selected[package]
        pending = self._assigned.pending(package) if selected else {}
        if not pending or any(all(mask & version for mask in pending) for version, _ in selected):
            return False
        common = reduce(and_, pending, self.versions(package))
        for mask, where in self._assigned.pieces_before_decision(package).items():
            if any(conjunction(where, region) != FALSE for _, region in selected):
                common &= mask
        if not common or common == self.versions(package) or self._keeps_apart(package):
            return False
        self._versions[package] = common
        return True
