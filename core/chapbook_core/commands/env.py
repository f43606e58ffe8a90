"""Show, choose, make and remove the project's environments."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.commands.interpreters import SYSTEM, choose_interpreter
from chapbook_core.commands.project_environment import (
    WITHOUT_ENVIRONMENT,
    make,
    present_condition,
    project_place,
    require_environment,
)
from chapbook_core.commands.report import Block, Line, Message, Result, Span, Table, fields_table
from chapbook_core.commands.session import open_session
from chapbook_core.environment.activation import SCRIPTS, Shell, activation_words, find_shell
from chapbook_core.environment.condition import Absent, Broken, Foreign, Moved, Sound, look_at, require_removable
from chapbook_core.environment.environment import Environment, read_environment
from chapbook_core.environment.site_packages import scan_site_packages
from chapbook_core.errors import ChapbookError, UsageError
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from chapbook_core.commands.command import Invocation
    from chapbook_core.commands.report import Text
    from chapbook_core.commands.session import Session
    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.environment.condition import Condition
    from chapbook_core.environment.interpreter import Interpreter
    from chapbook_core.environment.place import Place
    from chapbook_core.events import Watcher


@frozen
class EnvironmentShown(Result):
    """What there is to say about the environment that the project uses."""

    path: Path
    exists: bool
    python: Path | None = None
    version: str | None = None
    implementation: str | None = None
    base: Path | None = None
    packages: int = 0
    trouble: str = ""
    """Why it is no good; empty when it is."""
    hint: str = ""
    """What to do then."""
    is_virtual: bool = True
    """Whether it is an environment of its own, rather than a Python that packages are put into."""
    only: str = ""
    """Which one field a script asked for."""

    def report(self) -> tuple[Block, ...]:
        """Tell everything, or the one thing alone."""
        if self.only:
            value = self.path if self.only == "path" else self.python
            return (Line(str(value)),) if self.exists and value is not None else ()
        if not self.exists:
            missing = f"the project has no environment: there is no `{self.path}`"
            return (Message("error", missing, (WITHOUT_ENVIRONMENT,)),)
        pairs: dict[str, Text] = {"path": Span(str(self.path), "name")}
        if self.version is not None:
            pairs["python"] = (Span(self.version, "version"), f" ({self.implementation})")
            pairs["executable"] = str(self.python)
            pairs["made from"] = str(self.base) if self.is_virtual else "it is this Python itself"
            pairs["packages"] = str(self.packages)
        blocks: list[Block] = [fields_table(pairs)]
        if self.trouble:
            hints = (self.hint,) if self.hint else ()
            blocks.append(Message("warning", f"`{self.path}` is not as it should be: {self.trouble}", hints))
        return tuple(blocks)

    @property
    def exit_status(self) -> int:
        """Fail where there is none, as scripts expect."""
        return 0 if self.version is not None else 1


@frozen
class Listed:
    """One of a project's environments."""

    path: Path
    version: str | None
    is_present: bool
    trouble: str = ""


@frozen
class EnvironmentsListed(Result):
    """The environments of a project."""

    environments: tuple[Listed, ...]
    full_path: bool = False

    def report(self) -> tuple[Block, ...]:
        """Tell each on a line."""
        return (Table(tuple(self._row(one) for one in self.environments)),) if self.environments else ()

    def _row(self, one: Listed) -> tuple[Text, ...]:
        shown = Span(str(one.path) if self.full_path else one.path.name, "name")
        marks = [one.trouble] if one.trouble else []
        marks += ["in use"] if one.is_present else []
        return (shown, Span(one.version or "", "version"), Span("; ".join(marks), "dim"))


@frozen
class EnvironmentUsed(Result):
    """The project uses an environment of a Python."""

    path: Path
    python: str
    executable: Path
    made: bool
    replaced: bool = False

    def report(self) -> tuple[Block, ...]:
        """Tell what was done."""
        verb = "Made" if self.made else "Using"
        blocks: list[Block] = [
            Line((f"{verb} ", Span(str(self.path), "name"), " with ", Span(self.python, "version"))),
            Line(Span(f"from {self.executable}", "dim"), detail=1),
        ]
        if self.replaced:
            gone = "the environment that was there before is gone, with its packages"
            blocks.append(Message("note", gone, ("run `chapbook install` to put in what is locked",)))
        return tuple(blocks)


@frozen
class EnvironmentsRemoved(Result):
    """Environments are gone."""

    paths: tuple[Path, ...]

    def report(self) -> tuple[Block, ...]:
        """Tell each."""
        if not self.paths:
            return (Line("The project has no environment"),)
        return tuple(Line(("Removed ", Span(str(path), "name"))) for path in self.paths)


@frozen
class Activation(Result):
    """What a shell has to be told."""

    words: str

    def report(self) -> tuple[Block, ...]:
        """Tell it alone, for `eval`."""
        return (Line(self.words),)


def info(invocation: Invocation, surroundings: Surroundings, watcher: Watcher) -> EnvironmentShown:
    """Look at the environment that the project uses."""
    condition = present_condition(open_session(surroundings, watcher))
    only = next((name for name in ("path", "executable") if invocation.flag(name)), "")
    trouble = condition.reason if isinstance(condition, Moved | Broken | Foreign) else ""
    match condition:
        case Sound(environment=environment) | Moved(environment=environment):
            return EnvironmentShown(
                path=environment.path,
                exists=True,
                python=environment.python,
                version=environment.version,
                implementation=environment.implementation,
                base=environment.base_program(),
                packages=len(scan_site_packages(environment.site_packages).distributions),
                trouble=trouble,
                is_virtual=environment.is_virtual,
                only=only,
            )
        case Absent(path=path):
            return EnvironmentShown(path, exists=False, only=only)
        case Broken(path=path, hint=hint):
            return EnvironmentShown(path, exists=not only, trouble=trouble, hint=hint, only=only)
        case Foreign(path=path):
            return EnvironmentShown(path, exists=not only, trouble=trouble, only=only)


