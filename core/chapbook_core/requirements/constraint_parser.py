"""The constraint language of Poetry, which contains PEP 440's: from text to the cuts of a set of versions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packaging.version import Version

from chapbook_core.errors import ChapbookError
from chapbook_core.pattern import late_pattern
from chapbook_core.requirements.cut import FLOOR, above, above_locals, above_only, before, before_family
from chapbook_core.requirements.version_set import EVERYTHING, complement, intersection, union

if TYPE_CHECKING:
    from collections.abc import Callable

    from chapbook_core.requirements.cut import Cut
    from chapbook_core.requirements.version_set import Cuts

_OR = late_pattern(r"\|\|?")
_CLAUSE = late_pattern(
    r"""
    (?P<operator> \^ | ~= | ~ | ===? | = | != | <> | <= | >= | < | > )? \s*
    (?P<version> (?: [^\s,|<>=!~^;] | !(?=[0-9]) )+ )
    (?P<separator> \s*(?:,\s*)+ | \s+ | $ )
    """,
    re.VERBOSE,
)
_ANYTHING = late_pattern(r"v?[xX*](?:\.[xX*])*")
_WILDCARD = late_pattern(r"(?P<version>.+?)(?:\.\*)+")


class InvalidConstraint(ChapbookError):
    """A text that does not describe a set of versions."""

    def __init__(self, text: str, reason: str, *, hint: str = "") -> None:
        self.text = text
        self.reason = reason
        super().__init__(f"`{text}` is not a version constraint: {reason}", hints=[hint] if hint else [])


def parse_cuts(text: str) -> tuple[Cuts, bool]:
    """Return the cuts that a text describes, and whether it names a pre-release."""
    if text == "*":
        return EVERYTHING, False
    cuts: Cuts = ()
    prereleases = False
    for alternative in _OR.split(text):
        its_cuts, its_prereleases = _conjunction(alternative.strip(), text)
        cuts = union(cuts, its_cuts)
        prereleases |= its_prereleases
    return cuts, prereleases


def _conjunction(text: str, whole: str) -> tuple[Cuts, bool]:
    if not text:
        reason = "nothing stands beside `|`" if whole.strip() else "it is empty"
        raise InvalidConstraint(whole, reason, hint="write `*` for any version")
    cuts = EVERYTHING
    prereleases = False
    position = 0
    while position < len(text):
        match = _CLAUSE.match(text, position)
        if match is None:
            reason, hint = _what_is_wrong_at(text, position)
            raise InvalidConstraint(whole, reason, hint=hint)
        its_cuts, its_prereleases = _clause(match["operator"] or "", match["version"], whole)
        cuts = intersection(cuts, its_cuts)
        prereleases |= its_prereleases
        position = match.end()
    return cuts, prereleases


def _clause(operator: str, text: str, whole: str) -> tuple[Cuts, bool]:
    if not operator and _ANYTHING.fullmatch(text):
        return EVERYTHING, False
    wildcard = _WILDCARD.fullmatch(text)
    try:
        version = Version(wildcard["version"] if wildcard else text)
    except ValueError:
        # InvalidVersion is one, and so is what Python says of a number with thousands of digits.
        raise InvalidConstraint(whole, f"`{text}` is not a version", hint=_hint_for_version(text)) from None
    if wildcard and operator in ("", "=", "==", "!=", "<>"):
        cuts = _wildcard(version, whole)
    elif wildcard and operator in ("^", "~", "~=", "==="):
        without = wildcard["version"]
        raise InvalidConstraint(
            whole, f"`{operator}` does not go with `.*`", hint=f"write `{operator}{without}` or `=={text}`"
        )
    else:
        cuts = _OPERATORS[operator](version)
    excludes = operator in ("!=", "<>")
    return (complement(cuts) if excludes else cuts), version.is_prerelease and not excludes


def _equal(version: Version) -> Cuts:
    return before(version), above_locals(version)


def _caret(version: Version) -> Cuts:
    """Return what `^` allows: everything up to the next change of the first segment that is not zero."""
    release = version.release
    first = next((place for place, segment in enumerate(release[:3]) if segment), min(len(release), 3) - 1)
    return before(version), before_family(_raised(version, first))


def _tilde(version: Version) -> Cuts:
    return before(version), before_family(_raised(version, 0 if len(version.release) == 1 else 1))


def _compatible(version: Version) -> Cuts:
    return before(version), before_family(_raised(version, max(len(version.release) - 2, 0)))


def _raised(version: Version, place: int) -> Version:
    """Return the release with one segment raised and the later ones zero, as long as it was written."""
    release = version.release
    raised = (*release[:place], release[place] + 1, *(0 for _ in release[place + 1 :]))
    return Version.from_parts(epoch=version.epoch, release=raised)


def _wildcard(version: Version, whole: str) -> Cuts:
    if version.dev is not None or version.local:
        raise InvalidConstraint(whole, f"`.*` does not go with `{version}`")
    if version.post is not None:
        following = version.__replace__(post=version.post + 1)
    elif version.pre is not None:
        phase, number = version.pre
        following = version.__replace__(pre=(phase, number + 1))
    else:
        following = _raised(version, len(version.release) - 1)
    return before(version.__replace__(dev=0)), before(following.__replace__(dev=0))


_OPERATORS: dict[str, Callable[[Version], Cuts]] = {
    "": _equal,
    "=": _equal,
    "==": _equal,
    "!=": _equal,
    "<>": _equal,
    "===": lambda version: (before(version), above_only(version)),
    "^": _caret,
    "~": _tilde,
    "~=": _compatible,
    ">=": lambda version: (before(version),),
    ">": lambda version: (above(version),),
    "<": lambda version: _below(before_family(version)),
    "<=": lambda version: (FLOOR, above_locals(version)),
}


def _below(cut: Cut) -> Cuts:
    return () if cut == FLOOR else (FLOOR, cut)


def _what_is_wrong_at(text: str, position: int) -> tuple[str, str]:
    """Return the reason and the remedy for a place where no clause begins or where one does not end."""
    rest = text[position:]
    for typed, meant in (("=>", ">="), ("=<", "<="), ("~>", "~"), ("==^", "^"), ("==~", "~"), ("==>", ">=")):
        if rest.startswith(typed):
            return f"there is no operator `{typed}`", f"write `{meant}`"
    if rest.startswith((",", ";")):
        return f"`{rest[0]}` stands at a place where a version is expected", "write clauses as in `>=1.0,<2.0`"
    clause = re.match(r"[\^~=!<>]*\s*[^\s,|<>=!~^;]+", rest)
    if clause is None:
        return f"`{rest}` has no version", "write clauses as in `>=1.0,<2.0`"
    after = rest[clause.end() :]
    if not after:
        return f"`{rest}` is not a clause", "write clauses as in `>=1.0,<2.0`"
    return f"`{after}` follows `{clause[0]}` directly", "put a comma between the clauses, as in `>=1.0,<2.0`"


def _hint_for_version(text: str) -> str:
    if text.lower() == "latest":
        return "write `*`, or `add NAME@latest`"
    if re.fullmatch(r"[0-9.]+\.[xX](?:\.[xX])*", text):
        return f"write `{re.split(r'[.][xX]', text)[0]}.*`"
    return "a version is written like `1.2.3`, `2.0a1` or `1.0.post1`"
