"""The HTTP/1.1 server: one event loop on a thread of its own, keep-alive connections, replies from a plain function."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.fakes.index.message import plain
from tests.fakes.index.ports import listen_anew
from tests.fakes.index.reading import NotHttp, awaits_permission, read_request

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from tests.fakes.index.message import Delivery, Reply, Request

_HOST = "127.0.0.1"
_BACKLOG = 512
_TURNS = 10


@dataclass(slots=True)
class Traffic:
    """What the server has seen of connections."""

    connections: int = 0
    """How many were opened."""
    at_once: int = 0
    """Requests that are being answered this moment."""
    most_at_once: int = 0


class Server:
    """Answers requests until it is closed; closing waits for nobody."""

    def __init__(
        self,
        answer: Callable[[Request], Reply],
        latency: Callable[[], float],
        context: ssl.SSLContext | None = None,
    ) -> None:
        self.answer = answer
        self.latency = latency
        self.traffic = Traffic()
        self.connections: set[Connection] = set()
        self.closing = False
        self.loop = asyncio.new_event_loop()
        self._context = context
        self._listeners: list[asyncio.Server] = []
        self._thread = threading.Thread(target=self.loop.run_forever, name="fake index", daemon=True)

    def start(self) -> None:
        """Start the thread; nothing is listened to yet."""
        self._thread.start()

    def listen(self, port: int = 0, *, encrypted: bool = True) -> int:
        """Open one more origin and return its port; without one that is asked for, it is one that no index had."""
        origin = len(self._listeners)
        context = self._context if encrypted else None

        def connect() -> Connection:
            return Connection(self, origin)

        async def create() -> asyncio.Server:
            if port:
                return await self.loop.create_server(connect, _HOST, port, backlog=_BACKLOG, ssl=context)
            listening = listen_anew(_HOST, _BACKLOG)
            return await self.loop.create_server(connect, sock=listening, backlog=_BACKLOG, ssl=context)

        listener = asyncio.run_coroutine_threadsafe(create(), self.loop).result(10)
        self._listeners.append(listener)
        number: int = listener.sockets[0].getsockname()[1]
        return number

    def close(self) -> None:
        """Drop every connection and end the thread."""
        if self.closing:
            return
        self.closing = True
        asyncio.run_coroutine_threadsafe(self._shut(), self.loop).result(10)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.close()

    async def _shut(self) -> None:
        # A listener may not be closed while a connection that it has accepted begins, which takes some turns of the
        # loop; so it turns deaf first.
        for listener in self._listeners:
            for listening in listener.sockets:
                self.loop.remove_reader(listening.fileno())
        await _turn()
        for listener in self._listeners:
            listener.close()
        for connection in list(self.connections):
            connection.abort()
        # Deliveries, and connections whose handshake is not over.
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await _turn()


async def _turn() -> None:
    for _ in range(_TURNS):
        await asyncio.sleep(0)


class Connection(asyncio.Protocol):
    """One client's connection: requests are answered in turn."""

    def __init__(self, server: Server, origin: int) -> None:
        self.task: asyncio.Task[None] | None = None
        self._server = server
        self._origin = origin
        self._buffer = bytearray()
        self._busy = False
        self._permitted = False
        self._closing = False
        self._timer: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport | None = None
        self._writable: asyncio.Event | None = None

    # What the loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._server.traffic.connections += 1
        self._server.connections.add(self)
        if self._server.closing:
            transport.abort()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._busy:
            self._next()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # the name is the loop's
        self._server.connections.discard(self)
        self._transport = None
        if self._timer is not None:
            self._timer.cancel()
        if self.task is not None:
            self.task.cancel()
        if self._busy:
            self._finish()

    def pause_writing(self) -> None:
        self._writable = asyncio.Event()

    def resume_writing(self) -> None:
        if self._writable is not None:
            self._writable.set()
            self._writable = None

    # What deliveries call: the port `message.Wire`.

    async def write(self, content: bytes) -> None:
        if self._writable is not None:
            await self._writable.wait()
        if self._transport is None or self._transport.is_closing():
            raise ConnectionResetError
        self._transport.write(content)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def reset(self) -> None:
        if self._transport is not None:
            connection: socket.socket = self._transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._transport.abort()

    def abort(self) -> None:
        """Drop the connection, whatever it is doing."""
        if self.task is not None:
            self.task.cancel()
        if self._transport is not None:
            self._transport.abort()

    # The life of a request.

    def _next(self) -> None:
        while not self._busy and not self._closing and self._buffer and self._transport is not None:
            try:
                request = read_request(self._buffer, self._origin)
            except (NotHttp, ValueError) as error:
                self._transport.write(plain(400, f"{error}\n", connection="close").wire)
                self._closing = True
                self._transport.close()
                return
            if request is None:
                self._permit()
                return
            self._permitted = False
            self._begin(request)

    def _permit(self) -> None:
        if not self._permitted and awaits_permission(self._buffer) and self._transport is not None:
            self._permitted = True
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _begin(self, request: Request) -> None:
        self._busy = True
        traffic = self._server.traffic
        traffic.at_once += 1
        traffic.most_at_once = max(traffic.most_at_once, traffic.at_once)
        reply = self._server.answer(request)
        delay = self._server.latency() + reply.delay
        if delay > 0:
            self._timer = self._server.loop.call_later(delay, self._send_later, request, reply)
        else:
            self._send(request, reply)

    def _send_later(self, request: Request, reply: Reply) -> None:
        self._timer = None
        self._send(request, reply)
        self._next()

    def _send(self, request: Request, reply: Reply) -> None:
        transport = self._transport
        if transport is None:
            return
        if reply.delivery is not None:
            self.task = self._server.loop.create_task(self._deliver(reply, reply.delivery))
            return
        transport.write(reply.head if request.method == "HEAD" else reply.wire)
        self._finish()
        if reply.headers.get("Connection") == "close" or request.header("connection").lower() == "close":
            self._closing = True
            transport.close()

    async def _deliver(self, reply: Reply, delivery: Delivery) -> None:
        with contextlib.suppress(ConnectionResetError, asyncio.CancelledError):
            await delivery(self, reply)
        if self._transport is not None:
            self._transport.close()

    def _finish(self) -> None:
        self._busy = False
        self._server.traffic.at_once -= 1
