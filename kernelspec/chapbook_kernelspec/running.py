"""`chapbook run notebook.ipynb`: runs a notebook from top to bottom in the kernel of its project, without a browser.

It is a program of its own, `python -m chapbook_kernelspec`, which the command starts: what speaks with kernels
is loaded in no other process.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TextIO

from chapbook_core.cli.interrupts import Interrupts
from chapbook_core.cli.progress import Progress
from chapbook_core.cli.stopping import stopping_by_signals
from chapbook_core.commands.command import Argument, Command, Example, Invocation, Option
from chapbook_core.commands.report import Block, Message, report_error
from chapbook_core.commands.surroundings import Surroundings
from chapbook_core.commands.text import Writing, write_text
from chapbook_core.commands.words import Manner, parse
from chapbook_core.errors import Cancelled, ChapbookError, UsageError
from chapbook_core.project.writing import write_file
from chapbook_core.value import frozen, replace
from chapbook_kernelspec.parameters import inject_parameters, read_parameters

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jupyter_client.manager import AsyncKernelManager
    from nbformat import NotebookNode

    from chapbook_core.events import Watcher
    from chapbook_kernelspec.execution import Plan

RUN_NOTEBOOK = Command(
    name="run",
    summary="Run a notebook from top to bottom, in the kernel of its project",
    run="chapbook_kernelspec.running:main",
    arguments=(Argument("notebook", "the notebook", completes="path"),),
    options=(
        Option("output", "write the notebook with its outputs there; `-` for the output of the command", "o", "FILE"),
        Option("inplace", "write the outputs into the notebook itself"),
        Option("parameter", "set a variable behind the cell tagged `parameters`", "p", "NAME=VALUE", repeated=True),
        Option("cell-timeout", "how long a cell may take", value="SECONDS"),
        Option("allow-errors", "go on after a cell has failed"),
    ),
    exclusive=(frozenset({"output", "inplace"}),),
    examples=(
        Example("run report.ipynb", "run it, and print what its cells print"),
        Example("run report.ipynb -o out.ipynb -p year=2026", "keep the outputs, with another year"),
    ),
)
_TERMINAL_CODES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


class OtherLanguage(ChapbookError):
    """The notebook is not in Python."""

    def __init__(self, path: Path, language: str) -> None:
        super().__init__(
            f"`{path}` is in {language}, and the kernels of projects run Python",
            hints=["run it with `jupyter execute`"],
        )


class NotANotebook(ChapbookError):
    """The file cannot be read as a notebook."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"`{path}` is not a notebook: {reason}")


@frozen
class Request:
    """What a person wants to be run, and what becomes of it."""

    notebook: Path
    output: str = ""
    """A file, or `-`; empty when the outputs are only shown."""
    parameters: tuple[str, ...] = ()
    cell_timeout: int | None = None
    allow_errors: bool = False


class Ready(Protocol):
    """Makes the project of a notebook ready; `project_kernel.make_ready` is the one there is."""

    def __call__(
        self, notebook: Path | None, surroundings: Surroundings, watcher: Watcher, /
    ) -> type[AsyncKernelManager]:
        """Return the manager of the project's kernels."""


def main(words: Sequence[str], ready: Ready | None = None, interrupts: Interrupts | None = None) -> int:
    """Run the notebook that the words name, and return the status to exit with."""
    heard = interrupts or Interrupts()
    try:
        parsed = parse(("run", *words), {"run": RUN_NOTEBOOK})
        if parsed.invocation is None:
            # Only when asked for.
            from chapbook_core.commands.help import command_help

            sys.stdout.write(write_text(command_help(RUN_NOTEBOOK)))
            return 0
        _run(_request(parsed.invocation), _surroundings(parsed.manner), parsed.manner, ready, heard)
    except KeyboardInterrupt:
        heard.is_over = True
        return _fail(Cancelled())
    except ChapbookError as error:
        heard.is_over = True
        return _fail(error)
    except OSError as error:
        heard.is_over = True
        return _fail(ChapbookError(f"the system refused: {error}"))
    return 0


def _request(invocation: Invocation) -> Request:
    notebook = Path.cwd() / Path(invocation.text("notebook") or "").expanduser()
    seconds = invocation.text("cell-timeout")
    if seconds is not None and not (seconds.isascii() and seconds.isdecimal() and int(seconds)):
        raise UsageError(f"`--cell-timeout` is not a number of seconds: {seconds}")
    return Request(
        notebook,
        str(notebook) if invocation.flag("inplace") else invocation.text("output") or "",
        invocation.texts("parameter"),
        None if seconds is None else int(seconds),
        invocation.flag("allow-errors"),
    )


def _surroundings(manner: Manner) -> Surroundings:
    folder = Path.cwd()
    project = folder / Path(manner.project).expanduser() if manner.project else None
    return Surroundings(
        folder, dict(os.environ), Path.home(), python=sys.version_info[:2], project=project, cache=manner.cache
    )


