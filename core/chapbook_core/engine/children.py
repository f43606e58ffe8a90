"""Programs that a command has left to its front end, run beside the engine with their output passed on."""

from __future__ import annotations

import codecs
import os
import signal
import subprocess
import threading
import time
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Literal

from chapbook_core.engine.messages import Child, Output
from chapbook_core.errors import Cancelled, ChapbookError
from chapbook_core.process_group import kill_group, signal_group

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chapbook_core.commands.programs import Program, Programs
    from chapbook_core.engine.outbox import Outbox
    from chapbook_core.engine.underway import Underway

_BASE_STATUS = 128
"""A shell reports the number of a signal above this."""
_PIECE = 65_536
_SECONDS_TO_GATHER = 0.02
"""Between two messages about output that comes in drops."""
_SECONDS_OF_AFTERMATH = 0.5
"""In which output may come of what a program has left running."""
_GLANCE = 0.1
_WARNINGS = ((signal.SIGINT, 1.5), (signal.SIGTERM, 0.5))
"""What a program is sent before it is killed, and the seconds it has to end then."""


class TerminalNeeded(ChapbookError):
    """A program asks somebody who types."""

    def __init__(self, program: Program) -> None:
        super().__init__(
            f"`{program.path.name}` needs a terminal, which there is not here",
            hints=["run the command in a terminal", "run a single program with `chapbook run PROGRAM`"],
        )


class ProgramStopped(Cancelled):
    """The person has stopped a program."""

    def __init__(self, program: Program) -> None:
        ChapbookError.__init__(self, f"stopped `{' '.join(program.words)}`")


def run_programs(result: Programs, underway: Underway, outbox: Outbox) -> int:
    """Run the programs one after the other until one fails; raises ProgramStopped and TerminalNeeded."""
    for program in result.programs:
        if program.needs_terminal:
            raise TerminalNeeded(program)
    for program in result.programs:
        if program.note:
            outbox.put(Output(underway.id, "stderr", f"{program.note}\n"))
        status = _run(program, underway, outbox)
        if status:
            return status
    return 0


def _run(program: Program, underway: Underway, outbox: Outbox) -> int:
    child = subprocess.Popen(  # noqa: S603  a list of words, no shell
        program.words,
        executable=program.path,
        cwd=program.folder,
        # Without a terminal Python would keep its output back until the end.
        env={"PYTHONUNBUFFERED": "1", **program.variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
    )
    outbox.put(Child(underway.id, child.pid, "started"))
    readers = [_reader(child.stdout, "stdout", underway, outbox), _reader(child.stderr, "stderr", underway, outbox)]
    try:
        while not underway.is_stopped:
            with suppress(subprocess.TimeoutExpired):
                status = child.wait(_GLANCE)
                _join(readers, _SECONDS_OF_AFTERMATH)
                return _BASE_STATUS - status if status < 0 else status
        underway.is_unwinding = True
        raise ProgramStopped(program)
    finally:
        _end(child)
        outbox.put(Child(underway.id, child.pid, "ended"))


def _reader(
    stream: IO[bytes] | None, name: Literal["stdout", "stderr"], underway: Underway, outbox: Outbox
) -> threading.Thread:
    assert stream is not None  # noqa: S101  it is a pipe

    def read() -> None:
        decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
        with stream:
            while piece := os.read(stream.fileno(), _PIECE):
                if text := decoder.decode(piece):
                    outbox.put(Output(underway.id, name, text))
                with suppress(Cancelled):
                    # What is still to be read of a stopped program is little.
                    outbox.wait_for_room(underway.checkpoint)
                if len(piece) < _PIECE:
                    time.sleep(_SECONDS_TO_GATHER)
        if rest := decoder.decode(b"", final=True):
            outbox.put(Output(underway.id, name, rest))

    thread = threading.Thread(target=read, name=f"chapbook-{name}", daemon=True)
    thread.start()
    return thread


def _join(readers: Sequence[threading.Thread], seconds: float) -> None:
    """Wait for the rest of the output, which may be much, unless what holds the pipe open is silent."""
    end = time.monotonic() + seconds
    for reader in readers:
        reader.join(max(0.0, end - time.monotonic()))


def _end(child: subprocess.Popen[bytes]) -> None:
    """End a program with its group; one that has ended by itself may leave others running, as in a terminal."""
    if child.poll() is not None:
        return
    for number, seconds in _WARNINGS:
        signal_group(child, number)
        with suppress(subprocess.TimeoutExpired):
            child.wait(seconds)
            break
    kill_group(child)
    child.wait()
