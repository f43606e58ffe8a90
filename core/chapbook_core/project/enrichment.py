"""How a requirement of `[tool.poetry]` adds to the standard one of the same name.

Poetry builds with the standard requirement, and locks with what both allow, taken from where the second one says.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from chapbook_core.requirements.marker import ALWAYS, parse_marker
from chapbook_core.requirements.origin import (
    DirectoryOrigin,
    FileOrigin,
    GitOrigin,
    IndexOrigin,
    Origin,
    UrlOrigin,
)
from chapbook_core.value import replace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chapbook_core.project.dependency_entry import Entry
    from chapbook_core.project.reading import Findings
    from chapbook_core.requirements.marker import Marker
    from chapbook_core.requirements.requirement import Requirement


def built_requirements(
    standard: Sequence[Requirement], entries: Sequence[Entry], *, is_dynamic: bool
) -> tuple[Requirement, ...]:
    """Return the requirements that a built package declares.

    They are the standard ones when there are any. With `dependencies` or `optional-dependencies` declared dynamic, the
    half that `[project]` leaves out comes from `[tool.poetry]`.
    """
    extra = tuple(entry.requirement for entry in entries)
    if not standard:
        return extra
    if is_dynamic and all(requirement.optional for requirement in standard):
        return (*standard, *(requirement for requirement in extra if not requirement.optional))
    if is_dynamic and not any(requirement.optional for requirement in standard):
        return (*standard, *(requirement for requirement in extra if requirement.optional))
    return tuple(standard)


def locked_requirements(
    built: Sequence[Requirement], standard: Sequence[Requirement], entries: Sequence[Entry], findings: Findings
) -> tuple[Requirement, ...]:
    """Return the requirements that the lock is made from."""
    if not standard or not entries:
        return tuple(built)
    by_name: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_name[entry.requirement.name].append(entry)
    return tuple(
        enriched for requirement in built for enriched in _enriched(requirement, by_name[requirement.name], findings)
    )


def _enriched(requirement: Requirement, entries: Sequence[Entry], findings: Findings) -> list[Requirement]:
    whole = requirement.marker & _in_extras(requirement)
    found = []
    for entry in entries:
        marker = whole & entry.requirement.marker
        if not marker.is_never:
            joined = _join(requirement, entry, findings)
            found.append(replace(joined, marker=requirement.marker if marker == whole else marker))
    return found or [requirement]


def _in_extras(requirement: Requirement) -> Marker:
    if not requirement.in_extras:
        return ALWAYS
    return parse_marker(" or ".join(f'extra == "{extra}"' for extra in sorted(requirement.in_extras)))


def _join(requirement: Requirement, entry: Entry, findings: Findings) -> Requirement:
    other = entry.requirement
    if other is requirement:
        return requirement
    constraint = requirement.constraint & other.constraint
    if constraint.is_empty:
        findings.add(
            entry.path,
            f"no version is allowed by both `{other.constraint}` and the `{requirement.constraint}` required elsewhere",
            "make the two overlap, or drop this one",
        )
    origin = requirement.origin
    if not isinstance(origin, IndexOrigin):
        if not isinstance(other.origin, IndexOrigin) and not _same_place(origin, other.origin):
            findings.add(entry.path, f"`{requirement.pretty_name}` comes from two different places")
        if isinstance(origin, GitOrigin | DirectoryOrigin):
            origin = replace(origin, develop=entry.develop)
        return replace(requirement, origin=origin, constraint=constraint)
    return replace(
        requirement,
        origin=other.origin,
        constraint=constraint,
        allow_prereleases=other.allow_prereleases,
    )


def _same_place(one: Origin, other: Origin) -> bool:
    match one, other:
        case GitOrigin(), GitOrigin():
            return one.url == other.url and one.subdirectory == other.subdirectory
        case UrlOrigin(), UrlOrigin():
            return one.url == other.url
        case ((FileOrigin() | DirectoryOrigin()), (FileOrigin() | DirectoryOrigin())):
            # One may be written absolutely; then only the ends can be compared without looking at the disk.
            return one.path.name == other.path.name
        case _:
            return False
