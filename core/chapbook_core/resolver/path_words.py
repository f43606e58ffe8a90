"""Where each locked package is needed, in the words of the requirements on the way to it.

The solver knows the regions exactly. Poetry writes them down as it finds them: from the project along every path, the
marker of each step joined by `and`, the paths by `or`. The same walk is made here, so that a lock reads like Poetry's;
its words are taken where they mean the region, and the algebra's own elsewhere.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from chapbook_core.requirements.comparison_words import releases_of
from chapbook_core.requirements.marker import Marker, parse_marker
from chapbook_core.requirements.marker_wording import (
    ALWAYS,
    NEVER,
    TooManyWords,
    all_of,
    any_of,
    text_of,
    within,
    without_extras,
    wording_of,
)
from chapbook_core.requirements.release_agreement import agree
from chapbook_core.value import field, frozen, mutable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from chapbook_core.requirements.constraint import Constraint
    from chapbook_core.requirements.demand import Demand
    from chapbook_core.requirements.marker_wording import Wording
    from chapbook_core.requirements.requirement import Requirement
    from chapbook_core.resolver.demands import Demands
    from chapbook_core.resolver.problem import Selected

_ROUNDS = 4
"""A cycle needs a second round, a cycle of cycles a third."""


@frozen
class RootDemand:
    """A requirement of the project, and which of its groups has it."""

    requirement: Requirement
    group: str
    extras: tuple[str, ...] = ()
    """The extras of the project that bring it, in the order of the project."""


_Key = tuple[str, str, tuple[str, ...]]
"""A package, its version, and the extras that are asked of it."""
_PROJECT: _Key = ("", "", ())


@mutable
class _Place:
    """A package on the way, with or without extras."""

    selected: Selected
    demands: Demands
    has_extras: bool = False
    roots: dict[str, Wording] = field(default_factory=dict)
    """For each group of the project that requires it: where."""
    parents: dict[_Key, Wording] = field(default_factory=dict)
    """Where each package that requires it does, in the order they were met."""
    is_after_root: bool = False
    words: dict[str, Wording] = field(default_factory=dict)


class PathWords:
    """The words for the packages of one solution."""

    def __init__(
        self,
        roots: Iterable[RootDemand],
        packages: Sequence[tuple[Selected, Demands]],
        python: Marker,
    ) -> None:
        self._python = python
        self._cuts = releases_of(python)
        self._packages: dict[str, list[tuple[Selected, Demands]]] = {}
        for package in packages:
            self._packages.setdefault(package[0].name, []).append(package)
        self._places: dict[_Key, _Place] = {}
        self._finished: list[_Key] = []
        self._walk(roots)
        self._follow()

    def texts(self, selected: Selected) -> Mapping[str, str]:
        """Return the marker of each group that needs a package; groups that need it everywhere are left out."""
        place = self._places.get((selected.name, selected.version, ()))
        texts = {
            group: self._text(Marker(region), place.words.get(group) if place else None)
            for group, region in selected.groups.items()
        }
        return {group: text for group, text in texts.items() if text}

    # The walk from the project, which finds the steps and their order.

    def _walk(self, roots: Iterable[RootDemand]) -> None:
        for root in roots:
            try:
                step = _root_step(root)
            except TooManyWords:
                continue
            requirement = root.requirement
            for key in self._met(requirement.name, requirement.constraint, requirement.extras):
                place = self._places[key]
                place.roots[root.group] = _either(place.roots.get(root.group, NEVER), step)
                place.parents.setdefault(_PROJECT, ALWAYS)
                self._visit(key)

    def _visit(self, first: _Key) -> None:
        """Go on from a package, each package once, the way behind a requirement before the next requirement."""
        if self._places[first].is_after_root:
            return
        self._places[first].is_after_root = True
        waiting = [(first, self._steps(first))]
        while waiting:
            key, steps = waiting[-1]
            for child, step in steps:
                place = self._places[child]
                place.parents[key] = _either(place.parents.get(key, NEVER), step)
                if not place.is_after_root:
                    place.is_after_root = True
                    waiting.append((child, self._steps(child)))
                    break
            else:
                self._finished.append(key)
                waiting.pop()

    def _steps(self, key: _Key) -> Iterator[tuple[_Key, Wording]]:
        name, version, extras = key
        place = self._places[key]
        if extras:
            base = (name, version, ())
            self._places.setdefault(base, _Place(place.selected, place.demands))
            yield base, ALWAYS
        active = _with_those_of_itself(name, extras, place.demands)
        for demand in place.demands.under(active):
            requirement = demand.requirement
            if requirement.name == name or requirement.marker.is_disjoint(self._python):
                continue
            step = _step(demand)
            for child in self._met(requirement.name, requirement.constraint, requirement.extras):
                yield child, step

    def _met(self, name: str, constraint: Constraint, extras: Iterable[str]) -> Iterator[_Key]:
        """Yield the selected versions that a requirement may mean."""
        versions = self._packages.get(name, ())
        for selected, demands in versions:
            if len(versions) == 1 or constraint.allows(selected.version):
                key = (name, selected.version, tuple(sorted(extras)))
                if key not in self._places:
                    self._places[key] = _Place(selected, demands, has_extras=bool(key[2]))
                yield key

    # The words, from the project downwards.

    def _follow(self) -> None:
        for _ in range(_ROUNDS):
            is_complete = True
            # What comes first was finished last.
            for key in reversed(self._finished):
                is_complete &= self._put(self._places[key])
            if is_complete:
                break

    def _put(self, place: _Place) -> bool:
        """Put the words of all groups together; tell whether all that leads to them had words."""
        is_complete = True
        for group, region in place.selected.groups.items():
            if not place.has_extras and self._python.implies(Marker(region)):
                place.words[group] = ALWAYS
                continue
            words: Wording | None = NEVER
            for key, step in place.parents.items():
                if key == _PROJECT:
                    words = _joined(words, place.roots.get(group, NEVER), step)
                    continue
                parent = self._places[key]
                if group in parent.words:
                    words = _joined(words, parent.words[group], step)
                elif group in parent.selected.groups:
                    is_complete = False
            place.words[group] = self._checked(words, Marker(region), place)
        return is_complete

    def _checked(self, words: Wording | None, region: Marker, place: _Place) -> Wording:
        """Return the words if they say the region, and else the algebra's."""
        # Where an extra is asked for is no more than a part of the region.
        if words is not None and (place.has_extras or agree(parse_marker(_plain(words)), region, self._python)):
            return words
        return _read(region.text(self._python)) or ALWAYS

    def _text(self, region: Marker, words: Wording | None) -> str:
        own = region.text(self._python)
        if not own:
            return ""
        for candidate in (words, _read(own)):
            if candidate is None:
                continue
            try:
                reduced = within(candidate, self._cuts)
            except TooManyWords:
                continue
            if reduced == NEVER:
                continue
            text = text_of(reduced)
            if agree(parse_marker(text), region, self._python):
                return text
        return own


