"""The time of a file, or of a folder, as the time when it was last of use."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_A_DAY = 24 * 3600.0


def note_use(path: Path) -> None:
    """Note that something is used, at most once a day; what cannot be written is not noted."""
    with suppress(OSError):
        if time.time() - path.stat().st_mtime > _A_DAY:
            os.utime(path)
