"""Running a command for a request: words in, an outcome out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.commands.dispatch import perform
from chapbook_core.commands.environment_mark import environment_mark
from chapbook_core.commands.help import Help
from chapbook_core.commands.place import may_ask, surroundings_of
from chapbook_core.commands.programs import Programs
from chapbook_core.commands.registry import BY_NAME
from chapbook_core.commands.report import Line, Result
from chapbook_core.commands.running_kernel import read_running_kernel
from chapbook_core.commands.sights import Sights
from chapbook_core.commands.text import Writing
from chapbook_core.commands.words import Manner, Request, parse
from chapbook_core.engine.asking import WireAsker
from chapbook_core.engine.attached import start_attached
from chapbook_core.engine.replies import outcome_of
from chapbook_core.engine.watching import WireWatcher
from chapbook_core.errors import ChapbookError, UsageError
from chapbook_core.installer.companion import Companion
from chapbook_core.project.discovery import find_project
from chapbook_core.value import frozen, replace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from chapbook_core.commands.report import Block
    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.engine.messages import Outcome, Run, Where
    from chapbook_core.engine.outbox import Outbox
    from chapbook_core.engine.underway import Underway
    from chapbook_core.index.memory import Memory

PROGRAM = "%poetry"
"""What the person types before a command."""
PROJECT = "CHAPBOOK_PROJECT"
"""The variable that names the project of a kernel."""
_COMPANION = Companion()
_SIGHTS = Sights()
"""Those of all commands of this engine."""


@frozen
class Version(Result):
    """Chapbook's own version."""

    version: str

    def report(self) -> tuple[Block, ...]:
        """Tell it."""
        return (Line(f"chapbook {self.version}"),)


@frozen
class Prepared:
    """A request whose words are read."""

    request: Request
    surroundings: Surroundings
    writing: Writing
    project: Path | None

    @property
    def lane(self) -> str:
        """What names the project, or the folder that is to become one."""
        return os.path.realpath(self.project or self.surroundings.start)

    @property
    def call(self) -> str:
        """The command, without options, which may hold a secret."""
        return f"`{PROGRAM} {self.request.topic}`"


def prepare(run: Run) -> Prepared:
    """Read the words of a request; raises UsageError."""
    request = parse(run.argv, BY_NAME)
    surroundings = surroundings_for(run.where, request.manner)
    return Prepared(request, surroundings, writing_for(run.where, request.manner), project_of(surroundings))


def run_prepared(
    prepared: Prepared,
    underway: Underway,
    outbox: Outbox,
    *,
    memory: Memory,
    interactive: bool,
    version: str,
    turn: Callable[[], AbstractContextManager[None]],
) -> Outcome:
    """Do what the words say; raises whatever that fails with. A command has its turn, and programs do without."""
    manner, invocation, writing = prepared.request.manner, prepared.request.invocation, prepared.writing
    if manner.version:
        return outcome_of(Version(version), writing, command="version")
    if manner.help or invocation is None:
        return outcome_of(Help(prepared.request.topic), writing, command="help")
    watcher = WireWatcher(underway, outbox, writing, quiet=manner.quiet)
    ask = None
    if interactive and may_ask(manner, prepared.surroundings.variables):
        ask = WireAsker(underway, outbox, watcher)
    surroundings = replace(prepared.surroundings, memory=memory, ask=ask)
    before = _mark(prepared.project, surroundings)
    with turn():
        underway.checkpoint()
        result = perform(invocation, surroundings, watcher)
    if isinstance(result, Programs):
        # A command of few that starts programs.
        from chapbook_core.engine.children import run_programs

        result = Ended(run_programs(result, underway, outbox))
    project = project_of(surroundings)
    return outcome_of(
        result,
        writing,
        command=invocation.command.name,
        quiet=manner.quiet,
        as_json=invocation.values.get("format") == "json",
        environment_changed=project is not None and _mark(project, surroundings) != before,
        project=None if project is None else str(project),
    )


@frozen
class Ended(Result):
    """Programs that have run; what they had to say was passed on."""

    status: int

    def report(self) -> tuple[Block, ...]:
        """Tell nothing."""
        return ()

    @property
    def exit_status(self) -> int:
        """That of the last one."""
        return self.status


def surroundings_for(where: Where, manner: Manner) -> Surroundings:
    """Return where a request runs: in the folder of its notebook's project, unless it names another."""
    folder = Path(where.folder)
    if not folder.is_dir():
        raise UsageError(f"the folder `{folder}` is not there any more", hints=["restart the kernel"])
    variables = dict(os.environ) if where.variables is None else where.variables
    surroundings = surroundings_of(manner, folder.absolute(), variables, _home(variables), leave_behind=start_attached)
    project = surroundings.project
    if project is None and not manner.directory:
        project = _start(where, variables)
    return replace(
        surroundings,
        project=project,
        kernel=read_running_kernel(where.kernel),
        notebook=_notebook(where),
        companion=_COMPANION,
        sights=_SIGHTS,
    )


def writing_for(where: Where, manner: Manner) -> Writing:
    """Return how text for a request is to look."""
    return Writing(ansi=manner.ansi is True, verbosity=manner.verbosity, width=where.width, program=PROGRAM)


def project_of(surroundings: Surroundings) -> Path | None:
    """Return the project of a request, if there is one."""
    try:
        return find_project(surroundings.start)
    except (ChapbookError, OSError):
        return None


def _start(where: Where, variables: Mapping[str, str]) -> Path | None:
    """Return where the search for the project starts; None for the folder of the request."""
    named = variables.get(PROJECT)
    if named and Path(named).is_absolute() and Path(named).is_dir():
        return Path(named)
    if where.notebook is None or not Path(where.notebook).is_absolute():
        return None
    folder = Path(where.notebook).parent
    return folder if folder.is_dir() else None


def _notebook(where: Where) -> Path | None:
    path = Path(where.notebook or ".")
    return path if path.is_absolute() and path.suffix == ".ipynb" else None


def _home(variables: Mapping[str, str]) -> Path:
    text = variables.get("USERPROFILE" if os.name == "nt" else "HOME", "")
    return Path(text) if text and Path(text).is_absolute() else Path.home()


def _mark(project: Path | None, surroundings: Surroundings) -> object:
    return None if project is None else environment_mark(project, surroundings)
