"""Ports for kernels that tests start: such as nobody is given who asks the system for any, or connects to others."""

from __future__ import annotations

import itertools
import os
import socket
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from chapbook_kernelspec.ports import NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jupyter_client.manager import KernelManager

Manager = TypeVar("Manager", bound="KernelManager")

_ADDRESS = "127.0.0.1"
_LOWEST = 12_000
_HIGHEST = 32_000
"""What a system gives to whoever asks for any begins above: at 32768 on Linux, at 49152 elsewhere."""
_SLICE = 200


def with_steady_ports(manager: type[Manager]) -> type[Manager]:
    """Return such managers whose kernels, at each start, have ports that nobody else comes to have.

    jupyter_client asks for any and lets go of them, and until a kernel is up they may be given to a test beside this
    one.
    """

    class SteadyManager(manager):  # type: ignore[misc, valid-type]  # whose class is known to the caller alone
        def __init__(self, **options: Any) -> None:
            # Kept by jupyter_client, they would be chosen before they are asked for here.
            super().__init__(**{**options, "cache_ports": False})

        def write_connection_file(self, **options: Any) -> None:
            """Choose what is not chosen yet; called before each start."""
            for name in NAMES:
                if getattr(self, name) <= 0:
                    setattr(self, name, steady_port())
            super().write_connection_file(**options)

    return SteadyManager


def steady_port() -> int:
    """Return a port of this process at which nobody listens."""
    for port in itertools.islice(_turns(), _SLICE):
        if _is_free(port):
            return port
    raise AssertionError("every port of this process is taken")


@cache
def _turns() -> Iterator[int]:
    """Return the ports of this process, one after the other and over again, lest one is asked for twice at once."""
    first = _claim()
    return itertools.cycle(range(first + 1, first + _SLICE))


def _claim() -> int:
    """Take a slice of all ports, by its first one, at which this process listens as long as it lives."""
    slices = range(_LOWEST, _HIGHEST, _SLICE)
    for turn in range(len(slices)):
        first = slices[(os.getpid() + turn) % len(slices)]
        guard = socket.socket()
        try:
            guard.bind((_ADDRESS, first))
            guard.listen()
        except OSError:
            guard.close()
            continue
        _guards.append(guard)
        return first
    raise AssertionError("every slice of ports is taken")


_guards: list[socket.socket] = []


def _is_free(port: int) -> bool:
    with socket.socket() as one:
        # As kernels ask: what is left of a connection that was closed is in nobody's way.
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind((_ADDRESS, port))
        except OSError:
            return False
    return True
