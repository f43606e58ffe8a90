"""Workshop: a folder of the store in which one process makes things, before a rename shows them to all others.

The process holds a lock as long as it lives. Whoever opens a workshop sweeps away those whose lock is free: a process
that was killed leaves nothing behind for longer than until the next one.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from chapbook_core.project.kernel_lock import try_lock
from chapbook_core.project.removal import IS_STRICT, remove_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LOCK = ".lock"


class Workshop:
    """The folder of this process, and beside it the lock; both are gone when it is closed."""

    def __init__(self, yard: Path) -> None:
        yard.mkdir(parents=True, exist_ok=True)
        sweep(yard)
        self._lock, self._descriptor = _claim(yard)
        self.folder = self._lock.with_suffix("")
        self.folder.mkdir()

    def new_folder(self) -> Path:
        """Make an empty folder."""
        path = self.folder / os.urandom(6).hex()
        path.mkdir()
        return path

    def close(self) -> None:
        """Remove the folder with all in it."""
        if self._descriptor >= 0:
            clear(self.folder)
            os.close(self._descriptor)
            self._lock.unlink(missing_ok=True)
            self._descriptor = -1


def sweep(yard: Path) -> int:
    """Remove the folders of processes that have ended; return how many there were."""
    return sum([_sweep_one(lock) for lock in yard.glob(f"*{_LOCK}")])


def left_behind(yard: Path) -> Iterator[Path]:
    """Give the folders of processes that have ended, and leave them as they are."""
    for lock in sorted(yard.glob(f"*{_LOCK}")):
        with suppress(OSError):
            descriptor = os.open(lock, os.O_RDWR)
            try:
                is_left = try_lock(descriptor)
            finally:
                os.close(descriptor)
            if is_left:
                yield lock.with_suffix("")


def clear(folder: Path) -> None:
    """Remove a folder of ours."""
    remove_folder(folder)


def _claim(yard: Path) -> tuple[Path, int]:
    """Make a lock and hold it. The folder comes after it and goes before it, so none is ever without one."""
    while True:
        lock = yard / f"{os.getpid()}-{os.urandom(6).hex()}{_LOCK}"
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        if _is_ours(lock, descriptor):
            return lock, descriptor
        # Somebody has swept it before it was held.
        os.close(descriptor)


def _is_ours(lock: Path, descriptor: int) -> bool:
    try:
        return try_lock(descriptor) and os.path.samestat(lock.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
    except OSError:
        # Some network file systems have no locks; then nobody can sweep, either.
        return True


def _sweep_one(lock: Path) -> bool:
    is_left = False
    with suppress(OSError):
        descriptor = os.open(lock, os.O_RDWR)
        try:
            is_left = try_lock(descriptor)
            if is_left:
                clear(lock.with_suffix(""))
                if not IS_STRICT:
                    lock.unlink()
        finally:
            os.close(descriptor)
        if is_left and IS_STRICT and not lock.with_suffix("").exists():
            # No file that is open can go there; and what could not go is found again by its lock.
            lock.unlink(missing_ok=True)
    return is_left
