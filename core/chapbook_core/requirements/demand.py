"""Demand: a requirement of a package, with the marker as its metadata words it, for a lock to repeat."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.requirements.constraint import NoSpecifier
from chapbook_core.requirements.marker_spelling import spelled
from chapbook_core.requirements.marker_wording import TooManyWords, text_of, without_extras, wording_of
from chapbook_core.requirements.origin import reference_text
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

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
