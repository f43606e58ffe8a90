"""How an environment becomes the present one: the words for each shell, and the variables for one program."""

from __future__ import annotations

import os
import shlex
from enum import Enum
from pathlib import PurePath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chapbook_core.environment.environment import Environment

_UNWANTED = ("PYTHONHOME", "__PYVENV_LAUNCHER__")
"""Variables that would lead a Python away from its environment."""


class Shell(Enum):
    """A shell that virtualenv writes a script for."""

    BASH = "bash"
    ZSH = "zsh"
    SH = "sh"
    FISH = "fish"
    CSH = "csh"
    TCSH = "tcsh"
    NU = "nu"
    POWERSHELL = "powershell"
    PWSH = "pwsh"
    CMD = "cmd"
    XONSH = "xonsh"


SCRIPTS = {
    Shell.BASH: "activate",
    Shell.ZSH: "activate",
    Shell.SH: "activate",
    Shell.FISH: "activate.fish",
    Shell.CSH: "activate.csh",
    Shell.TCSH: "activate.csh",
    Shell.NU: "activate.nu",
    Shell.POWERSHELL: "activate.ps1",
    Shell.PWSH: "activate.ps1",
    Shell.CMD: "activate.bat",
    Shell.XONSH: "activate.xsh",
}


def activation_words(environment: Environment, shell: Shell) -> str:
    """Return what a person types, or `eval`s, to activate the environment."""
    script = str(environment.scripts / SCRIPTS[shell])
    match shell:
        case Shell.BASH | Shell.ZSH | Shell.FISH:
            return f"source {quoted(script, shell)}"
        case Shell.SH:
            return f". {quoted(script, shell)}"
        case Shell.CSH | Shell.TCSH | Shell.XONSH:
            return f"source {quoted(script, shell)}"
        case Shell.NU:
            return f"overlay use {quoted(script, shell)}"
        case Shell.POWERSHELL | Shell.PWSH:
            return f"& {quoted(script, shell)}"
        case Shell.CMD:
            return quoted(script, shell)


def quoted(text: str, shell: Shell) -> str:  # noqa: PLR0911  one a kind of shell
    """Return a text as one word of a shell, whatever is in it."""
    match shell:
        case Shell.BASH | Shell.ZSH | Shell.SH:
            return shlex.quote(text)
        case Shell.CSH | Shell.TCSH:
            # History is expanded even in single quotes.
            return shlex.quote(text).replace("!", "'\\!'" if shlex.quote(text) != text else "\\!")
        case Shell.FISH:
            if shlex.quote(text) == text:
                return text
            escaped = text.replace("\\", "\\\\").replace("'", "\\'")
            return f"'{escaped}'"
        case Shell.NU:
            sharps = "#" * (1 + max(map(len, _runs_of_sharps(text)), default=0))
            return text if shlex.quote(text) == text else f"r{sharps}'{text}'{sharps}"
        case Shell.POWERSHELL | Shell.PWSH:
            # Typographic quotes end a text as the plain one does.
            for mark in "'\u2018\u2019\u201a\u201b":
                text = text.replace(mark, mark * 2)
            return f"'{text}'"
        case Shell.CMD:
            # There is no way to write a quotation mark, and no path on Windows can hold one.
            return '"' + text.replace("%", "%%") + '"'
        case Shell.XONSH:
            return repr(text)


def find_shell(variables: Mapping[str, str]) -> Shell | None:
    """Return the shell that a person seems to use; None when it is one that is not known here."""
    if "NU_VERSION" in variables:
        return Shell.NU
    if "XONSHRC" in variables and "XONSH_VERSION" in variables:
        return Shell.XONSH
    name = PurePath(variables.get("SHELL", "")).stem.lower()
    if name in {shell.value for shell in Shell}:
        return Shell(name)
    if os.name == "nt" or "ComSpec" in variables:
        # PowerShell adds the person's own folder of modules to the system's.
        personal = variables.get("PSModulePath", "").count(os.pathsep)
        return Shell.POWERSHELL if personal > 1 else Shell.CMD
    return None


def active_variables(environment: Environment, variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of a program that runs in the environment, out of those without it."""
    changed = {name: value for name, value in variables.items() if name not in _UNWANTED}
    name = next((name for name in changed if name.upper() == "PATH"), "PATH") if os.name == "nt" else "PATH"
    scripts = str(environment.scripts)
    folders = [folder for folder in changed.get(name, os.defpath).split(os.pathsep) if folder and folder != scripts]
    changed[name] = os.pathsep.join([scripts, *folders])
    changed.pop("VIRTUAL_ENV", None)
    changed.pop("VIRTUAL_ENV_PROMPT", None)
    if environment.is_virtual:
        changed["VIRTUAL_ENV"] = str(environment.path)
    return changed


def _runs_of_sharps(text: str) -> list[str]:
    runs = "".join(letter if letter == "#" else " " for letter in text)
    return runs.split()
