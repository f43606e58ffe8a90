"""Sockets kept alive and shared by threads: plain, TLS, through a proxy, with every wait bounded."""

from __future__ import annotations

import select
import socket
import threading
import time
from base64 import b64encode
from contextlib import suppress
from typing import TYPE_CHECKING

from chapbook_core.errors import Cancelled
from chapbook_core.index.address import Origin, origin_of, request_target
from chapbook_core.index.dial import SLICE, open_socket, reason, shake_hands
from chapbook_core.index.failure import (
    AccessDenied,
    IndexFailure,
    NoAnswer,
    NotAnAddress,
    TooLarge,
    TooSlow,
    Truncated,
    Unreachable,
    Untrusted,
)
from chapbook_core.index.proxy import Proxy, proxy_for
from chapbook_core.index.transport import Answer
from chapbook_core.index.trust import Trust, TrustUnreadable, tls_context, trust_from
from chapbook_core.index.wire import Cut, Garbled, Inlet, Overlong, new_room

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator, Mapping

    from chapbook_core.index.address import Login
    from chapbook_core.index.transport import Request

_RATE_GRACE = 10.0
_PROXY_AUTHENTICATION = 407


def basic(login: Login) -> str:
    """Write a login as an `Authorization` value."""
    return "Basic " + b64encode(f"{login.user}:{login.password.reveal()}".encode()).decode("ascii")


class _Silent(Exception):
    """The server let a time limit pass."""

    def __init__(self, message: str, *, is_mute: bool = False) -> None:
        super().__init__(message)
        self.is_mute = is_mute
        """Whether nothing of an answer has come."""


class _Watch:
    """The clock of one request: what may still be waited, and when it is too much."""

    __slots__ = ("_request", "_started", "received")

    def __init__(self, request: Request) -> None:
        self._request = request
        self._started = time.monotonic()
        self.received = 0

    def receive(self, connection: socket.socket) -> Callable[[memoryview], int]:
        """Give a `recv_into` that keeps its eyes on the clock."""

        def receive(room: memoryview) -> int:
            quiet = time.monotonic()
            while True:
                try:
                    count = connection.recv_into(room)
                except TimeoutError:
                    self._look(quiet)
                    continue
                self.received += count
                # Also when bytes come: a server that drips them never lets `recv_into` time out.
                self._look_at_rate()
                return count

        return receive

    def send(self, connection: socket.socket, piece: bytes) -> None:
        """Send a piece of a body, with an eye on the clock."""
        quiet = time.monotonic()
        left = memoryview(piece)
        while left:
            try:
                sent = connection.send(left)
            except TimeoutError:
                self._look(quiet)
                continue
            left = left[sent:]
            quiet = time.monotonic()
        self._request.tick(quiet - self._started)

    def _look(self, quiet: float) -> None:
        now = time.monotonic()
        self._request.tick(now - self._started)
        is_vain = not self.received and self._request.is_vain()
        if is_vain or now - quiet > self._request.limits.silence:
            raise _Silent(f"no answer for {now - quiet:.0f} s", is_mute=not self.received)
        self._look_at_rate()

    def _look_at_rate(self) -> None:
        now = time.monotonic()
        if now > self._request.deadline:
            seconds = f"{now - self._started:.0f} s"
            if not self.received:
                raise _Silent(f"no answer for {seconds}", is_mute=True)
            raise _Silent(f"not complete within the time allowed, after {seconds}")
        lasting = now - self._started
        slowest = self._request.limits.slowest
        if self.received and lasting > _RATE_GRACE and self.received < lasting * slowest:
            raise _Silent(f"slower than {slowest} bytes a second")


