"""What git tells of the repository that a project is in."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_SECONDS = 60


def git_tells(folder: Path, *words: str) -> bytes | None:
    """Return what git answers in a folder, None where it refuses; raises OSError without git, or one that hangs."""
    try:
        done = subprocess.run(  # noqa: S603  # a list of words, no shell
            ["git", *words],  # noqa: S607  # the git of the machine
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as problem:
        raise TimeoutError(str(problem)) from None
    return done.stdout if done.returncode == 0 else None
