"""Sheet: what all that a spare consists of is like, written down so that several can look at it piece by piece.

chapbook-spare <layout> <checksum>   a line; the checksum is that of all that follows
four lengths                     of each of what follows but the rows
names, paths                     with NUL between them, as the file system knows them
stamps                           size and time of each file and folder, eight bytes each
rows                             what RECORD says of the files

The time of a folder is that of the last file that was put into it: one that somebody has added later, which would come
into an environment with the folder and be in no RECORD, makes it another.
"""

from __future__ import annotations

import os
import struct
import sys
import zlib
from typing import TYPE_CHECKING

from chapbook_core.installer.relocation import HAS_FOLDER_DESCRIPTORS
from chapbook_core.installer.swift import loaded_swift
from chapbook_core.project.small_file import read_small
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from typing import Self

MARK = "whole"
LAYOUT = 4
_HEAD = f"chapbook-spare {LAYOUT} ".encode()
_START = len(_HEAD) + 9
_LENGTHS = struct.Struct("<III")
_STAMP = 16
PIECE = 128
"""So many files are looked at between two words with whoever looks at others of them."""


class NoSheet(Exception):
    """There is none, or none that can be read."""


@frozen
class Sheet:
    """A sheet that was read."""

    checksum: bytes
    names: tuple[str, ...]
    """What stands directly in the tree."""
    paths: tuple[bytes, ...]
    """Every file and folder, below the folder of the spare."""
    stamps: bytes
    rows: bytes

    @property
    def pieces(self) -> range:
        """What the files are looked at in."""
        return range(-(-len(self.paths) // PIECE))

    def is_true(self, folder: SpareFolder, piece: int) -> bool:
        """Tell whether each file and folder of a piece is as it was noted."""
        start = piece * PIECE
        try:
            stamps = folder.stamps(self.paths[start : start + PIECE])
        except OSError:
            return False
        return stamps == self.stamps[start * _STAMP : (start + PIECE) * _STAMP]


class SpareFolder:
    """The folder of a spare, to look at what is in it."""

    def __init__(self, folder: str) -> None:
        """Raise OSError when there is none."""
        self._folder = folder
        self._descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY) if HAS_FOLDER_DESCRIPTORS else None

    def stamps(self, paths: Sequence[bytes]) -> bytes:
        """Return size and time of files and folders, one after the other; raises OSError.

        Nothing else takes as much of the time that taking a spare does, so it is done without a step too many.
        """
        stamps: list[int] = []
        if self._descriptor is not None and sys.byteorder == "little" and (helper := loaded_swift()) is not None:
            told = helper.stamps(paths, self._descriptor)
            if told is not None:
                return told
        if self._descriptor is None:
            for path in paths:
                status = os.lstat(f"{self._folder}/{os.fsdecode(path)}")
                stamps += (status.st_size, status.st_mtime_ns)
        else:
            for path in paths:
                status = os.stat(path, dir_fd=self._descriptor, follow_symlinks=False)
                stamps += (status.st_size, status.st_mtime_ns)
        return _packed(stamps)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_problem: object) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)


def write_sheet(place: Path, tree: str, rows: bytes) -> None:
    """Write down what all in a spare is like, and the rows; `tree` is where its packages stand."""
    paths = tuple(_all_below(place))
    with SpareFolder(str(place)) as folder:
        stamps = folder.stamps(paths)
    names = b"\0".join(sorted(map(os.fsencode, os.listdir(place / tree))))  # noqa: PTH208  names, not paths
    listing = b"\0".join(paths)
    body = _LENGTHS.pack(len(names), len(listing), len(stamps)) + names + listing + stamps + rows
    (place / MARK).write_bytes(_head(body) + body)


def _all_below(place: Path) -> Iterator[bytes]:
    for top, folders, names in os.walk(place):
        folder = os.path.relpath(top, place).replace(os.sep, "/")
        # Of the uppermost folders only what is known by name is taken.
        for name in names if folder == "." else (*names, *folders):
            yield os.fsencode(f"{folder}/{name}")


def read_sheet(folder: str) -> Sheet:
    """Return what was written down of a spare; raises NoSheet."""
    try:
        blob = read_small(f"{folder}/{MARK}")
        body = memoryview(blob)[_START:]
        if blob[:_START] != _head(body):
            raise NoSheet(folder)
        lengths = _LENGTHS.unpack_from(body)
    except (OSError, struct.error):
        raise NoSheet(folder) from None
    parts: list[bytes] = []
    end = _START + _LENGTHS.size
    for length in lengths:
        parts.append(blob[end : end + length])
        end += length
    names, paths, stamps = parts
    checksum = blob[len(_HEAD) : _START - 1]
    return Sheet(checksum, tuple(map(os.fsdecode, names.split(b"\0"))), tuple(paths.split(b"\0")), stamps, blob[end:])


def _head(body: bytes | memoryview) -> bytes:
    return _HEAD + f"{zlib.crc32(body):08x}\n".encode()


def _packed(stamps: Sequence[int]) -> bytes:
    """Return numbers as bytes: there are tens of thousands of them, which are compared and never read."""
    return struct.pack(f"<{len(stamps)}q", *stamps)
