"""A shell of the person's in which the project's environment is active."""

from __future__ import annotations

import os
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from chapbook_core.commands.programs import Program, Programs
from chapbook_core.commands.project_environment import require_environment
from chapbook_core.commands.report import Block, Line, Result
from chapbook_core.commands.run import find_program
from chapbook_core.commands.session import open_session
from chapbook_core.environment.activation import SCRIPTS, Shell, active_variables, find_shell, quoted
from chapbook_core.environment.state import STATE_FOLDER
from chapbook_core.errors import ChapbookError
from chapbook_core.project.writing import write_file
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from chapbook_core.commands.command import Invocation
    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.environment.environment import Environment
    from chapbook_core.events import Watcher

_BASH = """\
[ -f ~/.bashrc ] && . ~/.bashrc
. {script}
"""
_ZSH_ENVIRONMENT = """\
[ -f "${CHAPBOOK_ZDOTDIR:-$HOME}/.zshenv" ] && . "${CHAPBOOK_ZDOTDIR:-$HOME}/.zshenv"
"""
_ZSH = """\
ZDOTDIR="${{CHAPBOOK_ZDOTDIR:-$HOME}}"
[ -f "$ZDOTDIR/.zshrc" ] && . "$ZDOTDIR/.zshrc"
. {script}
"""


@frozen
class AlreadyActive(Result):
    """There is nothing to start."""

    path: Path

    def report(self) -> tuple[Block, ...]:
        """Tell it."""
        return (Line(f"The environment is already active: {self.path}"),)


def run(_invocation: Invocation, surroundings: Surroundings, watcher: Watcher) -> Programs | AlreadyActive:
    """Leave it to the front end to start the person's shell.

    The variables alone would not do: what a shell reads when it starts may put other Pythons first.
    """
    environment = require_environment(open_session(surroundings, watcher))
    variables = surroundings.variables
    active = variables.get("VIRTUAL_ENV")
    if active and Path(active) == environment.path and variables.get("CHAPBOOK_ACTIVE"):
        return AlreadyActive(environment.path)
    shell = find_shell(variables)
    path = _program(surroundings, shell)
    changed = {**active_variables(environment, variables), "CHAPBOOK_ACTIVE": "1", "POETRY_ACTIVE": "1"}
    words: tuple[str, ...] = ()
    # What conda has among its programs under such a name is none of these.
    if shell is not None and environment.is_virtual and (environment.scripts / SCRIPTS[shell]).is_file():
        words = _words(environment, shell)
        changed |= _start_files(environment, shell, variables.get("ZDOTDIR", ""))
    return Programs((Program(path, (str(path), *words), surroundings.folder, changed, needs_terminal=True),))


def _program(surroundings: Surroundings, shell: Shell | None) -> Path:
    variables = surroundings.variables
    named = Path(variables.get("SHELL", ""))
    if named.is_absolute() and named.is_file() and (shell is None or PurePath(named).stem == shell.value):
        return named
    if shell is Shell.CMD and (command := variables.get("ComSpec") or variables.get("COMSPEC")):
        return Path(command)
    folders = [Path(text) for text in variables.get("PATH", "").split(os.pathsep) if text]
    for name in (shell.value,) if shell is not None else ("bash", "sh"):
        if (found := find_program(name, folders, variables)) is not None:
            return found
    raise ChapbookError("it is not known which shell to start", hints=["set the variable SHELL to its program"])


def _words(environment: Environment, shell: Shell) -> tuple[str, ...]:
    """Return the options with which a shell starts activated and stays open."""
    script = environment.scripts / SCRIPTS[shell]
    word = quoted(str(script), shell)
    match shell:
        case Shell.BASH:
            return ("--rcfile", str(environment.path / STATE_FOLDER / "bashrc"), "-i")
        case Shell.FISH:
            return ("-C", f"source {word}")
        case Shell.NU:
            return ("-e", f"overlay use {word}")
        case Shell.POWERSHELL | Shell.PWSH:
            return ("-NoExit", "-Command", f"& {word}")
        case Shell.CMD:
            return ("/K", str(script))
        case Shell.ZSH | Shell.SH | Shell.CSH | Shell.TCSH | Shell.XONSH:
            return ("-i",)


def _start_files(environment: Environment, shell: Shell, zsh_folder: str) -> dict[str, str]:
    """Write what a shell reads when it starts, and return the variables that lead it there."""
    folder = environment.path / STATE_FOLDER
    script = quoted(str(environment.scripts / SCRIPTS[shell]), shell)
    match shell:
        case Shell.BASH:
            _write(folder / "bashrc", _BASH.format(script=script))
            return {}
        case Shell.ZSH:
            _write(folder / "zsh" / ".zshenv", _ZSH_ENVIRONMENT)
            _write(folder / "zsh" / ".zshrc", _ZSH.format(script=script))
            return {"ZDOTDIR": str(folder / "zsh"), "CHAPBOOK_ZDOTDIR": zsh_folder}
        case _:
            return {}


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    if not file.is_file() or file.read_text("utf-8", errors="replace") != text:
        write_file(file, text.encode())
