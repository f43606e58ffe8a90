"""The terminal front end; importing it costs next to nothing, because every shell completion does."""

from __future__ import annotations

import os  # loaded long ago
import sys

from chapbook_core.cli.interrupts import INTERRUPTED, Interrupts, tell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import NoReturn

_VERSION = (["--version"], ["-V"])
_interrupts = Interrupts()
"""What the process hears, where it is a command's; here because before `leave` could make it an interrupt may come."""


def main(words: Sequence[str] | None = None, interrupts: Interrupts | None = None) -> int:
    """Run one command with the words given, and return the status to exit with."""
    heard = interrupts or Interrupts()
    try:
        return _main(list(sys.argv[1:] if words is None else words), heard)
    except KeyboardInterrupt:
        # Before there is anything that tells of errors, or once more while one is told.
        story, heard.is_over = heard.story, True
        sys.stderr.write(story)
        return INTERRUPTED
    finally:
        heard.give_back()


def _main(words: Sequence[str], interrupts: Interrupts) -> int:
    if words in _VERSION:
        # Asked by scripts and editors all the time: answered before anything else is imported.
        from chapbook_core.cli.version_line import print_version

        return print_version()
    from chapbook_core.cli.terminal import run  # a tenth of a second, in which the command has not begun yet

    return run(words, interrupts)


def leave(run: Callable[[Sequence[str] | None, Interrupts], int] = main) -> NoReturn:
    """Run one command as the process that was started for it, and end the process.

    Taking the interpreter down in good order, object by object, would take as long as a tenth of a lock, and everything
    of ours is closed by now; so the memory goes with the process.
    """
    try:
        _interrupts.own_process()
        status = _live(run)
    except KeyboardInterrupt:
        # One that Python has heard itself, or one of many.
        try:
            tell(_interrupts.story)
        finally:
            os._exit(INTERRUPTED)
    except SystemExit as stopped:
        # By another signal; what was half done is undone.
        status = stopped.code if isinstance(stopped.code, int) else 1
    os._exit(status)


def _live(run: Callable[[Sequence[str] | None, Interrupts], int]) -> int:
    import gc

    # A command makes a great many values and little garbage; looking for it takes a twentieth of the time.
    gc.set_threshold(100_000, 20, 100)
    bundle = None
    if sys.argv[1:] not in _VERSION:
        from chapbook_core.cli.bundle import own_bundle  # which the version is told without

        bundle = own_bundle()
    status = run(None, _interrupts)
    _interrupts.is_over = True
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            # Closed, or a pipe that nobody reads any more; `run` has told what there was to tell.
            continue
    if bundle is not None and not sys.dont_write_bytecode:
        bundle.keep_loaded()
    return status
