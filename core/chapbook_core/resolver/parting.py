"""Parting: the Pythons that requirements themselves tell apart.

A release that requires one package twice, `numpy>=1.23 ; python_version < "3.12"` and `numpy>=1.26` for all else, parts
the Pythons of the project in two. Nobody who runs one of them is served by what suits the other, so that a release need
run on all Pythons of a part, and not on all of the project. So Poetry has it, which solves for each part by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.requirements.diagram import FALSE, conjunction, difference, variables
from chapbook_core.requirements.marker_variable import PYTHON
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from chapbook_core.resolver.facts import Dependency
    from chapbook_core.resolver.preference import Choice

_MOST_PARTS = 64
"""Real projects have a handful; beyond this, what is gained is not worth the time."""

Parts = tuple[int, ...]
"""Regions that do not overlap, and together are the whole."""


@frozen
class _Open:
    """A decision that may be another one once more Pythons are told apart."""

    level: int
    choose: Callable[[], Choice]
    """Makes the choice once more, as it was to be made."""
    chosen: Choice


class Parting:
    """What the requirements met so far tell apart, and which of the present decisions that may change."""

    def __init__(self, whole: int, roots: Sequence[Dependency]) -> None:
        self.parts = parted((whole,), roots)
        self._open: list[_Open] = []
        """Oldest first."""

    def meet(self, dependencies: Sequence[Dependency]) -> None:
        """Take note of the requirements of a release that is selected."""
        self.parts = parted(self.parts, dependencies)

    def leave_open(self, level: int, choose: Callable[[], Choice], chosen: Choice) -> None:
        """Remember a decision with more than one piece; that on a single one is the same in all parts."""
        self._open.append(_Open(level, choose, chosen))

    def forget_above(self, level: int) -> None:
        """After a jump back: later decisions are undone."""
        while self._open and self._open[-1].level > level:
            self._open.pop()

    def first_overtaken(self) -> int | None:
        """Return the level of the first decision that would be another one now."""
        return next((each.level for each in self._open if each.choose() != each.chosen), None)


def parted(parts: Parts, dependencies: Sequence[Dependency]) -> Parts:
    """Part the regions further, where who has these dependencies wants one package otherwise for some Pythons."""
    if len({dependency.name for dependency in dependencies}) == len(dependencies):
        # Most require nothing twice.
        return parts
    for boundary in sorted(set(_boundaries(dependencies))):
        cut = [piece for part in parts for piece in (conjunction(part, boundary), difference(part, boundary))]
        finer = tuple(piece for piece in cut if piece != FALSE)
        if len(finer) > _MOST_PARTS:
            break
        parts = finer
    return parts


def _boundaries(dependencies: Sequence[Dependency]) -> Iterator[int]:
    by_name: dict[str, list[Dependency]] = {}
    for dependency in dependencies:
        by_name.setdefault(dependency.name, []).append(dependency)
    for same in by_name.values():
        if len({dependency.constraint for dependency in same}) > 1:
            yield from (dependency.region for dependency in same if PYTHON in variables(dependency.region))
