"""Dividing: what the process of a companion does: for each errand it divides, and the half that does it ends with it.

What the errands need is loaded before, and used once. The process has one thread, since others would not be in both
halves.
"""

from __future__ import annotations

import gc
import os
import signal
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

from chapbook_core.installer import attending, unpacker, unpacking, wheel, workshop
from chapbook_core.installer.companion import ATTEND, UNPACK
from chapbook_core.installer.swift import swift
from chapbook_core.pattern import compile_ahead
from chapbook_core.value import make_ahead

if TYPE_CHECKING:
    from collections.abc import Sequence

_LOADED = (unpacking, wheel, workshop)
"""What unpacking would load with the first wheel."""
_ERRANDS = {ATTEND: attending.main, UNPACK: unpacker.main}


def main() -> None:
    """Do what is asked for until the input ends."""
    # An interrupt is for whoever is helped to act on.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, _take_leave)
    swift()
    compile_ahead()
    make_ahead()
    # Nothing of what is there by now becomes garbage, and what nobody writes to both halves share.
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)
    with socket.socket(fileno=0) as line:
        while True:
            errand, pipes, *_ = socket.recv_fds(line, 1, 2)
            if not errand:
                return
            with suppress(OSError):
                if os.fork() == 0:
                    _do(errand, pipes)
            for pipe in pipes:
                os.close(pipe)


def _do(errand: bytes, pipes: Sequence[int]) -> NoReturn:
    """Be the half that does an errand."""
    status = 1
    try:
        for number, pipe in enumerate(pipes):
            os.dup2(pipe, number)
            os.close(pipe)
        _ERRANDS[errand]()
        # Whoever waits for the end need not wait for memory to be given back.
        os.close(1)
        status = 0
    finally:
        os._exit(status)


def _take_leave(_number: int, _frame: object) -> None:
    """Let those go that have ended."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass


if __name__ == "__main__":
    main()
