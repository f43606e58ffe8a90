"""The ports of a kernel, kept for it from their choice on, so that nobody else is given one while it starts."""

from __future__ import annotations

import socket
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jupyter_client.connect import ConnectionFileMixin

NAMES = ("shell_port", "iopub_port", "stdin_port", "hb_port", "control_port")
CAN_KEEP = sys.platform == "linux"
"""Where two sockets that allow it may have one address as long as one of them listens at most."""


class KeptPorts:
    """Sockets that have an address and never listen.

    A kernel lets its addresses be used again, as these do, and so it can listen there. Whoever asks the system for any
    port gets none that somebody has, be it to listen or to connect to others.
    """

    def __init__(self) -> None:
        self._sockets: list[socket.socket] = []

    def choose(self, address: str) -> int:
        """Return a port that is kept from here on; raises OSError."""
        one = socket.socket()
        self._sockets.append(one)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.bind((address, 0))
        port: int = one.getsockname()[1]
        return port

    def release(self) -> None:
        """Leave the ports to whoever listens there."""
        for one in self._sockets:
            one.close()
        self._sockets.clear()


def keep_ports(manager: ConnectionFileMixin) -> KeptPorts | None:
    """Choose the ports of a manager's kernel; None where they cannot be kept, and jupyter_client chooses them."""
    if not CAN_KEEP or manager.transport != "tcp":
        return None
    kept = KeptPorts()
    try:
        chosen = {name: kept.choose(manager.ip) for name in NAMES}
    except OSError:
        # An address of another machine, or of another kind, of which jupyter_client knows what to say.
        kept.release()
        return None
    for name, port in chosen.items():
        manager.set_trait(name, port)
    return kept


def forget_ports(manager: ConnectionFileMixin) -> None:
    """Have other ports chosen at the next start."""
    if manager.transport != "tcp":
        return
    for name in NAMES:
        manager.set_trait(name, 0)
    manager.cleanup_connection_file()
