"""Companion: a process beside a warm engine that has loaded what an installation takes its time with, to help with it.

In Python one thread runs at a time; two processes ask the system for files, or unpack, at the same time. For each
errand the companion divides: the half that does it begins at once, and takes with it whatever memory it took. It is
told what to do through one pipe, answers through another, and stops when the first is closed.

The process is `python -P -m chapbook_core.installer.dividing`. It ends with its input, and each errand with its own.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, NamedTuple

from chapbook_core.installer.turn import Turn

if TYPE_CHECKING:
    import socket
    import subprocess
    from collections.abc import Sequence
    from typing import IO

    from chapbook_core.installer.turn import Errand

MODULE = "chapbook_core.installer.dividing"
ATTEND, UNPACK = b"a", b"u"
"""What it is asked for: to work on the spares of wheels, see `attending`, or to unpack wheels, see `unpacker`."""
_LATER = 0.05
"""Seconds after which it is started: by then whoever waits for the command has its answer."""
_MOST = 200
_LONGEST = 60_000
"""What a pipe takes at once, of folders and of bytes."""
_MOST_STARTS = 3
_CAN_BE = os.name == "posix"
"""Whether a process can divide, and be handed pipes."""


class Helper(NamedTuple):
    """The pipes of somebody who does an errand."""

    inlet: IO[bytes]
    outlet: IO[bytes]


class Companion:
    """The end of an engine that has, or will have, a companion; used from many threads."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._line: socket.socket | None = None
        self._is_coming = False
        self._starts = 0
        self._lock = threading.Lock()

    def summon(self) -> None:
        """Start the process in a moment, unless it is there: for a command alone that would take too long.

        One that could not be started, or has ended, is started again, but not for ever: whatever ends it may stay.
        """
        with self._lock:
            if self._process is not None and self._process.poll() is not None:
                self._drop()
            if self._process is not None or self._is_coming or self._starts >= _MOST_STARTS or not _CAN_BE:
                return
            self._is_coming = True
            self._starts += 1
        timer = threading.Timer(_LATER, self._start)
        timer.daemon = True
        timer.start()

    def send(self, errand: bytes) -> Helper | None:
        """Have somebody do an errand; None when nobody is there."""
        with self._lock:
            if self._line is None:
                return None
            import socket  # loaded when it was started

            ends: list[int] = []
            try:
                ends += os.pipe()
                ends += os.pipe()
                socket.send_fds(self._line, [errand], [ends[0], ends[3]])
            except OSError:
                # It has ended, or hangs, and is done without.
                self._drop()
                for end in ends:
                    os.close(end)
                return None
        theirs_in, inlet, outlet, theirs_out = ends
        os.close(theirs_in)
        os.close(theirs_out)
        return Helper(os.fdopen(inlet, "wb", 0), os.fdopen(outlet, "rb", 0))

    def begin(self, errands: Sequence[Errand]) -> Turn:
        """Let it work on the spares of wheels, from the last to the first, until the turn ends."""
        line = json.dumps([(number, *one) for number, one in enumerate(errands)][-_MOST:]).encode() + b"\n"
        helper = self.send(ATTEND) if len(line) <= _LONGEST else None
        if helper is None:
            return Turn()
        for pipe in helper:
            os.set_blocking(pipe.fileno(), False)
        turn = Turn(helper.outlet, helper.inlet)
        with suppress(OSError):
            if helper.inlet.write(line) != len(line):
                # A system short of memory gives small pipes, which one that hangs never empties.
                turn.end()
        return turn

    def end(self, turn: Turn) -> None:
        """Let it rest."""
        turn.end()

    def dismiss(self) -> None:
        """Do without one that hangs."""
        with self._lock:
            self._drop()

    def _start(self) -> None:
        # Only here, as elsewhere.
        import socket
        import subprocess

        # Nobody is left to be told that it cannot be started; nothing but speed depends on it.
        with suppress(OSError), ExitStack() as stack:
            ours, theirs = map(stack.enter_context, socket.socketpair())
            process = subprocess.Popen(  # noqa: S603  a list of words, no shell
                [sys.executable, "-P", "-m", MODULE],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            # Before anybody sends: what is sent while this end is open here too is taken though its process has ended.
            theirs.close()
            ours.settimeout(0.0)
            with self._lock:
                self._process, self._line = process, ours
            stack.pop_all()
        self._is_coming = False

    def _drop(self) -> None:
        """Do without a process that has ended, or hangs; what it has divided into ends with its own input."""
        process, line, self._process, self._line = self._process, self._line, None, None
        if line is not None:
            line.close()
        if process is not None:
            process.kill()
            process.wait()
