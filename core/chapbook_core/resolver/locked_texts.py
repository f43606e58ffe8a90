"""The tables of a locked package that repeat its metadata: what it requires and what its extras add."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from chapbook_core.lock.lockfile import LockedDependency
from chapbook_core.requirements.constraint import NoSpecifier
from chapbook_core.requirements.marker_spelling import spelled
from chapbook_core.requirements.marker_wording import TooManyWords, any_of, text_of, without_extras, wording_of
from chapbook_core.requirements.origin import (
    DirectoryOrigin,
    FileOrigin,
    GitOrigin,
    IndexOrigin,
    UrlOrigin,
    reference_text,
)
from chapbook_core.value import frozen, replace

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from chapbook_core.requirements.marker import Marker
    from chapbook_core.requirements.requirement import Requirement


@frozen
class Demand:
    """A requirement of a locked package, with the marker as its metadata words it."""

    requirement: Requirement
    marker: str = ""
    constraint: str | None = None
    """The constraint as its author wrote it, where a lock repeats that rather than its normal form."""
    tells_extra: bool = True
    """Whether the lock says in the marker which extra brings it; it does not for what a project file says."""

    def marker_text(self, *, extras: bool) -> str:
        """Return the marker as Poetry would repeat it, with or without the extras in it."""
        meaning = self.requirement.marker if extras else self.requirement.marker.without_extras()
        if meaning.is_always:
            return ""
        try:
            wording = wording_of(self.marker)
        except TooManyWords:
            wording = None
        if wording is not None:
            return text_of(wording if extras else without_extras(wording))
        text = spelled(self.marker, extras=extras)
        return str(meaning) if text is None else text


def dependencies_table(
    requirements: Iterable[Demand], extras: Collection[str], python: Marker
) -> Mapping[str, tuple[LockedDependency, ...]]:
    """Return `[package.dependencies]`: all that holds for some Python of the project, and of extras those turned on."""
    merged: dict[tuple[str, LockedDependency], list[Demand]] = {}
    for demand in requirements:
        requirement = demand.requirement
        in_extras = requirement.marker.extras()
        if in_extras and not in_extras.intersection(extras):
            continue
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


def extras_table(requirements: Iterable[Demand]) -> Mapping[str, tuple[str, ...]]:
    """Return `[package.extras]`: what each extra adds, whether it is turned on or not."""
    table: dict[str, list[str]] = {}
    for demand in requirements:
        for extra in demand.requirement.marker.extras():
            table.setdefault(extra, []).append(_extra_text(demand))
    return {extra: tuple(sorted(table[extra])) for extra in sorted(table)}


def _extra_text(demand: Demand) -> str:
    requirement = demand.requirement
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    if reference := reference_text(requirement.origin):
        versions = f" @ {reference}"
    else:
        versions = "" if requirement.constraint.is_any else f" ({_specifiers(requirement)})"
    marker = demand.marker_text(extras=False)
    return f"{requirement.pretty_name}{extras}{versions}" + (f" ; {marker}" if marker else "")


def _specifiers(requirement: Requirement) -> str:
    try:
        return requirement.constraint.specifier_text()
    except NoSpecifier:
        return requirement.constraint.poetry_text()


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
