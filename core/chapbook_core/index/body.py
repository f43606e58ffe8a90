"""Bodies unpacked: gzip always, zstd where Python brings it; a bomb stops at the size limit."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, TypeAlias

from chapbook_core.index.room import Room

if TYPE_CHECKING:
    from collections.abc import Callable

    Brief: TypeAlias = Callable[[bytes | bytearray, int], bytes | None]
    """Makes of a body, of which so many bytes count, what is wanted of it; nothing when that is all of it."""

_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32
_GZIP_MARK = b"\x1f\x8b"
_GZIP_TRAILER = struct.Struct("<II")


class Broken(Exception):
    """The packed body is damaged or ends too early."""


class Overfull(Exception):
    """The unpacked body exceeds the limit."""


def accepted_encodings() -> str:
    """Say in an `Accept-Encoding` what `unpacked` understands."""
    return "gzip, zstd" if _zstd() is not None else "gzip"


def unpacked(body: bytes, encoding: str, limit: int) -> bytes:
    """Undo the `Content-Encoding`s of a body, last first."""
    for name in reversed([part.strip().lower() for part in encoding.split(",") if part.strip()]):
        match name:
            case "identity":
                continue
            case "gzip" | "x-gzip" | "deflate":
                content = _at_a_stroke(body, limit)
                body = _inflated(body, limit) if content is None else bytes(content)
            case "zstd":
                body = _from_zstd(body, limit)
            case _:
                raise Broken(f"an encoding that was not asked for: {name}")
    return body


class Digest:
    """Unpacks bodies of which hardly anything is wanted; used from many threads at once."""

    def __init__(self) -> None:
        # As many as there are threads that inflate at the same time, which are few.
        self._rooms: list[Room] = []

    def of(self, body: bytes, encoding: str, limit: int, brief: Brief) -> bytes:
        """Return what is wanted of a body, or the body."""
        content: bytes | bytearray | None = None
        if encoding == "gzip":
            room = self._room()
            try:
                size = room.inflate(body, limit)
                if size is not None:
                    part = brief(room.content, size)
                    return bytes(memoryview(room.content)[:size]) if part is None else part
            finally:
                self._rooms.append(room)
            content = _at_a_stroke(body, limit)
        if content is None:
            content = unpacked(body, encoding, limit)
        part = brief(content, len(content))
        return bytes(content) if part is None else part

    def _room(self) -> Room:
        try:
            return self._rooms.pop()
        except IndexError:
            return Room()


def _at_a_stroke(body: bytes, limit: int) -> bytearray | None:
    """Inflate one gzip member in half of the time; None for the other way, which tells what is wrong, if anything is.

    What does that, libdeflate, does not say where in its input it came to the end. There the checksum and the size of
    what came out have to follow; if the body ends with them, and has them nowhere else, nothing can come after.
    """
    try:
        # A run that has all in its cache inflates nothing.
        from deflate import DeflateError, crc32, gzip_decompress
    except ImportError:
        return None
    trailer = body[-_GZIP_TRAILER.size :]
    if not body.startswith(_GZIP_MARK) or body.find(trailer) != len(body) - _GZIP_TRAILER.size:
        return None
    checksum, size = _GZIP_TRAILER.unpack(trailer)
    if not 0 < size <= limit:
        return None
    try:
        content = gzip_decompress(body, size)
    except DeflateError:
        return None
    return content if len(content) == size and crc32(content) == checksum else None


def _inflated(body: bytes, limit: int) -> bytes:
    pieces: list[bytes] = []
    room = limit
    rest = body
    try:
        while rest:
            inflater = zlib.decompressobj(_GZIP_OR_ZLIB)
            pieces.append(inflater.decompress(rest, room + 1))
            room -= len(pieces[-1])
            if room < 0:
                raise Overfull
            if not inflater.eof:
                raise Broken("the packed body ends too early")
            # gzip members may follow each other (RFC 1952, section 2.2); zeros may pad.
            rest = inflater.unused_data.lstrip(b"\0")
    except zlib.error:
        raise Broken("the packed body is damaged") from None
    return b"".join(pieces)


def _from_zstd(body: bytes, limit: int) -> bytes:
    unpack = _zstd()
    if unpack is None:
        raise Broken("an encoding that was not asked for: zstd")
    return unpack(body, limit)


def _zstd() -> Callable[[bytes, int], bytes] | None:
    """Find a zstd: the standard library's from Python 3.14 on."""
    if _ZSTD:
        return _ZSTD[0]
    # Imported here because it is optional, and only a client that connects needs to know.
    try:
        from compression import zstd  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        _ZSTD.append(None)
        return None

    def unpack(body: bytes, limit: int) -> bytes:
        inflater = zstd.ZstdDecompressor()
        try:
            whole: bytes = inflater.decompress(body, limit + 1)
        except zstd.ZstdError:
            raise Broken("the packed body is damaged") from None
        if len(whole) > limit:
            raise Overfull
        if not inflater.eof:
            raise Broken("the packed body ends too early")
        return whole

    _ZSTD.append(unpack)
    return unpack


_ZSTD: list[Callable[[bytes, int], bytes] | None] = []
