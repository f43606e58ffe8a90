"""Workshop: a folder of the store in which one process makes things, before a rename shows them to all others.

The process holds a lock as long as it lives. Whoever opens a workshop sweeps away those whose lock is free: a process
that was killed leaves nothing behind for longer than until the next one.
"""

from __future__ import annotations

import os
import secrets
import shutil
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from chapbook_core.project.kernel_lock import try_lock

if TYPE_CHECKING:
    from pathlib import Path

_LOCK = "lock"
_TIME_TO_LOCK = 60.0
"""Seconds in which a process that has made its folder has surely locked it."""


class Workshop:
    """The folder of this process; made when it is first needed, gone when it is closed."""

    def __init__(self, yard: Path) -> None:
        self._yard = yard
        self.folder, self._descriptor = _claim(yard)

    def new_folder(self) -> Path:
        """Make an empty folder."""
        path = self.folder / secrets.token_hex(6)
        path.mkdir()
        return path

    def close(self) -> None:
        """Remove the folder with all in it."""
        if self._descriptor >= 0:
            clear(self.folder)
            os.close(self._descriptor)
            self._descriptor = -1


def sweep(yard: Path) -> int:
    """Remove the folders of processes that have ended; return how many there were."""
    swept = 0
    with suppress(FileNotFoundError):
        for entry in list(yard.iterdir()):
            swept += _sweep_one(entry)
    return swept


def clear(folder: Path) -> None:
    """Remove a folder of ours, also with read-only folders in it."""
    shutil.rmtree(folder, ignore_errors=True)


def _claim(yard: Path) -> tuple[Path, int]:
    yard.mkdir(parents=True, exist_ok=True)
    sweep(yard)
    while True:
        folder = yard / f"{os.getpid()}-{secrets.token_hex(6)}"
        folder.mkdir()
        try:
            descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        except FileNotFoundError:
            # Somebody has swept a folder that had no lock yet.
            continue
        if _is_ours(folder, descriptor):
            return folder, descriptor
        os.close(descriptor)


def _is_ours(folder: Path, descriptor: int) -> bool:
    try:
        return try_lock(descriptor) and os.path.samestat((folder / _LOCK).stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
    except OSError:
        # Some network file systems have no locks; then nobody can sweep, either.
        return True


def _sweep_one(folder: Path) -> bool:
    try:
        descriptor = os.open(folder / _LOCK, os.O_RDWR)
    except FileNotFoundError:
        with suppress(OSError):
            if time.time() - folder.stat().st_mtime > _TIME_TO_LOCK:
                clear(folder)
                return True
        return False
    except OSError:
        return False
    try:
        if not try_lock(descriptor):
            return False
        clear(folder)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True
