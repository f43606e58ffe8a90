"""The directory of a ZIP archive: what it says of each file, held against the standard and against limits.

Field numbers are those of APPNOTE.TXT: 4.3.12 the entries, 4.3.14 to 4.3.16 the end, 4.5.3 the wide sizes.
"""

from __future__ import annotations

import stat
import struct
from typing import TYPE_CHECKING, NamedTuple

from chapbook_core.installer.bad_wheel import Refusal
from chapbook_core.installer.member_name import check_paths, check_twins
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CENTRAL_LIMIT = 64 * 1024 + 22
"""How much of the end to read first: the longest possible comment, and most directories."""
STORED, DEFLATED = 0, 8
ENCRYPTED, HAS_DESCRIPTOR, IS_UTF8 = 0x1, 0x8, 0x800
# Besides those: two bits that tell how hard the packer tried.
_KNOWN_FLAGS = HAS_DESCRIPTOR | IS_UTF8 | 0x6

_END = struct.Struct("<4sHHHHIIH")
_END_MARK = b"PK\x05\x06"
_LOCATOR = struct.Struct("<4sIQI")
_LOCATOR_MARK = b"PK\x06\x07"
_WIDE_END = struct.Struct("<4sQHHIIQQQQ")
_WIDE_END_MARK = b"PK\x06\x06"
_ENTRY = struct.Struct("<4sHHHHHHIIIHHHHHII")
_ENTRY_MARK = b"PK\x01\x02"
_EXTRA = struct.Struct("<HH")
_WIDE = 8
_WIDE_SIZES, _UNICODE_PATH = 0x0001, 0x7075
_FULL_16, _FULL_32 = 0xFFFF, 0xFFFFFFFF
_NEWEST = 63
"""The version 6.3 of the format, whose later ones concern nothing that wheels use."""
_DIRECTORY_ATTRIBUTE = 0x10
_OF_FILES = (stat.S_IFREG, 0)


@frozen
class ArchiveLimits:
    """How much an archive may hold; each is named when it is exceeded."""

    members: int = 200_000
    directory: int = 64 * 1024 * 1024
    unpacked: int = 16 * 1024**3
    """Bytes of all files together."""
    ratio: int = 200
    """Unpacked to packed; looked at only above `unsuspected`."""
    unsuspected: int = 64 * 1024 * 1024
    """Bytes that may come out of anything."""


class Member(NamedTuple):
    """A file in an archive, as its directory describes it. There are thousands, and a tuple is made fastest."""

    path: str
    offset: int
    packed: int
    size: int
    checksum: int
    method: int
    flags: int
    is_folder: bool
    is_executable: bool
    raw_path: bytes


def read_directory(
    tail: bytes, size: int, read: Callable[[int, int], bytes], limits: ArchiveLimits
) -> tuple[tuple[Member, ...], int]:
    """Return the members and where the directory starts; `read` gives bytes of the file; raises Refusal."""
    content, start, count = find_directory(tail, size, read, limits)
    members = tuple(_entries(content, count))
    if not members:
        raise Refusal("it holds no files")
    check_paths([member.path for member in members])
    check_twins(
        [member.path for member in members if not member.is_folder],
        [member.path for member in members if member.is_folder],
    )
    return members, start


def find_directory(
    tail: bytes, size: int, read: Callable[[int, int], bytes], limits: ArchiveLimits
) -> tuple[bytes, int, int]:
    """Return the bytes of the directory, where it starts, and how many entries it has; raises Refusal."""
    count, start, stop = _find(tail, size, read)
    if stop - start > limits.directory:
        raise Refusal(f"its ZIP directory has more than {limits.directory:,} bytes")
    if count > limits.members:
        raise Refusal(f"it holds more than {limits.members:,} files")
    begin = size - len(tail)
    return tail[start - begin : stop - begin] if start >= begin else read(start, stop), start, count


