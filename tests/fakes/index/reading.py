"""Requests out of the bytes of an HTTP/1.1 connection."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import unquote

from tests.fakes.index.message import Request

_MOST_HEAD = 64 * 1024
_ABSOLUTE = "http://"


class NotHttp(Exception):
    """The bytes are not a request."""


def read_request(buffer: bytearray, origin: int) -> Request | None:
    """Take the first whole request out of the buffer; nothing while it is incomplete."""
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        if len(buffer) > _MOST_HEAD:
            raise NotHttp("the head of a request has no end")
        return None
    request = _read_head(bytes(buffer[:end]).decode("latin-1"), origin)
    start = end + 4
    if request.header("transfer-encoding").lower() == "chunked":
        body, stop = _read_chunks(buffer, start)
        if stop < 0:
            return None
    else:
        length = request.headers.get("content-length")
        if length is None:
            del buffer[:start]
            return request
        stop = start + int(length)
        if len(buffer) < stop:
            return None
        body = bytes(buffer[start:stop])
    del buffer[:stop]
    return replace(request, body=body)


def awaits_permission(buffer: bytearray) -> bool:
    """Return whether the client waits for `100 Continue` before it sends the body."""
    end = buffer.find(b"\r\n\r\n")
    return end >= 0 and b"100-continue" in bytes(buffer[:end]).lower()


def _read_head(head: str, origin: int) -> Request:
    first, *lines = head.split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        raise NotHttp(f"not a request line: {first!r}")
    target = words[1]
    if target.startswith(_ABSOLUTE):
        # Asked as a proxy: the index answers for every host.
        target = "/" + target.removeprefix(_ABSOLUTE).partition("/")[2]
    path, _, query = target.partition("?")
    headers: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    return Request(words[0], unquote(path) if "%" in path else path, query, headers, origin=origin)


def _read_chunks(buffer: bytearray, start: int) -> tuple[bytes, int]:
    """Return the body and where it stops, or a negative place while chunks are missing."""
    body = bytearray()
    position = start
    while True:
        end = buffer.find(b"\r\n", position)
        if end < 0:
            return b"", -1
        size = int(bytes(buffer[position:end]).partition(b";")[0], 16)
        after = end + 2 + size + 2
        if len(buffer) < after:
            return b"", -1
        if not size:
            return bytes(body), after
        body += buffer[end + 2 : end + 2 + size]
        position = after
