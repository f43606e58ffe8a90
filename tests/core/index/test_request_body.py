from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING

import pytest

from chapbook_core.errors import Cancelled
from chapbook_core.index.address import origin_of
from chapbook_core.index.connection import Connections
from chapbook_core.index.failure import TooSlow, Truncated
from chapbook_core.index.transport import Limits, Request
from chapbook_core.index.trust import Trust
from tests.fakes.index import FakeIndex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PIECE = b"x" * 65_536


def post(
    url: str, pieces: list[bytes], tick: Callable[[float], None] = lambda _: None, silence: float = 5.0
) -> Request:
    headers = {"Content-Length": str(sum(map(len, pieces)))}
    limits = Limits(silence=silence, slowest=0)
    return Request(url, headers, limits=limits, tick=tick, method="POST", body=pieces)


@pytest.fixture
def transport() -> Iterator[Connections]:
    connections = Connections({})
    yield connections
    connections.close()


@pytest.fixture
def full() -> Iterator[str]:
    """A server that takes a connection and reads nothing."""
    taken: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=lambda: taken.append(server.accept()[0]))
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        thread.join()
        for connection in taken:
            connection.close()


def test_a_body_is_sent_in_pieces_and_the_connection_is_kept(transport: Connections) -> None:
    with FakeIndex() as index:
        for _ in range(3):
            answer = transport.get(post(index.upload_url, [PIECE, b"", b"end"]))
            assert (400, b"400 not a form\n") == (answer.status, answer.body)
        assert index.traffic.connections == 1


def test_a_large_body_goes_over_tls() -> None:
    with FakeIndex(tls="valid") as index:
        trust = Trust(authorities=str(index.certificate))
        transport = Connections({}, trusts={origin_of(index.origin): trust})
        answer = transport.get(post(index.upload_url, [PIECE] * 100))
        transport.close()
        assert (400, b"400 not a form\n") == (answer.status, answer.body)


def test_who_reads_nothing_is_not_waited_for_for_ever(transport: Connections, full: str) -> None:
    with pytest.raises(TooSlow):
        transport.get(post(full, [PIECE] * 200, silence=0.6))


def test_sending_can_be_cancelled(transport: Connections, full: str) -> None:
    def stop(waited: float) -> None:
        if waited > 0.3:
            raise Cancelled

    with pytest.raises(Cancelled):
        transport.get(post(full, [PIECE] * 200, stop))


def test_a_body_is_never_sent_twice_without_being_asked_to(transport: Connections) -> None:
    seen: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            # Answers once, and closes the kept connection while the second request comes.
            client, _ = server.accept()
            with client:
                seen.append(client.recv(65_536))
                client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                seen.append(client.recv(65_536))

        thread = threading.Thread(target=serve)
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        assert transport.get(Request(url)).status == 200
        with pytest.raises(Truncated):
            transport.get(post(url, [b"a"]))
        thread.join()
    assert len(seen) == 2
