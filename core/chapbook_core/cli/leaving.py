"""Programs that go on when a command in a terminal has ended."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def leave_behind(words: Sequence[str], folder: Path) -> None:
    """Start a program that neither the terminal nor its interrupts reach, and wait for nothing; raises OSError."""
    child = subprocess.Popen(  # noqa: S603  a list of words, no shell
        words,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )
    # It is nobody's to wait for; else Python says so when it ends.
    child.returncode = 0
