"""Companion: a process beside a warm engine, which looks at files of spares while the engine does.

What takes the time of an installation is a question to the system for each file, which Python asks with one processor.
The engine asks from the first file to the last, the companion from the last to the first. It says nothing but which
pieces are as they were noted; whatever it has not said anything of, the engine looks at itself.

    in     a line for each turn, with its number and the spares, numbered; an empty one ends a turn
    out    the numbers of turn, spare and piece, and the checksum of the sheet, for each piece that is as it was noted

`python -P -m chapbook_core.installer.companion` is that process. It ends with its input.
"""

from __future__ import annotations

import json
import os
import select
import struct
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from chapbook_core.installer.sheet import NoSheet, SpareFolder, read_sheet

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Sequence
    from typing import IO

    from chapbook_core.installer.sheet import Sheet

MODULE = "chapbook_core.installer.companion"
_WORD = struct.Struct("<III8s")
_LATER = 0.05
"""Seconds after which it is started: by then whoever waits for the command has its answer."""
_AT_ONCE = 1 << 16
_MOST = 200
_LONGEST = 60_000
"""What a pipe takes at once, of folders and of bytes."""
_CAN_BE = os.name == "posix"
"""Whether two processes can be asked whether they have something to say."""


class Turn:
    """What the companion has said of some spares; one that has none says nothing."""

    def __init__(self, number: int = 0, outlet: IO[bytes] | None = None) -> None:
        self._number = number
        self._outlet = outlet
        self._rest = b""
        self._seen: set[tuple[int, int, bytes]] = set()

    def has_seen(self, spare: int, piece: int, sheet: Sheet) -> bool:
        """Tell whether each file of a piece of a spare was as it is noted on its sheet."""
        if self._outlet is None:
            return False
        self._listen(self._outlet)
        return (spare, piece, sheet.checksum) in self._seen

    def _listen(self, outlet: IO[bytes]) -> None:
        said = outlet.read(_AT_ONCE)
        # Nothing yet is None, and the end is nothing.
        if not said:
            return
        said = self._rest + said
        whole = len(said) - len(said) % _WORD.size
        for turn, spare, piece, checksum in _WORD.iter_unpack(said[:whole]):
            if turn == self._number:
                self._seen.add((spare, piece, checksum))
        self._rest = said[whole:]


class Companion:
    """The end of an engine that has, or will have, a companion. One command at a time is helped."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._is_summoned = False
        self._turns = 0
        self._turn: Turn | None = None
        self._lock = threading.Lock()

    def summon(self) -> None:
        """Start the process in a moment, unless it was: for a command alone that would take too long."""
        with self._lock:
            if self._is_summoned or not _CAN_BE:
                return
            self._is_summoned = True
        timer = threading.Timer(_LATER, self._start)
        timer.daemon = True
        timer.start()

    def begin(self, folders: Sequence[str]) -> Turn:
        """Let it look at spares, from the last to the first, until the turn ends."""
        with self._lock:
            process = self._process
            if process is None or self._turn is not None or process.stdin is None or process.stdout is None:
                return Turn()
            self._turns += 1
            line = json.dumps([self._turns, list(enumerate(folders))[-_MOST:]]).encode() + b"\n"
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

    def _say(self, process: subprocess.Popen[bytes], line: bytes) -> bool:
        """Write a line; one that does not take all of it has ended, or hangs, and is done without."""
        try:
            if process.stdin is not None and os.write(process.stdin.fileno(), line) == len(line):
                return True
        except OSError:
            pass
        self._process = None
        process.kill()
        process.wait()
        for pipe in filter(None, (process.stdin, process.stdout)):
            pipe.close()
        return False


def look(
    turn: int, spares: Sequence[tuple[int, str]], say: Callable[[bytes], object], is_over: Callable[[], bool]
) -> None:
    """Look at the files of numbered spares, the last first, until it is over, and say what is as it was noted."""
    for number, place in reversed(spares):
        with suppress(OSError, NoSheet):
            sheet = read_sheet(place)
            with SpareFolder(place) as folder:
                for piece in reversed(sheet.pieces):
                    if is_over():
                        return
                    if sheet.is_true(folder, piece):
                        say(_WORD.pack(turn, number, piece, sheet.checksum))


def main() -> None:
    """Do what the input asks for until it ends."""
    poll = select.poll()
    poll.register(0, select.POLLIN)
    heard = b""
    while True:
        line, mark, rest = heard.partition(b"\n")
        if not mark:
            more = os.read(0, _AT_ONCE)
            if not more:
                return
            heard += more
            continue
        heard = rest
        if line and not heard:
            turn, spares = json.loads(line)
            look(turn, spares, lambda word: os.write(1, word), lambda: bool(poll.poll(0)))


if __name__ == "__main__":
    main()
