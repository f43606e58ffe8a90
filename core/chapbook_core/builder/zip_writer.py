"""Writes a zip archive of compressed members, one after the other and never going back.

The standard library's writer seeks back into every header and makes a large compressor for every small file, which
together take longer than compressing a thousand modules does.
"""

from __future__ import annotations

import struct
import zlib
from typing import IO, TYPE_CHECKING

from chapbook_core.builder.cannot_build import CannotBuild

if TYPE_CHECKING:
    from chapbook_core.builder.build_date import ZipDate

_LEVEL = 6
_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s4B4H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_LARGE_END = struct.Struct("<4sQ2H2L4Q")
_LARGE_END_LOCATOR = struct.Struct("<4sLQL")
_VERSION, _LARGE_VERSION = 20, 45
_UNIX, _DEFLATED, _UTF_8 = 3, 8, 0x800
_SHORT, _LONG = 0xFFFF, 0xFFFFFFFF
_FILE, _PROGRAM = 0o100644, 0o100755


class TooLarge(CannotBuild):
    """A file that is larger than a zip archive tells in its ordinary form."""

    def __init__(self, name: str) -> None:
        super().__init__(f"`{name}` has 4 GB or more, too much for one file of a wheel", hints=["split it into parts"])


class ZipWriter:
    """An archive that is being written to a stream."""

    def __init__(self, stream: IO[bytes], date: ZipDate) -> None:
        year, month, day, hour, minute, second = date
        self._stream = stream
        self._time = hour << 11 | minute << 5 | second // 2
        self._date = (year - 1980) << 9 | month << 5 | day
        self._offset = 0
        self._directory: list[bytes] = []

    def add(self, name: str, content: bytes, *, is_program: bool = False) -> None:
        """Write one member; raises TooLarge."""
        encoded = name.encode("utf-8")
        packed = _deflated(content)
        if max(len(content), len(packed)) >= _LONG:
            raise TooLarge(name)
        flags = 0 if name.isascii() else _UTF_8
        told = (flags, _DEFLATED, self._time, self._date, zlib.crc32(content), len(packed), len(content))
        local = _LOCAL.pack(b"PK\3\4", _VERSION, *told, len(encoded), 0)
        extra = b"" if self._offset < _LONG else struct.pack("<2HQ", 1, 8, self._offset)
        version = _LARGE_VERSION if extra else _VERSION
        # Permissions are those of Unix, whatever system the wheel is built on.
        mode = (_PROGRAM if is_program else _FILE) << 16
        central = _CENTRAL.pack(
            b"PK\1\2",
            version,
            _UNIX,
            version,
            0,
            *told,
            len(encoded),
            len(extra),
            0,
            0,
            0,
            mode,
            min(self._offset, _LONG),
        )
        self._directory.append(central + encoded + extra)
        self._stream.write(local + encoded + packed)
        self._offset += len(local) + len(encoded) + len(packed)

    def finish(self) -> None:
        """Write the directory at the end."""
        directory = b"".join(self._directory)
        count, start = len(self._directory), self._offset
        end = b""
        if count >= _SHORT or start + len(directory) >= _LONG:
            here = start + len(directory)
            told = (44, _LARGE_VERSION, _LARGE_VERSION, 0, 0, count, count, len(directory), start)
            end = _LARGE_END.pack(b"PK\6\6", *told) + _LARGE_END_LOCATOR.pack(b"PK\6\7", 0, here, 1)
        count = min(count, _SHORT)
        last = _END.pack(b"PK\5\6", 0, 0, count, count, min(len(directory), _LONG), min(start, _LONG), 0)
        self._stream.write(directory + end + last)


def _deflated(content: bytes) -> bytes:
    """Compress with as much memory as the content needs: for a small file, clearing all of it takes the most time."""
    bits = len(content).bit_length()
    window, memory = min(max(bits, 9), 15), min(max(bits - 5, 4), 8)
    compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, -window, memory)
    return compressor.compress(content) + compressor.flush()
