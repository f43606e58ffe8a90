"""A program with all that it has started: one group, where the system has groups and it was started in its own."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, AnyStr

if TYPE_CHECKING:
    import subprocess


def signal_group(child: subprocess.Popen[AnyStr], number: int) -> None:
    """Send a signal to whatever is left of the group; where there are no groups, end the program alone."""
    try:
        if hasattr(os, "killpg"):
            os.killpg(child.pid, number)
        elif child.poll() is None:
            child.terminate()
    except OSError:
        # Nothing is left of it, or it is somebody else's by now.
        return


def kill_group(child: subprocess.Popen[AnyStr]) -> None:
    """End the program and what it has started, whatever they are at."""
    signal_group(child, getattr(signal, "SIGKILL", signal.SIGTERM))
    if child.poll() is None:
        # It is in no group of its own, or about to end.
        child.kill()
