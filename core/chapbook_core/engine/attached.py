"""Programs that work beside the engine, at its leisure, and end with it."""

from __future__ import annotations

import subprocess
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

ATTACHED = "--attached"
"""Tells a program that it is to end with its input."""
_LATER = 0.05
"""Seconds after which one is started: by then whoever waits for the command has its answer."""
_running: list[subprocess.Popen[bytes]] = []
_lock = threading.Lock()


def start_attached(words: Sequence[str], folder: Path) -> None:
    """Start a program, in a moment, whose input ends when this process does, however that ends.

    While a program starts nothing else of this process goes on, which takes as long as putting in a package does.
    """
    timer = threading.Timer(_LATER, _start, (words, folder))
    timer.daemon = True
    timer.start()


def _start(words: Sequence[str], folder: Path) -> None:
    # Nobody is left to be told that it cannot be started; nothing but speed depends on it.
    with suppress(OSError):
        child = subprocess.Popen(  # noqa: S603  a list of words, no shell
            [*words, ATTACHED],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        with _lock:
            # Those that have ended are taken leave of, those that have not keep their input.
            _running[:] = [other for other in _running if other.poll() is None]
            _running.append(child)
