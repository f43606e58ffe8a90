"""The words for a set of versions: Poetry's normal form, and PEP 440's specifiers."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from packaging.version import Version

from chapbook_core.errors import ChapbookError
from chapbook_core.requirements.constraint_parser import parse_cuts
from chapbook_core.requirements.cut import FLOOR, Cut, Side
from chapbook_core.requirements.version_key import version_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chapbook_core.requirements.version_set import Cuts

Interval = tuple[Cut, Cut | None]
"""Where a run of versions begins, and where it ends if it does."""

_LONGEST_RUN = 64


class NoSpecifier(ChapbookError):
    """A set of versions for which PEP 440 has no words."""

    def __init__(self, written: str) -> None:
        self.written = written
        super().__init__(
            f"`{written}` cannot be said in the form that `[project]` and package metadata need, which has no `||`",
            hints=["leave versions out instead, as in `>=1.0,!=1.5,<2.0`"],
        )


def poetry_text(cuts: Cuts) -> str:
    """Return what Poetry writes in a lock file.

    One set in a thousand has no text in this language: one that ends above the post releases of a version, as the
    complement of `>1.0` does. It gets Poetry's answer, `<=1.0`.
    """
    if not cuts:
        return "<empty>"
    match cuts:
        case (lowest, ended, begun) if lowest == FLOOR and (left_out := _wildcard(ended, begun)):
            return f"!={left_out}.*"
        case _:
            return " || ".join(_group_text(group) for group in _punctured(list(_intervals(cuts))))


def specifier_text(cuts: Cuts, written: str) -> str:
    """Return PEP 440 specifiers for the cuts, or those that were written when no others are exact."""
    if not cuts:
        return "<0"
    intervals = list(_intervals(cuts))
    first, last = intervals[0], intervals[-1]
    gaps = [_gap_specifiers(ended, begun[0]) for (_, ended), begun in pairwise(intervals)]
    outer = _outer_specifiers(first[0], last[1], alone=len(intervals) == 1)
    if outer is not None and all(gap is not None for gap in gaps):
        lower, upper = outer
        return ",".join([*lower, *(text for gap in gaps for text in gap or ()), *upper])
    if _is_specifier_set(written) and parse_cuts(written)[0] == cuts:
        return re.sub(r"\s+", "", written.strip().rstrip(","))
    raise NoSpecifier(written)


def _is_specifier_set(text: str) -> bool:
    # Imported here because it costs a start more than all other imports of this module, and is seldom needed.
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        SpecifierSet(text)
    except InvalidSpecifier:
        return False
    return True


def _intervals(cuts: Cuts) -> Iterator[Interval]:
    for place in range(0, len(cuts), 2):
        yield cuts[place], (cuts[place + 1] if place + 1 < len(cuts) else None)


def _punctured(intervals: list[Interval]) -> list[list[Interval]]:
    """Group the intervals between which only one version is left out."""
    groups = [[intervals[0]]]
    for previous, interval in pairwise(intervals):
        if _left_out(previous[1], interval[0]):
            groups[-1].append(interval)
        else:
            groups.append([interval])
    return groups


def _left_out(ended: Cut | None, begun: Cut) -> Version | None:
    """Return the version that, with its local variants, is all that lies between two cuts."""
    if ended is None or begun.side is not Side.ABOVE_LOCALS or ended.key != version_key(begun.version):
        return None
    return begun.version


def _group_text(group: list[Interval]) -> str:
    lower, upper = group[0][0], group[-1][1]
    if len(group) == 1 and upper is not None:
        if single := _single(lower, upper):
            # Poetry writes one version without `==`.
            return single if single.startswith("===") else single.removeprefix("==")
        if wildcard := _wildcard(lower, upper):
            return f"=={wildcard}.*"
    excluded = [f"!={begun.version}" for begun, _ in group[1:]]
    return ",".join([*_lower(lower), *excluded, *_upper(upper)]) or "*"


def _single(lower: Cut, upper: Cut) -> str:
    """Return the specifier of one version, or nothing for more than one."""
    if lower.key != version_key(upper.version):
        return ""
    match upper.side:
        case Side.ABOVE_LOCALS:
            return f"=={upper.version}"
        case Side.ABOVE_ONLY:
            return f"==={upper.version}"
        case _:
            return ""


def _wildcard(lower: Cut, upper: Cut) -> str:
    """Return what stands before `.*` for exactly the versions between two cuts, or nothing."""
    if not (lower.side is upper.side is Side.BEFORE_DEV and lower.version.epoch == upper.version.epoch):
        return ""
    first, following = _trimmed(lower.version), _trimmed(upper.version)
    first += (0,) * (len(following) - len(first))
    if lower.version.post is not None or upper.version.post is not None:
        one_post = (upper.version.post or 0) - 1 == lower.version.post
        return str(lower.version) if one_post and first == following else ""
    if len(first) > len(following) or first != (*following[:-1], following[-1] - 1):
        return ""
    return str(Version.from_parts(epoch=lower.version.epoch, release=first))


def _trimmed(version: Version) -> tuple[int, ...]:
    release = version.release
    while release and release[-1] == 0:
        release = release[:-1]
    return release or (0,)


def _lower(cut: Cut) -> list[str]:
    version = cut.version
    match cut.side:
        case Side.FLOOR:
            return []
        case Side.BEFORE:
            return [f">={version}"]
        case Side.BEFORE_DEV:
            return [f">={version}.dev0"] if cut.key else []
        case Side.ABOVE_LOCALS if version.post is None and version.dev is None and not version.local:
            return [f">={version}", f"!={version}"]
        case _:
            return [f">{version}"]


def _upper(cut: Cut | None) -> list[str]:
    if cut is None:
        return []
    version = cut.version
    match cut.side:
        case Side.BEFORE if not version.is_prerelease and not version.local:
            return [f"<={version}", f"!={version}"]
        case Side.BEFORE | Side.BEFORE_DEV:
            return [f"<{version}"]
        case _:
            return [f"<={version}"]


def _outer_specifiers(lower: Cut, upper: Cut | None, *, alone: bool) -> tuple[list[str], list[str]] | None:
    """Return the specifiers of the lowest and the highest bound, or nothing when PEP 440 cannot tell one of them."""
    if alone and upper is not None:
        if single := _single(lower, upper):
            return [single], []
        # PEP 440 allows `.*` after a release only.
        if lower.version.post is None and (wildcard := _wildcard(lower, upper)):
            return [f"=={wildcard}.*"], []
    if lower.version.local or lower.side is Side.ABOVE_ONLY:
        return None
    if upper is not None and (upper.version.local or upper.side in (Side.ABOVE_ONLY, Side.ABOVE_POSTS)):
        return None
    return _lower(lower), _upper(upper)


def _gap_specifiers(ended: Cut | None, begun: Cut) -> list[str] | None:
    """Return specifiers that leave out exactly what lies between two cuts, or nothing when there are none."""
    if version := _left_out(ended, begun):
        return [f"!={version}"]
    if ended is None or not (ended.side is begun.side is Side.BEFORE_DEV):
        return None
    start, end = ended.version, begun.version
    if start.epoch != end.epoch or start.post is not None or end.post is not None:
        return None
    prefixes = _families(start.release, _trimmed(end))
    if prefixes is None:
        return None
    return [f"!={Version.from_parts(epoch=start.epoch, release=prefix)}.*" for prefix in prefixes]


def _families(start: tuple[int, ...], end: tuple[int, ...]) -> list[tuple[int, ...]] | None:
    """Return the release prefixes that cover exactly the releases from start up to end, if they are few.

    From `3.0` to `4.2` these are `3`, `4.0` and `4.1`.
    """
    start += (0,) * (len(end) - len(start))
    place = next((place for place, pair in enumerate(zip(start, end, strict=False)) if pair[0] != pair[1]), len(end))
    if any(start[place + 1 :]):
        return None
    prefixes: list[tuple[int, ...]] = []
    low = start[place] if place < len(end) else 0
    for depth in range(place, len(end)):
        if len(prefixes) + end[depth] - low > _LONGEST_RUN:
            return None
        prefixes += [(*end[:depth], segment) for segment in range(low, end[depth])]
        low = 0
    return prefixes
