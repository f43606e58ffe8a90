"""Blob: a value of built-in types as bytes for the cache, which tell when they are stale or damaged.

`marshal` reads several times faster than anything else in the standard library. It trusts its input as a `.pyc` does,
so a checksum stands before it: what a crash or a bad disk changed is refused before it is read.
"""

from __future__ import annotations

import marshal
import sys
import zlib

PAGE, FILES, METADATA, KEEPSAKE = b"P1", b"F2", b"M3", b"K1"
"""What there are blobs of, each with the number of its layout.

That changes with what any of its values means, and for keepsakes with what any note says or would be found to say.
"""
_PYTHON = bytes(sys.version_info[:2])
_HEADER = 8


def layouts_of(*kinds: bytes) -> str:
    """Return what names a place for blobs of some kinds: those of other layouts, or of other Pythons, are elsewhere.

    So versions of Chapbook that use one cache never find, and never replace, what the other one has kept.
    """
    return f"{b''.join(kinds).decode()}-{marshal.version}-{sys.version_info[0]}.{sys.version_info[1]}"


class StaleBlob(ValueError):
    """Written by another version of Chapbook or Python, or damaged since; it is to be made anew."""


def pack(kind: bytes, value: object) -> bytes:
    """Return the bytes of a value; `kind` is two bytes, what it is and the number of its layout."""
    body = marshal.dumps(value)  # type: ignore[arg-type]  # what cannot be packed, this says at run time
    return kind + _PYTHON + zlib.crc32(body).to_bytes(4, "big") + body


def unpack(kind: bytes, blob: bytes) -> object:
    """Return the value of a blob that `pack` made with the same kind; raises StaleBlob."""
    body = memoryview(blob)[_HEADER:]
    if blob[:4] != kind + _PYTHON or blob[4:_HEADER] != zlib.crc32(body).to_bytes(4, "big"):
        raise StaleBlob("the cached value is stale or damaged")
    try:
        value: object = marshal.loads(body)  # noqa: S302 our own cache, checked above; as trusted as a .pyc
    except (ValueError, EOFError, TypeError) as error:
        raise StaleBlob("the cached value cannot be read") from error
    return value
