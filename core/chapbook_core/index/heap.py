"""Asks the C library to give back the memory that threads have freed, where it would hoard it."""

from __future__ import annotations

import sys

_LARGE = 128 * 1024
"""Bytes from which on a piece is memory of its own, which goes back when it is freed."""
_HEAPS = 2
# The numbers of mallopt(3).
_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8


def spare_memory() -> None:
    """Call before many threads start that handle pages; the process keeps this rule.

    glibc gives each thread a heap of its own, up to eight for each processor, and what a large page took stays in the
    heap of the thread that read it, because the limit from which on pieces are given back grows with the largest piece
    ever freed. In Python few threads allocate at once, so few heaps do; to set that limit is to let it stay.
    """
    if sys.platform != "linux":
        return
    # Imported here because a run that has all in its cache starts no threads.
    try:
        import ctypes

        mallopt = ctypes.CDLL(None).mallopt
    except (ImportError, OSError, AttributeError):
        # Another C library, which has no such heaps.
        return
    mallopt(_M_MMAP_THRESHOLD, _LARGE)
    mallopt(_M_ARENA_MAX, _HEAPS)
