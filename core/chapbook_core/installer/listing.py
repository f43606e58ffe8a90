"""Listing: the files of an archive as `swift` has read its directory, in the form that C has facts in.

Each of thousands made an object of its own would take longer than unpacking it.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from chapbook_core.installer.archive_directory import Member

ENTRY = struct.Struct("@QQQQqIHHIIIII44s44s0Q")
"""`struct file` in `swift.h`."""
_TOLD, _DIGEST, _LETTERS = 68, 112, 43
_TIME, _IS_TEXT = struct.Struct("@32xq"), struct.Struct("@64xI")
LEAST_ROOM = 1 << 20
"""How much is unpacked at a call: it stays in the processor's cache while it is looked at, and takes milliseconds."""
_LEAST_PACKED = 1 << 18
_DIST_INFO = b".dist-info"


class Room:
    """Memory that unpacking uses over and over: new memory takes longer to get than to fill."""

    def __init__(self) -> None:
        self.packed = bytearray(_LEAST_PACKED)
        self.content = bytearray(LEAST_ROOM)

    def make(self, packed: int, content: int) -> bool:
        """Have room for a file of these sizes; tell whether there is more of it than before."""
        is_more = packed > len(self.packed) or content > len(self.content)
        if packed > len(self.packed):
            self.packed = bytearray(packed)
        if content > len(self.content):
            self.content = bytearray(content)
        return is_more


class Columns(NamedTuple):
    """What a manifest says of the files of a wheel, as it is written."""

    held: bytes
    scattered: bytes
    """Of those in the folder of other schemes."""
    roots: bytes
    held_count: int
    scattered_count: int


class Listing:
    """What is known of the files and folders of an archive; and, by and by, of what was made of them."""

    def __init__(self, count: int, most_letters: int, slots: int) -> None:
        self.count = count
        self.total = 0
        """Bytes that all files have, unpacked."""
        self.entries = bytearray(count * ENTRY.size)
        self.names = bytearray(1 + most_letters)
        """Each between two zeros; that of a folder is without a `/` at its end."""
        self.slots = bytearray(slots)

    def place(self, path: str) -> int | None:
        """Return which one a path is, if it is there."""
        at = self.names.find(b"\0%s\0" % path.encode())
        return None if at < 0 else self.names.count(b"\0", 0, at + 1) - 1

    def names_of_all(self) -> list[str]:
        """Return the paths of all files and folders."""
        return self.names[1:].rstrip(b"\0").decode().split("\0")

    def has(self, *parts: bytes) -> bool:
        """Tell whether any of these is in any of the paths."""
        return any(part in self.names for part in parts)

    def roots(self) -> set[str]:
        """Return the names directly in the archive, or only that of its one dist-info folder."""
        lowered = self.names.lower()
        end = lowered.find(_DIST_INFO) + len(_DIST_INFO)
        begin = lowered.rfind(b"\0", 0, end) + 1
        root = lowered[begin:end]
        if b"/" not in root and lowered.count(b"\0%s/" % root) == lowered.count(_DIST_INFO) > 0:
            return {self.names[begin:end].decode()}
        return {name.partition("/")[0] for name in self.names_of_all()}

    def member(self, place: int) -> Member:
        """Return one of the files as the directory describes it."""
        start, _stop, packed, size, _time, checksum, method, flags, at, length, mode, *_ = self._fields(place)
        raw = bytes(self.names[1 + at : 1 + at + length])
        return Member(raw.decode(), start, packed, size, checksum, method, flags, not mode, bool(mode & 0o111), raw)

    def stop(self, place: int) -> int:
        """Return where in the archive its record ends."""
        return int(self._fields(place)[1])

    def is_folder(self, place: int) -> bool:
        """Tell whether it is none of the files."""
        return not self._fields(place)[10]

    def told(self, place: int) -> str:
        """Return the digest that RECORD gives, as it writes it; empty where it need not."""
        at = place * ENTRY.size + _TOLD
        return self.entries[at : at + _LETTERS].rstrip(b"\0").decode()

    def note_digest(self, place: int, digest: str) -> None:
        """Note the digest that a file has."""
        at = place * ENTRY.size + _DIGEST
        self.entries[at : at + _LETTERS] = digest.encode()

    def note_file(self, place: int, time: int, *, is_text: bool) -> None:
        """Note the rest of what is known of a file that others have written."""
        struct.pack_into("@q", self.entries, place * ENTRY.size + _TIME.size - 8, time)
        struct.pack_into("@I", self.entries, place * ENTRY.size + _IS_TEXT.size - 4, is_text)

    def _fields(self, place: int) -> tuple[int, ...]:
        return ENTRY.unpack_from(self.entries, place * ENTRY.size)
