"""Condition: when a locked package is installed, as one marker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.lock.selection import region_of
from chapbook_core.project.groups import MAIN
from chapbook_core.requirements.marker import NEVER, Marker, parse_marker

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chapbook_core.lock.lockfile import Lock, LockedPackage
    from chapbook_core.lock.wanted import Wanted


def condition_for(package: LockedPackage, wanted: Wanted) -> Marker:
    """Return the environments that get the package, when groups and extras are chosen."""
    region = region_of(package, wanted.groups)
    for extra in region.extras():
        region = region.with_extra(extra, active=extra in wanted.extras)
    return region


def open_condition(package: LockedPackage) -> Marker:
    """Return when the package is installed in the words of PEP 751, which leave groups and extras to the installer."""
    region = NEVER
    for group in package.groups:
        marker = parse_marker(package.markers.get(group, ""))
        # Without what the project itself requires nothing of it works, so this group has no name there.
        region |= marker if group == MAIN else marker & parse_marker(f'"{group}" in dependency_groups')
    for extra in sorted(region.extras()):
        is_asked_for = parse_marker(f'"{extra}" in extras')
        region = (is_asked_for & region.with_extra(extra, active=True)) | (
            ~is_asked_for & region.with_extra(extra, active=False)
        )
    return region


def packages_for(lock: Lock, wanted: Wanted, python: Marker) -> Iterator[tuple[LockedPackage, Marker]]:
    """Yield what some environment of the project gets, with its condition, in the order of the lock."""
    for package in sorted(lock.packages, key=lambda package: package.order()):
        condition = condition_for(package, wanted)
        if not condition.is_disjoint(python):
            yield package, condition
