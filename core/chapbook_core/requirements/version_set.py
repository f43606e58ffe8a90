"""A set of versions, as the cuts where it begins, ends, begins again: the algebra of constraints."""

from __future__ import annotations

from chapbook_core.requirements.cut import FLOOR, Cut

Cuts = tuple[Cut, ...]
"""In ascending order; a version is in the set when an odd number of cuts lies below it."""

EVERYTHING: Cuts = (FLOOR,)


def union(left: Cuts, right: Cuts) -> Cuts:
    """Return the cuts of the versions that are in either set."""
    if not left:
        return right
    return _sweep(left, right, wanted=1) if right else left


def intersection(left: Cuts, right: Cuts) -> Cuts:
    """Return the cuts of the versions that are in both sets."""
    if left == EVERYTHING:
        return right
    return left if right == EVERYTHING else _sweep(left, right, wanted=2)


def complement(cuts: Cuts) -> Cuts:
    """Return the cuts of the versions that are not in the set."""
    return cuts[1:] if cuts[:1] == EVERYTHING else EVERYTHING + cuts


def _sweep(left: Cuts, right: Cuts, *, wanted: int) -> Cuts:
    """Walk both sets upwards and keep the cuts where the number of sets that one is inside reaches or leaves `wanted`.

    Where both have the same cut, the left one's words are kept.
    """
    result: list[Cut] = []
    in_left = in_right = inside = False
    i = j = 0
    while i < len(left) or j < len(right):
        if j == len(right) or (i < len(left) and left[i].key <= right[j].key):
            cut = left[i]
            if j < len(right) and right[j].key == cut.key:
                in_right = not in_right
                j += 1
            in_left = not in_left
            i += 1
        else:
            cut = right[j]
            in_right = not in_right
            j += 1
        if (in_left + in_right >= wanted) is not inside:
            inside = not inside
            result.append(cut)
    return tuple(result)
