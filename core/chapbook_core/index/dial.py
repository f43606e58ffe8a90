"""Reaching a host: a socket that is connected, and keys that are agreed on, within the time allowed."""

from __future__ import annotations

import errno
import os
import selectors
import socket
import time
from typing import TYPE_CHECKING

from chapbook_core.index.failure import Unreachable

if TYPE_CHECKING:
    import ssl

    from chapbook_core.index.proxy import Proxy
    from chapbook_core.index.transport import Request

SLICE = 0.5
"""Seconds between two looks at the clock and at the person who may want to stop."""
_UNDER_WAY = frozenset({errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EALREADY, getattr(errno, "WSAEWOULDBLOCK", -1)})


def shake_hands(secured: ssl.SSLSocket, request: Request) -> None:
    """Agree on keys, in slices; a socket with which that fails is closed."""
    started = time.monotonic()
    secured.settimeout(SLICE)
    try:
        while True:
            try:
                return secured.do_handshake()
            except TimeoutError:
                waited = time.monotonic() - started
                if waited >= request.limits.connect:
                    raise
                request.tick(waited)
    except BaseException:
        secured.close()
        raise


def open_socket(host: str, port: int, request: Request, proxy: Proxy | None) -> socket.socket:
    """Return a socket that is connected to a host, or to the proxy that it is."""
    patience = min(request.limits.connect, max(0.1, request.deadline - time.monotonic()))
    what = f"the proxy {proxy}" if proxy else host
    try:
        connected = _connected(host, port, patience, request)
    except socket.gaierror:
        raise Unreachable(request.url, f"the name {'of ' if proxy else ''}{what} is not known") from None
    except TimeoutError:
        raise Unreachable(request.url, f"no connection to {what} within {patience:.0f} s") from None
    except (OSError, UnicodeError) as problem:
        raise Unreachable(request.url, f"no connection to {what}: {reason(problem)}") from None
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connected.settimeout(SLICE)
    return connected


def _connected(host: str, port: int, patience: float, request: Request) -> socket.socket:
    """Try the addresses of a host in turn, with an eye on the person who may want to stop."""
    problem: OSError = TimeoutError()
    for family, kind, protocol, _name, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        try:
            connecting = socket.socket(family, kind, protocol)
        except OSError as cause:
            problem = cause
            continue
        try:
            _reach(connecting, address, patience, request)
        except OSError as cause:
            connecting.close()
            problem = cause
        except BaseException:
            connecting.close()
            raise
        else:
            return connecting
    raise problem


def _reach(connecting: socket.socket, address: object, patience: float, request: Request) -> None:
    """Wait until an address has answered, in slices."""
    started = time.monotonic()
    connecting.settimeout(0.0)
    with selectors.DefaultSelector() as selector:
        code = connecting.connect_ex(address)  # type: ignore[arg-type]  # as `getaddrinfo` gave it
        if code in _UNDER_WAY:
            selector.register(connecting, selectors.EVENT_WRITE)
            while not selector.select(min(SLICE, max(0.0, started + patience - time.monotonic()))):
                waited = time.monotonic() - started
                if waited >= patience:
                    raise TimeoutError
                request.tick(waited)
            code = connecting.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if code:
        raise OSError(code, os.strerror(code))


def reason(problem: BaseException) -> str:
    """Put into words what the system says."""
    return getattr(problem, "strerror", None) or str(problem) or type(problem).__name__
