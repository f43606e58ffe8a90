"""Running the programs that a command has left to the terminal, so that signals and the exit status are theirs."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from types import FrameType

    from chapbook_core.commands.programs import Program, Programs

_BASE_STATUS = 128
"""A shell reports the number of a signal above this."""
_RESTORED = tuple(getattr(signal, name) for name in ("SIGPIPE", "SIGXFSZ") if hasattr(signal, name))
"""What Python ignores, and other programs do not expect to be ignored."""
_PASSED_ON = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))


def become(result: Programs, *, quiet: bool) -> int:
    """Run the programs; where the system can, this process becomes the last one and nothing is returned."""
    for number, program in enumerate(result.programs, start=1):
        if program.note and not quiet:
            sys.stderr.write(f"{program.note}\n")
        sys.stdout.flush()
        sys.stderr.flush()
        if number == len(result.programs) and sys.platform != "win32":
            _replace(program)
        status = _run(program)
        if status:
            return status
    return 0


def _replace(program: Program) -> None:
    os.chdir(program.folder)
    for number in _RESTORED:
        signal.signal(number, signal.SIG_DFL)
    os.execve(program.path, program.words, dict(program.variables))  # noqa: S606  the person asked for this program


def _run(program: Program) -> int:
    """Run a program beside this process until it ends."""
    # Loaded where there are several programs; the last one, elsewhere than on Windows, replaces this process.
    import subprocess

    with _passing_signals() as children:
        child = subprocess.Popen(  # noqa: S603  a list of words, no shell
            program.words, executable=program.path, cwd=program.folder, env=dict(program.variables)
        )
        children.append(child)
        status = child.wait()
    return _BASE_STATUS - status if status < 0 else status


@contextmanager
def _passing_signals() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Leave an interrupt to the child, which the terminal sends it as well, and pass on what is sent here alone.

    From before it is started: a signal that ended this process in between would leave it to nobody.
    """
    children: list[subprocess.Popen[bytes]] = []

    def pass_on(number: int, _frame: FrameType | None) -> None:
        for child in children:
            child.send_signal(number)

    def leave(_number: int, _frame: FrameType | None) -> None:
        """Wait for what the child makes of it."""

    handlers = {signal.SIGINT: leave, **dict.fromkeys(_PASSED_ON, pass_on)}
    before = {}
    for number, handler in handlers.items():
        if signal.getsignal(number) is not signal.SIG_IGN:
            before[number] = signal.signal(number, handler)
    try:
        yield children
    finally:
        for number, handler_before in before.items():
            signal.signal(number, handler_before)