def _root_step(root: RootDemand) -> Wording:
    requirement = root.requirement
    step = None
    if parse_marker(requirement.marker_words) == requirement.marker:
        step = wording_of(requirement.marker_words)
    if step is None:
        step = wording_of(str(requirement.marker)) or ALWAYS
    extras: Wording = NEVER
    for extra in root.extras:
        extras = any_of(extras, wording_of(f'extra == "{extra}"') or ALWAYS)
    return all_of(step, extras) if root.extras else step


def _step(demand: Demand) -> Wording:
    if not demand.marker:
        return ALWAYS
    step = _without_extras(demand.marker)
    if step is None:
        step = _without_extras(str(demand.requirement.marker))
    return ALWAYS if step is None else step


@lru_cache(maxsize=8192)
def _without_extras(text: str) -> Wording | None:
    """Return the words of a marker without what they say of extras; None when its form is no ordinary one."""
    try:
        words = wording_of(text)
        return None if words is None else without_extras(words)
    except TooManyWords:
        return ALWAYS


def _read(text: str) -> Wording | None:
    try:
        return wording_of(text)
    except TooManyWords:
        return None


def _either(first: Wording, second: Wording) -> Wording:
    if first is NEVER and second is ALWAYS:
        return ALWAYS
    try:
        return any_of(first, second)
    except TooManyWords:
        return ALWAYS


def _joined(words: Wording | None, parent: Wording, step: Wording) -> Wording | None:
    if words is not None and parent is ALWAYS and step is ALWAYS:
        # So are most ways.
        return ALWAYS
    try:
        return None if words is None else any_of(words, all_of(parent, step))
    except TooManyWords:
        return None


def _plain(words: Wording) -> str:
    return 'python_version < "0"' if words == NEVER else text_of(words)


def _with_those_of_itself(name: str, extras: tuple[str, ...], demands: Demands) -> frozenset[str]:
    """Return the extras with those that they ask of the same package."""
    active = set(extras)
    before = -1
    while before != len(active):
        before = len(active)
        for demand in demands.under(active) if active else ():
            requirement = demand.requirement
            if requirement.name == name and requirement.marker.extras() & active:
                active |= requirement.extras
    return frozenset(active)
