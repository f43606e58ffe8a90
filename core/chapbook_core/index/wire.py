"""HTTP/1.1 answers read from bytes, with a clock on every wait.

Written by hand because `http.client` reads through a buffered file, where a server that drips a byte a second can
outlast any deadline, and because it spends most of its time in the e-mail parser.  The sections named are RFC 9112's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_LONGEST_HEAD = 64 * 1024
_LONGEST_LINE = 8 * 1024
_PIECE = 256 * 1024
"""Bytes that are received at once: few pieces of a file cost little, and one that was just received is near at hand."""
_GREETING = b"HTTP/"
_NO_CONTENT = 204
_NOT_MODIFIED = 304


class Cut(Exception):
    """The connection ended; `begun` tells whether anything of the answer had come."""

    def __init__(self, *, begun: bool, cause: str) -> None:
        super().__init__(cause)
        self.begun = begun
        self.cause = cause


class Garbled(Exception):
    """What came is not HTTP."""


class Overlong(Exception):
    """The body is larger than allowed."""


class Head:
    """Status and headers of an answer, and what they say about its body."""

    __slots__ = ("headers", "keeps", "status")

    def __init__(self, raw: bytes) -> None:
        lines = raw.decode("latin-1").split("\r\n")
        version, _, rest = lines[0].partition(" ")
        code = rest[:3]
        if not version.startswith("HTTP/1.") or not (code.isascii() and code.isdigit()):
            raise Garbled("the server does not speak HTTP")
        self.status = int(code)
        self.headers = _fields(lines[1:])
        connection = self.headers.get("connection", "").lower()
        self.keeps = "keep-alive" in connection if version == "HTTP/1.0" else "close" not in connection

    @property
    def is_interim(self) -> bool:
        """Whether another head follows (1xx)."""
        return 100 <= self.status < 200  # noqa: PLR2004  the class of interim statuses

    @property
    def is_chunked(self) -> bool:
        """Whether the body comes in chunks."""
        return self.headers.get("transfer-encoding", "").lower().endswith("chunked")

    def length(self) -> int | None:
        """How long the body says it is; nothing when it ends with the connection (section 6.3)."""
        if self.status in {_NO_CONTENT, _NOT_MODIFIED}:
            return 0
        text = self.headers.get("content-length")
        if text is None:
            return None
        lengths = {part.strip() for part in text.split(",")}
        if len(lengths) != 1 or not (only := lengths.pop()).isascii() or not only.isdigit():
            raise Garbled("the server names two lengths for one answer")
        return int(only)


def _fields(lines: list[str]) -> dict[str, str]:
    fields: dict[str, str] = {}
    name = ""
    for line in lines:
        if line[:1] in {" ", "\t"} and name:  # obs-fold, section 5.2
            fields[name] += " " + line.strip()
            continue
        name, colon, value = line.partition(":")
        if not colon:
            raise Garbled("the server sends a malformed header")
        name = name.lower()
        value = value.strip()
        fields[name] = f"{fields[name]}, {value}" if name in fields else value
    return fields


def new_room() -> memoryview:
    """Return a place for what is received at once."""
    return memoryview(bytearray(_PIECE))


class Inlet:
    """Bytes as they arrive, kept until somebody takes them."""

    __slots__ = ("_buffer", "_receive", "_room", "begun")

    def __init__(self, receive: Callable[[memoryview], int], room: memoryview | None = None) -> None:
        """`receive` puts bytes into what it is given, and says how many; `room` is used for that again and again."""
        self._receive = receive
        self._room = new_room() if room is None else room
        self._buffer = bytearray()
        self.begun = False

    @property
    def has_more(self) -> bool:
        """Whether something has come that nobody has taken."""
        return bool(self._buffer)

    def _fill(self) -> None:
        self._buffer += self._received(len(self._room))

    def _received(self, most: int) -> memoryview:
        """Return what comes next, where it is until the next time."""
        count = self._receive(self._room[:most])
        if not count:
            raise Cut(begun=self.begun, cause="the connection was closed in the middle of the answer")
        self.begun = True
        return self._room[:count]

    def _until(self, mark: bytes, longest: int) -> bytes:
        start = 0
        while (at := self._buffer.find(mark, start)) < 0:
            if len(self._buffer) > longest:
                raise Garbled("the server sends an endless header")
            start = max(0, len(self._buffer) - len(mark))
            self._fill()
        taken = bytes(self._buffer[:at])
        del self._buffer[: at + len(mark)]
        return taken

    def head(self) -> Head:
        """Read up to the blank line of the final head (section 2.1)."""
        if not self._buffer:
            self._fill()
        if not (self._buffer.startswith(_GREETING) or _GREETING.startswith(self._buffer)):
            raise Garbled("the server does not speak HTTP")
        while True:
            head = Head(self._until(b"\r\n\r\n", _LONGEST_HEAD))
            if not head.is_interim:
                return head

    def body(self, head: Head, size: int, take: Callable[[bytes | memoryview], object]) -> None:
        """Hand the body on in pieces, at most `size` bytes (section 6); a piece stays what it is until the next one."""
        if head.is_chunked and head.status not in {_NO_CONTENT, _NOT_MODIFIED}:
            self._chunks(size, take)
            return
        length = head.length()
        if length is None:
            head.keeps = False
            self._rest(size, take)
            return
        if length > size:
            raise Overlong
        self._exactly(length, take)

    def _exactly(self, length: int, take: Callable[[bytes | memoryview], object]) -> None:
        if length and self._buffer:
            kept = bytes(self._buffer[:length])
            del self._buffer[:length]
            length -= len(kept)
            take(kept)
        while length:
            piece = self._received(length)
            length -= len(piece)
            take(piece)

    def _rest(self, size: int, take: Callable[[bytes | memoryview], object]) -> None:
        piece: bytes | memoryview = bytes(self._buffer)
        self._buffer.clear()
        while True:
            size -= len(piece)
            if size < 0:
                raise Overlong
            if piece:
                take(piece)
            count = self._receive(self._room)
            if not count:
                return
            piece = self._room[:count]

    def _chunks(self, size: int, take: Callable[[bytes | memoryview], object]) -> None:
        while True:
            line = self._until(b"\r\n", _LONGEST_LINE).partition(b";")[0].strip()
            try:
                length = int(line, 16)
            except ValueError:
                raise Garbled("the server sends a malformed chunk") from None
            if length < 0:
                raise Garbled("the server sends a malformed chunk")
            if length == 0:
                break
            size -= length
            if size < 0:
                raise Overlong
            self._exactly(length, take)
            if self._until(b"\r\n", 2):
                raise Garbled("the server sends a malformed chunk")
        while self._until(b"\r\n", _LONGEST_HEAD):
            """Trailers say nothing that we use (section 7.1.2)."""
