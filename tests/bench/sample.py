"""One measured run of a program: wall and processor time, and memory."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_KILOBYTE = 1 if sys.platform == "darwin" else 1024
"""What the system counts peak memory in."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Seconds and bytes."""

    wall: float
    cpu: float
    """Of user and system."""
    memory: int = 0
    """The most that the largest of its processes held at once; 0 when nobody looked."""


class ProgramFailed(Exception):
    """A program that has to succeed did not."""


def run_program(command: list[str], folder: Path, environment: dict[str, str]) -> Sample:
    """Run a program that has to succeed, and measure it with all its children."""
    output = folder / "output.txt"
    writing = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    actions = [(os.POSIX_SPAWN_OPEN, stream, str(output), writing, 0o600) for stream in (1, 2)]
    # A shell-free way to start in another folder: `env` is everywhere that `posix_spawn` is.
    words = ["/usr/bin/env", "-C", str(folder), *command]
    began = time.perf_counter()
    process = os.posix_spawn(words[0], words, environment, file_actions=actions)
    _, status, used = os.wait4(process, 0)
    wall = time.perf_counter() - began
    if status:
        raise ProgramFailed(f"{' '.join(command)} failed: {output.read_text(errors='replace')[-3000:].strip()}")
    return Sample(wall, used.ru_utime + used.ru_stime, used.ru_maxrss * _KILOBYTE)
