"""Outline: which lines of Requires-Dist matter to whom, so that hardly any of them has to be read again.

Most lines of most packages are for extras that nobody asks for. What they say is worked out once, when the metadata
comes; from then on the outline tells which lines are to be read, and the cache keeps it beside them.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from chapbook_core.index.dependency import parse_dependency
from chapbook_core.requirements.demand import Demand, extras_table
from chapbook_core.requirements.diagram import FALSE, cofactor
from chapbook_core.requirements.marker_variable import EXTRA, EXTRAS
from chapbook_core.requirements.origin import IndexOrigin
from chapbook_core.requirements.requirement import Requirement, make_requirement, parse_requirement
from chapbook_core.value import field, frozen

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from chapbook_core.requirements.marker import Marker

_OFF = 0


@frozen
class Outline:
    """The places of lines, counted from 0, by what has to be turned on for them to say anything."""

    always: tuple[int, ...] = ()
    """The lines that are in force somewhere without any extra."""
    conditional: tuple[int, ...] = ()
    """Those among them that name an extra all the same, as `extra != "x"` does."""
    of_extras: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """For each extra the lines that name it."""
    first: tuple[int, ...] = ()
    """For each line the first line about the same package."""
    added: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What each extra adds, in the words of a lock."""
    leads_elsewhere: bool = False
    """Whether a line is a direct reference."""

    def in_force(self, extras: Collection[str]) -> tuple[int, ...]:
        """Return the lines that may be in force with some extras of the package on, in order."""
        return self._joined(self.always, extras)

    def worded(self, extras: Collection[str]) -> Sequence[int]:
        """Return the lines that name no extra or one of these, package by package."""
        plain = self.always
        if self.conditional:
            plain = tuple(place for place in plain if place not in self.conditional)
        return sorted(self._joined(plain, extras), key=self.first.__getitem__)

    def _joined(self, places: tuple[int, ...], extras: Collection[str]) -> tuple[int, ...]:
        added = [place for extra in extras for place in self.of_extras.get(extra, ())]
        return tuple(sorted({*places, *added})) if added else places

    def values(self) -> tuple[object, ...]:
        """Return it in built-in types, for the cache."""
        of_extras, added = dict(self.of_extras), dict(self.added)
        return self.always, self.conditional, of_extras, self.first, added, self.leads_elsewhere


@lru_cache(maxsize=4096)
def outline_of(lines: tuple[str, ...]) -> Outline:
    """Work out the outline of some lines of Requires-Dist; raises UnreadableDependency or InvalidRequirement."""
    demands = [demand_of(line) for line in lines]
    markers = [demand.requirement.marker for demand in demands]
    always = tuple(place for place, marker in enumerate(markers) if _without_extras(marker) != FALSE)
    of_extras: dict[str, tuple[int, ...]] = {}
    first: dict[str, int] = {}
    for place, demand in enumerate(demands):
        first.setdefault(demand.requirement.name, place)
        for extra in sorted(markers[place].extras()):
            of_extras[extra] = (*of_extras.get(extra, ()), place)
    return Outline(
        always,
        tuple(place for place in always if markers[place].extras()),
        of_extras,
        tuple(first[demand.requirement.name] for demand in demands),
        extras_table(demands),
        any(not isinstance(demand.requirement.origin, IndexOrigin) for demand in demands),
    )


@lru_cache(maxsize=65536)
def requirement_of(line: str) -> Requirement:
    """Return one line of Requires-Dist as a requirement, repaired where that is needed; raises UnreadableDependency."""
    parts = parse_dependency(line)
    if not parts.note:
        return parse_requirement(line)
    return make_requirement(
        line,
        name=parts.name,
        extras=",".join(parts.extras),
        constraint=parts.specifier,
        url=parts.url,
        marker=parts.marker,
    )


@lru_cache(maxsize=65536)
def demand_of(line: str) -> Demand:
    """Return the same with the words of its marker."""
    return Demand(requirement_of(line), line.partition(";")[2].strip())


def _without_extras(marker: Marker) -> int:
    """Return where a marker holds for those who ask for no extra."""
    node = marker.node
    for extra in marker.extras():
        node = cofactor(cofactor(node, EXTRA + extra, _OFF), EXTRAS + extra, _OFF)
    return node
