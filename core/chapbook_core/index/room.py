"""Room: a place that one packed body after another is inflated into, and looked at.

A page of an index is a few megabytes of which one line is wanted. To have new memory for each, to copy it and to give
it back takes longer than to find the line. What inflates is libdeflate, which the package `deflate` has in it: unlike
what that package offers to Python it says where in its input it came to the end.
"""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import ctypes
    from collections.abc import Callable

    Inflate: TypeAlias = Callable[[bytes, "_Place", int], tuple[int, int] | None]

_GZIP_MARK = b"\x1f\x8b"
_LEAST, _MOST = 1 << 18, 1 << 20
"""Bytes that a room has: the few pages that are larger would take longer to make room for than they take elsewhere."""
_SIZE_AT = -4
"""Where in one gzip member its size is told (RFC 1952, section 2.3.1)."""


class Room:
    """Holds one inflated body until the next one."""

    __slots__ = ("_place", "content")

    def __init__(self) -> None:
        self.content = bytearray()
        self._place: _Place | None = None

    def inflate(self, body: bytes, limit: int) -> int | None:
        """Put what one gzip member holds at the start of the content, and return how much that is.

        None for whatever is not one whole member within the limit, or is empty: another way tells what is wrong with
        it, if anything is.
        """
        size = int.from_bytes(body[_SIZE_AT:], "little")
        if not body.startswith(_GZIP_MARK) or not 0 < size <= min(limit, _MOST):
            return None
        inflate = _libdeflate()
        if inflate is None:
            return None
        if self._place is None or size > len(self.content):
            # Whatever stops this in between must not leave the place of a smaller one.
            self._place = None
            self.content = bytearray(max(1 << (size - 1).bit_length(), _LEAST))
            self._place = _Place(self.content)
        return size if inflate(body, self._place, size) == (len(body), size) else None


class _Place:
    """Where in memory a room is, for as long as it is there."""

    __slots__ = ("counts", "of_read", "of_written", "start")

    def __init__(self, content: bytearray) -> None:
        import ctypes  # as below

        self.start = ctypes.byref(ctypes.c_char.from_buffer(content))
        self.counts = (ctypes.c_size_t * 2)()
        self.of_read = ctypes.byref(self.counts)
        self.of_written = ctypes.byref(self.counts, ctypes.sizeof(ctypes.c_size_t))


@cache
def _libdeflate() -> Inflate | None:
    """Return what inflates one gzip member; its answer is how much was read and how much came of it."""
    with suppress(ImportError, OSError, AttributeError):
        # A run that has all in its cache inflates nothing.
        import ctypes

        from deflate import _deflate

        return _inflating(ctypes.CDLL(_deflate.__file__), ctypes.PyDLL(_deflate.__file__))
    return None


def _inflating(library: ctypes.CDLL, brief: ctypes.PyDLL) -> Inflate:
    """Return it of a library; what of this is `brief` is not worth that other threads run meanwhile."""
    import ctypes  # as above

    begin, end = brief.libdeflate_alloc_decompressor, brief.libdeflate_free_decompressor
    begin.restype, begin.argtypes = ctypes.c_void_p, []
    end.restype, end.argtypes = None, [ctypes.c_void_p]
    decompress = library.libdeflate_gzip_decompress_ex
    decompress.restype = ctypes.c_int
    counts = ctypes.POINTER(ctypes.c_size_t * 2)
    decompress.argtypes = [
        ctypes.c_void_p,
        ctypes.c_char_p,
        ctypes.c_size_t,
        ctypes.POINTER(ctypes.c_char),
        ctypes.c_size_t,
        counts,
        counts,
    ]

    def inflate(body: bytes, place: _Place, size: int) -> tuple[int, int] | None:
        tool = begin()
        if not tool:
            return None
        try:
            status = decompress(tool, body, len(body), place.start, size, place.of_read, place.of_written)
        finally:
            end(tool)
        return (place.counts[0], place.counts[1]) if status == 0 else None

    return inflate
