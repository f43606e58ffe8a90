"""Demands: what a locked package requires, as a lock repeats it; only what concerns the extras that are on is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from chapbook_core.requirements.demand import extras_table

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from chapbook_core.requirements.demand import Demand


class Demands(Protocol):
    """The requirements of one package."""

    def under(self, extras: Collection[str]) -> Sequence[Demand]:
        """Return those that name no extra or one of these: package by package in the order that each is first met."""

    def added(self) -> Mapping[str, tuple[str, ...]]:
        """Return what each extra adds, in the words of a lock."""


class ListedDemands:
    """Demands that are all known."""

    __slots__ = ("_demands",)

    def __init__(self, demands: Sequence[Demand] = ()) -> None:
        by_name: dict[str, list[Demand]] = {}
        for demand in demands:
            by_name.setdefault(demand.requirement.name, []).append(demand)
        self._demands = tuple(demand for its in by_name.values() for demand in its)

    def under(self, extras: Collection[str]) -> Sequence[Demand]:
        """Return those that name no extra or one of these."""
        return tuple(
            demand
            for demand in self._demands
            if not (asked := demand.requirement.marker.extras()) or not asked.isdisjoint(extras)
        )

    def added(self) -> Mapping[str, tuple[str, ...]]:
        """Return what each extra adds."""
        return extras_table(self._demands)
