"""Companion: a process beside a warm engine, which works on the spares of wheels while the engine does.

What takes the time of an installation is a question to the system for each file, which Python asks with one processor.
The engine goes from the first wheel to the last, the companion from the last to the first. Of a spare that there is it
says which pieces are as they were noted, and whatever it has not said anything of, the engine looks at itself. One that
there is not it lays out, and the engine goes on with the other wheels meanwhile.

    in     a line for each turn, with its number and the wheels, numbered; an empty one ends a turn
    out    words: the numbers of turn, wheel and piece, and the checksum of the sheet; or in place of the piece that it
           begins to lay a spare out, or has ended

The process is `python -P -m chapbook_core.installer.attending`. It ends with its input.
"""

from __future__ import annotations

import json
import os
import select
import struct
import sys
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Sequence
    from typing import IO

    from chapbook_core.installer.sheet import Sheet

MODULE = "chapbook_core.installer.attending"
WORD = struct.Struct("<III8s")
BEGUN, ENDED = 0xFFFFFFFE, 0xFFFFFFFF
"""What stands in place of a piece when a spare is laid out."""
AT_ONCE = 1 << 16
_WORDS = WORD.size << 11
"""So many bytes are listened to at once; a word goes into the pipe as a whole, and comes out as one."""
_LATER = 0.05
"""Seconds after which it is started: by then whoever waits for the command has its answer."""
_NOTHING = b"\0" * 8
_MOST = 200
_LONGEST = 60_000
"""What a pipe takes at once, of folders and of bytes."""
_PATIENCE = 10.0
"""Seconds that somebody waits for a spare before laying out the files themselves."""
_MOST_STARTS = 3
_GLANCE = 0.25
"""Seconds between two looks at whether the person wants to stop."""
_CAN_BE = os.name == "posix"
"""Whether two processes can be asked whether they have something to say."""


class Errand(NamedTuple):
    """A wheel of a turn."""

    folder: str
    """Where it is in the store."""
    tag: str
    is_laid: bool
    """Whether a spare is to be laid out when there is none."""


class Turn:
    """What the companion has said of some wheels; one that has none says nothing."""

    def __init__(self, number: int = 0, outlet: IO[bytes] | None = None) -> None:
        self._number = number
        self._outlet = outlet
        self._seen: set[tuple[int, int, bytes]] = set()
        self._begun = b""
        """Of a word the rest of which has not come: what else is written there, by whatever is loaded with it."""

    def has_seen(self, wheel: int, piece: int, sheet: Sheet) -> bool:
        """Tell whether each file of a piece of a wheel's spare was as it is noted on its sheet."""
        self._listen()
        return (wheel, piece, sheet.checksum) in self._seen

    def is_at(self, wheel: int) -> bool:
        """Tell whether it is laying out a spare of a wheel."""
        self._listen()
        is_begun = (wheel, BEGUN, _NOTHING) in self._seen and (wheel, ENDED, _NOTHING) not in self._seen
        return is_begun and self._outlet is not None

    def wait(self, wheel: int, checkpoint: Callable[[], None]) -> None:
        """Wait until it has ended that, unless it takes too long; raises what the checkpoint raises."""
        if self._outlet is None:
            return
        end = time.monotonic() + _PATIENCE
        # Which takes any number of a file, unlike `select`.
        poll = select.poll()
        poll.register(self._outlet, select.POLLIN)
        while self.is_at(wheel) and (left := end - time.monotonic()) > 0:
            checkpoint()
            poll.poll(min(left, _GLANCE) * 1000)

    def _listen(self) -> None:
        said = None if self._outlet is None else self._outlet.read(_WORDS)
        if said == b"":
            # Its process has ended; if it said nothing at all yet, it is None.
            self._outlet = None
        if not said:
            return
        said = self._begun + said
        end = len(said) - len(said) % WORD.size
        self._begun = said[end:]
        for turn, wheel, piece, checksum in WORD.iter_unpack(said[:end]):
            if turn == self._number:
                self._seen.add((wheel, piece, checksum))


class Companion:
    """The end of an engine that has, or will have, a companion. One command at a time is helped."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._is_coming = False
        self._starts = 0
        self._turns = 0
        self._turn: Turn | None = None
        self._lock = threading.Lock()

    def summon(self) -> None:
        """Start the process in a moment, unless it is there: for a command alone that would take too long.

        One that could not be started, or has ended, is started again, but not for ever: whatever ends it may stay.
        """
        with self._lock:
            process = self._process
            if process is not None and self._turn is None and process.poll() is not None:
                self._drop(process)
            if self._process is not None or self._is_coming or self._starts >= _MOST_STARTS or not _CAN_BE:
                return
            self._is_coming = True
            self._starts += 1
        timer = threading.Timer(_LATER, self._start)
        timer.daemon = True
        timer.start()

    def begin(self, errands: Sequence[Errand]) -> Turn:
        """Let it work on the spares of wheels, from the last to the first, until the turn ends."""
        with self._lock:
            process = self._process
            if process is None or self._turn is not None or process.stdin is None or process.stdout is None:
                return Turn()
            self._turns += 1
            line = (
                json.dumps([self._turns, [(number, *one) for number, one in enumerate(errands)][-_MOST:]]).encode()
                + b"\n"
            )
            if len(line) > _LONGEST or not self._say(process, line):
                return Turn()
            self._turn = Turn(self._turns, process.stdout)
            return self._turn

    def end(self, turn: Turn) -> None:
        """Let it rest."""
        with self._lock:
            if turn is self._turn:
                self._turn = None
                if self._process is not None:
                    self._say(self._process, b"\n")

    def _start(self) -> None:
        import subprocess  # only here, as elsewhere

        # Nobody is left to be told that it cannot be started; nothing but speed depends on it.
        with suppress(OSError):
            process = subprocess.Popen(  # noqa: S603  a list of words, no shell
                [sys.executable, "-P", "-m", MODULE],
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
            for pipe in filter(None, (process.stdin, process.stdout)):
                os.set_blocking(pipe.fileno(), False)
            with self._lock:
                self._process = process
        self._is_coming = False

    def _say(self, process: subprocess.Popen[bytes], line: bytes) -> bool:
        """Write a line; one that does not take all of it has ended, or hangs, and is done without."""
        try:
            if process.stdin is not None and os.write(process.stdin.fileno(), line) == len(line):
                return True
        except OSError:
            pass
        self._drop(process)
        return False

    def _drop(self, process: subprocess.Popen[bytes]) -> None:
        """Do without a process that has ended, or hangs."""
        self._process = None
        process.kill()
        process.wait()
        for pipe in filter(None, (process.stdin, process.stdout)):
            pipe.close()
