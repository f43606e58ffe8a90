"""The end of a wheel: where its METADATA lies, found from the ZIP directory without the rest of the file.

A generator that asks for byte ranges and never fetches: it yields an `Extent` and is sent those bytes. Everything a ZIP
directory says is checked against limits before it is used, and against the file's own header before it is believed
(APPNOTE.TXT 4.3.7, 4.3.12 and 4.3.16).
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, TypeAlias

from chapbook_core.errors import ChapbookError
from chapbook_core.requirements.name import canonical_name
from chapbook_core.requirements.version_key import version_key
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

TAIL = 32 * 1024
"""How much to fetch first: the directory of nearly every wheel, and mostly its METADATA as well."""
MOST_DIRECTORY = 32 * 1024 * 1024
MOST_METADATA = 16 * 1024 * 1024

_END = struct.Struct("<4sHHHHIIH")
_END_MARK = b"PK\x05\x06"
_ENTRY = struct.Struct("<4sHHHHHHIIIHHHHHII")
_ENTRY_MARK = b"PK\x01\x02"
_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_LOCAL_MARK = b"PK\x03\x04"
_LONGEST_COMMENT = 0xFFFF
_ZIP64 = 0xFFFFFFFF
_ENCRYPTED = 0x1
_STORED, _DEFLATED = 0, 8
# The extra field of a local header may be longer than the directory's; this much is fetched along with the member.
_SPARE = 512


class UnreadableWheel(ChapbookError):
    """The end of a wheel is not that of a ZIP file with one METADATA in it."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"not a readable wheel: {reason}")


@frozen
class Extent:
    """A range of bytes of the file; `stop` is behind the last one."""

    start: int
    stop: int


@frozen
class Member:
    """What the directory says of one file in the wheel."""

    path: str
    offset: int
    packed: int
    size: int
    checksum: int
    method: int
    flags: int


Steps: TypeAlias = "Generator[Extent, bytes, bytes]"


def read_wheel_metadata(tail: bytes, size: int, name: str, version: str) -> Steps:
    """Return the bytes of METADATA; yields what is wanted besides the tail; raises UnreadableWheel.

    `tail` is the end of the file, of which `size` is the whole length; the session sends the bytes of each extent.
    """
    window = _Window(tail, size)
    end, directory = _find_directory(tail, size)
    if directory.start < window.start:
        window = _Window(
            _checked((yield Extent(directory.start, window.start)), directory.start, window.start) + tail, size
        )
    members = list(_members(window.part(directory), end))
    member = _find_metadata(members, name, version)
    limit = min((other.offset for other in members if other.offset > member.offset), default=directory.start)
    wanted = Extent(
        member.offset, min(limit, member.offset + _LOCAL.size + len(member.path.encode()) + _SPARE + member.packed)
    )
    if window.start <= wanted.start:
        return _unpacked(window.part(wanted), member)
    return _unpacked(_checked((yield wanted), wanted.start, wanted.stop), member)


class _Window:
    """The bytes from some place to the end of the file."""

    __slots__ = ("_content", "start")

    def __init__(self, content: bytes, size: int) -> None:
        self.start = size - len(content)
        self._content = content

    def part(self, extent: Extent) -> bytes:
        return self._content[extent.start - self.start : extent.stop - self.start]


def _checked(content: bytes, start: int, stop: int) -> bytes:
    if len(content) != stop - start:
        raise UnreadableWheel(f"{stop - start} bytes were asked for, {len(content)} came")
    return content


def _find_directory(tail: bytes, size: int) -> tuple[int, Extent]:
    """Return how many members there are, and where the directory lies."""
    if size < _END.size or len(tail) > size:
        raise UnreadableWheel("it is too short for a ZIP file")
    place = tail.rfind(_END_MARK, max(0, len(tail) - _END.size - _LONGEST_COMMENT))
    if place < 0 or len(tail) - place < _END.size:
        raise UnreadableWheel("it does not end as a ZIP file does")
    _, disk, first_disk, here, count, length, offset, comment = _END.unpack_from(tail, place)
    if disk or first_disk or here != count:
        raise UnreadableWheel("it is split over several archives")
    if place + _END.size + comment != len(tail):
        raise UnreadableWheel("bytes follow the archive")
    if _ZIP64 in (length, offset):
        raise UnreadableWheel("it is too large to be read from its end")
    if length > MOST_DIRECTORY:
        raise UnreadableWheel(f"its directory has more than {MOST_DIRECTORY} bytes")
    if offset + length != size - len(tail) + place:
        raise UnreadableWheel("bytes stand before the archive, or its directory is misplaced")
    return count, Extent(offset, offset + length)


