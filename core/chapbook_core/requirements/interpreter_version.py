"""The version of an interpreter as an integer, and comparisons with it as cuts between those integers.

Interpreters have three release segments and perhaps a pre-release (`3.13.0rc1`), never an epoch or a post release; the
local part of an untagged build (`3.13.0a7+`) is ignored. That makes the versions discrete, and every comparison of
PEP 440 with any version at all an exact set of integers:

    ((major * 2**20 + minor) * 2**20 + patch) * 2**10 + place      place: aN = N, bN = 256 + N, rcN = 512 + N, final 768

A set is a tuple of ascending cuts: it begins at the first, ends below the second, begins again at the third. The first
integer of a patch release (its `a0`) is where its family begins, and what follows a final release is the next family.

`python_version` is `major.minor` of the same interpreter, as if it were the final release `major.minor.0`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from chapbook_core.pattern import late_pattern
from chapbook_core.value import frozen, replace

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packaging.version import Version

Cuts = tuple[int, ...]
EVERYTHING: Cuts = (0,)
NOTHING: Cuts = ()

FINAL = 768
_PHASES = {"a": 0, "b": 256, "rc": 512}
_LAST_OF_PHASE = 254
_SEGMENT_BITS = 20
_PLACE_BITS = 10
_LARGEST = (1 << _SEGMENT_BITS) - 1

_PLAIN = late_pattern(r"[0-9]+(?:\.[0-9]+)*", re.ASCII)
_FULL = late_pattern(r"(?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*)){2}(?:(?:a|b|rc)(?:0|[1-9][0-9]*))?", re.ASCII)
_SHORT = late_pattern(r"(?:0|[1-9][0-9]*)\.(?:0|[1-9][0-9]*)", re.ASCII)
_RUNS = late_pattern(r"[0-9.abrc]{3,40}", re.ASCII)
_SEPARATORS = late_pattern(r"[\s,;|]+")
# Python 3.0 and 3.1 are meant only where they are spelled in full: `in "3.10"` does not speak of 3.1.
_OLDEST_MEANT_IN_PASSING = (3, 2)


def final(major: int, minor: int, patch: int) -> int:
    """Return the integer of a final release."""
    return family(major, minor, patch) + FINAL


def family(major: int, minor: int, patch: int = 0) -> int:
    """Return where the pre-releases of a patch release begin."""
    if patch > _LARGEST:
        minor, patch = minor + 1, 0
    if minor > _LARGEST:
        major, minor, patch = major + 1, 0, 0
    return ((major << _SEGMENT_BITS | minor) << _SEGMENT_BITS | patch) << _PLACE_BITS


def parts(integer: int) -> tuple[int, int, int, int]:
    """Return major, minor, patch and place."""
    place = integer & ((1 << _PLACE_BITS) - 1)
    integer >>= _PLACE_BITS
    return integer >> 2 * _SEGMENT_BITS, integer >> _SEGMENT_BITS & _LARGEST, integer & _LARGEST, place


def text_of(integer: int) -> str:
    """Return the version that an integer stands for: `3.13.0`, `3.13.0rc1`."""
    major, minor, patch, place = parts(integer)
    if place >= FINAL:
        return f"{major}.{minor}.{patch}"
    letter = next(letter for letter, start in reversed(_PHASES.items()) if start <= place)
    return f"{major}.{minor}.{patch}{letter}{place - _PHASES[letter]}"


@frozen
class Bound:
    """Where a version of any form lies among interpreters."""

    at: int
    """The first interpreter that is not below the version."""
    above: int
    """The first interpreter above it; equal to `at` when no interpreter has this version."""
    below: int
    """Where `<` ends: `at`, or for a final release where its pre-releases begin."""
    release: tuple[int, ...]
    is_prerelease: bool = False
    is_local: bool = False


@lru_cache(maxsize=4096)
def bound_of(text: str) -> Bound | None:
    """Return where a version lies, or None for a text that is no version."""
    try:
        if _PLAIN.fullmatch(text):
            return _final_bound(tuple(map(int, text.split("."))))
        # Most texts are plain numbers, so markers seldom pay for this import.
        from packaging.version import Version

        return bound_of_version(Version(text))
    except ValueError:
        # InvalidVersion is one, and so is what Python says of a number with thousands of digits.
        return None


def bound_of_version(version: Version) -> Bound:
    """Return where a parsed version lies."""
    release, is_local = version.release, version.local is not None
    if version.epoch:
        beyond = family(_LARGEST, 0)
        return Bound(beyond, beyond, beyond, release, version.is_prerelease, is_local)
    bound = _final_bound(release)
    if version.pre is None and version.post is None and version.dev is None:
        return replace(bound, is_local=is_local)
    if any(release[3:]):
        at = above = bound.at
    elif version.pre is not None:
        letter, number = version.pre
        at = bound.below + _PHASES[letter] + min(number, _LAST_OF_PHASE)
        above = at + 1
        if version.post is not None:
            at = above
        elif version.dev is not None:
            above = at
    else:
        at = above = bound.above if version.post is not None else bound.below
    return Bound(at, above, at, release, version.is_prerelease, is_local)


def _final_bound(release: tuple[int, ...]) -> Bound:
    major, minor, patch = (*release, 0, 0)[:3]
    above = family(major, minor, patch + 1)
    if any(release[3:]):
        return Bound(above, above, above, release)
    begin = family(major, minor, patch)
    return Bound(begin + FINAL, above, begin, release)


def integer_of(python_full_version: str) -> int:
    """Return the integer of an interpreter's own version; raises ValueError for a text that is no version."""
    bound = bound_of(python_full_version.rstrip("+"))
    if bound is None:
        raise ValueError(f"`{python_full_version}` is not the version of an interpreter")
    return bound.at


