"""The way in: lines from a descriptor, however they arrive in pieces."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from chapbook_core.engine.messages import LONGEST

if TYPE_CHECKING:
    from collections.abc import Iterator

_PIECE = 65_536


def read_lines(descriptor: int, longest: int = LONGEST) -> Iterator[bytes | None]:
    """Yield each line that is not empty, and None for one that is too long; the end of the input ends it.

    A last line without a line break was cut off with its sender, and is nothing.
    """
    pieces: list[bytes] = []
    size = 0
    while True:
        try:
            piece = os.read(descriptor, _PIECE)
        except OSError:
            return
        if not piece:
            return
        first, *others = piece.split(b"\n")
        pieces.append(first)
        size += len(first)
        for other in others:
            if size > longest:
                yield None
            elif line := b"".join(pieces).strip():
                yield line
            pieces, size = [other], len(other)
        if size > longest:
            # What is too long is counted and not kept.
            pieces = []
