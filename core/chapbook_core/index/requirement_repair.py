"""Repairs of requirements that were valid once, or that build tools of old times let pass.

Published files cannot be corrected, and installers agree on what these spellings mean; so they are read as meant, and
the note says what was read for what. A rule is tried on the text the rules before it left.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from chapbook_core.pattern import late_pattern
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Callable

_VERSION = r"[0-9][\w.!+]*"
_UNREADABLE_NUMBER = late_pattern(r"[0-9]{1000}")


@frozen
class Repaired:
    """A text that can be read, and what a person may want to know about it."""

    text: str
    note: str


@frozen
class _Rule:
    wrong: re.Pattern[str]
    right: str


_SPECIFIER_RULES = (
    # `>=3.6'` and `>= "2.7"`: quotes of some other language.
    _Rule(late_pattern(r"""["'\u2018\u2019\u201c\u201d]"""), ""),
    # `> =3.6`
    _Rule(late_pattern(r"([<>!=~])\s+(=)"), r"\1\2"),
    # `=>2.0` and `=<2.0`
    _Rule(late_pattern(r"(?<![<>!=~])=([<>])(?!=)"), r"\1="),
    # `!=~1.0`
    _Rule(late_pattern(r"!=~"), "!="),
    # `>=~1.0`
    _Rule(late_pattern(r"([<>]=?)~"), r"\1"),
    # `~>1.0`, the operator of Ruby
    _Rule(late_pattern(r"~>"), "~="),
    # `>dev` and `>=dev`: everything
    _Rule(late_pattern(r">=?\s*dev(?![\w.])"), ">=0.0.dev0"),
    # `>=3.6.*`, and `~=3.6.*`: only `==` and `!=` may end so.
    _Rule(late_pattern(rf"((?:>=|<=|~=|(?<![=<>!~])[<>])\s*{_VERSION}?)\.\*"), r"\1"),
    # `!=3.0*` and `>=3*`
    _Rule(late_pattern(r"([!=]=\s*[0-9]+(?:\.[0-9]+)*)\*"), r"\1.*"),
    _Rule(late_pattern(r"([<>]=?\s*[0-9]+(?:\.[0-9]+)*)\*"), r"\1"),
    # `~=3`, which is too short to say what may change
    _Rule(late_pattern(r"~=\s*([0-9]+)(?![\w.])"), r">=\1"),
    # `=1.0`
    _Rule(late_pattern(rf"(?<![<>!=~])=\s*(?={_VERSION})(?!=)"), "=="),
    # `>=2.7;!=3.0.*` and `>=2.7 and <4`
    _Rule(late_pattern(r"\s*(?:;|&|\band\b)\s*(?=[<>!=~])"), ","),
    # `>=1.0<2.0` and `>=1.0 <2.0`
    _Rule(late_pattern(r"([\w*])\s*(?=[<>!=~]=?\s*[0-9])"), r"\1,"),
    # `>=1.0.,<2.`
    _Rule(late_pattern(r"\.(?=\s*(?:,|$))"), ""),
)
_MARKER_RULES = (
    _Rule(late_pattern("[\u2018\u2019\u201c\u201d]"), '"'),
    # `python_version = "2.7"`
    _Rule(late_pattern(r"(?<![<>!=~])=(?![=<>])"), "=="),
    # `python_version => "3"`
    _Rule(late_pattern(r"(?<![<>!=~])=([<>])"), r"\1="),
    _Rule(late_pattern(r"\s*&&?\s*"), " and "),
    _Rule(late_pattern(r"\s*\|\|?\s*"), " or "),
    # `extra == docs` and `python_version >= 3.6`
    _Rule(late_pattern(r"""((?:===?|[<>!~]=|[<>])\s*)([A-Za-z0-9][\w.-]*)(?=\s*(?:\)|$|and\b|or\b))"""), r'\1"\2"'),
)
_REQUIREMENT = late_pattern(
    r"\s*(?P<name>[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)\s*(?P<extras>\[[^\]]*\])?\s*(?P<open>\()?(?P<specifier>[^;()]*)(?P<close>\))?"
    r"\s*(?:;\s*(?P<marker>.+))?",
    re.DOTALL,
)


def has_unreadable_number(text: str) -> bool:
    """Tell whether a number has more digits than Python reads, over which `packaging` stumbles."""
    return _UNREADABLE_NUMBER.search(text) is not None


@lru_cache(maxsize=4096)
def repair_specifier(text: str) -> Repaired | None:
    """Return a version specifier that can be read, or None when there is no telling what is meant."""
    if has_unreadable_number(text):
        return None
    from packaging.specifiers import SpecifierSet  # few texts need it

    return _repaired(text, _SPECIFIER_RULES, SpecifierSet)


@lru_cache(maxsize=4096)
def repair_marker(text: str) -> Repaired | None:
    """Return a marker that can be read, or None when there is no telling what is meant."""
    from packaging.markers import Marker  # it costs start-up time, and few texts need it

    return _repaired(text, _MARKER_RULES, Marker)


@lru_cache(maxsize=4096)
def repair_requirement(text: str) -> Repaired | None:
    """Return a requirement that can be read, or None when there is no telling what is meant."""
    match = _REQUIREMENT.fullmatch(text)
    if match is None:
        return None
    parts = [match["name"], match["extras"] or ""]
    if match["specifier"].strip():
        specifier = repair_specifier(match["specifier"])
        if specifier is None:
            return None
        parts.append(specifier.text)
    if match["marker"]:
        marker = repair_marker(match["marker"])
        if marker is None:
            return None
        parts.append(f" ; {marker.text}")
    whole = "".join(parts)
    from packaging.requirements import InvalidRequirement, Requirement  # it costs start-up time, and few texts need it

    try:
        Requirement(whole)
    except InvalidRequirement:
        return None
    return Repaired(whole, f"`{text}` was read as `{whole}`")


def _repaired(text: str, rules: tuple[_Rule, ...], read: Callable[[str], object]) -> Repaired | None:
    """Apply rule after rule until the text can be read."""
    attempt = text.strip()
    for rule in (None, *rules):
        if rule is not None:
            attempt = rule.wrong.sub(rule.right, attempt)
        try:
            meant = str(read(attempt))
        except ValueError:
            continue
        return Repaired(meant, "" if attempt == text.strip() else f"`{text}` was read as `{meant}`")
    return None