def full_comparison(operator: str, literal: str, *, literal_first: bool = False) -> Cuts | None:
    """Return where `python_full_version OPERATOR literal` is true, or None when it is no comparison of versions.

    `literal_first` is for the operands the other way round, where PEP 440 takes the interpreter's version as the bound
    and the literal as the candidate: one that is no version satisfies nothing, and its local part does not count.
    """
    if literal_first:
        return _candidate_comparison(operator, literal, segments_kept=2)
    literal = literal.strip()
    if operator == "===":
        return _only(literal) if _FULL.fullmatch(literal) else NOTHING
    if literal.endswith(".*"):
        return _prefix_comparison(operator, literal[:-2])
    bound = bound_of(literal)
    if bound is None or (bound.is_local and operator not in {"==", "!="}):
        return None
    return _compatible(bound) if operator == "~=" else _comparison(operator, bound)


def _compatible(bound: Bound) -> Cuts | None:
    """Return where `~= bound` is true; it needs two segments."""
    if len(bound.release) == 1:
        return None
    begin, end = _prefix(bound.release[:-1][:3])
    begin = max(begin, bound.at)
    return (begin, end) if begin < end else NOTHING


def _comparison(operator: str, bound: Bound) -> Cuts:
    # Interpreters are compared without their local part, so none equals a version that has one.
    one = (bound.at, bound.above) if bound.at < bound.above and not bound.is_local else NOTHING
    return {
        "==": one,
        "!=": _inverted(one),
        ">=": (bound.at,),
        "<=": _below(bound.above),
        ">": (bound.above,),
        "<": _below(bound.below),
    }[operator]


def _candidate_comparison(operator: str, literal: str, *, segments_kept: int) -> Cuts:
    """Return where `literal OPERATOR python_full_version` is true."""
    if operator == "===":
        return _only(literal) if _FULL.fullmatch(literal) else NOTHING
    bound = bound_of(literal.strip())
    if bound is None:
        return NOTHING
    bound = replace(bound, is_local=False)
    match operator:
        case "~=":
            begin = _prefix((*bound.release, 0)[:segments_kept])[0]
            return (begin, bound.above) if begin < bound.above else NOTHING
        case ">":
            return _below(bound.at)
        case "<":
            return _above_candidate(bound)
        case _:
            return _comparison({"<=": ">=", ">=": "<="}.get(operator, operator), bound)


