"""Completeness: whether a lock holds a package of every name that the project and the locked packages require.

Somebody may have taken packages out of a lock, which says of itself all the same that it belongs to its project file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.lock.former_selection import LockIncomplete
from chapbook_core.lock.selection import region_of, says_groups
from chapbook_core.requirements.marker import ALWAYS, Marker, parse_marker
from chapbook_core.requirements.name import canonical_name
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from chapbook_core.lock.lockfile import Lock, LockedPackage
    from chapbook_core.project.groups import Group


@frozen
class Lacking:
    """A name that is required, and not locked."""

    name: str
    by: str
    """The locked package that requires it; empty when it is the project."""

    def __str__(self) -> str:
        return f"`{self.name}`, which {f'`{self.by}`' if self.by else 'the project'} requires"


def lacking(
    lock: Lock, groups: Sequence[Group], exempt: Collection[str], environments: Marker = ALWAYS
) -> tuple[Lacking, ...]:
    """Return what is not locked at all, each name once; versions are not looked at.

    `exempt` are names that need not be there: the project's own, and those that it excludes or overrides. What is
    required nowhere in `environments` need not be there either.
    """
    names = {canonical_name(package.name) for package in lock.packages} | set(exempt)
    found: dict[str, Lacking] = {}
    for group in groups:
        for requirement in group.requirements:
            is_needed = requirement.name not in names
            if is_needed and not (requirement.marker.without_extras() & environments).is_never:
                found.setdefault(requirement.name, Lacking(requirement.name, ""))
    for package in lock.packages:
        for name, markers in _absent(package, names):
            if not (region_of(package).without_extras() & environments & parse_marker(markers)).is_never:
                found.setdefault(name, Lacking(name, package.name))
    return tuple(found.values())


def require_dependencies(
    lock: Lock, selected: Sequence[LockedPackage], environment: Mapping[str, str], exempt: Collection[str]
) -> None:
    """Raise LockIncomplete unless everything that the selected packages require in an environment is locked."""
    if not says_groups(lock):
        # There the way to every package was followed.
        return
    names = {canonical_name(package.name) for package in lock.packages} | set(exempt)
    for package in selected:
        for name, markers in _absent(package, names):
            if parse_marker(markers).evaluate(environment):
                raise LockIncomplete(name, f"`{package.name}`")


def _absent(package: LockedPackage, names: Collection[str]) -> Iterator[tuple[str, str]]:
    """Give each name that a package requires and that is not among `names`, with the marker.

    What only an extra brings need not be locked, because nobody may have asked for it.
    """
    for name, dependencies in package.dependencies.items():
        if name in names or canonical_name(name) in names:
            continue
        for dependency in dependencies:
            if not dependency.optional and not parse_marker(dependency.markers).extras():
                yield canonical_name(name), dependency.markers
