"""UsualWheel: a wheel that is as most are, read and unpacked by `swift`, thousands of files at a few calls.

Nothing is refused here. Whatever is unusual, and whatever is wrong, is left to `unpacking`, from the beginning.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from contextlib import ExitStack
from functools import cached_property
from typing import TYPE_CHECKING

from chapbook_core.index.filename import UnusableName
from chapbook_core.installer.archive import MOST_HELD, Archive
from chapbook_core.installer.archive_directory import CENTRAL_LIMIT, DEFLATED, check_limits, find_directory
from chapbook_core.installer.bad_wheel import Refusal
from chapbook_core.installer.inflating import PIECE
from chapbook_core.installer.listing import Room
from chapbook_core.installer.manifest import ListedFiles, Manifest, Outline
from chapbook_core.installer.record import base64_digest
from chapbook_core.installer.starting import STARTING, may_run_at_start, runs_at_start
from chapbook_core.installer.swift import swift
from chapbook_core.installer.unpacking import manifest_of, write_member
from chapbook_core.installer.wheel import read_opened, unlisted_paths

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path
    from typing import Self

    from chapbook_core.events import Watcher
    from chapbook_core.installer.archive_directory import ArchiveLimits
    from chapbook_core.installer.listing import Listing
    from chapbook_core.installer.swift import Swift

_MOST_FILES = 512
_MOST_OF_ONE = 32 << 20
"""What a file may have, packed or unpacked, that is taken out by the library; a larger one is not held in memory."""
_FOLDER_FLAGS = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0)
_PIECE = 1 << 20


class Unusual(Exception):
    """Not a wheel for this."""


class _Rooms(threading.local):
    """Each thread uses its memory for one wheel after the other, to its end."""

    def __init__(self) -> None:
        self.room = Room()


_ROOMS = _Rooms()


class UsualWheel:
    """Such a wheel, open."""

    def __init__(self, path: Path, filename: str, limits: ArchiveLimits, *, is_ours: bool = True) -> None:
        """Raise Unusual unless it is one, and OSError.

        One that is not `is_ours` may be written to at any moment; then it is read once, as by `Archive`.
        """
        helper = swift()
        if helper is None:
            raise Unusual
        self._swift: Swift = helper
        self._path, self._limits = path, limits
        self._stack = ExitStack()
        self._stream = self._stack.enter_context(open(path, "rb", buffering=0))  # noqa: SIM115, PTH123  kept open; it may be a descriptor
        self._archive = self._stream.fileno()
        self._room = _ROOMS.room
        try:
            self._size = os.fstat(self._archive).st_size
            if not is_ours and self._size <= MOST_HELD:
                self._archive = self._copied()
            self._listing = self._listed()
            self._names = self._listing.names_of_all()
            self._wheel = read_opened(self, filename, is_lenient=False)
        except (Refusal, UnusableName):
            self._stack.close()
            raise Unusual from None
        except BaseException:
            self._stack.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_problem: object) -> None:
        self._stack.close()

    def sha256(self) -> str:
        """Return the digest of all of it, hexadecimal."""
        digest = hashlib.sha256()
        for start in range(0, self._size, _PIECE):
            digest.update(self._read(start, min(self._size, start + _PIECE)))
        return digest.hexdigest()

    def roots(self) -> set[str]:
        """Return the names directly in it."""
        return self._listing.roots()

    def paths(self) -> Collection[str]:
        """Return the paths of its files, and of some folders where nobody minds."""
        if not self._listing.has(b".data"):
            return self._names
        return [name for place, name in enumerate(self._names) if not self._listing.is_folder(place)]

    def text(self, path: str, most: int) -> bytes | None:
        """Return a file; None when there is none."""
        place = self._listing.place(path)
        return None if place is None else self._content(place, most)

    def digests(self, record: bytes, dist_info: str, *, is_lenient: bool) -> tuple[dict[str, str | None], tuple[()]]:  # noqa: ARG002  what does not fit is left to those who ask
        """Note what RECORD says of each file; they are not told here."""
        if not self._swift.compare(self._listing, record, sorted(unlisted_paths(dist_info))):
            raise Unusual
        return {}, ()

    def unpack(self, sha256: str, tree: Path, watcher: Watcher) -> Manifest:
        """Write its files, read-only, and return what was written; raises Unusual and OSError.

        The folder must not exist. Watched, the work can be stopped every few milliseconds.
        """
        tree.mkdir()
        folder = os.open(tree, _FOLDER_FLAGS)
        try:
            place = 0
            while place < self._listing.count:
                watcher.checkpoint()
                place += self._unpack_some(place, folder) or self._unpack_one(place, tree)
            starting = list(self._starting())
        except Refusal:
            raise Unusual from None
        finally:
            os.close(folder)
        return self._manifest(sha256, starting)

    def _copied(self) -> int:
        """Return a file of the same content that nobody else can write to, because nobody knows of it."""
        # Hardly a wheel comes out of a folder.
        import tempfile

        content = self._read(0, self._size)
        try:
            copy = self._stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115  kept open
            copy.write(content)
            copy.flush()
        except OSError:
            raise Unusual from None
        return copy.fileno()

    def _listed(self) -> Listing:
        tail = self._read(max(0, self._size - CENTRAL_LIMIT), self._size)
        directory, start, count = find_directory(tail, self._size, self._read, self._limits)
        listing = self._swift.list(directory, start, count)
        if listing is None:
            raise Unusual
        check_limits(listing.total, self._size, self._limits)
        return listing

    def _read(self, start: int, stop: int) -> bytes:
        content = os.pread(self._archive, stop - start, start)
        if len(content) != stop - start:
            raise Unusual
        return content

    def _content(self, place: int, most: int) -> bytes:
        member = self._listing.member(place)
        if member.is_folder or max(member.size, member.packed) > min(most, _MOST_OF_ONE):
            raise Unusual
        self._make_room(place)
        if not self._swift.unpack(self._listing, range(place, place + 1), self._archive, -1, self._room, is_held=True):
            raise Unusual
        return bytes(memoryview(self._room.content)[: member.size])

    def _unpack_some(self, place: int, folder: int) -> int:
        places = range(place, min(place + _MOST_FILES, self._listing.count))
        done = self._swift.unpack(self._listing, places, self._archive, folder, self._room)
        if not self._swift.has_hasher:
            self._check(place, done)
        return done

    def _check(self, start: int, count: int) -> None:
        """Do with the files that were taken out last what else the library does."""
        content, at = memoryview(self._room.content), 0
        for place in range(start, start + count):
            if self._listing.is_folder(place):
                continue
            size = self._listing.member(place).size
            digest = base64_digest(hashlib.sha256(content[at : at + size]).digest())
            if self._listing.told(place) not in {"", digest}:
                raise Unusual
            self._listing.note_digest(place, digest)
            at += size

    def _unpack_one(self, place: int, tree: Path) -> int:
        """Unpack a file of which it is not known why it could not be; tell how many are done by that."""
        if not self._is_large(place):
            if not self._make_room(place):
                raise Unusual
            return 0
        member = self._listing.member(place)
        if self._slow.members[place : place + 1] != (member,):
            # Somebody has written to it.
            raise Unusual
        told = self._listing.told(place)
        (tree / member.path).parent.mkdir(parents=True, exist_ok=True)
        file, _start = write_member(self._slow, member, f"sha256={told}" if told else None, tree)
        self._listing.note_digest(place, file.sha256)
        self._listing.note_file(place, file.mtime, is_text=file.is_text)
        return 1

    @cached_property
    def _slow(self) -> Archive:
        # The same file, whatever its name leads to by now.
        return self._stack.enter_context(Archive(os.dup(self._archive), self._limits))

    def _is_large(self, place: int) -> bool:
        return max(self._sizes(place)) > _MOST_OF_ONE

    def _make_room(self, place: int) -> bool:
        """Have enough of it for one file; tell whether it was too little."""
        return self._room.make(*self._sizes(place))

    def _sizes(self, place: int) -> tuple[int, int]:
        member = self._listing.member(place)
        return self._listing.stop(place) - member.offset, member.size

    def _starting(self) -> Iterator[str]:
        """Give the files that make every start of Python run code."""
        if not self._listing.has(*STARTING):
            return
        for place, path in enumerate(self._names):
            if may_run_at_start(path) and not self._listing.is_folder(place):
                content = self._content(place, _MOST_OF_ONE)
                size = len(content)
                if self._listing.member(place).method != DEFLATED:
                    # As much as is seen of it in pieces: what comes of a wheel does not depend on who unpacks it.
                    content = content[:PIECE]
                if runs_at_start(path, content, is_whole=len(content) == size):
                    yield path

    def _manifest(self, sha256: str, starting: list[str]) -> Manifest:
        wheel = self._wheel
        columns = self._swift.columns(self._listing, wheel.data)
        if columns is None:
            raise Unusual
        count = columns.held_count + columns.scattered_count
        files = ListedFiles(columns.held, columns.scattered, count)
        noted = Outline(count, tuple(json.loads(columns.roots)), columns.scattered_count)
        return manifest_of(wheel, sha256, starting, files, noted)
