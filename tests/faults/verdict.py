"""What a program of this folder says when its rounds are over, and whether anything was wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


def verdict(*told: str, wrong: Sequence[str], most: int | None = None) -> bool:
    """Print what came of the rounds, and what was wrong, `most` of it; return whether anything was: the exit status."""
    for line in (*told, *wrong[:most]):
        print(line, flush=True)  # noqa: T201  the result of a program for people
    return bool(wrong)


def counted(counts: Iterable[tuple[str, int]]) -> Iterator[str]:
    """Yield a line for each count."""
    return (f"{count:6} {name}" for name, count in counts)
