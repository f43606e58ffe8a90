"""A file of lines that only ever grows at its end, and what a power cut may have torn there is left out."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from chapbook_core.project.writing import write_file

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_GLANCE = 1 << 16
"""Bytes that are read of an end; few lines are longer."""


class LineLog:
    """The lines of one file, the oldest first; each is given and told without its end."""

    def __init__(self, path: Path, *, mode: int) -> None:
        """`mode` are the permissions of a file that is made."""
        self._path = path
        self._mode = mode

    def lines(self) -> list[bytes]:
        """Return all that are whole; raises OSError."""
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            return []
        *lines, rest = content.split(b"\n")
        if not rest and lines and b"\0" in lines[-1]:
            # Its end has reached the disk, and its beginning has not.
            lines.pop()
        return lines

    def ends(self) -> tuple[bytes, bytes] | None:
        """Return how the first line begins, and the last line; nothing where that one is not whole, or very long."""
        try:
            with self._path.open("rb") as stream:
                first = stream.read(_GLANCE)
                size = stream.seek(0, os.SEEK_END)
                stream.seek(max(0, size - _GLANCE))
                end = stream.read()
        except FileNotFoundError:
            return None
        start = end.rfind(b"\n", 0, -1) + 1
        is_whole = end.endswith(b"\n") and b"\0" not in end[start:] and (start > 0 or size <= _GLANCE)
        return (first, end[start:-1]) if is_whole else None

    def append(self, line: bytes) -> None:
        """Add a line to a file whose last line is whole, and wait until the disk has it; raises OSError."""
        flags = os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
        descriptor = os.open(self._path, flags)
        try:
            rest = memoryview(line + b"\n")
            while rest:
                rest = rest[os.write(descriptor, rest) :]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def replace(self, lines: Iterable[bytes]) -> None:
        """Put other lines in the place of all; raises WriteFailed."""
        write_file(self._path, b"".join(line + b"\n" for line in lines), mode=self._mode)
