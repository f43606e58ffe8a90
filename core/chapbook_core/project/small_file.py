"""Reads and writes a small file with as few steps as there are: commands that have little to do mostly do that."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from os import PathLike

# Nobody waits for what stands in the place of a file and has nothing to say, as a pipe would.
_FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)
_SMALL, _LARGE = 1 << 16, 1 << 20
_FLAGS_TO_WRITE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


def read_small(file: str | PathLike[str]) -> bytes:
    """Return what a file holds; raises OSError."""
    # What `open` returns asks what kind of file it is, how long, and where in it one is, before it reads.
    descriptor = os.open(file, _FLAGS)
    try:
        content = os.read(descriptor, _SMALL)
        # Some file systems give less at once than there is.
        piece = os.read(descriptor, _LARGE if len(content) == _SMALL else _SMALL)
        if not piece:
            return content
        pieces = [content]
        while piece:
            pieces.append(piece)
            piece = os.read(descriptor, _LARGE)
        return b"".join(pieces)
    finally:
        os.close(descriptor)


def write_small(file: str, content: bytes, *, is_durable: bool = False) -> None:
    """Write a file of ours that nobody reads before it has its name, to the disk if that matters; raises OSError."""
    descriptor = os.open(file, _FLAGS_TO_WRITE, 0o666)
    try:
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        if is_durable:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
