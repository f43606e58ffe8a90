"""Bodies unpacked: gzip always, zstd where Python brings it; a bomb stops at the size limit."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32


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
                body = _inflated(body, limit)
            case "zstd":
                body = _from_zstd(body, limit)
            case _:
                raise Broken(f"an encoding that was not asked for: {name}")
    return body


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