def check_limits(unpacked: int, size: int, limits: ArchiveLimits) -> None:
    """Raise Refusal when an archive of some size would unpack to too much."""
    if unpacked > limits.unpacked:
        raise Refusal(f"it unpacks to {unpacked:,} bytes, more than the {limits.unpacked:,} allowed")
    if unpacked > limits.unsuspected and unpacked > limits.ratio * size:
        raise Refusal(f"it unpacks to {unpacked:,} bytes, more than {limits.ratio} times its own size")


def wide_sizes(extra: bytes, packed: int, size: int, path: str) -> tuple[int, int]:
    """Return the sizes after the wide ones of the extra field have replaced those that did not fit."""
    packed, size, _ = _widened(extra, packed, size, 0, path)
    return packed, size


def _find(tail: bytes, size: int, read: Callable[[int, int], bytes]) -> tuple[int, int, int]:
    """Return the number of members and the extent of the directory."""
    place = tail.rfind(_END_MARK)
    if place < 0 or len(tail) - place < _END.size:
        raise Refusal("not a ZIP file, or one whose end is missing")
    _, disk, first_disk, here, count, length, offset, comment = _END.unpack_from(tail, place)
    if place + _END.size + comment != len(tail) or b"PK" in tail[place + _END.size :]:
        raise Refusal("bytes after the archive")
    end = size - len(tail) + place
    locator_at = place - _LOCATOR.size
    if locator_at >= 0 and tail[locator_at : locator_at + 4] == _LOCATOR_MARK:
        told = (here, count, length, offset)
        here, count, length, offset, end = _wide_end(tail[locator_at:place], end - _LOCATOR.size, told, read)
    elif _FULL_32 in (length, offset) or _FULL_16 in (here, count):
        raise Refusal("inconsistent ZIP headers: the wide end of the directory is missing")
    if disk or first_disk or here != count:
        raise Refusal("it is split over several archives")
    if offset + length != end:
        raise Refusal("bytes before or after the archive")
    return count, offset, end


def _wide_end(
    locator: bytes, end: int, told: tuple[int, int, int, int], read: Callable[[int, int], bytes]
) -> tuple[int, int, int, int, int]:
    _, disk, at, disks = _LOCATOR.unpack(locator)
    if disk or disks != 1 or at + _WIDE_END.size != end:
        raise Refusal("inconsistent ZIP headers: the wide end of the directory is misplaced")
    mark, length, _, _, disk, first_disk, here, count, size, offset = _WIDE_END.unpack(read(at, end))
    wide = (here, count, size, offset)
    fitting = all(
        narrow in (value, full)
        for narrow, value, full in zip(told, wide, (_FULL_16, _FULL_16, _FULL_32, _FULL_32), strict=True)
    )
    if mark != _WIDE_END_MARK or length != _WIDE_END.size - 12 or disk or first_disk or not fitting:
        raise Refusal("inconsistent ZIP headers: the two ends of the directory disagree")
    return here, count, size, offset, at


def _entries(content: bytes, count: int) -> Iterator[Member]:
    """Give the members; of each is asked in a function only what is unusual about it, because there are thousands."""
    place, end = 0, len(content)
    for _ in range(count):
        if end - place < _ENTRY.size:
            raise Refusal("damaged: the ZIP directory ends too soon")
        fields = _ENTRY.unpack_from(content, place)
        mark, _, reader, flags, method, _, _, checksum, packed, size, name, extra, comment = fields[:13]
        disk, _, attributes, offset = fields[13:]
        path_end = place + _ENTRY.size + name
        place = path_end + extra + comment
        if mark != _ENTRY_MARK or place > end:
            raise Refusal("damaged: the ZIP directory cannot be read")
        raw = content[path_end - name : path_end]
        path = raw.decode() if raw.isascii() else _text(raw, flags)
        if extra or _FULL_32 in {packed, size, offset}:
            packed, size, offset = _widened(content[path_end : path_end + extra], packed, size, offset, path)
        plain = path.removesuffix("/")
        if disk:
            raise Refusal("it is split over several archives", plain)
        if reader & 0xFF > _NEWEST:
            raise Refusal("a file that wants a newer reader of ZIP archives than there is", plain)
        mode = attributes >> 16
        member = Member(plain, offset, packed, size, checksum, method, flags, path != plain, bool(mode & 0o111), raw)
        if path != plain or attributes & _DIRECTORY_ATTRIBUTE or stat.S_IFMT(mode) not in _OF_FILES:
            _check_kind(member, mode, attributes)
        if path != plain or method != DEFLATED or flags & ~_KNOWN_FLAGS:
            _check_packing(member)
        yield member
    if place != end:
        raise Refusal("damaged: the ZIP directory holds more than it tells")


