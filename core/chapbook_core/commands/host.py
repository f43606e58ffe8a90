"""Host: what a project is installed into for which no environment is made, because `virtualenvs.create` is false.

It is the environment that a person has activated, conda's among them, else the Python that an environment would be made
from. Poetry's rules are the same, but for what Chapbook itself runs from, which stays as it is.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.commands.interpreters import choose_interpreter, interpreter_of, prober_of
from chapbook_core.environment.condition import Broken, look_at, runs_this
from chapbook_core.environment.environment import PROGRAM_SUFFIX, SCRIPTS, read_configuration
from chapbook_core.environment.owner import note_user
from chapbook_core.environment.plain import is_externally_managed, look_at_plain
from chapbook_core.environment.probe import InterpreterUnusable
from chapbook_core.errors import Cancelled, ChapbookError
from chapbook_core.events import Notice

if TYPE_CHECKING:
    from chapbook_core.commands.session import Session
    from chapbook_core.environment.condition import Condition
    from chapbook_core.environment.environment import Environment
    from chapbook_core.environment.interpreter import Interpreter

CONDA_FOLDER = "conda-meta"
"""What conda notes of an environment, below it."""
_ALLOWED = "PIP_BREAK_SYSTEM_PACKAGES"
_YES = frozenset({"1", "on", "t", "true", "y", "yes"})
_BASE = "base"
"""The environment of conda itself, which is active all the time where conda is; nobody means it."""
_ELSEWHERE = "activate the environment that the project is to use, or set `virtualenvs.create` to true"


class ExternallyManaged(ChapbookError):
    """The packages of a Python are looked after by the system alone, as PEP 668 has it."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(
            f"the packages of `{environment.python}` are looked after by another program, "
            "as its file EXTERNALLY-MANAGED says, and are not changed from here",
            hints=[_ELSEWHERE, f"or set {_ALLOWED}=1, which may break what the system has installed there"],
        )


class HostNotWritable(ChapbookError):
    """Nothing can be put into a Python by this person."""

    def __init__(self, environment: Environment, folder: Path) -> None:
        super().__init__(
            f"nothing can be put into `{environment.path}`: `{folder}` cannot be written in",
            hints=[_ELSEWHERE, "or run the command as somebody who may write there"],
        )


def host_condition(session: Session) -> Condition:
    """Return the condition of what takes the place of an environment."""
    variables = session.surroundings.variables
    if text := variables.get("VIRTUAL_ENV"):
        return _activated(session, Path(text), "VIRTUAL_ENV")
    if (text := variables.get("CONDA_PREFIX")) and variables.get("CONDA_DEFAULT_ENV") != _BASE:
        return _activated(session, Path(text), "CONDA_PREFIX")
    try:
        return _of_python(choose_interpreter(session))
    except Cancelled:
        raise
    except ChapbookError as problem:
        return Broken(Path(sys.base_prefix), problem.message, _ELSEWHERE)


def require_changeable(session: Session, environment: Environment) -> None:
    """Raise ExternallyManaged for a Python that only the system's own programs may change, unless that is allowed."""
    is_allowed = session.surroundings.variables.get(_ALLOWED, "").lower() in _YES
    if not is_allowed and is_externally_managed(interpreter_of(session, environment)):
        raise ExternallyManaged(environment)


def require_writable(environment: Environment) -> None:
    """Raise HostNotWritable before anything is fetched for a Python that this person cannot write in."""
    for folder in (environment.path, environment.site_packages, environment.scripts):
        there = next(each for each in (folder, *folder.parents) if each.exists())
        if not os.access(there, os.W_OK):
            raise HostNotWritable(environment, there)


def begin_in_host(session: Session, environment: Environment) -> None:
    """Make sure that an environment which is not the project's own can be changed, and note there that this does so.

    Raises HostNotWritable.
    """
    if not environment.is_virtual:
        require_writable(environment)
        message = f"`virtualenvs.create` is false: packages go into `{environment.path}`"
        session.watcher.emit(Notice("info", message))
    # Where nothing can be noted, nothing can be put in either.
    with suppress(ChapbookError):
        note_user(environment.path, session.manifest.folder)


def _activated(session: Session, path: Path, variable: str) -> Condition:
    if not path.is_absolute() or not path.is_dir():
        return Broken(path, f"{variable} names it, and there is no such folder", _ELSEWHERE)
    if runs_this(path):
        return _ours(path)
    if read_configuration(path) is not None:
        return look_at(path)
    if variable == "CONDA_PREFIX" or (path / CONDA_FOLDER).is_dir():
        return _of_conda(session, path)
    return Broken(path, f"{variable} names it, and it is no virtual environment", _ELSEWHERE)


def _of_conda(session: Session, path: Path) -> Condition:
    program = path / (f"python{PROGRAM_SUFFIX}" if os.name == "nt" else f"{SCRIPTS}/python")
    if not program.exists():
        return Broken(path, f"there is no `{program}`", "run `conda install python`")
    try:
        interpreter = prober_of(session).ask(program)
    except InterpreterUnusable as problem:
        return Broken(path, problem.reason, _ELSEWHERE)
    if os.path.realpath(interpreter.prefix) != os.path.realpath(path):
        return Broken(path, f"its Python is that of `{interpreter.prefix}`", _ELSEWHERE)
    return _of_python(interpreter)


def _of_python(interpreter: Interpreter) -> Condition:
    if runs_this(interpreter.prefix):
        return _ours(interpreter.prefix)
    condition = look_at_plain(interpreter)
    if isinstance(condition, Broken):
        return Broken(condition.path, condition.reason, _ELSEWHERE)
    return condition


def _ours(path: Path) -> Broken:
    return Broken(
        path,
        "Chapbook itself runs from it, and does not change what it runs from",
        "set `virtualenvs.create` to true, or install Chapbook in an environment of its own",
    )
