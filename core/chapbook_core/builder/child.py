"""A child process that can be stopped with everything it started."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from typing import IO, TYPE_CHECKING

from chapbook_core.errors import ChapbookError
from chapbook_core.process_group import kill_group, signal_group
from chapbook_core.requirements.url import masked_url
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from chapbook_core.events import Watcher

_GLANCE = 0.1
_LAST_WORDS = 1.0
"""Seconds between asking a child to end and ending it."""
_MOST_OUTPUT = 4_000_000
_MOST_LINES = 40


@frozen
class Ended:
    """What a child left behind."""

    status: int
    output: str
    errors: str

    @property
    def words(self) -> str:
        """The last lines of what it said, for an error message; no credentials in them."""
        lines = f"{self.output}\n{self.errors}".strip().splitlines()
        hidden = len(lines) - _MOST_LINES
        shown = [f"({hidden} lines before)", *lines[-_MOST_LINES:]] if hidden > 0 else lines
        return masked_url("\n".join(shown))


class ChildTookTooLong(ChapbookError):
    """A child was ended because its time was over."""

    def __init__(self, program: str, seconds: float) -> None:
        super().__init__(f"{program} was ended: it took more than {seconds:.0f} seconds")


def run_child(
    words: Sequence[str],
    *,
    folder: Path,
    variables: Mapping[str, str],
    watcher: Watcher,
    seconds: float,
    is_heeding: bool = False,
) -> Ended:
    """Run a program to its end; raises ChildTookTooLong, what `watcher.checkpoint` raises, and OSError.

    A program that `is_heeding` gets a pipe for its standard input, which breaks when this process is killed.
    """
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        child = subprocess.Popen(  # noqa: S603  a list of words, no shell
            words,
            cwd=folder,
            env=dict(variables),
            stdin=subprocess.PIPE if is_heeding else subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
        try:
            status = _waited(child, words[0], watcher, seconds)
        finally:
            _end(child)
            if child.stdin is not None:
                child.stdin.close()
        return Ended(status, _text(output), _text(errors))


def _waited(child: subprocess.Popen[bytes], program: str, watcher: Watcher, seconds: float) -> int:
    deadline = time.monotonic() + seconds
    while True:
        try:
            return child.wait(timeout=_GLANCE)
        except subprocess.TimeoutExpired:
            watcher.checkpoint()
            if time.monotonic() > deadline:
                raise ChildTookTooLong(program, seconds) from None


def _end(child: subprocess.Popen[bytes]) -> None:
    """End what is left of a child's group."""
    if child.poll() is None:
        signal_group(child, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            child.wait(timeout=_LAST_WORDS)
    kill_group(child)
    child.wait()


def _text(file: IO[bytes]) -> str:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _MOST_OUTPUT))
    return file.read().decode("utf-8", "replace")
