"""Interpreters of a session's project: the one its environment was made from, and the one that suits it best."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.environment.environment import PROGRAM_SUFFIX, read_environment
from chapbook_core.errors import ChapbookError

if TYPE_CHECKING:
    from chapbook_core.commands.session import Session
    from chapbook_core.environment.discovery import Whereabouts
    from chapbook_core.environment.environment import Environment
    from chapbook_core.environment.interpreter import Interpreter
    from chapbook_core.environment.probe import Prober

SYSTEM = "system"
"""What a person says for the Python that the project would get by itself."""


def interpreter_of(session: Session, environment: Environment) -> Interpreter:
    """Ask the Python that an environment was made from; the environment itself is not run."""
    return prober_of(session).ask(environment.base_program())


def choose_interpreter(session: Session, asked: str = SYSTEM) -> Interpreter:
    """Return the interpreter for a new environment: a version, a program, or what suits the project best.

    Raises NoFittingInterpreter, InterpreterDoesNotFit and InterpreterUnusable.
    """
    # A process of its own for each Python that is not known yet; commands that make nothing need none.
    from chapbook_core.environment.choice import InterpreterDoesNotFit, choose, names_version, pick
    from chapbook_core.environment.discovery import find_interpreters, find_on_path, is_shim, running_interpreter

    python, preferred = session.manifest.python, session.surroundings.python
    prober, whereabouts = prober_of(session), _whereabouts(session)
    if asked == SYSTEM:
        running = prober.ask(running_interpreter())
        if python.allows(running.version):
            return running
        return choose(find_interpreters(whereabouts, prober).interpreters, python, preferred)
    program = _named_program(session, asked)
    if program is None and names_version(asked):
        return pick(asked, find_interpreters(whereabouts, prober).interpreters, python, preferred)
    program = program or find_on_path(asked, whereabouts)
    if program is None:
        if is_shim(asked, whereabouts):
            raise ChapbookError(
                f"which Python `{asked}` is depends on the folder: it is a shim of a version manager",
                hints=["name the version, as in `chapbook env use 3.12`, or the path that `pyenv which` prints"],
            )
        raise ChapbookError(
            f"`{asked}` is neither a version of Python nor a program",
            hints=["write it as in `3.12`, as a path, or as the name of a program on `PATH`"],
        )
    interpreter = prober.ask(_outside(program))
    if not python.allows(interpreter.version):
        raise InterpreterDoesNotFit(interpreter, python)
    return interpreter


def _named_program(session: Session, asked: str) -> Path | None:
    """Return the program that a path names; a bare word never means the present folder."""
    if os.sep not in asked and not (os.altsep and os.altsep in asked):
        return None
    path = session.surroundings.folder / Path(asked).expanduser()
    if not path.is_dir():
        return path
    names = (f"bin/python{PROGRAM_SUFFIX}", f"Scripts/python{PROGRAM_SUFFIX}", f"python{PROGRAM_SUFFIX}", "bin/python3")
    return next((path / name for name in names if (path / name).exists()), path)


def _outside(program: Path) -> Path:
    """Return the Python that a program's environment was made from; the program itself when it is in none."""
    environment = read_environment(program.parent.parent)
    return program if environment is None else environment.base_program()


def prober_of(session: Session) -> Prober:
    """Return who asks Pythons, and remembers what they say."""
    # Only commands that need to know more than `pyvenv.cfg` says start a Python.
    from chapbook_core.environment.probe import Prober

    return Prober(cache_folder(session, "interpreters"), session.surroundings.variables)


def _whereabouts(session: Session) -> Whereabouts:
    from chapbook_core.environment.discovery import Whereabouts  # as above

    folder = session.settings.text("python.installation-dir")
    return Whereabouts(
        session.surroundings.variables,
        session.surroundings.home,
        avoid=(session.manifest.folder, session.surroundings.folder),
        managed=(Path(folder).expanduser(),) if folder else (),
    )


def cache_folder(session: Session, name: str) -> Path | None:
    """Return a folder of the person's cache; None for who wants none."""
    return None if session.cache is None else session.cache / name
