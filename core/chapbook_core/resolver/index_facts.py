"""What an index says, in the solver's values."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING, overload

from chapbook_core.index.outline import demand_of, requirement_of
from chapbook_core.resolver.dependency import dependencies_of
from chapbook_core.resolver.facts import Listed, Metadata
from chapbook_core.resolver.versions import Release, Versions

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from chapbook_core.index.metadata import Metadata as IndexMetadata
    from chapbook_core.index.outline import Outline
    from chapbook_core.index.page_summary import PageSummary
    from chapbook_core.index.policy import Refusal
    from chapbook_core.requirements.demand import Demand
    from chapbook_core.requirements.origin import Origin
    from chapbook_core.resolver.demands import Demands
    from chapbook_core.resolver.facts import Dependency


def versions_of(summary: PageSummary, refusals: Iterable[Refusal] = (), origin: Origin | None = None) -> Versions:
    """Return the releases of a page; `refusals` are what the policies of the command rule out."""
    unusable: dict[str, int] = {}
    usable = summary.every
    for refusal in refusals:
        # Of several reasons the first counts.
        if refused := refusal.versions & usable:
            unusable[refusal.reason] = unusable.get(refusal.reason, 0) | refused << 1
            usable ^= refused
    return Versions.of_page(
        summary.name,
        _Releases(summary, unusable, origin),
        summary.keys,
        # A page has no bit for absence.
        prereleases=summary.prereleases << 1,
        yanked=summary.yanked << 1,
        requires_python=_python_masks(summary.requires_python),
        unusable=unusable,
        origin=origin,
        missing="" if summary.versions else "has no file that can be used",
    )


def _python_masks(column: Sequence[tuple[str, ...]]) -> dict[str, int]:
    """Return for each Requires-Python the versions that have it; neighbours mostly have the same."""
    masks: dict[str, int] = {}
    place = 1
    for demands, group in groupby(column):
        count = len(list(group))
        if demands:
            text = _python_text(demands)
            masks[text] = masks.get(text, 0) | ((1 << count) - 1) << place
        place += count
    return masks


def _python_text(demands: tuple[str, ...]) -> str:
    """Return as one what the files of a release demand each: one that fits is enough."""
    return " || ".join(demands)


class _Releases(Sequence[Release]):
    """The releases of a page, made when somebody looks at one: that is one of a hundred."""

    __slots__ = ("_made", "_origin", "_summary", "_unusable")

    def __init__(self, summary: PageSummary, unusable: Mapping[str, int], origin: Origin | None) -> None:
        self._summary = summary
        self._unusable = unusable
        self._origin = origin
        self._made: dict[int, Release] = {}

    def __len__(self) -> int:
        return len(self._summary.versions)

    @overload
    def __getitem__(self, place: int) -> Release: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[Release]: ...

    def __getitem__(self, place: int | slice) -> Release | Sequence[Release]:
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        release = self._made.get(place)
        if release is None:
            release = self._made[place] = self._release(range(len(self))[place])
        return release

    def _release(self, place: int) -> Release:
        return Release(
            self._summary.versions[place],
            requires_python=_python_text(self._summary.requires_python[place]),
            yanked=bool(self._summary.yanked >> place & 1),
            unusable=next((reason for reason, mask in self._unusable.items() if mask >> place & 2), ""),
            origin=self._origin,
        )


def metadata_of(metadata: IndexMetadata) -> Metadata:
    """Return what a release depends on; raises UnreadableDependency."""
    requires_python = metadata.requires_python or ""
    outline = metadata.outline()
    if outline.leads_elsewhere:
        every = tuple(dependency for line in metadata.requires_dist for dependency in _dependencies(line))
        return Metadata(Listed(every), requires_python)
    return Metadata(_Outlined(metadata.requires_dist, outline), requires_python)


class _Outlined:
    """Dependencies of which only those are read that somebody asks for."""

    __slots__ = ("_known", "_lines", "_outline")

    def __init__(self, lines: tuple[str, ...], outline: Outline) -> None:
        self._lines = lines
        self._outline = outline
        self._known: dict[frozenset[str], tuple[Dependency, ...]] = {}

    def under(self, extras: Collection[str]) -> tuple[Dependency, ...]:
        """Return what is always depended on, and what these extras add."""
        key = frozenset(extras)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = tuple(
                [
                    dependency
                    for place in self._outline.in_force(extras)
                    for dependency in _dependencies(self._lines[place])
                    if not dependency.extra or dependency.extra in extras
                ]
            )
        return known


def demands_of(metadata: IndexMetadata) -> Demands:
    """Return what a lock repeats of it; raises UnreadableDependency."""
    return _OutlinedDemands(metadata.requires_dist, metadata.outline())


class _OutlinedDemands:
    """Demands of which only those are read that the lock repeats one by one."""

    __slots__ = ("_known", "_lines", "_outline")

    def __init__(self, lines: tuple[str, ...], outline: Outline) -> None:
        self._lines = lines
        self._outline = outline
        self._known: dict[frozenset[str], Sequence[Demand]] = {}

    def under(self, extras: Collection[str]) -> Sequence[Demand]:
        """Return those that name no extra or one of these."""
        key = frozenset(extras)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = [demand_of(self._lines[place]) for place in self._outline.worded(extras)]
        return known

    def added(self) -> Mapping[str, tuple[str, ...]]:
        """Return what each extra adds."""
        return self._outline.added


@lru_cache(maxsize=65536)
def _dependencies(line: str) -> tuple[Dependency, ...]:
    return dependencies_of(requirement_of(line))
