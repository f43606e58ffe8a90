"""Asks the C library to keep one heap for all threads, so that what one has freed is of use to the next."""

from __future__ import annotations

import sys

_M_ARENA_MAX = -8
"""The number that mallopt(3) knows it by."""


def spare_memory() -> None:
    """Call before many threads start that handle pages; the process keeps this rule.

    glibc gives each thread a heap of its own, up to eight for each processor, and what a large page took stays in the
    heap of the thread that read it. In Python hardly two threads allocate at once, so one heap does.
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
    mallopt(_M_ARENA_MAX, 1)
