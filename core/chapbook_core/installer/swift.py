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
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import ctypes
    from collections.abc import Sequence

    from chapbook_core.installer.archive import Records
    from chapbook_core.installer.archive_directory import Member
    from chapbook_core.installer.manifest import StoredFile

LIBRARY = Path(__file__).with_name("libswift.so")
_FILE = struct.Struct("@QQQQIHHIIq44sI")
"""`struct file` in `swift.c`."""
_TOLD = struct.Struct("@48xq43sxI")
"""What is told back in one."""
_POINTER = struct.calcsize("@P")
_STAMP = 16
"""`struct stamp` in `swift.c` takes so much."""
_LAYOUT = (1, 4 * _POINTER, 6 * _POINTER, _STAMP, _FILE.size, 48, 56, 100)
"""What `chapbook_layout` in `swift.c` has to say: one compiled from other lines would write where it must not."""
_LIBDEFLATE = (
    "libdeflate_alloc_decompressor",
    "libdeflate_free_decompressor",
    "libdeflate_deflate_decompress_ex",
    "libdeflate_crc32",
)
_LIBCRYPTO = ("EVP_MD_CTX_new", "EVP_MD_CTX_free", "EVP_DigestInit_ex", "EVP_DigestUpdate", "EVP_DigestFinal_ex")


class Told(NamedTuple):
    """What is known of a file that was taken out."""

    time: int
    """When it was written, in nanoseconds."""
    digest: bytes
    """Its SHA-256 as RECORD writes it; zeros where the library could not tell."""
    is_text: int
    """Whether a person could edit it."""

    @property
    def has_digest(self) -> bool:
        """Whether there is one."""
        return self.digest[0] != 0


class Swift:
    """The library, loaded."""

    def __init__(self, library: Path) -> None:
        """Raise OSError, ImportError or AttributeError where it, or what it needs, is not to be had."""
        # Most commands unpack nothing.
        import ctypes

        from deflate import _deflate

        # Both stay as long as this does, and so does what is taken from them.
        self._ours, self._lent = ctypes.CDLL(str(library)), ctypes.CDLL(_deflate.__file__)
        layout = self._ours.chapbook_layout
        layout.restype = ctypes.POINTER(ctypes.c_uint32)
        if tuple(layout()[: len(_LAYOUT)]) != _LAYOUT:
            raise ImportError(f"{library} was compiled from another {library.with_name('swift.c').name}")
        self._tools = _pointers(self._lent, _LIBDEFLATE)
        self._hasher = _hasher()
        self._unpack = self._ours.chapbook_unpack
        self._unpack.restype = ctypes.c_size_t
        self._unpack.argtypes = [
            ctypes.c_char_p,
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
        self._link = self._ours.chapbook_link
        self._link.restype = ctypes.c_size_t
        self._link.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_size_t]
        self._look = self._ours.chapbook_look
        self._look.restype = ctypes.c_size_t
        self._look.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.POINTER(ctypes.c_char), ctypes.c_size_t]
        self._reference, self._byte = ctypes.byref, ctypes.c_char

    def unpack(self, members: Sequence[Member], records: Records, folder: int, room: bytearray) -> list[Told]:
        """Write files of an archive below an open folder, and into `room`, one behind the other.

        Returns what is known of the first ones, as far as they could be done. Of `room` there has to be some.
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
                b"",
                0,
            )
            for member, stop in zip(members, records.stops, strict=True)
        ])  # fmt: skip
        names = b"\0".join([member.raw_path for member in members]) + b"\0"
        if names.count(b"\0") != len(members):
            return []
        done = self._unpack(
            self._tools,
            self._hasher,
            records.content,
            len(records.content),
            self._reference(self._byte.from_buffer(files)),
            len(members),
            names,
            folder,
            self._reference(self._byte.from_buffer(room)),
            len(room),
        )
        return list(map(Told._make, _TOLD.iter_unpack(memoryview(files)[: done * _FILE.size])))

    def link(self, files: Sequence[StoredFile], source: int, target: int) -> int:
        """Give files below one open folder the same names below another one, if they have the size and time noted.

        Folders are made. Returns how many were done, of those that come first.
        """
        try:
            paths = "\0".join([file.path for file in files]).encode("utf-8", "surrogateescape") + b"\0"
            stamps = struct.pack(f"@{2 * len(files)}q", *[fact for file in files for fact in (file.size, file.mtime)])
        except (UnicodeEncodeError, struct.error):
            return 0
        if paths.count(b"\0") != len(files):
            return 0
        return int(self._link(source, target, paths, stamps, len(files)))

    def stamps(self, paths: Sequence[bytes], folder: int) -> bytes | None:
        """Return size and time of all that is below an open folder, eight bytes each; None unless all are there."""
        room = bytearray(_STAMP * len(paths) + 1)
        listing = b"\0".join(paths) + b"\0"
        if listing.count(b"\0") != len(paths):
            return None
        done = self._look(folder, listing, self._reference(self._byte.from_buffer(room)), len(paths))
        return bytes(room[:-1]) if done == len(paths) else None


def _pointers(library: ctypes.CDLL, names: Sequence[str]) -> bytes:
    """Return where functions are; raises AttributeError when one is missing."""
    import ctypes  # as above

    places = [ctypes.cast(library[name], ctypes.c_void_p).value for name in names]
    return struct.pack(f"@{len(places)}P", *places)


def _hasher() -> bytes | None:
    """Return what makes digests, out of the library that Python makes them with, where that is open to others."""
    import _hashlib
    import ctypes  # as above

    try:
        library = ctypes.CDLL(_hashlib.__file__)
        kind = library.EVP_MD_fetch
        kind.restype, kind.argtypes = ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
        # That of all Python, which stays as long as it.
        sha256 = kind(None, b"SHA2-256", None)
        return struct.pack("@P", sha256) + _pointers(library, _LIBCRYPTO) if sha256 else None
    except (AttributeError, OSError):
        return None


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


def loaded_swift() -> Swift | None:
    """Return the library where loading it takes no time any more."""
    return swift() if swift.cache_info().currsize else None
