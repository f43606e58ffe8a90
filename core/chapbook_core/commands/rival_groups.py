"""Conflicts between groups that a lock cannot express: the group's version of what the project needs anyhow."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING

from chapbook_core.errors import ChapbookError
from chapbook_core.requirements.marker import parse_marker
from chapbook_core.resolver.problem import MAIN

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chapbook_core.lock.lockfile import Lock, LockedPackage
    from chapbook_core.project.resolution_table import Rival
    from chapbook_core.requirements.marker import Marker


class GroupReplacesMain(ChapbookError):
    """A group would have to take the place of the project's own choice, which `poetry.lock` cannot say."""

    def __init__(self, name: str, main: str, group: str, version: str) -> None:
        super().__init__(
            f"the project needs {name} {main} and its group {group} needs {version} in its place: "
            "a lock adds groups to the project, and cannot take anything away",
            hints=["make the groups that exclude each other extras, which the project's own requirements can name"],
        )


def require_additions(lock: Lock, conflicts: Iterable[frozenset[Rival]], python: Marker) -> None:
    """Raise GroupReplacesMain when two versions of a package meet because a rival group comes on top of the project."""
    rivals = {rival.name for conflict in conflicts for rival in conflict if rival.is_group}
    if not rivals:
        return
    entries: dict[str, list[LockedPackage]] = {}
    for package in lock.packages:
        entries.setdefault(package.name, []).append(package)
    for name, packages in entries.items():
        for own, other in permutations(packages, 2):
            for group in sorted(rivals.intersection(other.groups)):
                if MAIN in own.groups and not (_where(own, MAIN) & python).is_disjoint(_where(other, group)):
                    raise GroupReplacesMain(name, own.version, group, other.version)


def _where(package: LockedPackage, group: str) -> Marker:
    return parse_marker(package.markers.get(group, ""))
