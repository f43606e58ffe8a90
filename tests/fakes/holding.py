"""Another process that holds a project, as `tests.core` and `tests.faults` need it."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PROGRAM = """
import hashlib, os, sys
from pathlib import Path
from chapbook_core.errors import ChapbookError
from chapbook_core.events import Unwatched
from chapbook_core.project.writer_lock import hold_project
project, command, is_nobody, *elsewhere = sys.argv[1:]
if is_nobody == "nobody":
    os.seteuid(65534)
try:
    with hold_project(Path(project), command, Unwatched(), patience=0, elsewhere=[Path(place) for place in elsewhere]):
        print("held", flush=True)
        sys.stdin.readline()
except ChapbookError as error:
    print(type(error).__name__, error, flush=True)
"""


class Other:
    """A process that tries to hold a project, and holds it until told otherwise."""

    def __init__(self, project: Path, command: str, elsewhere: tuple[Path, ...], *, nobody: bool) -> None:
        words = [str(project), command, "nobody" if nobody else "me", *map(str, elsewhere)]
        self._process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self.said = self._process.stdout.readline().strip()
        """`held`, or the error."""

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    def let_go(self) -> None:
        """Make it give the project back, and end."""
        self._process.communicate("\n", timeout=60)

    def signal(self, number: int) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    def kill(self) -> None:
        """End it without giving it time for anything."""
        if self._process.returncode is None:
            self._process.kill()
            self._process.communicate(timeout=60)


@contextmanager
def held_by_another(
    project: Path, *, command: str = "chapbook lock", elsewhere: tuple[Path, ...] = (), nobody: bool = False
) -> Iterator[Other]:
    """Let another process hold the project; `nobody` takes the rights of root from it."""
    other = Other(project, command, elsewhere, nobody=nobody)
    try:
        yield other
    finally:
        other.kill()
