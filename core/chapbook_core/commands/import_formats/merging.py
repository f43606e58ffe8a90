"""Puts the wishes of all files together, so that each package is asked for once in each place."""

from __future__ import annotations

from collections import defaultdict
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from chapbook_core.pattern import late_pattern
from chapbook_core.requirements.constraint import Constraint, NoSpecifier, parse_constraint
from chapbook_core.requirements.marker import Marker, python_marker
from chapbook_core.requirements.requirement import UNSTATED
from chapbook_core.value import replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from chapbook_core.commands.import_formats.harvest import Wish

_LOWER = late_pattern(r">=?[^,|\s]+|^[\d.]+\w*")


def merged_wishes(wishes: Iterable[Wish], python: Marker) -> Iterator[tuple[Wish, bool]]:
    """Yield one wish for each package in each group or extra, with markers that say nothing of `python`.

    With each comes whether it allows more than the files do, because one requirement cannot say it all.
    """
    by_place: defaultdict[tuple[str, str, str | None], list[Wish]] = defaultdict(list)
    for wish in wishes:
        by_place[wish.requirement.name, wish.group, wish.extra].append(wish)
    for every_one in by_place.values():
        # What is said for Pythons that the project is not for must not loosen what is said for its own.
        held = [wish for wish in every_one if not wish.requirement.marker.is_disjoint(python)] or every_one
        merged = _merged(held, python)
        every = reduce(or_, (wish.requirement.constraint for wish in held))
        yield merged, not merged.requirement.constraint.is_subset(every)


def _merged(wishes: list[Wish], python: Marker) -> Wish:
    """Join what is asked for in several ways; a project file asks for a package once in each place."""
    first = wishes[0]
    requirements = [wish.requirement for wish in wishes]
    marker = reduce(or_, (requirement.marker for requirement in requirements))
    if len(wishes) > 1 and marker.variables() == {"python_full_version"}:
        # Between `< "3.11"` and `>= "3.11.0"` there are pre-releases of Python, which nobody means to leave out.
        marker = python_marker(marker.python_constraint())
    requirement = replace(
        first.requirement,
        constraint=_joined(
            [requirement.constraint for requirement in requirements], [one.marker for one in requirements]
        ),
        extras=frozenset().union(*(requirement.extras for requirement in requirements)),
        marker=marker.simplified(python),
    )
    return replace(first, requirement=requirement)


def _joined(constraints: list[Constraint], markers: list[Marker]) -> Constraint:
    """Return what holds for all when they hold in the same environments, else what allows each of them."""
    distinct = list(dict.fromkeys(constraints))
    if len(distinct) == 1:
        return constraints[0]
    is_split = all(one.is_disjoint(other) for place, one in enumerate(markers) for other in markers[place + 1 :])
    if not is_split:
        both = constraints[0]
        for constraint in distinct[1:]:
            both &= constraint
        if not both.is_empty:
            return both
    return _allowing(reduce(or_, distinct))


def _allowing(constraint: Constraint) -> Constraint:
    """Return a constraint that package metadata can hold, and that allows what the given one does."""
    try:
        constraint.specifier_text()
    except NoSpecifier:
        lower = _LOWER.match(constraint.poetry_text())
        if lower is None:
            return UNSTATED
        return parse_constraint(lower[0] if lower[0].startswith(">") else f">={lower[0]}")
    return constraint