def _above_candidate(bound: Bound) -> Cuts:
    """Return where `< interpreter` holds for a version; a final interpreter leaves out its own pre-releases."""
    if bound.is_prerelease and not any(bound.release[3:]):
        of_same_release = _final_bound(bound.release)
        if bound.above < of_same_release.at:
            return bound.above, of_same_release.at, of_same_release.above
        return (of_same_release.above,)
    return (bound.above,)


def _prefix_comparison(operator: str, prefix: str) -> Cuts | None:
    """Return where `== prefix.*` or `!= prefix.*` is true."""
    if operator not in {"==", "!="} or not _PLAIN.fullmatch(prefix):
        return None
    release = tuple(map(int, prefix.split(".")))
    cuts: Cuts = NOTHING if any(release[3:]) else _prefix(release[:3])
    return cuts if operator == "==" else _inverted(cuts)


def _prefix(release: tuple[int, ...]) -> tuple[int, int]:
    """Return where the versions with these first segments begin and end."""
    following = (*release[:-1], release[-1] + 1)
    return family(*(*release, 0, 0)[:3]), family(*(*following, 0, 0)[:3])


def minor_comparison(operator: str, literal: str, *, literal_first: bool = False) -> Cuts | None:
    """Return where `python_version OPERATOR literal` is true, or None when it is no comparison of versions."""
    if operator == "===":
        literal = literal if literal_first else literal.strip()
        if not _SHORT.fullmatch(literal):
            return NOTHING
        operator = "=="
    if literal_first:
        cuts: Cuts | None = _candidate_comparison(operator, literal, segments_kept=1)
    else:
        cuts = full_comparison(operator, literal)
    if cuts is None:
        return None
    widened: list[int] = []
    for cut in cuts:
        major, minor, patch, place = parts(cut)
        # A minor version is in the set when its first final release is.
        moved = family(major, minor if (patch, place) <= (0, FINAL) else minor + 1)
        if widened and widened[-1] == moved:
            widened.pop()
        else:
            widened.append(moved)
    return tuple(widened)


def full_versions_in(text: str) -> Cuts:
    """Return where `python_full_version in text` is true: the versions that are a part of the text."""
    found: set[str] = set()
    for run in _RUNS.finditer(text):
        found.update(part for part in _parts_of(run.group()) if _FULL.fullmatch(part))
    return _union(_only(part) for part in found)


def minor_versions_in(text: str) -> Cuts:
    """Return where `python_version in text` is true: the versions that are a part of the text."""
    whole = set(_SEPARATORS.split(text))
    found: set[Cuts] = set()
    for run in _RUNS.finditer(text):
        for part in _parts_of(run.group()):
            if _SHORT.fullmatch(part):
                major, minor = map(int, part.split("."))
                if part in whole or (major, minor) >= _OLDEST_MEANT_IN_PASSING:
                    found.add((family(major, minor), family(major, minor + 1)))
    return _union(found)


def _parts_of(run: str) -> set[str]:
    return {run[start:end] for start in range(len(run)) for end in range(start + 3, len(run) + 1)}


def _only(python_full_version: str) -> Cuts:
    bound = bound_of(python_full_version)
    return (bound.at, bound.above) if bound else NOTHING


def _below(cut: int) -> Cuts:
    return (0, cut) if cut else NOTHING


def _inverted(cuts: Cuts) -> Cuts:
    return cuts[1:] if cuts[:1] == EVERYTHING else EVERYTHING + cuts


def _union(pieces: Iterable[Cuts]) -> Cuts:
    """Return the cuts of pieces that do not overlap."""
    cuts: list[int] = []
    for begin, end in sorted(pieces):
        if cuts and cuts[-1] == begin:
            cuts[-1] = end
        else:
            cuts += (begin, end)
    return tuple(cuts)
