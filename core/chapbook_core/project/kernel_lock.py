"""A lock that the system keeps for an open file: it ends with the process that holds it, however that ends."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

HAS_SHARED = sys.platform != "win32"
"""Whether several can hold a lock that keeps others from holding it alone."""

if sys.platform == "win32":
    import msvcrt
    import os
    from contextlib import contextmanager

    # Locked bytes cannot be read by others, who must be able to read what stands at the start.
    _FAR_BEHIND = 1 << 30

    @contextmanager
    def _far_behind(descriptor: int) -> Iterator[None]:
        """Go where the lock is, and back: whoever reads or writes the file believes to be where they were."""
        before = os.lseek(descriptor, 0, os.SEEK_CUR)
        os.lseek(descriptor, _FAR_BEHIND, os.SEEK_SET)
        try:
            yield
        finally:
            os.lseek(descriptor, before, os.SEEK_SET)

    def try_lock(descriptor: int) -> bool:
        """Take the lock unless somebody has it; raises OSError where files cannot be locked."""
        with _far_behind(descriptor):
            try:
                msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
            except PermissionError:
                return False
        return True

    def try_share(_descriptor: int) -> bool:
        """Take the lock together with others who share it; this system has no such locks."""
        return True

    def unlock(descriptor: int) -> None:
        """Give the lock back."""
        with _far_behind(descriptor):
            msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def try_lock(descriptor: int) -> bool:
        """Take the lock unless somebody has it; raises OSError where files cannot be locked."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def try_share(descriptor: int) -> bool:
        """Take the lock together with others who share it, unless somebody has it alone; raises OSError."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def unlock(descriptor: int) -> None:
        """Give the lock back, also for a child that has inherited the open file."""
        fcntl.flock(descriptor, fcntl.LOCK_UN)
