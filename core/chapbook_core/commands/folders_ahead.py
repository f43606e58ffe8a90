"""Folders ahead of a lock: what required folders ask for today, and the lock does not say of them.

Only what a folder says without being built is looked at; locking again tells the rest.
"""

from __future__ import annotations

import os
from contextlib import suppress
from functools import reduce
from operator import and_, or_
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.errors import ChapbookError
from chapbook_core.project.discovery import PROJECT_FILE
from chapbook_core.project.manifest import read_manifest
from chapbook_core.requirements.constraint import parse_constraint
from chapbook_core.requirements.marker import NEVER, Marker, parse_marker
from chapbook_core.requirements.name import canonical_name
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from chapbook_core.lock.lockfile import LockedDependency, LockedPackage
    from chapbook_core.requirements.requirement import Requirement


@frozen
class Ahead:
    """A requirement that the lock does not know of."""

    name: str
    """The package in the folder."""
    requirement: str

    def __str__(self) -> str:
        return f"`{self.name}` requires `{self.requirement}`"


class LockBehind(ChapbookError):
    """A required folder asks for something else than when it was locked."""

    def __init__(self, file: Path, found: Sequence[Ahead]) -> None:
        words = ", ".join(map(str, found))
        super().__init__(f"{file} does not belong to the folders it names: {words}", hints=["run `chapbook lock`"])


def folders_ahead(packages: Iterable[LockedPackage], project: Path, python: Marker) -> Iterator[Ahead]:
    """Yield what the folders among some locked packages require, and the lock does not; `python` is where it works."""
    for package in packages:
        if package.source is None or package.source.type != "directory":
            continue
        folder = Path(os.path.normpath(project / package.source.url / package.source.subdirectory))
        # Whoever puts it in tells what is wrong with it.
        with suppress(ChapbookError, OSError):
            manifest = read_manifest(folder / PROJECT_FILE, only_built=True)
            if "dependencies" not in manifest.dynamic:
                region = python & _region(package)
                required = [requirement for requirement in manifest.built_requirements if not requirement.in_extras]
                yield from (
                    Ahead(package.name, requirement.pep508_text())
                    for requirement in required
                    if not requirement.marker.is_disjoint(region) and not _is_known(requirement, required, package)
                )


def _is_known(requirement: Requirement, required: Sequence[Requirement], package: LockedPackage) -> bool:
    alike = [one for one in required if (one.name, one.extras) == (requirement.name, requirement.extras)]
    several = [
        dependency
        for name, its in package.dependencies.items()
        for dependency in its
        if canonical_name(name) == requirement.name
    ]
    return any(_fits(requirement, alike, dependency) for dependency in several)


def _fits(requirement: Requirement, alike: Sequence[Requirement], dependency: LockedDependency) -> bool:
    """Compare versions and extras; where a lock has a place, or words of its own, the name is enough.

    `alike` are all that the folder requires of that package: what it says in several, Poetry locks as one.
    """
    if dependency.constraint is None:
        return True
    if requirement.extras != frozenset(map(canonical_name, dependency.extras)):
        return False
    locked = parse_constraint(dependency.constraint)
    wider = [one.constraint for one in alike if locked.is_subset(one.constraint)]
    return locked.is_subset(requirement.constraint) and reduce(and_, wider) == locked


def _region(package: LockedPackage) -> Marker:
    texts = (package.markers.get(group, "") for group in package.groups)
    return reduce(or_, map(parse_marker, texts), NEVER).without_extras()
