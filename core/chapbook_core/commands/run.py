"""Run a task, a script of the project or any program in the project's environment."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.commands.likely_place import likely_place
from chapbook_core.commands.notebook_program import NOTEBOOK_SUFFIX, notebook_program
from chapbook_core.commands.programs import Program, Programs
from chapbook_core.commands.report import Block, Heading, Line, Result, Span, Table
from chapbook_core.environment.activation import active_variables
from chapbook_core.environment.condition import Sound, look_at
from chapbook_core.environment.environment import PROGRAM_SUFFIX
from chapbook_core.errors import ChapbookError
from chapbook_core.pattern import late_pattern
from chapbook_core.project.discovery import PROJECT_FILE, find_project
from chapbook_core.value import frozen, replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from chapbook_core.commands.command import Invocation
    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.environment.environment import Environment
    from chapbook_core.events import Watcher
    from chapbook_core.project.manifest import Manifest
    from chapbook_core.project.tasks import Task

_REFERENCE = late_pattern(r"(?P<module>\w+(?:\.\w+)*)\s*:\s*(?P<function>\w+(?:\.\w+)*)(?:\s*\[[^\]]*\])?")
_TO_BE_READ = (b"scripts", b"tasks", b"requires-poetry", b"\\")
"""What is in every project file that names programs, or asks for another Poetry; a key may be spelled with `\\`."""
_PIP = late_pattern(r"pip[0-9.]*")
_PYTHON = late_pattern(r"python3?")
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

    def __init__(self, name: str, environment: Environment, known: Iterable[str] = ()) -> None:
        """`known` are the scripts and tasks of the project."""
        # Only a mistake needs it.
        from chapbook_core.index.names import did_you_mean

        close = did_you_mean(name, {*known, *_programs(environment.scripts)})
        hints = [f"did you mean {' or '.join(f'`{one}`' for one in close)}?"] if close else []
        super().__init__(
            f"there is no program `{name}`: neither in `{environment.scripts}`, nor on `PATH`, "
            "nor among the project's scripts and tasks",
            hints=[*hints, "run `chapbook run` to see the scripts and tasks"],
        )


class PipIsElsewhere(ChapbookError):
    """The environment has no pip, and the one on `PATH` would work on another Python."""

    def __init__(self, name: str, program: Path) -> None:
        super().__init__(
            f"the environment has no `{name}`, and `{program}` would install into another Python",
            hints=[
                "run `chapbook add NAME` to install a package",
                "run `chapbook config --local virtualenvs.options.no-pip false` to have pip in the next environment",
            ],
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
    if words and (environment := _environment_alone(surroundings)) is not None:
        return Programs((_Runner(environment, surroundings).program(words, surroundings.folder),))
    # The project file has to be understood here, which takes longer than all the rest.
    from chapbook_core.commands.project_environment import require_environment
    from chapbook_core.commands.session import open_session
    from chapbook_core.project.tasks import in_order, read_tasks

    session = open_session(surroundings, watcher)
    tasks = read_tasks(session.manifest.tool, session.manifest.file, used=words[0] if words else "")
    if not words:
        scripts = {**session.manifest.scripts, **session.manifest.about.file_scripts}
        return Runnable({task.name: _described(task) for task in tasks.values()}, scripts)
    environment = require_environment(session)
    runner = _Runner(environment, surroundings, session.manifest, tasks)
    if words[0] not in tasks:
        return Programs((runner.program(words, surroundings.folder),))
    return Programs(tuple(runner.programs(in_order(tasks, words[0]), session.manifest.folder, words[1:])))


def _environment_alone(surroundings: Surroundings) -> Environment | None:
    """Return the environment of a project that names no programs; None where there is more to know or to tell."""
    folder = find_project(surroundings.start)
    try:
        content = (folder / PROJECT_FILE).read_bytes()
    except OSError:
        return None
    if any(word in content for word in _TO_BE_READ):
        return None
    condition = look_at(likely_place(folder, surroundings))
    return condition.environment if isinstance(condition, Sound) else None


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

    def __init__(
        self,
        environment: Environment,
        surroundings: Surroundings,
        manifest: Manifest | None = None,
        tasks: Iterable[str] = (),
    ) -> None:
        """`manifest` and `tasks` are those of a project which names programs."""
        self._environment = environment
        self._surroundings = surroundings
        self._manifest = manifest
        self._tasks = tasks
        self._variables = active_variables(environment, surroundings.variables)

    def programs(self, tasks: tuple[Task, ...], folder: Path, more: tuple[str, ...]) -> Iterator[Program]:
        """Yield the programs of tasks, which run in a folder; what else the person typed goes to the last."""
        commands = [(task, words) for task in tasks for words in task.commands]
        for number, (task, words) in enumerate(commands, start=1):
            given = (*words, *more) if number == len(commands) else words
            yield self.program(given, folder, f"[{task.name}] {_quoted(given)}")

    def program(self, words: tuple[str, ...], folder: Path, note: str = "") -> Program:
        """Return the program that words mean: a script of the project, a file, or a program; raises ProgramNotFound."""
        name, *rest = words
        if name.endswith(NOTEBOOK_SUFFIX):
            return replace(notebook_program(words, replace(self._surroundings, folder=folder)), note=note)
        if self._manifest is not None and (script := self._script(self._manifest, name, rest, folder, note)):
            return script
        if os.sep in name or (os.altsep is not None and os.altsep in name):
            return self._file(folder / name, name, rest, folder, note)
        if name.endswith(".py") and (folder / name).is_file():
            return self._file(folder / name, name, rest, folder, note)
        path_variable = next((key for key in self._variables if key.upper() == "PATH"), "PATH")
        folders = [Path(text) for text in self._variables.get(path_variable, "").split(os.pathsep) if text]
        # `PATH` cannot hold a folder that has its separator in the name.
        found = find_program(name, [self._environment.scripts, *folders], self._variables)
        if found is None:
            raise ProgramNotFound(name, self._environment, self._known())
        if found.parent != self._environment.scripts and not self._environment.is_virtual and _PYTHON.fullmatch(name):
            # That of the system is not always among the programs that are installed with it.
            return self._python(tuple(rest), folder, note)
        if _PIP.fullmatch(name) and found.parent != self._environment.scripts:
            raise PipIsElsewhere(name, found)
        return Program(found, (str(found), *rest), folder, self._variables, note)

    def _script(self, manifest: Manifest, name: str, rest: list[str], folder: Path, note: str) -> Program | None:
        """Return the program for a script of the project that is not installed."""
        about = manifest.about
        scripts = {**about.scripts, **about.gui_scripts}
        if (self._environment.scripts / f"{name}{PROGRAM_SUFFIX}").is_file():
            return None
        if name in scripts:
            return self._python(("-c", _call(manifest, name, scripts[name]), *rest), folder, note)
        if name in about.file_scripts:
            return self._file(manifest.folder / about.file_scripts[name], name, rest, folder, note)
        return None

    def _file(self, path: Path, name: str, rest: list[str], folder: Path, note: str) -> Program:
        if not path.is_file():
            raise ProgramNotFound(name, self._environment, self._known())
        if path.suffix == ".py":
            return self._python((str(path), *rest), folder, note)
        return Program(path, (name, *rest), folder, self._variables, note)

    def _known(self) -> Iterator[str]:
        """Yield the names that the project has for programs."""
        yield from self._tasks
        if self._manifest is not None:
            about = self._manifest.about
            yield from (*about.scripts, *about.gui_scripts, *about.file_scripts)

    def _python(self, words: tuple[str, ...], folder: Path, note: str) -> Program:
        python = self._environment.python
        return Program(python, (str(python), *words), folder, self._variables, note)


def _call(manifest: Manifest, name: str, reference: str) -> str:
    """Return the program text that calls what a script names, though the project is not installed."""
    match = _REFERENCE.fullmatch(reference.strip())
    if match is None:
        raise ChapbookError(
            f"the script `{name}` names no function: `{reference}`", hints=['write it as in `"module:function"`']
        )
    roots = [str(root) for root in _roots(manifest)]
    return _CALL.format(name=name, roots=roots, module=match["module"], function=match["function"])


def _roots(manifest: Manifest) -> Iterator[Path]:
    """Yield the folders that the project's own modules are in."""
    named = (package.source for package in manifest.poetry.packages if package.source)
    for folder in dict.fromkeys((*named, "src")):
        if (manifest.folder / folder).is_dir():
            yield manifest.folder / folder
    yield manifest.folder


def _programs(folder: Path) -> Iterator[str]:
    """Yield the names of the programs in a folder."""
    with suppress(OSError):
        yield from (path.name.removesuffix(PROGRAM_SUFFIX) for path in folder.iterdir())


def _quoted(words: Iterable[str]) -> str:
    """Return words as a person would type them."""
    # Most calls of `run` name a program, and show nothing.
    from shlex import join

    return join(words)


def _described(task: Task) -> str:
    commands = "; ".join(map(_quoted, task.commands))
    needs = f"after {', '.join(task.needs)}" if task.needs else ""
    return task.help or ", ".join(filter(None, (commands, needs)))
