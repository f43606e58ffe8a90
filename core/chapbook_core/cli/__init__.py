"""The terminal front end; importing it costs next to nothing, because every shell completion does."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

INTERRUPTED = 130
"""What a shell reports for a program that an interrupt ended."""


def main(words: Sequence[str] | None = None) -> int:
    """Run one command with the words given, and return the status to exit with."""
    given = list(sys.argv[1:] if words is None else words)
    if given in (["--version"], ["-V"]):
        # Asked by scripts and editors all the time: answered before anything else is imported.
        from chapbook_core.cli.version_line import print_version

        return print_version()
    try:
        from chapbook_core.cli.terminal import run
    except KeyboardInterrupt:
        # A tenth of a second in which the command has not begun yet, and nothing that tells of errors is there.
        sys.stderr.write("error: cancelled; nothing was changed\n")
        return INTERRUPTED
    return run(given)
