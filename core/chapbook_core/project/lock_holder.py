"""Who holds a project: written into its lock file, for those who wait."""

from __future__ import annotations

import os
import sys
import time

from chapbook_core.value import frozen

MARK = "chapbook: the lock of a project"
"""The first line; a file with any other is somebody else's."""
_LONGEST = 80
_MOST_DIGITS = 18
_DAY = 86_400


@frozen
class Holder:
    """A process that writes in a project."""

    pid: int
    host: str
    command: str
    """Without its options, which may hold a secret."""
    since: float
    """In seconds since 1970, by the clock of that host."""

    def text(self) -> str:
        """Return what is written down, a fact a line."""
        return f"{MARK}\npid {self.pid}\nhost {self.host}\nsince {self.since:.0f}\ncommand {self.command}\n"

    def described(self) -> str:
        """Name it to somebody who waits for it."""
        where = "" if self.host == this_host() else f" on {self.host}"
        return f"process {self.pid}{where} (`{self.command}`)"

    def since_when(self) -> str:
        """Tell when it took the project, in the time of here; with the day when that was another one."""
        form = "%H:%M:%S" if abs(time.time() - self.since) < _DAY else "%Y-%m-%d %H:%M:%S"
        try:
            return time.strftime(form, time.localtime(self.since))
        except (OverflowError, ValueError, OSError):
            return "an unknown time"

    def is_gone(self) -> bool:
        """Tell whether it surely has ended, so that it is somebody else who holds the project."""
        if sys.platform == "win32" or self.host != this_host():
            return False
        try:
            os.kill(self.pid, 0)
        except (ProcessLookupError, OverflowError):
            return True
        except PermissionError:
            return False
        return False


def this_process(command: str) -> Holder:
    """Describe the process that asks, which runs a command."""
    return Holder(os.getpid(), this_host(), command[:_LONGEST], time.time())


def this_host() -> str:
    """Return the name of this machine."""
    if sys.platform == "win32":
        import platform  # elsewhere it is not needed, and loads slowly

        return platform.node()[:_LONGEST]
    return os.uname().nodename[:_LONGEST]


def parse_holder(text: str) -> Holder | None:
    """Read what a holder has written; None when it is no such text, or one that could not be shown."""
    lines = text.split("\n")
    facts = dict(line.partition(" ")[::2] for line in lines[1:5])
    if lines[0] != MARK or facts.keys() != {"pid", "host", "since", "command"}:
        return None
    pid, since = facts["pid"], facts["since"]
    numbers = all(number.isascii() and number.isdecimal() and len(number) <= _MOST_DIGITS for number in (pid, since))
    words = all(fact.isprintable() and len(fact) <= _LONGEST for fact in (facts["host"], facts["command"]))
    # Signals to process 0 go to a whole group.
    if not numbers or not words or int(pid) == 0:
        return None
    return Holder(int(pid), facts["host"], facts["command"], float(since))
