"""The marker of a requirement in the words of its author, joined as Poetry joins them."""

from __future__ import annotations

from functools import reduce
from itertools import zip_longest
from typing import TYPE_CHECKING

from chapbook_core.pattern import late_pattern
from chapbook_core.requirements.constraint import parse_constraint
from chapbook_core.requirements.marker import parse_marker, python_marker
from chapbook_core.requirements.marker_wording import TooManyWords, all_of, text_of, wording_of
from chapbook_core.value import replace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chapbook_core.requirements.requirement import Requirement

_FAMILY = late_pattern(r"={0,2}\s*(?P<minor>\d+\.\d+)")
_PLATFORM = late_pattern(r"(?P<operator>==|!=)?\s*(?P<name>[A-Za-z0-9_.-]+)")
_CHOICE = late_pattern(r"\s*\|\|?\s*")


def declared_words(requirement: Requirement, data: Mapping[str, object]) -> str | None:
    """Return the text that Poetry makes of a marker as a project file declares it; None when that is another marker."""
    for parts in ((requirement.marker_words,), *_parts(requirement.pretty_name, data)):
        try:
            wordings = [wording_of(part) for part in parts if part]
            known = [wording for wording in wordings if wording is not None]
            if known and len(known) == len(wordings):
                text = text_of(reduce(all_of, known))
                if parse_marker(text) == requirement.marker:
                    return text
        except TooManyWords:
            continue
    return None


def _parts(name: str, data: Mapping[str, object]) -> Iterator[tuple[str, ...]]:
    """Yield the conditions that `[tool.poetry.dependencies]` sets for a name, as markers; a tuple for each entry."""
    table: object = data
    for key in ("tool", "poetry", "dependencies", name):
        table = table.get(key) if isinstance(table, dict) else None
    for entry in table if isinstance(table, list) else [table]:
        if isinstance(entry, dict):
            yield tuple(
                words(text)
                for key, words in (("markers", str), ("python", _python), ("platform", _platform))
                if isinstance(text := entry.get(key), str) and text
            )


def _python(text: str) -> str:
    """Return a constraint on Python run by run, as Poetry does."""
    families = [_FAMILY.fullmatch(part) for part in _CHOICE.split(text.strip())]
    if all(families):
        return " or ".join(f'python_version == "{family["minor"]}"' for family in families if family)
    constraint = parse_constraint(text)
    if constraint.is_any:
        return ""
    runs = zip_longest(constraint.cuts[::2], constraint.cuts[1::2])
    cuts = [tuple(cut for cut in run if cut is not None) for run in runs]
    markers = [str(python_marker(replace(constraint, cuts=run))) for run in cuts]
    return markers[0] if len(markers) == 1 else " or ".join(f"({marker})" for marker in markers)


def _platform(text: str) -> str:
    found = (_PLATFORM.fullmatch(part) for part in _CHOICE.split(text.strip()))
    return " or ".join(f'sys_platform {match["operator"] or "=="} "{match["name"]}"' for match in found if match)
