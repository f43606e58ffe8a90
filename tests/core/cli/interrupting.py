"""Interrupts one command at every moment: `python -m tests.core.cli.interrupting TIMES WORD...` in a folder.

A moment is one at which Python looks for signals while it runs the front end: when a function begins, behind each call
and where a loop begins again. For each the command runs in a fork of this process, in which everything is loaded, and
in a copy of the folder; what became of it is a line of JSON.
"""

from __future__ import annotations

import dis
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import chdir, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core import cli
from chapbook_core.cli import bundle

if TYPE_CHECKING:
    from types import CodeType, FrameType
    from typing import Protocol

    class Trace(Protocol):
        """What Python calls."""

        def __call__(self, frame: FrameType, event: str, argument: object, /) -> Trace | None:
            """Called by Python."""


_FOLDER = str(Path(cli.__file__).parent)
_PATIENCE = 60.0
_LOOKING = ("CALL", "JUMP_BACKWARD")
"""Steps behind which Python looks."""
_TURNS = 3
"""How often a step is tried of what looks at each of our modules, of which there are hundreds."""
_FIRED = 3
"""The file in which the fork says that it was interrupted."""


class Moment:
    """The n-th one, counted from where an interrupt is no longer Python's own."""

    def __init__(self, number: int, times: int) -> None:
        self._left = number
        self._times = times
        self._previous: dict[FrameType, int] = {}
        self._turns: Counter[tuple[CodeType, int]] = Counter()

    def trace(self, frame: FrameType, event: str, _argument: object) -> Trace | None:
        """Called by Python when a function begins, and before each step of those that are ours."""
        code = frame.f_code
        if not code.co_filename.startswith(_FOLDER):
            return None
        frame.f_trace_opcodes = True
        is_moment = event == "call" and code is not cli.leave.__code__
        if event == "opcode":
            before = self._previous.get(frame)
            is_moment = before is not None and dis.opname[code.co_code[before]].startswith(_LOOKING)
            self._previous[frame] = frame.f_lasti
        if is_moment and code.co_filename == bundle.__file__:
            self._turns[code, frame.f_lasti] += 1
            is_moment = self._turns[code, frame.f_lasti] <= _TURNS
        if is_moment:
            self._left -= 1
            if self._left <= 0 < self._times:
                self._times -= 1
                os.write(_FIRED, b"!")
                signal.raise_signal(signal.SIGINT)
        return self.trace


def run(words: list[str], folder: Path, moment: Moment) -> dict[str, object]:
    """Run a command in a fork, and return what became of it."""
    files = [tempfile.TemporaryFile() for _ in range(3)]  # noqa: SIM115  closed below
    child = os.fork()
    if not child:
        for number, file in enumerate(files, start=1):
            os.dup2(file.fileno(), number)
        _become_command(words, folder, moment)
    status = _ended(child)
    texts = []
    for file in files:
        file.seek(0)
        texts.append(file.read().decode())
        file.close()
    return {"status": os.waitstatus_to_exitcode(status), "out": texts[0], "err": texts[1], "fired": bool(texts[2])}


def _ended(child: int) -> int:
    """Wait for a fork, which may wait for ever where something is wrong."""
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            return status
        time.sleep(0.001)
    os.kill(child, signal.SIGKILL)
    return os.waitpid(child, 0)[1]


def _become_command(words: list[str], folder: Path, moment: Moment) -> None:
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.chdir(folder)
        sys.argv = ["chapbook", *words]
        sys.settrace(moment.trace)
        cli.leave()
    except BaseException:  # noqa: BLE001  as Python does with what nobody has caught
        sys.settrace(None)
        sys.excepthook(*sys.exc_info())
        sys.stderr.flush()
        os._exit(1)


def main(times: int, words: list[str]) -> None:
    """Try one moment after the other until the command ends before it comes."""
    template = Path.cwd()
    _load(words)
    number = 0
    is_interrupted = True
    while is_interrupted:
        number += 1
        with tempfile.TemporaryDirectory() as room:
            folder = Path(room) / "project"
            shutil.copytree(template, folder)
            told = run(words, folder, Moment(number, times))
            files = sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())
        # It is another folder each time.
        told["err"] = str(told["err"]).replace(str(folder), "project")
        print(json.dumps({**told, "files": files}), flush=True)  # noqa: T201  its result
        is_interrupted = bool(told["fired"])


def _load(words: list[str]) -> None:
    """Load what the command needs, as each fork would have to, by running it once."""
    with tempfile.TemporaryDirectory() as room, redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        folder = Path(room) / "project"
        shutil.copytree(Path.cwd(), folder)
        with chdir(folder):
            cli.main(words)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
