"""Keeps the words of an older lock where they mean the same, so that a lock changes only where something changed."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, TypeAlias

from chapbook_core.errors import ChapbookError
from chapbook_core.requirements.constraint import parse_constraint
from chapbook_core.requirements.marker import NEVER, Marker, parse_marker
from chapbook_core.requirements.release_agreement import agree
from chapbook_core.value import replace

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chapbook_core.lock.lockfile import Lock, LockedDependency, LockedPackage

    _Dependencies: TypeAlias = Mapping[str, Sequence[LockedDependency]]


def continued(older: Lock, newer: Lock, python: Marker) -> Lock:
    """Return the newer lock in the words of the older one; `python` is where both have to work."""
    known = {(package.name, package.version, package.source): package for package in older.packages}
    packages = tuple(
        _package(known[key], package, python)
        if (key := (package.name, package.version, package.source)) in known
        else package
        for package in newer.packages
    )
    return replace(newer, packages=packages, generator=older.generator or newer.generator)


def _package(older: LockedPackage, newer: LockedPackage, python: Marker) -> LockedPackage:
    is_folder = newer.source is not None and newer.source.type == "directory"
    if older.files != newer.files or is_folder:
        # A folder may say something else each time, and other files may have other metadata; the markers are ours.
        return replace(newer, markers=_markers(older, newer, python))
    same_dependencies = _mean_the_same(*_in_force(older, newer, python))
    return replace(
        newer,
        description=older.description,
        python_versions=older.python_versions,
        markers=_markers(older, newer, python),
        dependencies=older.dependencies if same_dependencies else newer.dependencies,
        extras=older.extras if older.extras.keys() == newer.extras.keys() else newer.extras,
    )


def _markers(older: LockedPackage, newer: LockedPackage, python: Marker) -> Mapping[str, str]:
    texts = {
        group: older.markers.get(group, "") if _same(older, newer, group, python) else newer.markers.get(group, "")
        for group in newer.groups
    }
    return {group: text for group, text in texts.items() if text}


def _same(older: LockedPackage, newer: LockedPackage, group: str, python: Marker) -> bool:
    if group not in older.groups:
        return False
    before, after = older.markers.get(group, ""), newer.markers.get(group, "")
    try:
        return before == after or agree(parse_marker(before), parse_marker(after), python)
    except ChapbookError:
        return False


def _in_force(older: LockedPackage, newer: LockedPackage, python: Marker) -> tuple[_Dependencies, _Dependencies]:
    """Return the dependencies of both as far as they matter where the package is needed.

    Poetry leaves the others out when it resolves for some environments at a time.
    """
    try:
        region = python & reduce(or_, (parse_marker(newer.markers.get(group, "")) for group in newer.groups), NEVER)
        return _within(older.dependencies, region), _within(newer.dependencies, region)
    except ChapbookError:
        return older.dependencies, newer.dependencies


def _within(dependencies: _Dependencies, region: Marker) -> _Dependencies:
    kept = {
        name: tuple(one for one in several if not parse_marker(one.markers).is_disjoint(region))
        for name, several in dependencies.items()
    }
    return {name: several for name, several in kept.items() if several}


def _mean_the_same(older: _Dependencies, newer: _Dependencies) -> bool:
    return [*map(str.lower, older)] == [*map(str.lower, newer)] and all(
        len(before) == len(after) and all(map(_same_dependency, before, after))
        for before, after in zip(older.values(), newer.values(), strict=True)
    )


def _same_dependency(older: LockedDependency, newer: LockedDependency) -> bool:
    if older == newer:
        return True
    plain = replace(newer, constraint=older.constraint, markers=older.markers)
    if older != plain or older.constraint is None or newer.constraint is None:
        return False
    try:
        return parse_constraint(older.constraint) == parse_constraint(newer.constraint) and parse_marker(
            older.markers
        ) == parse_marker(newer.markers)
    except ChapbookError:
        return False
