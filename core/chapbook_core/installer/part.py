"""Part: the file of a download, which one process at a time writes to.

One that was broken off is kept for a while, by the hash it is to have, and continued by whoever wants that wheel next.
Nothing else is left of a download that failed.
"""

from __future__ import annotations

import os
import time
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

from chapbook_core.project.kernel_lock import try_lock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from io import FileIO
    from pathlib import Path

_FOLDER = "downloads"
_KEPT = 7 * 24 * 3600.0
_GLANCE = 0.1
_FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
_OPEN_ONES_CAN_GO = os.name != "nt"
"""Whether the system removes a file that somebody has open."""


@contextmanager
def opened_part(store: Path, sha256: str | None, checkpoint: Callable[[], None]) -> Iterator[tuple[Path, FileIO]]:
    """Open the file of a download below the store, after those who write to it; raises OSError.

    Nothing is kept back from it, so that a write need not take all that it is given.
    """
    path = store / _FOLDER / f"{sha256 or os.urandom(16).hex()}.part"
    while True:
        descriptor = _opened(path)
        with ExitStack() as closed, os.fdopen(descriptor, "r+b", buffering=0) as stream:
            if _is_locked(descriptor) and _is_still(path, descriptor):
                if not _OPEN_ONES_CAN_GO:
                    closed.callback(_remove_useless, path, sha256)
                try:
                    yield path, stream
                finally:
                    # One that holds something has been removed, or is to be continued.
                    if sha256 is None or not os.fstat(descriptor).st_size:
                        _remove_useless(path, sha256)
                return
        checkpoint()
        time.sleep(_GLANCE)


def remove_part(path: Path, stream: FileIO) -> None:
    """Remove the file of a download that nobody is to continue, while it is open; raises OSError."""
    try:
        path.unlink(missing_ok=True)
    except PermissionError:
        # What is empty is removed once it is closed.
        stream.truncate(0)


def sweep_parts(store: Path) -> None:
    """Forget downloads that nobody has continued for a week."""
    with suppress(OSError):
        for path in (store / _FOLDER).iterdir():
            # One that somebody has open may have to stay.
            with suppress(OSError):
                if time.time() - path.lstat().st_mtime > _KEPT:
                    _remove_forgotten(path)


def _remove_forgotten(path: Path) -> None:
    """Remove the file of a download unless somebody is writing to it, whatever its time says: clocks leap."""
    if path.is_symlink():
        path.unlink()
        return
    descriptor = os.open(path, _FLAGS & ~os.O_CREAT)
    try:
        # Where files cannot be locked nobody knows, and it stays.
        is_forgotten = try_lock(descriptor) and _is_still(path, descriptor)
        if is_forgotten and _OPEN_ONES_CAN_GO:
            path.unlink()
    finally:
        os.close(descriptor)
    if is_forgotten and not _OPEN_ONES_CAN_GO:
        path.unlink()


def _opened(path: Path) -> int:
    try:
        return os.open(path, _FLAGS, 0o600)
    except FileNotFoundError:
        # The first one of all.
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, _FLAGS, 0o600)


def _is_locked(descriptor: int) -> bool:
    try:
        return try_lock(descriptor)
    except OSError:
        # Where files cannot be locked the hash tells when two have written to one.
        return True


def _is_still(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _remove_useless(path: Path, sha256: str | None) -> None:
    if sha256 is None or _is_empty(path):
        with suppress(OSError):
            path.unlink(missing_ok=True)


def _is_empty(path: Path) -> bool:
    try:
        return path.stat().st_size == 0
    except OSError:
        return False
