"""Wanted: the groups and extras of a project that somebody asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.errors import ChapbookError
from chapbook_core.requirements.name import canonical_name
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from chapbook_core.project.groups import Group


class UnknownGroup(ChapbookError):
    """Groups were asked for that the project does not have."""

    def __init__(self, names: Iterable[str], known: Collection[str]) -> None:
        super().__init__(_unknown("group", tuple(names)), hints=_hints("groups", tuple(names), known))


class UnknownExtra(ChapbookError):
    """Extras were asked for that the project does not have."""

    def __init__(self, names: Iterable[str], known: Collection[str]) -> None:
        super().__init__(_unknown("extra", tuple(names)), hints=_hints("extras", tuple(names), known))


@frozen
class Wanted:
    """The names of groups and extras, in the spelling that compares."""

    groups: frozenset[str]
    extras: frozenset[str] = frozenset()


def choose_groups(
    groups: Sequence[Group],
    *,
    with_groups: Iterable[str] = (),
    without: Iterable[str] = (),
    only: Iterable[str] = (),
    every: bool = False,
) -> frozenset[str]:
    """Return the chosen groups: all that are not optional, unless told otherwise; raises UnknownGroup.

    `only` goes before everything else, and `without` before `with_groups`.
    """
    added, left_out, sole = tuple(with_groups), tuple(without), tuple(only)
    known = [group.name for group in groups]
    unknown = [name for name in (*added, *left_out, *sole) if canonical_name(name) not in known]
    if unknown:
        raise UnknownGroup(dict.fromkeys(unknown), known)
    if sole:
        return frozenset(map(canonical_name, sole))
    chosen = {group.name for group in groups if every or not group.optional}
    return frozenset(chosen.union(map(canonical_name, added)).difference(map(canonical_name, left_out)))


def choose_extras(known: Collection[str], asked: Iterable[str] = (), *, every: bool = False) -> frozenset[str]:
    """Return the chosen extras, none unless some are asked for; raises UnknownExtra."""
    names = {canonical_name(name) for name in known}
    asked = tuple(asked)
    unknown = [name for name in asked if canonical_name(name) not in names]
    if unknown:
        raise UnknownExtra(dict.fromkeys(unknown), sorted(names))
    return frozenset(names) if every else frozenset(map(canonical_name, asked))


def _unknown(kind: str, names: tuple[str, ...]) -> str:
    plural = "" if len(names) == 1 else "s"
    return f"the project has no {kind}{plural} {', '.join(f'`{name}`' for name in names)}"


def _hints(kinds: str, names: tuple[str, ...], known: Collection[str]) -> list[str]:
    # Only a mistake needs this.
    from difflib import get_close_matches

    near = dict.fromkeys(match for name in names for match in get_close_matches(name.lower(), known, n=1))
    if near:
        return [f"did you mean {' or '.join(f'`{name}`' for name in near)}?"]
    return [f"its {kinds} are {', '.join(f'`{name}`' for name in known)}" if known else f"it has no {kinds}"]
