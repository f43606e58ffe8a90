"""One command in a terminal: words in, text and an exit status out."""

from __future__ import annotations

import os
import sys
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, TextIO

from chapbook_core.cli.interrupts import INTERRUPTED, Interrupts
from chapbook_core.commands.dispatch import glance, perform
from chapbook_core.commands.place import may_ask, surroundings_of
from chapbook_core.commands.programs import Programs
from chapbook_core.commands.registry import BY_NAME
from chapbook_core.commands.report import Message, report_error
from chapbook_core.commands.text import Writing, write_text
from chapbook_core.commands.unforeseen import understood
from chapbook_core.commands.words import Manner, Request, asks_for_json, parse
from chapbook_core.errors import Cancelled, ChapbookError
from chapbook_core.value import replace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chapbook_core.commands.command import Invocation
    from chapbook_core.commands.report import Block, Result
    from chapbook_core.commands.surroundings import Surroundings

BROKEN_PIPE_STATUS = 141
"""What a shell reports for a program that the signal of a closed pipe ended."""
_SHOW_TRACEBACK = 3


class Interrupted(ChapbookError):
    """The person asked to stop, more than once, when what was asked for had happened."""

    exit_status: ClassVar[int] = INTERRUPTED

    def __init__(self) -> None:
        super().__init__("interrupted; what was done stays")


def run(words: Sequence[str], interrupts: Interrupts) -> int:
    """Run one command, and return the status to exit with."""
    _open_closed_streams()
    _write_whatever_comes(sys.stdout)
    try:
        status = _run(words, interrupts)
        sys.stdout.flush()
    except BrokenPipeError:
        _forget_output()
        return BROKEN_PIPE_STATUS
    return status


def _run(words: Sequence[str], interrupts: Interrupts) -> int:
    manner = Manner()
    try:
        request = parse(words, BY_NAME)
        manner = request.manner
        return _answer(request, interrupts)
    except BrokenPipeError:
        raise
    except KeyboardInterrupt:
        problem = Interrupted() if interrupts.is_too_late else Cancelled()
        # Of what is told from here on nothing is to be stopped.
        interrupts.is_over = True
        return _fail(problem, manner, words)
    except Exception as error:  # noqa: BLE001  # the last line of defence, and it tells everything
        interrupts.is_over = True
        return _fail(error, manner, words)


def _answer(request: Request, interrupts: Interrupts) -> int:
    if request.manner.version:
        from chapbook_core.cli.version_line import print_version  # shared with the path that imports nothing

        return print_version()
    if request.manner.help or request.invocation is None:
        # Not needed to run a command.
        from chapbook_core.commands.help import Help

        return _print_result(Help(request.topic), request.manner)
    return _perform(request.invocation, request.manner, interrupts)


def _perform(invocation: Invocation, manner: Manner, interrupts: Interrupts) -> int:
    surroundings = _surroundings(manner)
    seen = glance(invocation, surroundings)
    if seen is not None and seen.result is not None:
        interrupts.is_over = True
        return _tell(seen.result, invocation, manner)
    # Not needed where nothing is to be done, and threads cost start-up time.
    from chapbook_core.cli.progress import Progress
    from chapbook_core.cli.stopping import stopping_by_signals

    writing = _writing(sys.stderr, manner)
    progress = Progress(sys.stderr, writing, quiet=manner.quiet)
    with stopping_by_signals(lambda: progress.is_committed, interrupts):
        with progress:
            result = perform(invocation, surroundings, progress, seen)
            # Before anything else: the result stands.
            interrupts.is_over = True
        if not isinstance(result, Programs):
            return _tell(result, invocation, manner)
    # Loaded only to start other programs.
    from chapbook_core.cli.becoming import become

    interrupts.is_leaving = True
    status = become(result, quiet=manner.quiet)
    interrupts.is_leaving = False
    return status


def _surroundings(manner: Manner) -> Surroundings:
    # Nobody changes it while the one command of this process runs, and a copy takes as long as to read the project.
    variables = os.environ
    folder = _present_folder(manner)
    surroundings = surroundings_of(manner, folder, variables, Path.home(), leave_behind=_leave_behind)
    if may_ask(manner, variables) and sys.stdin is not None and sys.stdin.isatty():
        from chapbook_core.cli.ask import TerminalAsker

        return replace(surroundings, ask=TerminalAsker(sys.stdin, sys.stderr))
    return surroundings


def _present_folder(manner: Manner) -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError:
        if manner.directory is not None and Path(manner.directory).is_absolute():
            return Path(manner.directory)
        hint = "go to one that is there; where it was made anew, `cd .` is enough"
        raise ChapbookError("the folder that you are in is gone", hints=[hint]) from None


def _leave_behind(words: Sequence[str], folder: Path) -> None:
    # After few commands only.
    from chapbook_core.cli.leaving import leave_behind

    leave_behind(words, folder)


def _tell(result: Result, invocation: Invocation, manner: Manner) -> int:
    return _print_json(result) if invocation.values.get("format") == "json" else _print_result(result, manner)


def _print_result(result: Result, manner: Manner) -> int:
    blocks = result.report()
    outward: list[Block] = []
    aside: list[Block] = []
    for block in blocks:
        (aside if isinstance(block, Message) and block.level != "note" else outward).append(block)
    if manner.quiet:
        outward = []
        aside = [block for block in aside if isinstance(block, Message) and block.level == "error"]
    sys.stdout.write(write_text(outward, _writing(sys.stdout, manner)))
    sys.stderr.write(write_text(aside, _writing(sys.stderr, manner)))
    return result.exit_status


def _print_json(result: Result) -> int:
    # Only when asked for.
    from chapbook_core.commands.json_text import json_text

    sys.stdout.write(json_text(result))
    return result.exit_status


def _fail(error: Exception, manner: Manner, words: Sequence[str]) -> int:
    """Tell an error: to the person always, as every tool does, and to the program that asked for JSON as well."""
    is_located = manner.verbosity >= _SHOW_TRACEBACK
    if is_located:
        _print_traceback(error)
    told = understood(error, is_located=is_located)
    sys.stderr.write(write_text(report_error(told), _writing(sys.stderr, manner)))
    if asks_for_json(words, BY_NAME):
        # As above.
        from chapbook_core.commands.json_text import json_error_text

        sys.stdout.write(json_error_text(told, error, is_located=is_located))
    return told.exit_status


def _print_traceback(error: BaseException) -> None:
    # Only when asked for.
    import traceback

    traceback.print_exception(error, file=sys.stderr)


def _writing(stream: TextIO, manner: Manner) -> Writing:
    width = _width() if stream.isatty() else None
    return Writing(ansi=_wants_ansi(stream, manner), verbosity=manner.verbosity, width=width)


def _width() -> int:
    # Imported here because it brings every compression there is, and pipes have no width.
    import shutil

    return shutil.get_terminal_size().columns


def _wants_ansi(stream: TextIO, manner: Manner) -> bool:
    if manner.ansi is not None:
        return manner.ansi
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return bool(os.environ.get("FORCE_COLOR")) or stream.isatty()


def _open_closed_streams() -> None:
    """Open what the caller has closed: else the next file that is opened would be taken for the output."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            # Open for as long as the process lives.
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123  the reason above


def _write_whatever_comes(stream: TextIO) -> None:
    """Let letters through that the terminal cannot show, and names of files that are no text at all."""
    if isinstance(stream, TextIOWrapper) and stream.errors == "strict":
        stream.reconfigure(errors="backslashreplace")


def _forget_output() -> None:
    """Point the output elsewhere, lest the interpreter complains about the closed pipe when it ends."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
    except (OSError, ValueError):
        return
