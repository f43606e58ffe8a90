"""A tunnel: bytes that pass between two sockets until both sides have said all."""

from __future__ import annotations

import socket
import threading


def tunnel(one: socket.socket, other: socket.socket) -> None:
    """Pass on what each side says to the other."""
    back = threading.Thread(target=_pass_on, args=(other, one), daemon=True)
    back.start()
    _pass_on(one, other)
    back.join(5)


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    try:
        while piece := source.recv(65536):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return
