"""A ZIP archive read strictly: whatever two readers could understand differently is refused.

The records of all files must cover the archive from its first byte to the directory, each once (APPNOTE.TXT 4.3.6), and
each record's own header must repeat what the directory says. Nothing is skipped, searched for or guessed.
"""

from __future__ import annotations

import hashlib
import os
import struct
import threading
from typing import TYPE_CHECKING

from chapbook_core.installer.archive_directory import (
    CENTRAL_LIMIT,
    DEFLATED,
    ENCRYPTED,
    HAS_DESCRIPTOR,
    ArchiveLimits,
    Member,
    check_limits,
    read_directory,
    wide_sizes,
)
from chapbook_core.installer.bad_wheel import Refusal
from chapbook_core.installer.inflating import MOST_AT_ONCE, PIECE, crc32, inflated, inflated_at_once

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self

__all__ = ["Archive", "ArchiveLimits", "Member"]

_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_LOCAL_MARK = b"PK\x03\x04"
_DESCRIPTOR_MARK = b"PK\x07\x08"
_DESCRIPTORS = (struct.Struct("<III"), struct.Struct("<IQQ"))
MOST_HELD = 16 << 20
"""Bytes of an archive that is read into memory as a whole: most hold thousands of files, each a few hundred bytes."""


class Archive:
    """An open archive; its files can be read from several threads."""

    def __init__(self, path: str | os.PathLike[str] | int, limits: ArchiveLimits = ArchiveLimits()) -> None:  # noqa: B008  a frozen value
        self._stream = open(path, "rb", buffering=0)  # noqa: SIM115, PTH123  kept open; the path may be a descriptor
        self._lock = threading.Lock()
        self._held = b""
        try:
            self.size = os.fstat(self._stream.fileno()).st_size
            if self.size <= MOST_HELD:
                self._held = self._read(0, self.size)
            tail = self._read(max(0, self.size - CENTRAL_LIMIT), self.size)
            self.members, self._directory = read_directory(tail, self.size, self._read, limits)
            check_limits(sum(member.size for member in self.members), self.size, limits)
            self._stops = self._covered()
            for member in self.members:
                if member.is_folder:
                    # Nobody takes it out, so that nobody would look at its record.
                    self._check_folder(member)
        except BaseException:
            self._stream.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_problem: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def sha256(self) -> str:
        """Return the digest of all of it, hexadecimal."""
        digest = hashlib.sha256()
        for part in self._parts(0, self.size):
            digest.update(part)
        return digest.hexdigest()

    def content(self, member: Member) -> bytes:
        """Return all of a file; raises Refusal when it is not what the directory says."""
        return b"".join(self.pieces(member))

    def pieces(self, member: Member) -> Iterator[bytes | bytearray]:
        """Give a file in pieces of bounded size; raises Refusal, at the end at the latest, when anything disagrees."""
        start, stop = member.offset, self._stops[member.offset]
        if member.method == DEFLATED and max(stop - start, member.size) <= MOST_AT_ONCE:
            whole = self._at_once(member, start, stop)
            if whole is not None:
                yield whole
                return
        if stop - start <= PIECE:
            record = self._read(start, stop)
            body = self._check_local(member, record)
            packed = iter((record[body : body + member.packed],))
            rest = record[body + member.packed :]
        else:
            body = self._check_local(member, self._read(start, min(stop, start + _LOCAL.size + 2 * 0xFFFF)))
            end = start + body + member.packed
            packed = self._parts(start + body, min(end, stop))
            rest = self._read(end, stop) if end < stop else b""
        if start + body + member.packed > stop:
            raise Refusal("inconsistent ZIP headers: a file runs into the next", member.path)
        _check_descriptor(member, rest)
        checksum, size = 0, 0
        for piece in packed if member.method != DEFLATED else inflated(packed, member):
            checksum = crc32(piece, checksum)
            size += len(piece)
            yield piece
        if size != member.size or checksum != member.checksum:
            raise Refusal("damaged: a file is not the one the ZIP directory describes", member.path)

    def _at_once(self, member: Member, start: int, stop: int) -> bytearray | None:
        """Return a deflated file when everything is right with it."""
        record = self._read(start, stop)
        body = self._check_local(member, record)
        end = body + member.packed
        if end > len(record):
            return None
        _check_descriptor(member, record[end:])
        return inflated_at_once(memoryview(record)[body:end], member)

    def _covered(self) -> dict[int, int]:
        """Return where each record ends; raises Refusal unless the records lie side by side without a gap."""
        ordered = sorted(self.members, key=lambda member: member.offset)
        starts = [member.offset for member in ordered] + [self._directory]
        if starts[0] != 0:
            raise Refusal("bytes before the archive")
        stops: dict[int, int] = {}
        for member, stop in zip(ordered, starts[1:], strict=True):
            if member.offset in stops or stop - member.offset < _LOCAL.size + member.packed:
                raise Refusal("inconsistent ZIP headers: two files overlap", member.path)
            stops[member.offset] = stop
        return stops

    def _check_folder(self, member: Member) -> None:
        if member.packed or member.checksum or member.method == DEFLATED:
            self.content(member)
            return
        record = self._read(member.offset, self._stops[member.offset])
        _check_descriptor(member, record[self._check_local(member, record) :])

    def _check_local(self, member: Member, record: bytes) -> int:
        """Compare the record's header with the directory; return where its content starts."""
        mark, _, flags, method, _, _, checksum, packed, size, name, extra = _LOCAL.unpack_from(record)
        body: int = _LOCAL.size + name + extra
        if mark != _LOCAL_MARK or body > len(record):
            raise Refusal("inconsistent ZIP headers: the directory leads to no file", member.path)
        if record[_LOCAL.size : _LOCAL.size + name] != member.raw_path:
            raise Refusal("inconsistent ZIP headers: two names for one file", member.path)
        packed, size = wide_sizes(record[_LOCAL.size + name : body], packed, size, member.path)
        told = (checksum, packed, size)
        expected = (member.checksum, member.packed, member.size)
        if flags & HAS_DESCRIPTOR and told == (0, 0, 0):
            told = expected
        if flags != member.flags or method != member.method or flags & ENCRYPTED or told != expected:
            raise Refusal("inconsistent ZIP headers: the directory and a file's header disagree", member.path)
        return body

    def _parts(self, start: int, stop: int) -> Iterator[bytes]:
        while start < stop:
            part = self._read(start, min(stop, start + PIECE))
            start += len(part)
            yield part

    def _read(self, start: int, stop: int) -> bytes:
        if self._held:
            content = self._held[start:stop]
        elif hasattr(os, "pread"):
            content = os.pread(self._stream.fileno(), stop - start, start)
        else:
            with self._lock:
                self._stream.seek(start)
                content = self._stream.read(stop - start)
        if len(content) != stop - start:
            raise Refusal("damaged: the file ends too soon")
        return content


def _check_descriptor(member: Member, rest: bytes) -> None:
    """Accept what may follow a file's content: nothing, or its sizes again when the header left them out."""
    if not rest and not member.flags & HAS_DESCRIPTOR:
        return
    expected = (member.checksum, member.packed, member.size)
    if member.flags & HAS_DESCRIPTOR:
        plain = (
            rest[4:] if rest[:4] == _DESCRIPTOR_MARK and len(rest) not in {form.size for form in _DESCRIPTORS} else rest
        )
        if any(len(plain) == form.size and form.unpack(plain) == expected for form in _DESCRIPTORS):
            return
    raise Refusal("inconsistent ZIP headers: unlisted bytes follow a file", member.path)
