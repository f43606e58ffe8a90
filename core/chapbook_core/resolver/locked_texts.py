"""The table of a locked package that repeats what its metadata requires."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from chapbook_core.lock.lockfile import LockedDependency
from chapbook_core.requirements.marker_wording import TooManyWords, any_of, text_of, wording_of
from chapbook_core.requirements.origin import (
    DirectoryOrigin,
    FileOrigin,
    GitOrigin,
    IndexOrigin,
    UrlOrigin,
)
from chapbook_core.value import replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from chapbook_core.requirements.demand import Demand
    from chapbook_core.requirements.marker import Marker
    from chapbook_core.requirements.requirement import Requirement


def dependencies_table(requirements: Iterable[Demand], python: Marker) -> Mapping[str, tuple[LockedDependency, ...]]:
    """Return `[package.dependencies]`: all of these that hold for some Python of the project."""
    merged: dict[tuple[str, LockedDependency], list[Demand]] = {}
    for demand in requirements:
        requirement = demand.requirement
        if requirement.marker.is_disjoint(python):
            continue
        # The same demand under two markers is one demand under either.
        merged.setdefault((requirement.name, _dependency(demand)), []).append(demand)
    entries = [
        (name, *_under_either(demands), demands[0].requirement, dependency)
        for (name, dependency), demands in merged.items()
    ]
    entries.sort(key=lambda entry: entry[:2])
    table: dict[str, tuple[LockedDependency, ...]] = {}
    spelling: dict[str, str] = {}
    for name, marker, is_optional, requirement, dependency in entries:
        # One package has one key, in the spelling that came first.
        key_text = spelling.setdefault(name, requirement.pretty_name)
        optional = requirement.optional or is_optional
        table[key_text] = (*table.get(key_text, ()), replace(dependency, optional=optional, markers=marker))
    return table


def _under_either(demands: Sequence[Demand]) -> tuple[str, bool]:
    """Return the marker of one of several demands being in force, and whether that takes an extra."""
    meaning = reduce(or_, (demand.requirement.marker for demand in demands))
    if meaning.is_always:
        return "", False
    is_optional = bool(meaning.extras())
    if len(demands) == 1:
        return _marker(demands[0]), is_optional
    texts = [_marker(demand) for demand in demands]
    try:
        found = [wording_of(text) for text in texts]
        wordings = [wording for wording in found if wording is not None]
        if len(wordings) == len(texts):
            return text_of(reduce(any_of, wordings)), is_optional
    except TooManyWords:
        pass
    return " or ".join(dict.fromkeys(texts)), is_optional


def _marker(demand: Demand) -> str:
    return demand.marker_text(extras=demand.tells_extra)


def _dependency(demand: Demand) -> LockedDependency:
    requirement = demand.requirement
    location, develop = _location(requirement)
    constraint = requirement.constraint.poetry_text() if demand.constraint is None else demand.constraint
    return LockedDependency(
        constraint=None if location else constraint,
        location=location,
        develop=develop,
        extras=tuple(sorted(requirement.extras)),
    )


def _location(requirement: Requirement) -> tuple[tuple[tuple[str, str], ...], bool | None]:
    """Say where a direct reference leads, in the keys and the order of a lock."""
    match requirement.origin:
        case IndexOrigin():
            return (), None
        case GitOrigin() as git:
            pairs = (
                ("git", git.url),
                ("branch", git.branch),
                ("tag", git.tag),
                ("rev", git.revision),
                ("subdirectory", git.subdirectory),
            )
            return tuple((key, value) for key, value in pairs if value), git.develop or None
        case UrlOrigin(url=url, subdirectory=subdirectory):
            return _with_subdirectory(("url", url), subdirectory), None
        case FileOrigin(path=path, subdirectory=subdirectory):
            return _with_subdirectory(("path", path.as_posix()), subdirectory), None
        case DirectoryOrigin(path=path, subdirectory=subdirectory, develop=develop):
            return _with_subdirectory(("path", path.as_posix()), subdirectory), develop or None


def _with_subdirectory(place: tuple[str, str], subdirectory: str | None) -> tuple[tuple[str, str], ...]:
    return (place, ("subdirectory", subdirectory)) if subdirectory else (place,)
