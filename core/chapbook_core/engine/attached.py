"""Programs that work beside the engine, at its leisure, and end with it."""

from __future__ import annotations

import subprocess
import threading
import time
from contextlib import suppress
from queue import SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

ATTACHED = "--attached"
"""Tells a program that it is to end with its input."""
_LATER = 0.05
"""Seconds after which one is started: by then whoever waits for the command has its answer."""
_running: list[subprocess.Popen[bytes]] = []
_due: SimpleQueue[tuple[float, Sequence[str], Path]] = SimpleQueue()
_lock = threading.Lock()
_starters: list[threading.Thread] = []
"""The one that starts them, once there was one to start: a thread takes longer to begin than to be told something."""


def start_attached(words: Sequence[str], folder: Path) -> None:
    """Start a program, in a moment, whose input ends when this process does, however that ends.

    While a program starts nothing else of this process goes on, which takes as long as putting in a package does.
    """
    _due.put((time.monotonic() + _LATER, words, folder))
    with _lock:
        if not _starters:
            starter = threading.Thread(target=_start_what_is_due, name="chapbook-starter", daemon=True)
            # As what it is to start: nobody waits for it, and the next one may have better luck.
            with suppress(RuntimeError):
                starter.start()
                _starters.append(starter)


def _start_what_is_due() -> None:
    while True:
        moment, words, folder = _due.get()
        time.sleep(max(0.0, moment - time.monotonic()))
        _start(words, folder)


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
