"""Handful: files that lie one after the other in an archive, and are taken out of it at one call of `swift`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Self

    from chapbook_core.installer.archive import Archive, Member
    from chapbook_core.installer.swift import Swift, Told

_MOST_FILES = 512
_MOST_BYTES = 1 << 20
"""What several files may have together, packed or unpacked: it stays in the processor's cache while it is looked at."""
_MOST_OF_ONE = 32 << 20
"""What a file may have that is taken out by itself; one that is larger is not held in memory."""


class Handfuls:
    """Takes files out of one archive, into one folder."""

    def __init__(self, swift: Swift, archive: Archive, tree: Path) -> None:
        """`tree` has to have all the folders already."""
        self._swift = swift
        self._archive = archive
        self._tree = tree
        self._folder = -1
        self._room = bytearray(1)
        self._most = _MOST_FILES
        self._grabbed: Sequence[Member] = ()

    def __enter__(self) -> Self:
        self._folder = os.open(self._tree, os.O_RDONLY | os.O_DIRECTORY)
        return self

    def __exit__(self, *_problem: object) -> None:
        os.close(self._folder)

    def grab(self, files: Sequence[Member], place: int) -> Sequence[tuple[Member, Told]]:
        """Write some files from a place on, and return them with what is known of each.

        It may be none, and then the first of them is not to be had in this way.
        """
        members, stops, size = self._next(files, place)
        if not members:
            return ()
        if size > len(self._room):
            self._room = bytearray(max(size, _MOST_BYTES))
        records = self._archive.records(members[0].offset, stops)
        told = self._swift.unpack(members, records, self._folder, self._room)
        # An archive whose files are all of another kind would have each of them tried with all those behind it.
        self._most = min(2 * self._most, _MOST_FILES) if len(told) == len(members) else 1
        self._grabbed = members
        return list(zip(members, told, strict=False))

    def content(self, place: int) -> bytes:
        """Return what is in one of the files of the last handful."""
        start = sum(member.size for member in self._grabbed[:place])
        return bytes(self._room[start : start + self._grabbed[place].size])

    def _next(self, files: Sequence[Member], place: int) -> tuple[list[Member], list[int], int]:
        """Choose files whose records follow each other; return them, where their records end, and their size."""
        members: list[Member] = []
        stops: list[int] = []
        size, start, end = 0, files[place].offset, 0
        for member in files[place : place + self._most]:
            stop = self._archive.stop(member)
            grown = size + member.size
            most = _MOST_BYTES if members else _MOST_OF_ONE
            if member.offset < end or grown > most or stop - start > most:
                break
            members.append(member)
            stops.append(stop)
            size, end = grown, stop
        return members, stops, size