def _check_kind(member: Member, mode: int, attributes: int) -> None:
    kind = stat.S_IFMT(mode)
    if kind == stat.S_IFLNK:
        raise Refusal("a symbolic link", member.path)
    if kind not in ((0, stat.S_IFDIR) if member.is_folder else (0, stat.S_IFREG)):
        raise Refusal("neither a file nor a folder", member.path)
    if not member.is_folder and attributes & _DIRECTORY_ATTRIBUTE and not mode:
        raise Refusal("a name of both a file and a folder", member.path)


def _check_packing(member: Member) -> None:
    if member.flags & ENCRYPTED:
        raise Refusal("an encrypted file", member.path)
    if member.flags & ~_KNOWN_FLAGS or member.method not in {STORED, DEFLATED}:
        raise Refusal("a file packed in a way that wheels may not use", member.path)
    if (member.is_folder and member.size) or (member.method == STORED and member.packed != member.size):
        raise Refusal("inconsistent ZIP headers: impossible sizes", member.path)


def _text(raw: bytes, flags: int) -> str:
    if not raw.isascii() and not flags & IS_UTF8:
        raise Refusal("unsafe path: a name in an unknown encoding", raw.decode("latin-1"))
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise Refusal("unsafe path: a name that is not text", raw.decode("latin-1")) from None


def _widened(extra: bytes, packed: int, size: int, offset: int, path: str) -> tuple[int, int, int]:
    """Return the sizes and the offset, those that did not fit into 32 bits taken from the extra field, in its order."""
    if not extra and _FULL_32 not in {packed, size, offset}:
        return packed, size, offset
    wide = _wide_field(extra, path)
    values = [size, packed, offset]
    for index, value in enumerate(values):
        if value == _FULL_32:
            if len(wide) < _WIDE:
                raise Refusal("inconsistent ZIP headers: the wide sizes are missing", path)
            values[index] = int.from_bytes(wide[:_WIDE], "little")
            wide = wide[_WIDE:]
    # There are readers that take those which nobody needs.
    needless = (value for value in (size, packed, offset) if value != _FULL_32)
    if wide.rstrip(b"\0") and not b"".join(value.to_bytes(_WIDE, "little") for value in needless).startswith(wide):
        raise Refusal("inconsistent ZIP headers: a file has two sizes", path)
    return values[1], values[0], values[2]


def _wide_field(extra: bytes, path: str) -> bytes:
    """Return the part of an extra field that holds wide sizes; empty when there is none."""
    wide: list[bytes] = []
    place = 0
    # Some packers pad with zeros to align what follows.
    while place < len(extra) and extra[place:].strip(b"\0"):
        kind, length = _EXTRA.unpack_from(extra, place) if len(extra) - place >= _EXTRA.size else (0, len(extra))
        place += _EXTRA.size
        if place + length > len(extra):
            raise Refusal("inconsistent ZIP headers: a damaged extra field", path)
        if kind == _UNICODE_PATH:
            raise Refusal("inconsistent ZIP headers: a second name for a file", path)
        if kind == _WIDE_SIZES:
            wide.append(extra[place : place + length])
        place += length
    if len(wide) > 1:
        raise Refusal("inconsistent ZIP headers: two wide sizes", path)
    return wide[0] if wide else b""
