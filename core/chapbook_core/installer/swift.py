"""Swift: what was written in C because Python takes a dozen small steps for each of ten thousand files.

It is there where a compiler was when Chapbook was built (`core/compile_swift.py`), and where the package `deflate` has
a libdeflate to lend. It knows no rules of its own: what is the least bit out of the ordinary it leaves to Python. While
it works, other threads of the process do as well.
"""

from __future__ import annotations

import os
import struct
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chapbook_core.installer.archive import Records
    from chapbook_core.installer.archive_directory import Member

LIBRARY = Path(__file__).with_name("libswift.so")
_FILE = struct.Struct("@QQQQIHHIIq")
"""`struct file` in `swift.c`."""
_POINTERS = struct.Struct("@PPPP")
_LIBDEFLATE = (
    "libdeflate_alloc_decompressor",
    "libdeflate_free_decompressor",
    "libdeflate_deflate_decompress_ex",
    "libdeflate_crc32",
)


class Swift:
    """The library, loaded."""

    def __init__(self, library: Path) -> None:
        """Raise OSError, ImportError or AttributeError where it, or what it needs, is not to be had."""
        # Most commands unpack nothing.
        import ctypes

        from deflate import _deflate

        # Both stay as long as this does, and so does what is taken from them.
        self._ours, self._lent = ctypes.CDLL(str(library)), ctypes.CDLL(_deflate.__file__)
        self._tools = _POINTERS.pack(*[ctypes.cast(self._lent[name], ctypes.c_void_p).value for name in _LIBDEFLATE])
        self._unpack = self._ours.chapbook_unpack
        self._unpack.restype = ctypes.c_size_t
        self._unpack.argtypes = [
            ctypes.c_char_p,
            ctypes.c_char_p,
            ctypes.c_uint64,
            ctypes.POINTER(ctypes.c_char),
            ctypes.c_size_t,
            ctypes.c_char_p,
            ctypes.c_int,
            ctypes.POINTER(ctypes.c_char),
            ctypes.c_uint64,
        ]
        self._reference, self._byte = ctypes.byref, ctypes.c_char

    def unpack(self, members: Sequence[Member], records: Records, folder: int, room: bytearray) -> list[int]:
        """Write files of an archive below an open folder, and into `room`, one behind the other.

        Returns of the first ones, as far as they could be done, when each was written. Of `room` there has to be some.
        """
        files = bytearray().join([
            _FILE.pack(
                member.offset - records.start,
                stop - records.start,
                member.packed,
                member.size,
                member.checksum,
                member.method,
                member.flags,
                len(member.raw_path),
                0o555 if member.is_executable else 0o444,
                0,
            )
            for member, stop in zip(members, records.stops, strict=True)
        ])  # fmt: skip
        names = b"\0".join([member.raw_path for member in members]) + b"\0"
        if names.count(b"\0") != len(members):
            return []
        done = self._unpack(
            self._tools,
            records.content,
            len(records.content),
            self._reference(self._byte.from_buffer(files)),
            len(members),
            names,
            folder,
            self._reference(self._byte.from_buffer(room)),
            len(room),
        )
        return [row[-1] for row in _FILE.iter_unpack(memoryview(files)[: done * _FILE.size])]


@cache
def swift() -> Swift | None:
    """Return the library; None where there is none."""
    # Names are passed as the archive has them.
    if os.open not in os.supports_dir_fd or sys.getfilesystemencoding() != "utf-8":
        return None
    try:
        return Swift(LIBRARY)
    except (ImportError, AttributeError, OSError):
        return None
