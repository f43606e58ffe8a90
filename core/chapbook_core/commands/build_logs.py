"""Build logs: everything that failed builds said, kept for a while so that an error can name the place."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from chapbook_core.pattern import late_pattern

if TYPE_CHECKING:
    from pathlib import Path

_MOST = 50
_STRANGE = late_pattern(r"[^A-Za-z0-9._-]+")


def keep_log(folder: Path | None, what: str, output: str) -> Path | None:
    """Write a log and return where it is; None when it cannot be kept, or there is nothing in it."""
    if folder is None or not output:
        return None
    path = folder / f"{_STRANGE.sub('-', what)[:80]}-{os.urandom(4).hex()}.txt"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{output}\n", "utf-8", errors="replace")
    except OSError:
        return None
    with suppress(OSError):
        logs = sorted(folder.glob("*.txt"), key=lambda file: file.stat().st_mtime)
        for old in logs[:-_MOST]:
            old.unlink()
    return path
