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
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.installer.listing import ENTRY, Columns, Listing

if TYPE_CHECKING:
    import ctypes
    from collections.abc import Sequence

    from chapbook_core.installer.listing import Room
    from chapbook_core.installer.manifest import StoredFile

LIBRARY = Path(__file__).with_name("libswift.so")
_WORK = struct.Struct("@PPiiPPQQ")
"""`struct work` in `swift.h`."""
_STAMP, _SLOT = 16, 16
"""`struct stamp` and `struct slot` take so much."""
_POINTER = struct.calcsize("@P")
_LAYOUT = (2, 4 * _POINTER, 6 * _POINTER, _STAMP, _SLOT, _WORK.size, ENTRY.size, 32, 48, 68, 112)
"""What `chapbook_layout` in `swift.c` has to say: one compiled from other lines would write where it must not."""
_LIBDEFLATE = (
    "libdeflate_alloc_decompressor",
    "libdeflate_free_decompressor",
    "libdeflate_deflate_decompress_ex",
    "libdeflate_crc32",
)
_LIBCRYPTO = ("EVP_MD_CTX_new", "EVP_MD_CTX_free", "EVP_DigestInit_ex", "EVP_DigestUpdate", "EVP_DigestFinal_ex")
_LEAST_SLOTS, _SLOTS_EACH = 256, 4


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
        self._tools = ctypes.create_string_buffer(_pointers(self._lent, _LIBDEFLATE))
        hasher = _hasher()
        self._hasher = None if hasher is None else ctypes.create_string_buffer(hasher)
        place, size, text = ctypes.POINTER(ctypes.c_char), ctypes.c_size_t, ctypes.c_char_p
        self._list = self._ours.chapbook_list
        self._list.restype = ctypes.c_uint64
        self._list.argtypes = [text, ctypes.c_uint64, ctypes.c_uint64, place, size, place, place, size]
        self._compare = self._ours.chapbook_compare
        self._compare.argtypes = [text, ctypes.c_uint64, place, size, place, place, size, text, size]
        self._columns = self._ours.chapbook_columns
        self._columns.argtypes = [place, size, place, text, place, ctypes.POINTER(ctypes.c_uint64)]
        self._unpack = self._ours.chapbook_unpack
        self._unpack.restype = size
        self._unpack.argtypes = [text, place, size, place]
        self._link = self._ours.chapbook_link
        self._link.restype = size
        self._link.argtypes = [ctypes.c_int, ctypes.c_int, text, text, size]
        self._look = self._ours.chapbook_look
        self._look.restype = size
        self._look.argtypes = [ctypes.c_int, text, place, size]
        self._reference, self._byte, self._address = ctypes.byref, ctypes.c_char, ctypes.addressof
        self._five = ctypes.c_uint64 * 5

    @property
    def has_hasher(self) -> bool:
        """Whether it makes digests; else whoever unpacks makes and checks them."""
        return self._hasher is not None

    def list(self, directory: bytes, start: int, count: int) -> Listing | None:
        """Return what the directory of an archive, which begins at `start`, says of so many files; None if unusual."""
        if not count:
            return None
        slots = max(_LEAST_SLOTS, 1 << (count * _SLOTS_EACH - 1).bit_length())
        listing = Listing(count, len(directory), slots * _SLOT)
        total = self._list(
            directory,
            len(directory),
            start,
            self._place(listing.entries),
            count,
            self._place(listing.names, 1),
            self._place(listing.slots),
            slots,
        )
        listing.total = int(total)
        return listing if total else None

    def compare(self, listing: Listing, record: bytes, unlisted: Sequence[str]) -> bool:
        """Note the digests that a RECORD gives; tell whether it fits the files, and has none of the `unlisted`."""
        fits = self._compare(
            record,
            len(record),
            self._place(listing.entries),
            listing.count,
            self._place(listing.names, 1),
            self._place(listing.slots),
            len(listing.slots) // _SLOT,
            "".join(f"{path}\0" for path in unlisted).encode(),
            len(unlisted),
        )
        return bool(fits)

    def unpack(
        self, listing: Listing, places: range, archive: int, folder: int, room: Room, *, is_held: bool = False
    ) -> int:
        """Write files of an open archive below an open folder, the first ones of some, as many as there is room for.

        Returns how many were done; the next one may be too large, or not what it should be. Without a hasher, or
        asked to, the room holds them afterwards; then nobody has looked at their digests. Folder -1 is none.
        """
        hasher = None if is_held else self._hasher
        work = _WORK.pack(
            self._address(self._tools),
            0 if hasher is None else self._address(hasher),
            archive,
            folder,
            self._address(self._byte.from_buffer(room.packed)),
            self._address(self._byte.from_buffer(room.content)),
            len(room.packed),
            len(room.content),
        )
        entries = self._place(listing.entries, places.start * ENTRY.size)
        return int(self._unpack(work, entries, len(places), self._place(listing.names, 1)))

    def columns(self, listing: Listing, data: str) -> Columns | None:
        """Return what a manifest says of the files; `data` is the folder of other schemes."""
        texts, told = bytearray(128 * (listing.count + 1) + 3 * len(listing.names)), self._five()
        entries, names = self._place(listing.entries), self._place(listing.names, 1)
        if not self._columns(entries, listing.count, names, data.encode(), self._place(texts), told):
            return None
        *sizes, held_count, scattered_count = told
        ends = list(accumulate(sizes))
        held, scattered, roots = (
            bytes(memoryview(texts)[end - size : end]) for size, end in zip(sizes, ends, strict=True)
        )
        return Columns(held, scattered, roots, held_count, scattered_count)

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
        done = self._look(folder, listing, self._place(room), len(paths))
        return bytes(room[:-1]) if done == len(paths) else None

    def _place(self, room: bytearray, start: int = 0) -> object:
        """Return where a byte of a room is, as a function is told it."""
        return self._reference(self._byte.from_buffer(room), start)


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
