"""Dependency: one line of Requires-Dist, taken apart but not yet given meaning.

Nearly all lines have a plain form that two regular expressions read in a microsecond. Anything else goes to
`packaging`, which decides what is valid, and what it refuses is repaired if it can be.
"""

from __future__ import annotations

import re
from functools import lru_cache

from chapbook_core.errors import ChapbookError
from chapbook_core.index.specifier import PLAIN_SPECIFIER
from chapbook_core.pattern import late_pattern
from chapbook_core.requirements.name import canonical_name
from chapbook_core.value import frozen


class UnreadableDependency(ChapbookError):
    """A requirement in somebody's metadata that cannot be understood, nor repaired."""

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(f"`{text}` is not a valid requirement")


@frozen
class Dependency:
    """A requirement as texts; equal texts mean the same, so each can be given meaning once."""

    name: str
    """Canonical."""
    extras: tuple[str, ...] = ()
    """Canonical, each once, in alphabetical order."""
    specifier: str = ""
    """PEP 440, without spaces; empty for any version."""
    marker: str = ""
    """PEP 508; empty for always."""
    url: str = ""
    """Of a direct reference; there is no specifier then."""
    note: str = ""
    """What a person should know when the text had to be repaired."""


_PLAIN = late_pattern(
    r"([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*"
    r"(?:\[\s*([A-Za-z0-9][A-Za-z0-9._-]*(?:\s*,\s*[A-Za-z0-9][A-Za-z0-9._-]*)*)\s*\]\s*)?"
    rf"(?:\(\s*({PLAIN_SPECIFIER})\s*\)|({PLAIN_SPECIFIER}))?\s*(?:;\s*(.*))?",
    re.ASCII,
)
_VARIABLE = (
    "(?:python_version|python_full_version|os_name|sys_platform|platform_(?:machine|system|release|version|"
    "python_implementation)|implementation_(?:name|version)|extra)"
)
_TEXT = r"""(?:"[^"\\]*"|'[^'\\]*')"""
_OPERATOR = r"(?:\s*(?:===?|!=|<=?|>=?|~=)\s*|\s+(?:not\s+)?in\s+)"
_COMPARISON = rf"[(\s]*(?:{_VARIABLE}{_OPERATOR}{_TEXT}|{_TEXT}{_OPERATOR}{_VARIABLE})[)\s]*"
_MARKER = late_pattern(rf"{_COMPARISON}(?:(?<=[\s)\"'])(?:and|or)(?=[\s(\"']){_COMPARISON})*", re.ASCII)
_QUOTED = late_pattern(_TEXT)


@lru_cache(maxsize=65536)
def parse_dependency(text: str) -> Dependency:
    """Return one requirement of a distribution; raises UnreadableDependency."""
    plain = _PLAIN.fullmatch(text)
    if plain is None:
        return _by_packaging(text)
    name, extras, enclosed, specifier, marker = plain.groups()
    if marker is None:
        marker = ""
    elif not _is_plain_marker(marker):
        return _by_packaging(text)
    specifier = enclosed or specifier or ""
    return Dependency(
        name=canonical_name(name),
        extras=_extras(extras.split(",")) if extras else (),
        specifier="".join(specifier.split()),
        marker=marker.strip(),
    )


def _extras(names: list[str]) -> tuple[str, ...]:
    return tuple(sorted({canonical_name(name.strip()) for name in names}))


@lru_cache(maxsize=16384)
def _is_plain_marker(text: str) -> bool:
    """Tell whether a marker is certainly valid: comparisons joined by words, with parentheses that match."""
    if not _MARKER.fullmatch(text):
        return False
    if "(" not in text and ")" not in text:
        return True
    depth = 0
    for letter in _QUOTED.sub("", text):
        depth += (letter == "(") - (letter == ")")
        if depth < 0:
            return False
    return depth == 0


def _by_packaging(text: str) -> Dependency:
    # Both cost start-up time; few lines come here.
    from packaging.requirements import InvalidRequirement, Requirement

    from chapbook_core.index.requirement_repair import has_unreadable_number, repair_requirement

    if has_unreadable_number(text):
        raise UnreadableDependency(text)
    note = ""
    try:
        requirement = Requirement(text)
    except RecursionError:
        # A thousand parentheses: nobody means anything by them.
        raise UnreadableDependency(text) from None
    except InvalidRequirement:
        repaired = repair_requirement(text)
        if repaired is None:
            raise UnreadableDependency(text) from None
        requirement = Requirement(repaired.text)
        note = repaired.note
    return Dependency(
        name=canonical_name(requirement.name),
        extras=_extras(list(requirement.extras)),
        specifier=str(requirement.specifier),
        marker=str(requirement.marker) if requirement.marker else "",
        url=requirement.url or "",
        note=note,
    )