def _run(
    request: Request, surroundings: Surroundings, manner: Manner, ready: Ready | None, interrupts: Interrupts
) -> None:
    parameters = read_parameters(request.parameters)
    target = None if request.output in ("", "-") else Path.cwd() / Path(request.output).expanduser()
    if target is not None and not target.parent.is_dir():
        raise ChapbookError(f"`{target.parent}` is not a folder", hints=["make it first"])
    notebook = _read(request.notebook)
    plan = _plan(request, surroundings, manner, ready, interrupts)
    if parameters:
        injection = inject_parameters(notebook, parameters)
        if not injection.has_place:
            _tell(Message("warning", "no cell is tagged `parameters`, so they are set before the first one"))
        for name in injection.unknown:
            _tell(Message("warning", f"the notebook has no parameter `{name}`"))
    # There is a kernel to end, and something to write.
    interrupts.is_working = True
    try:
        _execute(notebook, plan, manner, is_shown=not request.output)
    finally:
        # The loop that has heard them meanwhile leaves them to Python.
        interrupts.resume()
        # What was executed until something failed is what one wants to see.
        if target is not None:
            write_file(target, _content(notebook))
        elif request.output == "-":
            sys.stdout.write(_content(notebook).decode())
            sys.stdout.flush()
    interrupts.is_over = True
    if target is not None:
        from chapbook_core.commands.notebook_stamp import stamp_if_wanted  # looks into everything that is imported

        stamp_if_wanted(replace(surroundings, project=surroundings.project or request.notebook.parent), target)


def _plan(
    request: Request, surroundings: Surroundings, manner: Manner, ready: Ready | None, interrupts: Interrupts
) -> Plan:
    """Make the project ready, and return how its kernel is started."""
    from chapbook_kernelspec.execution import Plan
    from chapbook_kernelspec.project_kernel import make_ready  # both load what speaks with kernels

    # Whatever has been installed by then, the notebook was not run.
    progress = Progress(sys.stderr, _writing(sys.stderr), quiet=manner.quiet)
    with stopping_by_signals(lambda: False, interrupts), progress:
        manager = (ready or make_ready)(request.notebook, surroundings, progress)
    return Plan(manager, request.notebook.parent, request.cell_timeout, request.allow_errors)


def _execute(notebook: NotebookNode, plan: Plan, manner: Manner, *, is_shown: bool) -> None:
    from chapbook_kernelspec.execution import CellFailed, execute  # as above

    audience = _Listener(is_shown=is_shown, is_quiet=manner.quiet)
    try:
        execute(notebook, plan, audience)
    except CellFailed as failure:
        audience.end_line()
        text = failure.traceback if sys.stderr.isatty() else _TERMINAL_CODES.sub("", failure.traceback)
        sys.stderr.write(f"{text.rstrip()}\n")
        raise
    finally:
        audience.end_line()


class _Listener:
    """Shows what cells say as a program would, and beside it which cell is running."""

    def __init__(self, *, is_shown: bool, is_quiet: bool) -> None:
        self._is_shown = is_shown
        self._is_quiet = is_quiet
        self._is_lively = sys.stderr.isatty()
        self._is_in_line = False

    def cell_started(self, number: int, total: int) -> None:
        """Name the cell where the line can be taken back."""
        if self._is_lively and not self._is_quiet:
            sys.stderr.write(f"\r\x1b[Kcell {number} of {total}")
            sys.stderr.flush()
            self._is_in_line = True

    def cell_finished(self, number: int, total: int, seconds: float) -> None:
        """Name the cell, where each line stays, once it has taken a while."""
        if not self._is_lively and not self._is_quiet and not self._is_shown:
            sys.stderr.write(f"cell {number} of {total}: {seconds:.1f} s\n")
            sys.stderr.flush()

    def said(self, stream: str, text: str) -> None:
        """Show it, unless it is written down."""
        if self._is_shown:
            self.end_line()
            target = sys.stderr if stream == "stderr" else sys.stdout
            target.write(text)
            target.flush()

    def end_line(self) -> None:
        """Take back the line that names the cell."""
        if self._is_in_line:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._is_in_line = False


def _read(path: Path) -> NotebookNode:
    import nbformat  # loads what checks notebooks

    if not path.is_file():
        raise ChapbookError(f"there is no notebook `{path}`")
    try:
        notebook: NotebookNode = nbformat.reads(path.read_text("utf-8-sig"), as_version=4)  # type: ignore[no-untyped-call]  # it has no types
    except (ValueError, AttributeError, KeyError, TypeError, nbformat.ValidationError) as cause:
        raise NotANotebook(path, str(cause).splitlines()[0] if str(cause) else "it cannot be read") from cause
    metadata = notebook.metadata
    language = metadata.get("kernelspec", {}).get("language") or metadata.get("language_info", {}).get("name")
    if language is not None and language != "python":
        raise OtherLanguage(path, language)
    return notebook


def _content(notebook: NotebookNode) -> bytes:
    import nbformat  # as above

    text: str = nbformat.writes(notebook)  # type: ignore[no-untyped-call]  # as above
    return f"{text.rstrip()}\n".encode()


def _tell(*blocks: Block) -> None:
    sys.stderr.write(write_text(blocks, _writing(sys.stderr)))


def _fail(error: ChapbookError) -> int:
    _tell(*report_error(error))
    return error.exit_status


def _writing(stream: TextIO) -> Writing:
    has_colour = stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return Writing(ansi=has_colour)
