"""What a misspelt package name may have meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_MOST = 3
_LIKENESS = 0.75


def did_you_mean(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """Give the known names most like a name, the likeliest first."""
    # Imported here because only a mistake needs it.
    from difflib import get_close_matches

    bare = name.replace("-", "")
    candidates = {one for one in known if one != name and abs(len(one) - len(name)) <= max(2, len(name) // 3)}
    joined = sorted(one for one in candidates if one.replace("-", "") == bare)
    close = get_close_matches(name, sorted(candidates), n=_MOST, cutoff=_LIKENESS)
    return tuple(dict.fromkeys([*joined, *close]))[:_MOST]
