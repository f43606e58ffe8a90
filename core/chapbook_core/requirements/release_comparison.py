"""Comparisons with implementation_version and platform_release, as cuts between release numbers.

These values are seldom more than numbers (`7.3.13`, `23.5.0`), so only the numbers are told apart: `5.0rc1` and
`5.0.post1` count as `5.0`. That keeps every set of them printable. A cut is the release without trailing zeros, and
whether the cut lies right below (0) or right above (1) it. The value of a text that is no version, such as the release
of most Linux kernels, lies below every cut: PEP 440 finds no comparison with it true, not even `!=`.
"""

from __future__ import annotations

import re
from functools import lru_cache

from chapbook_core.pattern import late_pattern

ReleaseCut = tuple[tuple[int, ...], int]
NO_VERSION: ReleaseCut = ((), -1)
LOWEST: ReleaseCut = ((), 0)

_PLAIN = late_pattern(r"[0-9]+(?:\.[0-9]+)*", re.ASCII)
_BELOW, _ABOVE = 0, 1


def release_comparison(operator: str, literal: str) -> tuple[ReleaseCut, ...] | None:
    """Return where the versions begin and end that satisfy `operator literal`, or None when it compares no versions."""
    literal = literal.strip()
    if literal.endswith(".*"):
        if operator not in {"==", "!="} or not _PLAIN.fullmatch(literal[:-2]):
            return None
        begin, end = _prefix(tuple(map(int, literal[:-2].split("."))))
    else:
        release = _release(literal)
        if release is None:
            return None
        begin, end = (_stripped(release), _BELOW), (_stripped(release), _ABOVE)
        if operator == "~=":
            return (begin, _prefix(release[:-1])[1]) if len(release) > 1 else None
    return {
        "==": (begin, end),
        "===": (begin, end),
        "!=": (LOWEST, begin, end),
        ">=": (begin,),
        ">": (end,),
        "<": (LOWEST, begin),
        "<=": (LOWEST, end),
    }[operator]


@lru_cache(maxsize=1024)
def release_value(text: str) -> ReleaseCut:
    """Return where the value of an environment lies."""
    release = _release(text.strip())
    return NO_VERSION if release is None else (_stripped(release), _BELOW)


def release_text(cut: ReleaseCut) -> str:
    """Return the version that a cut lies beside."""
    return ".".join(map(str, cut[0])) or "0"


def _release(text: str) -> tuple[int, ...] | None:
    try:
        if _PLAIN.fullmatch(text):
            return tuple(map(int, text.split(".")))
        # Plain numbers, which most are, do without this import.
        from packaging.version import Version

        return Version(text).release
    except ValueError:
        # InvalidVersion is one, and so is what Python says of a number with thousands of digits.
        return None


def _prefix(release: tuple[int, ...]) -> tuple[ReleaseCut, ReleaseCut]:
    following = (*release[:-1], release[-1] + 1)
    return (_stripped(release), _BELOW), (_stripped(following), _BELOW)


def _stripped(release: tuple[int, ...]) -> tuple[int, ...]:
    while release and release[-1] == 0:
        release = release[:-1]
    return release
