"""Keeps the words of an older lock where they mean the same, so that a lock changes only where something changed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from chapbook_core.errors import ChapbookError
from chapbook_core.requirements.constraint import parse_constraint
from chapbook_core.requirements.marker import Marker, parse_marker

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chapbook_core.lock.lockfile import Lock, LockedDependency, LockedPackage


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
    same_dependencies = _mean_the_same(older.dependencies, newer.dependencies)
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
    return before == after or _marker(before, python) == _marker(after, python)


def _marker(text: str, python: Marker) -> Marker | None:
    try:
        return parse_marker(text) & python
    except ChapbookError:
        return None


def _mean_the_same(
    older: Mapping[str, Sequence[LockedDependency]], newer: Mapping[str, Sequence[LockedDependency]]
) -> bool:
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
