"""Answers as bytes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chapbook_core.index import wire


def read(raw: bytes, piece: int, size: int = 10_000_000) -> tuple[wire.Head, bytes]:
    rest = bytearray(raw)

    def receive(room: memoryview) -> int:
        taken = bytes(rest[: min(piece, len(room))])
        del rest[: len(taken)]
        room[: len(taken)] = taken
        return len(taken)

    inlet = wire.Inlet(receive)
    head = inlet.head()
    body = bytearray()
    inlet.body(head, size, body.extend)
    return head, bytes(body)


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=300), st.integers(1, 40), st.integers(1, 64))
def test_a_body_is_the_same_however_it_is_framed_and_however_it_arrives(content: bytes, chunk: int, piece: int) -> None:
    parts = [content[at : at + chunk] for at in range(0, len(content), chunk)]
    chunks = b"".join(b"%x;ext=1\r\n%s\r\n" % (len(part), part) for part in parts)
    for raw in (
        b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(content), content),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%s0\r\nTrailer: x\r\n\r\n" % chunks,
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n%s" % content,
        b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200\r\nContent-Length: %d\r\n\r\n%s"
        % (len(content), content),
    ):
        assert read(raw, piece)[1] == content


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxyz\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: " + b"x" * 70_000,
        b"SSH-2.0-OpenSSH\r\n",
    ],
)
def test_what_is_not_http_is_refused(raw: bytes) -> None:
    with pytest.raises((wire.Garbled, wire.Cut)):
        read(raw, 1000)


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n" + b"x" * 11,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nxxxxxx\r\n6\r\nxxxxxx\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 11,
    ],
)
def test_a_body_over_its_limit_is_refused(raw: bytes) -> None:
    with pytest.raises(wire.Overlong):
        read(raw, 4, size=10)
