"""Requests through proxies."""

from __future__ import annotations

import socket
import socketserver
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from chapbook_core.index.address import Origin
from chapbook_core.index.failure import AccessDenied, Unreachable
from chapbook_core.index.proxy import proxy_for
from tests.fakes.index import FakeIndex
from tests.fakes.opened import opened
from tests.fakes.tunnel import tunnel

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Proxy(socketserver.BaseRequestHandler):
    """Forwards plain requests and tunnels; remembers the first line and the login of each."""

    seen: list[tuple[str, str]]
    status = 200

    def handle(self) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            if not (piece := self.request.recv(4096)):
                return
            head += piece
        lines = head.decode().split("\r\n")
        login = next((line for line in lines if line.startswith("Proxy-Authorization")), "")
        self.seen.append((lines[0], login))
        if self.status != 200:
            self.request.sendall(f"HTTP/1.1 {self.status} No\r\nContent-Length: 0\r\n\r\n".encode())
            return
        method, target, _ = lines[0].split(" ")
        place = target if method == "CONNECT" else target.split("/")[2]
        host, _, port = place.partition(":")
        with socket.create_connection((host, int(port))) as server:
            if method == "CONNECT":
                self.request.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                path = "/" + target.split("/", 3)[3]
                server.sendall(head.replace(target.encode(), path.encode(), 1))
            tunnel(self.request, server)


@contextmanager
def proxy(status: int = 200) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    handler = type("Handler", (_Proxy,), {"seen": [], "status": status})
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}", handler.seen  # type: ignore[attr-defined]  # made above
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_plain_request_goes_through_the_proxy_as_a_whole_url() -> None:
    with FakeIndex() as index, proxy() as (address, seen):
        index.serve("a", "1.0")
        with opened(index, variables={"http_proxy": f"http://me:p%40ss@{address}"}) as open_index:
            assert open_index.reader.versions("a").summary.versions == ("1.0",)
    assert seen == [(f"GET {index.url}a/ HTTP/1.1", "Proxy-Authorization: Basic bWU6cEBzcw==")]


def test_a_secure_request_goes_through_a_tunnel(secure: FakeIndex) -> None:
    with proxy() as (address, seen):
        variables = {"HTTPS_PROXY": f"me:pass@{address}", "SSL_CERT_FILE": str(secure.certificate)}
        with opened(secure, variables=variables) as open_index:
            assert open_index.reader.versions("a").summary.versions == ("1.0",)
    place = secure.origin.partition("://")[2]
    assert seen == [(f"CONNECT {place} HTTP/1.1", "Proxy-Authorization: Basic bWU6cGFzcw==")]


def test_a_proxy_that_wants_credentials_is_told_apart_from_the_index(secure: FakeIndex) -> None:
    with (
        proxy(407) as (address, _seen),
        opened(secure, variables={"https_proxy": address}) as open_index,
        pytest.raises(AccessDenied) as failure,
    ):
        open_index.reader.versions("a")
    assert failure.value.message.startswith(f"http://{address}: ")


def test_a_proxy_that_gives_no_tunnel_is_named(secure: FakeIndex) -> None:
    with (
        proxy(502) as (address, _seen),
        opened(secure, variables={"https_proxy": address}) as open_index,
        pytest.raises(Unreachable, match=rf"the proxy http://{address} gives no tunnel \(HTTP 502\)"),
    ):
        open_index.reader.versions("a")


def test_a_proxy_without_an_address_is_named() -> None:
    with (
        FakeIndex() as index,
        opened(index, variables={"HTTP_PROXY": "http://nowhere.invalid:80"}) as open_index,
        pytest.raises(Unreachable, match=r"the name of the proxy http://nowhere\.invalid:80 is not known"),
    ):
        open_index.reader.versions("a")


def test_a_proxy_of_another_kind_is_refused_with_what_to_do() -> None:
    with (
        FakeIndex() as index,
        opened(index, variables={"ALL_PROXY": "socks5://127.0.0.1:1080"}) as open_index,
        pytest.raises(Unreachable, match="not supported") as failure,
    ):
        open_index.reader.versions("a")
    assert "NO_PROXY" in failure.value.hints[0]


@pytest.mark.parametrize(
    ("host", "port", "exceptions", "is_excepted"),
    [
        ("example.org", 443, "example.org", True),
        ("example.org", 443, ".example.org", True),
        ("a.example.org", 443, "example.org", True),
        ("a.example.org", 443, "*.example.org", True),
        ("badexample.org", 443, "example.org", False),
        ("example.org", 443, "other.org, *", True),
        ("example.org", 8443, "example.org:8443", True),
        ("example.org", 443, "example.org:8443", False),
        ("10.1.2.3", 443, "10.0.0.0/8", True),
        ("11.1.2.3", 443, "10.0.0.0/8", False),
        ("::1", 443, "::1", True),
        ("::1", 443, "[::1]:443", True),
        ("example.org", 443, "", False),
        ("example.org", 443, " , ", False),
    ],
)
def test_no_proxy(host: str, port: int, exceptions: str, *, is_excepted: bool) -> None:
    variables = {"HTTPS_PROXY": "http://proxy.example.org:3128", "NO_PROXY": exceptions}
    assert (proxy_for(Origin("https", host, port), variables) is None) is is_excepted


def test_lower_case_proxy_variables_win_and_a_cgi_request_cannot_set_one() -> None:
    origin = Origin("http", "example.org", 80)
    assert str(proxy_for(origin, {"http_proxy": "a:1", "HTTP_PROXY": "b:1"})) == "http://a:1"
    assert proxy_for(origin, {"HTTP_PROXY": "b:1", "REQUEST_METHOD": "GET"}) is None
