"""The client on the wire: TLS, proxies, redirects, kept connections, and the small policies below it."""

from __future__ import annotations

import gzip
import socket
import socketserver
import threading
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chapbook_core.index import body, wire
from chapbook_core.index.address import Origin, masked, origin_of, request_target, split_login
from chapbook_core.index.client import _next_hop
from chapbook_core.index.failure import AccessDenied, RedirectRefused, Unreachable, Untrusted
from chapbook_core.index.http_cache import LONGEST_LIFETIME, UNTOLD_LIFETIME, Validity, renewed, validity_of
from chapbook_core.index.proxy import proxy_for
from chapbook_core.index.retry import Patience, retry_after_seconds
from chapbook_core.index.trust import Trust, TrustUnreadable, tls_context, trust_from
from tests.fakes.index import FakeIndex
from tests.fakes.opened import opened

if TYPE_CHECKING:
    from collections.abc import Iterator


# TLS.


@pytest.fixture(scope="module")
def secure() -> Iterator[FakeIndex]:
    with FakeIndex(tls="valid") as index:
        index.serve("a", "1.0", requires=["b"])
        yield index


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "PIP_CERT"])
def test_the_environments_certificate_authorities_are_trusted(secure: FakeIndex, variable: str) -> None:
    with opened(secure, variables={variable: str(secure.certificate)}) as index:
        assert index.reader.versions("a").summary.versions == ("1.0",)


def test_an_unknown_certificate_is_refused_with_what_to_do(secure: FakeIndex) -> None:
    with opened(secure) as index, pytest.raises(Untrusted, match="its certificate is not trusted") as failure:
        index.reader.versions("a")
    assert "SSL_CERT_FILE" in failure.value.hints[0]


def test_a_certificate_file_that_is_not_there_is_named(secure: FakeIndex) -> None:
    with opened(secure, variables={"PIP_CERT": "/nowhere.pem"}) as index, pytest.raises(Untrusted) as failure:
        index.reader.versions("a")
    assert failure.value.cause == "PIP_CERT names /nowhere.pem: No such file or directory"


def test_the_sharpest_variable_wins_and_without_any_the_system_is_trusted() -> None:
    assert trust_from({"PIP_CERT": "b", "SSL_CERT_FILE": "a"}).authorities == "a"
    assert trust_from({}) == Trust()
    assert tls_context(Trust()).verify_mode.name == "CERT_REQUIRED"


def test_a_client_certificate_that_cannot_be_read_is_named() -> None:
    with pytest.raises(TrustUnreadable, match="the client certificate /nowhere"):
        tls_context(Trust(client_certificate="/nowhere"))


# Proxies.


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
            back = threading.Thread(target=_pump, args=(server, self.request))
            back.start()
            _pump(self.request, server)
            back.join()


def _pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while piece := source.recv(65536):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return


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


# Redirects.


@pytest.mark.parametrize(
    ("url", "location", "words"),
    [
        ("https://example.org/a/", "http://example.org/a/", "away from https"),
        ("https://example.org/a/", "file:///etc/passwd", "not the web"),
        ("https://example.org/a/", "ftp://example.org/", "not the web"),
        ("https://example.org/a/", "https://[::1/", "malformed"),
    ],
)
def test_redirects_that_are_refused(url: str, location: str, words: str) -> None:
    with pytest.raises(RedirectRefused, match=words):
        _next_hop(url, location)


def test_userinfo_in_a_redirect_is_dropped() -> None:
    assert _next_hop("https://example.org/a/", "https://u:p@example.com/b#c") == "https://example.com/b"
    assert _next_hop("https://example.org/a/", "../b/") == "https://example.org/b/"


# Connections.


def test_connections_are_kept_and_bounded() -> None:
    with FakeIndex(latency=0.005) as index:
        for number in range(40):
            index.serve(f"p{number}", "1.0")
        with opened(index) as open_index:
            for future in [open_index.reader.want_versions(f"p{number}") for number in range(40)]:
                future.result()
        assert index.traffic.connections <= 8


def test_a_connection_that_the_server_closed_meanwhile_is_replaced_in_silence() -> None:
    with FakeIndex() as index:
        index.serve("a", "1.0")
        with opened(index) as open_index:
            open_index.client.get(f"{index.url}a/")
            for idle in open_index.client._transport._idle.values():  # type: ignore[attr-defined]  # the real one
                idle[0]._socket.shutdown(socket.SHUT_RDWR)
            assert open_index.client.get(f"{index.url}a/").status == 200


# Answers as bytes.


def read(raw: bytes, piece: int, size: int = 10_000_000) -> tuple[wire.Head, bytes]:
    rest = bytearray(raw)

    def receive(_size: int) -> bytes:
        taken = bytes(rest[:piece])
        del rest[:piece]
        return taken

    inlet = wire.Inlet(receive)
    head = inlet.head()
    pieces: list[bytes] = []
    inlet.body(head, size, pieces.append)
    return head, b"".join(pieces)


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


