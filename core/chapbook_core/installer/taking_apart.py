"""Taking apart: the moves of a change where whole folders cannot be moved, and files can.

In a container the layers of its image lie below one that can be written to. A file of theirs comes up when it is given
another name, and a folder does not: to rename one is refused as if it were on another device.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from chapbook_core.installer.relocation import Move

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


def taken_apart(environment: Path, stage: str, moves: Iterable[Move]) -> tuple[tuple[Move, ...], tuple[str, ...]]:
    """Return moves of files in place of those of folders that leave, and these folders, the innermost first.

    None of the moves is done yet. What comes into such a folder finds it there, and is taken apart as well.
    """
    emptied: list[str] = []
    apart: list[Move] = []
    for move in moves:
        if not move.source.startswith(f"{stage}/"):
            apart.extend(_leaving(environment, move, emptied))
        else:
            apart.extend(_arriving(environment, move, frozenset(emptied)))
    return tuple(apart), tuple(emptied)


def _leaving(environment: Path, move: Move, emptied: list[str]) -> Iterator[Move]:
    names = _names(f"{environment}/{move.source}")
    if names is None:
        yield move
        return
    for name in names:
        yield from _leaving(environment, Move(f"{move.source}/{name}", f"{move.target}/{name}"), emptied)
    emptied.append(move.source)


def _arriving(environment: Path, move: Move, emptied: frozenset[str]) -> Iterator[Move]:
    if move.target not in emptied:
        yield move
        return
    for name in _names(f"{environment}/{move.source}") or ():
        yield from _arriving(environment, Move(f"{move.source}/{name}", f"{move.target}/{name}"), emptied)


def _names(path: str) -> list[str] | None:
    """Return what is in a folder; None for anything else, even a link to one."""
    if os.path.islink(path) or not os.path.isdir(path):  # noqa: PTH112, PTH114  texts, as in a move
        return None
    return sorted(os.listdir(path))  # noqa: PTH208  names, not paths
