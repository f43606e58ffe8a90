"""Inflating: a deflated file of an archive, in pieces of bounded size or at a stroke; raises Refusal.

At a stroke it takes three fifths of the time, if there is memory for it. What does that, libdeflate, does not say where
in its input it came to the end; something could follow there that nobody looks at. In the gzip format, though, the end
has to be followed by the checksum and the size of what came out. So those that are announced are put behind what the
archive holds. When their eight bytes are found nowhere before, and what came out has them, the end can only be there.
"""

from __future__ import annotations

import itertools
import struct
from typing import TYPE_CHECKING

from chapbook_core.installer.bad_wheel import Refusal

try:
    # The same as Python's own in two thirds of the time; hardly anything else takes as long when packages are
    # installed for the first time.
    from zlib_ng import zlib_ng as zlib
except ImportError:
    import zlib  # type: ignore[no-redef]  # what each of the two has the other one has as well
try:
    from deflate import DeflateError, gzip_decompress
except ImportError:
    gzip_decompress = None  # type: ignore[assignment]  # and then all comes in pieces

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chapbook_core.installer.archive_directory import Member

__all__ = ["MOST_AT_ONCE", "PIECE", "crc32", "inflated", "inflated_at_once"]

PIECE = 1 << 18
"""How much of a large file is unpacked at once: it stays in the processor's cache while it is checked and written, and
memory of this size is used again where more would be asked of the system each time."""
MOST_AT_ONCE = 0 if gzip_decompress is None else 32 << 20
"""How many bytes, packed and unpacked, a file may have that is not done in pieces."""
_GZIP_HEADER = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
_GZIP_TRAILER = struct.Struct("<II")
crc32 = zlib.crc32


def inflated_at_once(packed: memoryview, member: Member) -> bytearray | None:
    """Return a file with this packed content, all of it right; None for the other way to tell what is wrong."""
    if not member.size:
        # For which libdeflate's binding does not look at the content at all.
        return None
    trailer = _GZIP_TRAILER.pack(member.checksum, member.size)
    stream = b"".join((_GZIP_HEADER, packed, trailer))
    if stream.find(trailer, len(_GZIP_HEADER)) != len(stream) - len(trailer):
        return None
    try:
        content = gzip_decompress(stream, member.size)
    except DeflateError:
        return None
    # Another file, with its own trailer behind it, ends there.
    is_announced = len(content) == member.size and crc32(content) == member.checksum
    return content if is_announced else None


def inflated(packed: Iterator[bytes], member: Member) -> Iterator[bytes]:
    """Give a file in pieces, never more than a byte beyond what was announced; whoever takes them checks their sum."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    left = member.size + 1
    try:
        # An empty part at the end fetches what did not fit into the pieces before.
        for part in itertools.chain(packed, (b"",)):
            rest = part
            while not inflater.eof:
                piece = inflater.decompress(rest, min(left, PIECE))
                rest = inflater.unconsumed_tail
                left -= len(piece)
                if left <= 0:
                    raise Refusal("damaged: a file is longer than the ZIP directory says", member.path)
                yield piece
                if not piece and not rest:
                    break
            if rest or inflater.unused_data:
                raise Refusal("damaged: a file is longer than the ZIP directory says", member.path)
    except zlib.error:  # type: ignore[misc]  # an exception, which its stub does not tell
        raise Refusal("damaged: a file cannot be unpacked", member.path) from None
    if not inflater.eof:
        raise Refusal("damaged: a file ends too soon", member.path)
