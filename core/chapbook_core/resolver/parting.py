"""Parting: the Pythons that requirements themselves tell apart.

A release that requires one package twice, `numpy>=1.23 ; python_version < "3.12"` and `numpy>=1.26` for all else, parts
the Pythons of the project in two. Nobody who runs one of them is served by what suits the other, so that a release need
run on all Pythons of a part, and not on all of the project. So Poetry has it, which solves for each part by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.requirements.diagram import FALSE, conjunction, difference, variables
from chapbook_core.requirements.marker_variable import PYTHON

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chapbook_core.resolver.facts import Dependency

_MOST_PARTS = 64
"""Real projects have a handful; beyond this, what is gained is not worth the time."""

Parts = tuple[int, ...]
"""Regions that do not overlap, and together are the whole."""


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
