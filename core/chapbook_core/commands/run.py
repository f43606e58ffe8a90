"""Run a task, a script of the project or any program in the project's environment."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.commands.notebook_program import NOTEBOOK_SUFFIX, notebook_program
from chapbook_core.commands.programs import Program, Programs
from chapbook_core.commands.project_environment import require_environment
from chapbook_core.commands.report import Block, Heading, Line, Result, Span, Table
from chapbook_core.commands.session import open_session
from chapbook_core.environment.activation import active_variables
from chapbook_core.environment.environment import PROGRAM_SUFFIX
from chapbook_core.errors import ChapbookError
from chapbook_core.pattern import late_pattern
from chapbook_core.project.tasks import in_order, read_tasks
from chapbook_core.value import frozen, replace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chapbook_core.commands.command import Invocation
    from chapbook_core.commands.session import Session
    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.environment.environment import Environment
    from chapbook_core.events import Watcher
    from chapbook_core.project.tasks import Task

_REFERENCE = late_pattern(r"(?P<module>\w+(?:\.\w+)*)\s*:\s*(?P<function>\w+(?:\.\w+)*)(?:\s*\[[^\]]*\])?")
_CALL = """\
import sys
sys.argv[0] = {name!r}
sys.path[:1] = {roots!r}
from functools import reduce
from importlib import import_module
sys.exit(reduce(getattr, {function!r}.split("."), import_module({module!r}))())
"""


class ProgramNotFound(ChapbookError):
    """There is no program of that name."""

    exit_status = 127

    def __init__(self, name: str, environment: Environment) -> None:
        super().__init__(
            f"there is no program `{name}`: neither in `{environment.scripts}`, nor on `PATH`, "
            "nor among the project's scripts and tasks",
            hints=["run `chapbook run` to see the scripts and tasks"],
        )


@frozen
class Runnable(Result):
    """What a project offers to run."""

    tasks: Mapping[str, str]
    """What each does."""
    scripts: Mapping[str, str]
    """What each calls."""

    def report(self) -> tuple[Block, ...]:
        """Tell it."""
        blocks: list[Block] = []
        for heading, entries in (("Tasks", self.tasks), ("Scripts", self.scripts)):
            if entries:
                rows = tuple((Span(name, "name"), does) for name, does in entries.items())
                blocks += [Heading(heading), Table(rows, indent=2, cut=True)]
        return tuple(blocks) or (Line("The project has neither tasks nor scripts; name a program, as in `run python`"),)


def run(invocation: Invocation, surroundings: Surroundings, watcher: Watcher) -> Programs | Runnable:
    """Find out what the words mean, and leave it to the front end to run that."""
    words = invocation.texts("words")
    if words and words[0].endswith(NOTEBOOK_SUFFIX):
        # Its project is that of the notebook's folder, which need not be this one.
        return Programs((notebook_program(words, surroundings),))
    session = open_session(surroundings, watcher)
    tasks = read_tasks(session.manifest.tool, session.manifest.file)
    if not words:
        scripts = {**session.manifest.scripts, **session.manifest.about.file_scripts}
        return Runnable({task.name: _described(task) for task in tasks.values()}, scripts)
    environment = require_environment(session)
    runner = _Runner(session, environment)
    if words[0] not in tasks:
        return Programs((runner.program(words, surroundings.folder),))
    return Programs(tuple(runner.programs(in_order(tasks, words[0]), words[1:])))


def find_program(name: str, folders: list[Path], variables: Mapping[str, str]) -> Path | None:
    """Return the program of a name in the first folder that has one; the present folder is not looked into."""
    endings = [""]
    if os.name == "nt":
        known = variables.get("PATHEXT", ".COM;.EXE;.BAT;.CMD").split(os.pathsep)
        endings = ["", *known] if Path(name).suffix.upper() in map(str.upper, known) else known
    for folder in folders:
        for ending in endings:
            path = folder / f"{name}{ending}"
            if folder.is_absolute() and path.is_file() and os.access(path, os.X_OK):
                return path
    return None


class _Runner:
    """Turns words into programs."""

    def __init__(self, session: Session, environment: Environment) -> None:
        self._session = session
        self._environment = environment
        self._variables = active_variables(environment, session.surroundings.variables)

    def programs(self, tasks: tuple[Task, ...], more: tuple[str, ...]) -> Iterator[Program]:
        """Yield the programs of tasks; what else the person typed goes to the last."""
        commands = [(task, words) for task in tasks for words in task.commands]
        for number, (task, words) in enumerate(commands, start=1):
            given = (*words, *more) if number == len(commands) else words
            yield self.program(given, self._session.manifest.folder, f"[{task.name}] {' '.join(given)}")

    def program(self, words: tuple[str, ...], folder: Path, note: str = "") -> Program:
        """Return the program that words mean: a script of the project, a file, or a program; raises ProgramNotFound."""
        name, *rest = words
        if name.endswith(NOTEBOOK_SUFFIX):
            return replace(notebook_program(words, replace(self._session.surroundings, folder=folder)), note=note)
        about = self._session.manifest.about
        scripts = {**about.scripts, **about.gui_scripts}
        installed = self._environment.scripts / f"{name}{PROGRAM_SUFFIX}"
        if name in scripts and not installed.is_file():
            return self._python(("-c", self._call(name, scripts[name]), *rest), folder, note)
        if name in about.file_scripts and not installed.is_file():
            path = self._session.manifest.folder / about.file_scripts[name]
            return self._file(path, name, rest, folder, note)
        if os.sep in name or (os.altsep is not None and os.altsep in name):
            return self._file(folder / name, name, rest, folder, note)
        if name.endswith(".py") and (folder / name).is_file():
            return self._file(folder / name, name, rest, folder, note)
        path_variable = next((key for key in self._variables if key.upper() == "PATH"), "PATH")
        folders = [Path(text) for text in self._variables.get(path_variable, "").split(os.pathsep) if text]
        # `PATH` cannot hold a folder that has its separator in the name.
        found = find_program(name, [self._environment.scripts, *folders], self._variables)
        if found is None:
            raise ProgramNotFound(name, self._environment)
        return Program(found, (str(found), *rest), folder, self._variables, note)

    def _file(self, path: Path, name: str, rest: list[str], folder: Path, note: str) -> Program:
        if not path.is_file():
            raise ProgramNotFound(name, self._environment)
        if path.suffix == ".py":
            return self._python((str(path), *rest), folder, note)
        return Program(path, (name, *rest), folder, self._variables, note)

    def _python(self, words: tuple[str, ...], folder: Path, note: str) -> Program:
        python = self._environment.python
        return Program(python, (str(python), *words), folder, self._variables, note)

    def _call(self, name: str, reference: str) -> str:
        """Return the program text that calls what a script names, though the project is not installed."""
        match = _REFERENCE.fullmatch(reference.strip())
        if match is None:
            raise ChapbookError(
                f"the script `{name}` names no function: `{reference}`", hints=['write it as in `"module:function"`']
            )
        roots = [str(root) for root in self._roots()]
        return _CALL.format(name=name, roots=roots, module=match["module"], function=match["function"])

    def _roots(self) -> Iterator[Path]:
        """Yield the folders that the project's own modules are in."""
        manifest = self._session.manifest
        named = (package.source for package in manifest.poetry.packages if package.source)
        for folder in dict.fromkeys((*named, "src")):
            if (manifest.folder / folder).is_dir():
                yield manifest.folder / folder
        yield manifest.folder


def _described(task: Task) -> str:
    commands = "; ".join(" ".join(words) for words in task.commands)
    needs = f"after {', '.join(task.needs)}" if task.needs else ""
    return task.help or ", ".join(filter(None, (commands, needs)))
