"""Faults of the answer itself: statuses, broken connections, wrong bytes, bodies without an end."""

from __future__ import annotations

import zlib
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from tests.fakes.index.faults import Fault
from tests.fakes.index.message import Reply, plain

if TYPE_CHECKING:
    from tests.fakes.index.message import Delivery, Request, Wire

_LONG = 3600.0
_PORTAL = b"""<!DOCTYPE html>
<html><head><title>Welcome to the guest network</title></head>
<body><h1>Please log in</h1><form action="/login" method="post"><input name="room"></form>
<a href="/terms">terms of use</a></body></html>
"""
_ENDLESS_START = b"<!DOCTYPE html>\n<html><body>\n"


def status(code: int, *, retry_after: int | str | None = None, text: str = "") -> Fault:
    """Answer with a status; `Retry-After` takes seconds or a date."""
    headers = {} if retry_after is None else {"retry_after": str(retry_after)}
    return _instead(f"status {code}", plain(code, text or f"{code} on demand\n", **headers))


def redirect(to: str, code: int = 302) -> Fault:
    """Send the client elsewhere: another path, origin or scheme; an empty address repeats the request for ever."""

    def reply(request: Request, _reply: Reply) -> Reply:
        return replace(plain(code), headers={"Location": to or request.path})

    return Fault(f"redirect to {to}", reply)


def reset(after: int = 0) -> Fault:
    """Drop the connection after some bytes of the answer, so that the client reads a reset."""

    async def deliver(wire: Wire, reply: Reply) -> None:
        if after:
            await wire.write(reply.wire[:after])
            await wire.sleep(0.05)
        wire.reset()

    return _delivered("reset", deliver)


def truncated(keep: float = 0.5, *, length: bool = True) -> Fault:
    """Send a part of the body and close; with its full length announced, or in chunks whose end is missing."""

    async def deliver(wire: Wire, reply: Reply) -> None:
        body = reply.body[: int(len(reply.body) * keep)]
        if length:
            await wire.write(reply.head + body)
        else:
            await wire.write(_chunked(reply).head + _chunk(body))

    return _delivered("truncated", deliver)


def without_length() -> Fault:
    """Send everything, and let the end of the connection be the end of the body."""

    def reply(_: Request, reply: Reply) -> Reply:
        return replace(reply, headers={**reply.headers, "Connection": "close"})

    return Fault("without length", reply)


def truncated_without_length(keep: float = 0.5) -> Fault:
    """Send a part of the body, close, and let nothing tell that there is more."""

    def reply(_: Request, reply: Reply) -> Reply:
        body = reply.body[: int(len(reply.body) * keep)]
        return replace(reply, body=body, headers={**reply.headers, "Connection": "close"})

    return Fault("truncated without length", reply)


def chunked() -> Fault:
    """Send everything in chunks: not a fault, but not what clients see every day."""

    async def deliver(wire: Wire, reply: Reply) -> None:
        half = len(reply.body) // 2
        pieces = [piece for piece in (reply.body[:half], reply.body[half:]) if piece]
        await wire.write(_chunked(reply).head + b"".join(map(_chunk, pieces)) + b"0\r\n\r\n")

    return _delivered("chunked", deliver)


