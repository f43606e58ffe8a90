"""Turns a solution into the values of a lock."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from chapbook_core.lock.lockfile import Lock, LockedDependency, LockedFile, LockedPackage, LockedSource
from chapbook_core.requirements.marker import Marker
from chapbook_core.requirements.origin import DirectoryOrigin, GitOrigin
from chapbook_core.resolver.demands import ListedDemands
from chapbook_core.resolver.locked_texts import dependencies_table
from chapbook_core.resolver.path_words import PathWords
from chapbook_core.value import field, frozen, members

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, MutableMapping

    from chapbook_core.resolver.demands import Demands
    from chapbook_core.resolver.path_words import RootDemand
    from chapbook_core.resolver.problem import Selected, Solution

    _Table: TypeAlias = Mapping[str, tuple[LockedDependency, ...]]


@frozen(eq=False)
class Details:
    """What a lock repeats of a release, besides its name and version.

    Two of them are never compared; so that one which is used again can be told at once, each equals only itself.
    """

    demands: Demands = ListedDemands()
    requires_python: str = ""
    summary: str = ""
    files: tuple[LockedFile, ...] = ()
    source: LockedSource | None = None
    """Where it comes from, unless that is the default index."""
    notes: MutableMapping[tuple[str | bool, ...], object] = field(default_factory=dict)
    """Where something that was worked out, in built-in types, may be left for the next time."""


@frozen
class Frame:
    """What a lock says of its project."""

    python: Marker
    """Where the lock has to work."""
    python_versions: str
    content_hash: str
    extras: Mapping[str, tuple[str, ...]]
    roots: tuple[RootDemand, ...] = ()
    """What the project requires, group by group."""


def make_lock(solution: Solution, frame: Frame, details: Callable[[Selected], Details]) -> Lock:
    """Write down a solution; `details` is asked once for each of its packages."""
    found = [(selected, details(selected)) for selected in solution.packages]
    demands = [(selected, detail.demands) for selected, detail in found]
    words = PathWords(frame.roots, demands, frame.python)
    packages = tuple(_package(selected, detail, frame, words.texts(selected)) for selected, detail in found)
    extras = {extra: tuple(sorted(names)) for extra, names in sorted(frame.extras.items())}
    return Lock(packages, frame.python_versions, frame.content_hash, extras)


def _package(selected: Selected, details: Details, frame: Frame, markers: Mapping[str, str]) -> LockedPackage:
    dependencies = _dependencies(selected.name, selected.version, details, frozenset(selected.extras), frame.python)
    return LockedPackage(
        name=selected.name,
        version=selected.version,
        description=details.summary,
        optional=all(_needs_an_extra(Marker(region)) for region in selected.groups.values()),
        python_versions=details.requires_python or "*",
        groups=tuple(selected.groups),
        markers=markers,
        files=details.files,
        develop=_develop(selected),
        dependencies=dependencies,
        extras=details.demands.added(),
        source=details.source,
    )


@lru_cache(maxsize=4096)
def _dependencies(name: str, version: str, details: Details, extras: frozenset[str], python: Marker) -> _Table:
    about = ("dependencies", version, str(python), *sorted(extras))
    if about in details.notes:
        told = cast("Mapping[str, tuple[Any, ...]]", details.notes[about])
        return {key: tuple([LockedDependency(*values) for values in its]) for key, its in told.items()}
    # What an extra asks of other extras of its package is no dependency: they are turned on already.
    others = [
        demand
        for demand in details.demands.under(extras)
        if demand.requirement.name != name or not demand.requirement.marker.extras()
    ]
    table = dependencies_table(others, python)
    details.notes[about] = {key: tuple([tuple(members(one).values()) for one in its]) for key, its in table.items()}
    return table


def _needs_an_extra(region: Marker) -> bool:
    """Whether nobody gets the package who asks for no extra of the project."""
    for extra in region.extras():
        region = region.with_extra(extra, active=False)
    return region.is_never


def _develop(selected: Selected) -> bool | None:
    match selected.origin:
        case DirectoryOrigin(develop=develop) | GitOrigin(develop=develop):
            return develop
        case _:
            return None