def list_all(invocation: Invocation, surroundings: Surroundings, watcher: Watcher) -> EnvironmentsListed:
    """List the environments of the project."""
    session = open_session(surroundings, watcher)
    place = project_place(session.manifest, session.settings)
    condition = present_condition(session)
    conditions = [look_at(path) for path in place.existing()]
    if not isinstance(condition, Absent) and condition.path not in place.existing():
        # What is used in place of one that is the project's own.
        conditions.append(condition)
    listed = tuple(_listed(each, condition.path) for each in conditions)
    return EnvironmentsListed(listed, invocation.flag("full-path"))


def use(invocation: Invocation, surroundings: Surroundings, watcher: Watcher) -> EnvironmentUsed:
    """Make the project use an environment of a Python; made when there is none."""
    session = open_session(surroundings, watcher)
    place = project_place(session.manifest, session.settings)
    asked = invocation.text("python") or SYSTEM
    interpreter = choose_interpreter(session, asked)
    path = place.path(interpreter.python_version)
    condition = look_at(path)
    if isinstance(condition, Sound) and _is_of(condition.environment, interpreter):
        used = EnvironmentUsed(path, interpreter.pretty_name, interpreter.executable, made=False)
    else:
        environment = make(session, interpreter)
        is_replaced = not isinstance(condition, Absent)
        used = EnvironmentUsed(
            environment.path, interpreter.pretty_name, interpreter.executable, made=True, replaced=is_replaced
        )
    if asked == SYSTEM:
        place.forget()
    else:
        place.select(interpreter.version)
    return used


def remove(invocation: Invocation, surroundings: Surroundings, watcher: Watcher) -> EnvironmentsRemoved:
    """Remove the named environments of the project, or all."""
    # Only commands that make or remove one.
    from chapbook_core.environment.virtualenv import remove_environment

    session = open_session(surroundings, watcher)
    place = project_place(session.manifest, session.settings)
    paths = _named(session, place, invocation)
    for path in paths:
        require_removable(path, (surroundings.home, session.manifest.folder))
    selected = place.selected()
    for path in paths:
        watcher.checkpoint()
        remove_environment(path)
        if selected is not None and path == place.path(selected):
            place.forget()
    return EnvironmentsRemoved(paths)


def activate(invocation: Invocation, surroundings: Surroundings, watcher: Watcher) -> Activation:
    """Say what activates the environment in a shell."""
    environment = require_environment(open_session(surroundings, watcher))
    if not environment.is_virtual:
        raise ChapbookError(
            f"`{environment.path}` is no virtual environment, and has nothing to activate",
            hints=["run a program in it with `chapbook run`"],
        )
    named = invocation.text("shell")
    shell = Shell(named) if named else find_shell(surroundings.variables)
    if shell is None:
        raise UsageError(
            f"`{surroundings.variables.get('SHELL', '')}` is no shell that is known here",
            hints=["name one: " + ", ".join(shell.value for shell in Shell)],
        )
    script = environment.scripts / SCRIPTS[shell]
    if not script.is_file():
        raise ChapbookError(
            f"the environment has no script for {shell.value}: there is no `{script}`",
            hints=["run a program in it with `chapbook run`, or make it anew with `chapbook env use`"],
        )
    return Activation(activation_words(environment, shell))


def _listed(condition: Condition, present: Path) -> Listed:
    is_present = condition.path == present
    match condition:
        case Sound(environment=environment):
            return Listed(condition.path, environment.version, is_present)
        case Moved(environment=environment):
            return Listed(condition.path, environment.version, is_present, "moved")
        case Broken():
            return Listed(condition.path, None, is_present, "broken")
        case Foreign() | Absent():
            return Listed(condition.path, None, is_present, "no environment")


def _is_of(environment: Environment, interpreter: Interpreter) -> bool:
    """Tell whether an environment was made from an interpreter as it is today."""
    same = Path(os.path.realpath(environment.base_program())) == interpreter.executable
    return same and environment.version == interpreter.version


def _named(session: Session, place: Place, invocation: Invocation) -> tuple[Path, ...]:
    existing = place.existing()
    names = invocation.texts("python")
    if invocation.flag("all"):
        if names:
            raise UsageError("`--all` goes without names")
        return existing
    if not names:
        if not existing:
            raise ChapbookError("the project has no environment")
        shown = ", ".join(f"`{path.name}`" for path in existing)
        raise UsageError(
            "`env remove` needs to know which environments", hints=[f"there is: {shown}", "or use `--all`"]
        )
    found: dict[Path, None] = {}
    for name in names:
        matching = [path for path in existing if _is_named(name, path, session.surroundings.folder)]
        if not matching:
            shown = ", ".join(f"`{path.name}`" for path in existing) or "none"
            raise ChapbookError(f"the project has no environment `{name}`", hints=[f"there is: {shown}"])
        found |= dict.fromkeys(matching)
    return tuple(found)


def _is_named(name: str, path: Path, folder: Path) -> bool:
    """Tell whether a word means an environment: its name, its path, its Python, or the version of that."""
    environment = read_environment(path)
    versions = () if environment is None else (environment.version, environment.python_version)
    programs = () if environment is None else (environment.python,)
    typed = Path(os.path.abspath(folder / Path(name).expanduser()))  # noqa: PTH100  `resolve` would follow links
    return name == path.name or name.removeprefix("python") in versions or typed in (path, *programs)
