from __future__ import annotations

import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest

from chapbook_core.errors import Cancelled
from chapbook_core.index.connection import Connections
from chapbook_core.index.failure import Unreachable
from chapbook_core.index.transport import Limits, Request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def request(url: str, tick: Callable[[float], None], *, connect: float = 30.0) -> Request:
    limits = Limits(connect=connect)
    return Request(url, {}, limits=limits, deadline=time.monotonic() + 60, tick=tick, sink=None)


def stop(_waited: float) -> None:
    raise Cancelled


def wait(_waited: float) -> None:
    """Go on."""


@pytest.fixture
def deaf() -> Iterator[int]:
    """The port of a server that takes no connection: its queue is full."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        port = server.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.settimeout(0.0)
            one.connect_ex(("127.0.0.1", port))
        yield port
        for one in waiting:
            one.close()


@pytest.fixture
def mute() -> Iterator[int]:
    """The port of a server that takes connections, and says nothing."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(8)
        yield server.getsockname()[1]


def test_a_person_need_not_wait_for_a_connection_to_stop(deaf: int) -> None:
    began = time.monotonic()
    with pytest.raises(Cancelled):
        Connections({}).get(request(f"http://127.0.0.1:{deaf}/", stop))
    assert time.monotonic() - began < 10.0


def test_a_connection_that_does_not_come_is_told_after_a_while(deaf: int) -> None:
    with pytest.raises(Unreachable, match="within 1 s"):
        Connections({}).get(request(f"http://127.0.0.1:{deaf}/", wait, connect=0.6))


def test_a_refused_connection_is_told_at_once() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]
    with pytest.raises(Unreachable, match="refused"):
        Connections({}).get(request(f"http://127.0.0.1:{port}/", wait))


def test_a_person_need_not_wait_for_keys_to_be_agreed_on(mute: int) -> None:
    began = time.monotonic()
    with pytest.raises(Cancelled):
        Connections({}).get(request(f"https://127.0.0.1:{mute}/", stop))
    assert time.monotonic() - began < 10.0


def test_keys_that_are_never_agreed_on_are_told_after_a_while(mute: int) -> None:
    with pytest.raises(Unreachable, match="handshake failed"):
        Connections({}).get(request(f"https://127.0.0.1:{mute}/", wait, connect=0.6))


@pytest.mark.parametrize("is_late", [False, True])
def test_what_comes_behind_an_answer_is_no_answer_to_the_next_request(*, is_late: bool) -> None:
    answer, surplus = (
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad",
    )
    goes_on = threading.Event()

    def serve(server: socket.socket) -> None:
        taken = []
        for _ in range(2):
            taken.append(server.accept()[0])
            taken[-1].recv(65536)
            taken[-1].sendall(answer if is_late else answer + surplus)
            if is_late:
                assert goes_on.wait(60)
                taken[-1].sendall(surplus)
                has_come.set()
        for one in taken:
            one.close()

    has_come = threading.Event()
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(8)
        thread = threading.Thread(target=serve, args=(server,))
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        connections = Connections({})
        for _ in range(2):
            assert b"good" == connections.get(request(url, wait)).body
            goes_on.set()
            assert has_come.wait(60) if is_late else True
        thread.join(60)
        connections.close()