class Connection:
    """One socket to one origin, through which requests go one after another."""

    __slots__ = ("_prefix", "_proxy_header", "_room", "_socket", "begun", "used")

    def __init__(self, connected: socket.socket, *, prefix: str = "", proxy_header: str = "") -> None:
        self._socket = connected
        self._prefix = prefix
        self._proxy_header = proxy_header
        self._room = new_room()
        self.used = False
        """Whether it has served a request."""
        self.begun = False
        """Whether the present answer has begun to come."""

    def exchange(self, request: Request, authority: str) -> tuple[Answer, bool]:
        """Send a request and read its answer; the flag says whether the socket may serve another."""
        self.begun = False
        self._socket.sendall(self._head(request, authority))
        unsent = self._send_body(request)
        # What is slow with a body to send is the sending, which has a clock of its own.
        inlet = Inlet(_Watch(request).receive(self._socket), self._room)
        try:
            head = inlet.head()
        except (Cut, OSError, _Silent) as problem:
            raise unsent or problem from None
        if unsent is not None:
            head.keeps = False
        self.begun = True
        body = bytearray()
        good = request.sink is not None and 200 <= head.status < 300  # noqa: PLR2004  the class of good statuses
        take = request.sink if request.sink is not None and good else body.extend
        inlet.body(head, request.limits.size, take)
        self.used = True
        return Answer(head.status, head.headers, bytes(body), request.url), head.keeps and not inlet.has_more

    @property
    def is_quiet(self) -> bool:
        """Whether nothing has come since: what has is its end, or more than was asked for, and answers nothing."""
        if getattr(self._socket, "pending", int)():
            return False
        if not hasattr(select, "poll"):
            return not select.select([self._socket], [], [], 0)[0]
        # Which takes any number of a file, unlike `select`.
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        return not poll.poll(0)

    def _send_body(self, request: Request) -> OSError | None:
        """Send the body; a server that has enough of it closes, and what it says about that is to be read."""
        watch = _Watch(request)
        try:
            for piece in request.body or ():
                watch.send(self._socket, piece)
        except OSError as problem:
            return problem
        return None

    def _head(self, request: Request, authority: str) -> bytes:
        target = self._prefix + request_target(request.url)
        lines = [f"{request.method} {target} HTTP/1.1", f"Host: {authority}"]
        lines += [f"{name}: {value}" for name, value in request.headers.items()]
        if self._proxy_header:
            lines.append(f"Proxy-Authorization: {self._proxy_header}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def break_off(self) -> None:
        """Wake the thread that waits for an answer; the socket is closed by that thread."""
        with suppress(OSError):
            # Not of the TLS layer, whose state belongs to the thread that reads.
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


class Connections:
    """The transport of the standard library: at most `bound` connections to an origin, reused last in, first out."""

    def __init__(
        self, variables: Mapping[str, str], *, bound: int = 16, trusts: Mapping[Origin, Trust] | None = None
    ) -> None:
        self._variables = variables
        self._bound = bound
        self._trusts = trusts or {}
        self._general_trust = trust_from(variables)
        self._lock = threading.Lock()
        self._idle: dict[Origin, list[Connection]] = {}
        self._busy: set[Connection] = set()
        self._places: dict[Origin, threading.BoundedSemaphore] = {}
        self._contexts: dict[Trust, ssl.SSLContext] = {}
        self._closed = False

    def get(self, request: Request) -> Answer:
        """Send a request over an idle connection or a fresh one."""
        try:
            origin = origin_of(request.url)
        except ValueError as problem:
            raise NotAnAddress(request.url, str(problem)) from None
        with self._lock:
            place = self._places.get(origin)
            if place is None:
                place = self._places[origin] = threading.BoundedSemaphore(self._bound)
        started = time.monotonic()
        while not place.acquire(timeout=SLICE):
            request.tick(time.monotonic() - started)
            if request.is_vain():
                raise NoAnswer(request.url, "the server answers nobody")
        try:
            return self._get(request, origin)
        finally:
            place.release()

    def _get(self, request: Request, origin: Origin) -> Answer:
        for connection in self._usable(request, origin):
            try:
                self._begin(connection)
                answer, keeps = connection.exchange(request, origin.authority)
            except BaseException as problem:
                connection.close()
                if self._closed:
                    raise Cancelled from None
                # A kept connection may have been closed by the server meanwhile; nothing was answered, so ask anew.
                was_closed = connection.used and not connection.begun and isinstance(problem, Cut | OSError)
                if was_closed and request.body is None:
                    continue
                raise _told(problem, request) from problem
            finally:
                with self._lock:
                    self._busy.discard(connection)
            if keeps and not self._closed:
                with self._lock:
                    self._idle.setdefault(origin, []).append(connection)
            else:
                connection.close()
            if answer.status == _PROXY_AUTHENTICATION:
                raise AccessDenied(str(proxy_for(origin, self._variables)), answer.status, (), None)
            return answer
        raise AssertionError("a fresh connection always answers or fails")

    def _begin(self, connection: Connection) -> None:
        with self._lock:
            self._busy.add(connection)
            if self._closed:
                raise Cancelled

    def _usable(self, request: Request, origin: Origin) -> Iterator[Connection]:
        while True:
            with self._lock:
                idle = self._idle.get(origin)
                connection = idle.pop() if idle else None
            if connection is not None and not connection.is_quiet:
                connection.close()
                continue
            yield connection or self._connect(request, origin)

    def _connect(self, request: Request, origin: Origin) -> Connection:
        proxy = proxy_for(origin, self._variables)
        if proxy is not None and proxy.scheme != "http":
            hint = "name an `http://` proxy, or except the host in `NO_PROXY`"
            raise Unreachable(request.url, f"the proxy {proxy} is of a kind that is not supported", hints=[hint])
        connected = open_socket(
            proxy.host if proxy else origin.host, proxy.port if proxy else origin.port, request, proxy
        )
        try:
            if proxy is None:
                return Connection(self._secured(connected, origin, request))
            header = basic(proxy.login) if proxy.login else ""
            if origin.scheme == "http":
                return Connection(connected, prefix=str(origin), proxy_header=header)
            _tunnel(connected, origin, header, request, proxy)
            return Connection(self._secured(connected, origin, request))
        except BaseException:
            connected.close()
            raise

    def _secured(self, connected: socket.socket, origin: Origin, request: Request) -> socket.socket:
        if origin.scheme == "http":
            return connected
        # Imported here because it costs 15 ms, and plain indexes on loopback need none of it.
        import ssl

        try:
            secured = self._context(origin).wrap_socket(
                connected, server_hostname=origin.host, do_handshake_on_connect=False
            )
            shake_hands(secured, request)
        except TrustUnreadable as problem:
            raise Untrusted(request.url, str(problem)) from None
        except ssl.SSLCertVerificationError as problem:
            raise Untrusted(request.url, f"its certificate is not trusted: {problem.verify_message}") from None
        except ssl.SSLError as problem:
            raise Unreachable(request.url, f"the TLS handshake failed: {problem.reason or 'no reason given'}") from None
        except OSError as problem:
            raise Unreachable(request.url, f"the TLS handshake failed: {reason(problem)}") from None
        secured.settimeout(SLICE)
        return secured

    def _context(self, origin: Origin) -> ssl.SSLContext:
        trust = self._trusts.get(origin, self._general_trust)
        with self._lock:
            if trust not in self._contexts:
                self._contexts[trust] = tls_context(trust)
            return self._contexts[trust]

    def close(self) -> None:
        """Close all connections; whoever waits for an answer gets `Cancelled` at once."""
        with self._lock:
            self._closed = True
            idle = [connection for connections in self._idle.values() for connection in connections]
            self._idle.clear()
            busy = list(self._busy)
        for connection in idle:
            connection.close()
        for connection in busy:
            connection.break_off()


def _tunnel(connected: socket.socket, origin: Origin, header: str, request: Request, proxy: Proxy) -> None:
    """Ask the proxy for a tunnel (RFC 9110, section 9.3.6)."""
    place = f"{origin.host}:{origin.port}" if ":" not in origin.host else f"[{origin.host}]:{origin.port}"
    lines = [f"CONNECT {place} HTTP/1.1", f"Host: {place}"]
    if header:
        lines.append(f"Proxy-Authorization: {header}")
    try:
        connected.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
        head = Inlet(_Watch(request).receive(connected)).head()
    except (OSError, Cut, Garbled, _Silent) as problem:
        raise Unreachable(request.url, f"the proxy {proxy} gives no tunnel: {problem}") from None
    if head.status == _PROXY_AUTHENTICATION:
        raise AccessDenied(str(proxy), head.status, ("the proxy's URL",) if header else (), None)
    if not 200 <= head.status < 300:  # noqa: PLR2004  the class of good statuses
        raise Unreachable(request.url, f"the proxy {proxy} gives no tunnel (HTTP {head.status})")


def _told(problem: BaseException, request: Request) -> BaseException:
    """Put what went wrong below HTTP into words about the URL."""
    match problem:
        case IndexFailure():
            return problem
        case Overlong():
            return TooLarge(request.url, request.limits.size)
        case _Silent():
            return (NoAnswer if problem.is_mute else TooSlow)(request.url, str(problem))
        case Cut() | Garbled():
            return Truncated(request.url, str(problem))
        case OSError():
            return Truncated(request.url, f"the connection broke: {reason(problem)}")
        case _:
            return problem