def flipped_byte(at: int = -1) -> Fault:
    """Change one byte of the body; by default the one in the middle."""

    def reply(_: Request, reply: Reply) -> Reply:
        body = bytearray(reply.body)
        if body:
            body[len(body) // 2 if at < 0 else min(at, len(body) - 1)] ^= 0xFF
        return replace(reply, body=bytes(body))

    return Fault("flipped byte", reply)


def replaced(body: bytes, content_type: str | None = None) -> Fault:
    """Answer with another body."""

    def reply(_: Request, reply: Reply) -> Reply:
        headers = _without(reply, "Content-Encoding", "ETag", "Content-Range")
        if content_type is not None:
            headers["Content-Type"] = content_type
        return Reply(200, body, headers)

    return Fault("replaced body", reply)


def captive_portal() -> Fault:
    """Answer like a hotel's network: a page, in HTML, with status 200, that is no index."""
    return _instead("captive portal", Reply(200, _PORTAL, {"Content-Type": "text/html"}))


def wrong_content_type(content_type: str = "text/plain") -> Fault:
    """Call the content something else; an empty type leaves the header out."""

    def reply(_: Request, reply: Reply) -> Reply:
        headers = _without(reply, "Content-Type")
        return replace(reply, headers={**headers, "Content-Type": content_type} if content_type else headers)

    return Fault("wrong content type", reply)


def hang() -> Fault:
    """Never answer; the connection stays open until somebody closes it."""

    async def deliver(wire: Wire, _reply: Reply) -> None:
        await wire.sleep(_LONG)

    return _delivered("hang", deliver)


def hang_in_body(keep: float = 0.5) -> Fault:
    """Send a part of the body and fall silent."""

    async def deliver(wire: Wire, reply: Reply) -> None:
        await wire.write(reply.head + reply.body[: int(len(reply.body) * keep)])
        await wire.sleep(_LONG)

    return _delivered("hang in the body", deliver)


def slow(seconds: float) -> Fault:
    """Answer late."""
    return Fault("slow", lambda _, reply: replace(reply, delay=seconds))


def slow_drip(chunk: int = 1, interval: float = 0.5) -> Fault:
    """Send the body a few bytes at a time."""

    async def deliver(wire: Wire, reply: Reply) -> None:
        await wire.write(reply.head)
        for start in range(0, len(reply.body), chunk):
            await wire.sleep(interval)
            await wire.write(reply.body[start : start + chunk])

    return _delivered("slow drip", deliver)


def endless_page(line: bytes = b'<a href="filling.txt">filling</a><br />\n') -> Fault:
    """Send an HTML page that does not end."""

    async def deliver(wire: Wire, _reply: Reply) -> None:
        head = Reply(200, b"", {"Content-Type": "text/html", "Transfer-Encoding": "chunked"}).head
        await wire.write(head + _chunk(_ENDLESS_START))
        block = _chunk(line * max(1, 65_536 // len(line)))
        while True:
            await wire.write(block)
            # The loop belongs to other connections too, and to whoever closes the index.
            await wire.sleep(0)

    return _delivered("endless page", deliver)


def gzip_bomb(megabytes: int = 1024) -> Fault:
    """Send a small gzip body that unpacks to a large page."""

    def reply(_: Request, reply: Reply) -> Reply:
        headers = {**_without(reply, "ETag"), "Content-Encoding": "gzip"}
        return Reply(200, _bomb(megabytes), headers)

    return Fault("gzip bomb", reply)


def broken_gzip() -> Fault:
    """Call something gzip that is not."""

    def reply(_: Request, reply: Reply) -> Reply:
        return replace(reply, headers={**reply.headers, "Content-Encoding": "gzip"}, body=b"\x1f\x8bnot at all")

    return Fault("broken gzip", reply)


def stale_etag() -> Fault:
    """Tell every client that has something that nothing has changed."""

    def reply(request: Request, reply: Reply) -> Reply:
        etag = request.header("if-none-match")
        if not etag:
            return reply
        return Reply(304, b"", {**_without(reply, "Content-Type", "Content-Encoding"), "ETag": etag})

    return Fault("stale etag", reply)


def wrong_content_range(shift: int = 7) -> Fault:
    """Send another part than was asked for, and say so in `Content-Range`."""

    def reply(_: Request, reply: Reply) -> Reply:
        given = reply.headers.get("Content-Range", "")
        if reply.status != 206 or not given.startswith("bytes "):
            return reply
        span, size = given.removeprefix("bytes ").split("/")
        first, last = (int(place) for place in span.split("-"))
        shifted = f"bytes {first + shift}-{last + shift}/{size}"
        return replace(reply, headers={**reply.headers, "Content-Range": shifted})

    return Fault("wrong content range", reply)


def not_http() -> Fault:
    """Answer with something that is not HTTP."""

    async def deliver(wire: Wire, _reply: Reply) -> None:
        await wire.write(b"SSH-2.0-nothing_to_see_here\r\n")

    return _delivered("not http", deliver)


@cache
def _bomb(megabytes: int) -> bytes:
    block = b" " * (1 << 20)
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(
        [packer.compress(_ENDLESS_START), *(packer.compress(block) for _ in range(megabytes)), packer.flush()]
    )


def _instead(name: str, answer: Reply) -> Fault:
    return Fault(name, lambda _request, _reply: answer)


def _delivered(name: str, delivery: Delivery) -> Fault:
    return Fault(name, lambda _, reply: replace(reply, delivery=delivery))


def _without(reply: Reply, *unwanted: str) -> dict[str, str]:
    return {name: value for name, value in reply.headers.items() if name not in unwanted}


def _chunked(reply: Reply) -> Reply:
    return replace(reply, headers={**reply.headers, "Transfer-Encoding": "chunked"})


def _chunk(content: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(content), content)