@settings(deadline=None, max_examples=40)
@given(st.binary(max_size=500), st.sampled_from(["gzip", "deflate", "gzip, gzip", "identity, gzip", ""]))
def test_a_packed_body_is_unpacked(content: bytes, encoding: str) -> None:
    packed = content
    for name in [part.strip() for part in encoding.split(",")]:
        match name:
            case "gzip":
                packed = gzip.compress(packed)
            case "deflate":
                packed = zlib.compress(packed)
    assert body.unpacked(packed, encoding, 1000) == content


def test_a_packed_body_over_its_limit_is_refused_however_small_it_came() -> None:
    with pytest.raises(body.Overfull):
        body.unpacked(gzip.compress(b"x" * 1001), "gzip", 1000)
    with pytest.raises(body.Overfull):
        body.unpacked(gzip.compress(b"x" * 600) * 2, "gzip", 1000)


# A time of day in the bytes would give the tests other names in each process that runs them.
@pytest.mark.parametrize(
    "packed", [b"x", gzip.compress(b"x" * 100, mtime=0)[:-9], gzip.compress(b"x", mtime=0) + b"rest"]
)
def test_a_damaged_packed_body_is_refused(packed: bytes) -> None:
    with pytest.raises(body.Broken):
        body.unpacked(packed, "gzip", 1000)


# Policies.


@pytest.mark.parametrize(
    ("headers", "lifetime", "keep"),
    [
        ({}, UNTOLD_LIFETIME, True),
        ({"cache-control": "max-age=600, public"}, 600, True),
        ({"cache-control": "public, MAX-AGE=60"}, 60, True),
        ({"cache-control": "max-age=600", "age": "100"}, 500, True),
        ({"cache-control": "max-age=60", "age": "100"}, 0, True),
        ({"cache-control": "no-cache, max-age=60"}, 0, True),
        ({"cache-control": "no-store"}, UNTOLD_LIFETIME, False),
        ({"cache-control": "max-age=nonsense"}, UNTOLD_LIFETIME, True),
        ({"cache-control": "max-age=999999999"}, LONGEST_LIFETIME, True),
    ],
)
def test_how_long_an_answer_is_good(headers: dict[str, str], lifetime: float, *, keep: bool) -> None:
    validity = validity_of(headers, 1000.0)
    assert (validity.lifetime, validity.keep) == (lifetime, keep)
    assert validity.is_fresh(1000.0) is (lifetime > 0)
    assert not validity.is_fresh(1000.0 + lifetime)
    assert not validity.is_fresh(999.0)


def test_a_304_keeps_what_it_does_not_say() -> None:
    old = Validity(0.0, 60.0, etag='"a"', last_modified="then")
    assert renewed(old, {}, 100.0) == Validity(100.0, 60.0, '"a"', "then")
    assert renewed(old, {"cache-control": "max-age=5", "etag": '"b"'}, 100.0) == Validity(100.0, 5.0, '"b"', "then")
    assert old.conditions() == {"If-None-Match": '"a"', "If-Modified-Since": "then"}


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, None),
        ("", None),
        ("7", 7.0),
        ("soon", None),
        ("-5", None),
        ("Thu, 01 Jan 1970 00:01:40 GMT", 90.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
    ],
)
def test_retry_after(text: str | None, seconds: float | None) -> None:
    assert retry_after_seconds(text, 10.0) == seconds


@given(st.integers(1, 6), st.floats(0.0, 100.0))
def test_waits_grow_within_their_bounds_and_never_outlast_the_time_left(tried: int, left: float) -> None:
    patience = Patience()
    wait = patience.wait(tried, None, left)
    if wait is not None:
        longest = min(patience.longest_wait, patience.first_wait * 2 ** (tried - 1))
        assert longest / 2 <= wait <= longest
        assert wait < left
    if tried >= patience.tries:
        assert wait is None


# Addresses.


def test_a_masked_url_shows_neither_userinfo_nor_query() -> None:
    text = masked("https://user:s3cret@example.org:8443/simple/?sig=s3cret#s3cret")
    assert text == "https://****@example.org:8443/simple/?****"


def test_userinfo_is_split_off_and_decoded() -> None:
    url, login = split_login("https://us%65r:p%3Ass@example.org/@a")
    assert url == "https://example.org/@a"
    assert login is not None
    assert (login.user, login.password.reveal()) == ("user", "p:ss")
    assert split_login("https://example.org/a@b") == ("https://example.org/a@b", None)


def test_an_origin_is_scheme_host_and_port() -> None:
    assert origin_of("HTTPS://Example.ORG/x") == Origin("https", "example.org", 443)
    assert origin_of("http://[::1]:80/").authority == "[::1]"
    for url in ("file:///x", "https:///x", "https://example.org:x/"):
        with pytest.raises(ValueError, match=r".+"):
            origin_of(url)


def test_a_request_line_cannot_be_broken_by_a_url() -> None:
    assert request_target("https://example.org/a b\r\nX: y").isascii()
    assert " " not in request_target("https://example.org/a b")
    assert "\r" not in request_target("https://example.org/a\r\nX:y")
    assert request_target("https://example.org/é?q=ü") == "/%C3%A9?q=%C3%BC"
    assert request_target("https://example.org") == "/"
