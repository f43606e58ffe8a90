"""Writes a source distribution: the same bytes from the same files, whoever builds them, wherever."""

from __future__ import annotations

import struct
import tarfile
import zlib
from typing import TYPE_CHECKING

from chapbook_core.builder.passing_file import passing_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from chapbook_core.builder.build_date import BuildDate
    from chapbook_core.builder.member import Member

_LEVEL = 9
_BLOCK, _RECORD = tarfile.BLOCKSIZE, tarfile.RECORDSIZE
_FASTEST_NOR_SLOWEST, _UNKNOWN_SYSTEM = 0, 255


def write_sdist(path: Path, members: Iterable[Member], top: str, date: BuildDate) -> None:
    """Write the members below a top folder; raises WriteFailed and what reading a member raises."""
    with passing_file(path) as stream:
        # Python's own writer puts the name of the file and the level into the header.
        stream.write(struct.pack("<4sLBB", b"\x1f\x8b\x08\x00", date.sdist, _FASTEST_NOR_SLOWEST, _UNKNOWN_SYSTEM))
        compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
        checksum, size = 0, 0
        for block in _blocks(members, top, date):
            checksum, size = zlib.crc32(block, checksum), size + len(block)
            stream.write(compressor.compress(block))
        end = bytes(_BLOCK * 2 + -(size + _BLOCK * 2) % _RECORD)
        checksum, size = zlib.crc32(end, checksum), size + len(end)
        stream.write(compressor.compress(end) + compressor.flush())
        stream.write(struct.pack("<LL", checksum, size & 0xFFFFFFFF))


def _blocks(members: Iterable[Member], top: str, date: BuildDate) -> Iterator[bytes]:
    for member in members:
        content, is_program = member.read()
        header = tarfile.TarInfo(f"{top}/{member.target}")
        header.size, header.mtime = len(content), date.sdist
        header.mode = 0o755 if is_program else 0o644
        yield header.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")
        yield content
        yield bytes(-len(content) % _BLOCK)
