"""Unit propagation over what was learned: where all terms but one are true, that one is made false.

As in PubGrub's specification ("Unit Propagation"), but on regions: one incompatibility may narrow different packages in
different environments.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from chapbook_core.requirements.diagram import FALSE, conjunction
from chapbook_core.resolver.assignment import Clash

if TYPE_CHECKING:
    from collections.abc import Callable

    from chapbook_core.resolver.assignment import PartialSolution
    from chapbook_core.resolver.incompatibility import Incompatibility


class Propagation:
    """Watches the incompatibilities that were learned, and derives what follows from them."""

    def __init__(self, assigned: PartialSolution, changed: Callable[[str, int], None]) -> None:
        """`changed` is called with each package that is narrowed, and where."""
        self.steps = 0
        """Derivations so far."""
        self._assigned = assigned
        self._on_change = changed
        self._watching: dict[str, list[Incompatibility]] = {}
        self._timeless: list[Incompatibility] = []
        self._are_timeless_due = False
        self._changed: deque[tuple[str, int]] = deque()

    def watch(self, incompatibility: Incompatibility) -> None:
        """Heed an incompatibility from here on.

        One with a single term need not be watched: it is applied at level 0, which is never undone.
        """
        if len(incompatibility.terms) == 1:
            return
        for package in incompatibility.terms:
            self.watch_from(package, incompatibility)

    def watch_from(self, package: str, incompatibility: Incompatibility) -> None:
        """Heed an incompatibility when this one of its packages changes."""
        self._watching.setdefault(package, []).append(incompatibility)

    def keep(self, incompatibility: Incompatibility) -> None:
        """Heed a fact about one release, which has to be applied again after each jump back."""
        self._timeless.append(incompatibility)

    def derive(self, package: str, cause: Incompatibility, region: int) -> Clash | None:
        """Rule out a term of an incompatibility on a region, because the other terms are true there."""
        changed = self._assigned.derive(package, cause, region)
        if isinstance(changed, Clash):
            return changed
        if changed != FALSE:
            self.steps += 1
            self.note(package, changed)
        return None

    def note(self, package: str, region: int) -> None:
        """Take note that a package was narrowed."""
        if package in self._watching:
            self._changed.append((package, region))
        self._on_change(package, region)

    def forget_changes(self) -> None:
        """After a jump back: what had changed since is undone."""
        self._changed.clear()
        self._are_timeless_due = bool(self._timeless)

    def run(self) -> Clash | None:
        """Derive until nothing changes or an incompatibility comes true."""
        if self._are_timeless_due:
            self._are_timeless_due = False
            for incompatibility in self._timeless:
                clash = self.apply(incompatibility)
                if clash is not None:
                    return clash
        while self._changed:
            package, region = self._changed.popleft()
            if self._assigned.level == 0:
                # What is false everywhere before any decision stays so.
                self._watching[package] = list(filter(self._can_come_true, self._watching[package]))
            for incompatibility in reversed(self._watching[package]):
                # Nothing follows from a term that is true nowhere.
                if self._assigned.is_satisfied(package, incompatibility.terms[package]) and (
                    conjunction(incompatibility.region, region) != FALSE
                ):
                    clash = self.apply(incompatibility)
                    if clash is not None:
                        return clash
        return None

    def _can_come_true(self, incompatibility: Incompatibility) -> bool:
        return all(self._assigned.may_have(package, mask) for package, mask in incompatibility.terms.items())

    def apply(self, incompatibility: Incompatibility) -> Clash | None:
        """Derive the opposite of each term on the region where all the other terms are true."""
        if not self._can_come_true(incompatibility):
            return None
        scope = incompatibility.region
        satisfied = {
            package: self._assigned.satisfied(package, mask, scope) for package, mask in incompatibility.terms.items()
        }
        # Where every term but one is true everywhere, only that one can be narrowed.
        open_terms = [package for package, region in satisfied.items() if region != scope] or list(satisfied)
        for package in open_terms:
            others = scope
            for other, region in satisfied.items():
                if other != package:
                    others = conjunction(others, region)
            if others != FALSE:
                clash = self.derive(package, incompatibility, others)
                if clash is not None:
                    return clash
        return None