def _members(directory: bytes, count: int) -> Iterator[Member]:
    place = 0
    for _ in range(count):
        if len(directory) - place < _ENTRY.size:
            raise UnreadableWheel("its directory ends too soon")
        mark, _, _, flags, method, _, _, checksum, packed, size, name, extra, comment, _, _, _, offset = (
            _ENTRY.unpack_from(directory, place)
        )
        path_end = place + _ENTRY.size + name
        if mark != _ENTRY_MARK or path_end + extra + comment > len(directory):
            raise UnreadableWheel("its directory is damaged")
        path = directory[place + _ENTRY.size : path_end].decode("utf-8", "replace")
        yield Member(path, offset, packed, size, checksum, method, flags)
        place = path_end + extra + comment
    if place != len(directory):
        raise UnreadableWheel("its directory holds more than it tells")


def _find_metadata(members: list[Member], name: str, version: str) -> Member:
    """Return the one METADATA of the one `.dist-info`, which must belong to this version of this project."""
    roots = {member.path.partition("/")[0] for member in members}
    infos = sorted(root for root in roots if root.endswith(".dist-info"))
    if len(infos) != 1:
        raise UnreadableWheel(f"it has {len(infos)} `.dist-info` folders")
    told_name, _, told_version = infos[0].removesuffix(".dist-info").rpartition("-")
    if canonical_name(told_name) != canonical_name(name) or not _same_version(told_version, version):
        raise UnreadableWheel(f"its `{infos[0]}` is not that of {name} {version}")
    found = [member for member in members if member.path == f"{infos[0]}/METADATA"]
    if len(found) != 1:
        raise UnreadableWheel(f"it has {len(found)} METADATA files")
    member = found[0]
    if member.size > MOST_METADATA or member.packed > MOST_METADATA:
        raise UnreadableWheel(f"its METADATA has more than {MOST_METADATA} bytes")
    if member.flags & _ENCRYPTED or member.method not in (_STORED, _DEFLATED):
        raise UnreadableWheel("its METADATA is packed in a way that wheels may not use")
    return member


def _same_version(told: str, wanted: str) -> bool:
    try:
        return version_key(told) == version_key(wanted)
    except ValueError:
        return False


def _unpacked(content: bytes, member: Member) -> bytes:
    """Return the member's bytes; its own header must agree with the directory."""
    if len(content) < _LOCAL.size:
        raise UnreadableWheel("its METADATA is cut off")
    mark, _, flags, method, _, _, _, _, _, name, extra = _LOCAL.unpack_from(content)
    path = content[_LOCAL.size : _LOCAL.size + name].decode("utf-8", "replace")
    if mark != _LOCAL_MARK or path != member.path or method != member.method or flags & _ENCRYPTED:
        raise UnreadableWheel("its directory and the headers of its members disagree")
    start = _LOCAL.size + name + extra
    packed = content[start : start + member.packed]
    if len(packed) != member.packed:
        raise UnreadableWheel("its METADATA is cut off")
    plain = packed if member.method == _STORED else _inflated(packed, member.size)
    if len(plain) != member.size or zlib.crc32(plain) != member.checksum:
        raise UnreadableWheel("its METADATA is damaged")
    return plain


def _inflated(packed: bytes, size: int) -> bytes:
    """Unpack, stopping one byte behind the announced size."""
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        plain = unpacker.decompress(packed, size + 1)
    except zlib.error as error:
        raise UnreadableWheel("its METADATA is damaged") from error
    if not unpacker.eof or unpacker.unused_data:
        raise UnreadableWheel("its METADATA is longer than it tells")
    return plain


def metadata_of_wheel(path: Path, name: str, version: str) -> bytes:
    """Return the METADATA of a wheel on this machine; raises UnreadableWheel."""
    size = path.stat().st_size
    with path.open("rb") as stream:

        def part(start: int, stop: int) -> bytes:
            stream.seek(start)
            return stream.read(stop - start)

        steps = read_wheel_metadata(part(max(0, size - TAIL), size), size, name, version)
        try:
            wanted = next(steps)
            while True:
                wanted = steps.send(part(wanted.start, wanted.stop))
        except StopIteration as end:
            body: bytes = end.value
            return body
