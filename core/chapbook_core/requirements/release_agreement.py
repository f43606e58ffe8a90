"""Whether two markers are the same for everybody who uses a released Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.requirements.diagram import FALSE, TRUE, node_of
from chapbook_core.requirements.interpreter_version import final, parts

if TYPE_CHECKING:
    from chapbook_core.requirements.marker import Marker


def agree(first: Marker, second: Marker, under: Marker) -> bool:
    """Tell whether two markers mean the same under a third one, alphas, betas and candidates of Python left aside.

    `python_full_version <= "3.11.0a6"` speaks of them, and Poetry takes it for `python_version < "3.11"`.
    """
    first, second = first & under, second & under
    if first == second:
        return True
    pythons = ((first - second) | (second - first)).only("python_full_version").node
    return pythons != TRUE and not _has_final_release(pythons)


def _has_final_release(pythons: int) -> bool:
    """Tell whether a function of Python's version alone is true of a final release."""
    question = node_of(pythons)
    ends = (*question.keys, "")
    for child, begin, end in zip(question.children, (0, *question.keys), ends, strict=True):
        if child == FALSE:
            continue
        if not isinstance(begin, int) or not isinstance(end, int):
            return True
        major, minor, patch, _ = parts(begin)
        first_final = final(major, minor, patch)
        # Behind a final release begins the next one.
        if (first_final if begin <= first_final else final(major, minor, patch + 1)) < end:
            return True
    return False
