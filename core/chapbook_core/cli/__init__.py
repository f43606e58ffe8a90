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


def leave() -> None:
    """Run one command as the process that was started for it, and end the process.

    Taking the interpreter down in good order, object by object, would take as long as a tenth of a lock, and everything
    of ours is closed by now; so the memory goes with the process.
    """
    import gc
    import os  # loaded long ago

    # A command makes a great many values and little garbage; looking for it takes a twentieth of the time.
    gc.set_threshold(100_000, 20, 100)
    status = main()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            # Closed, or a pipe that nobody reads any more; `main` has told what there was to tell.
            continue
    os._exit(status)
