"""Completion in a terminal: the script that a shell reads once, and the words that it asks for at each tab."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.commands.report import Block, Line, Result, Verbatim
from chapbook_core.errors import UsageError
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from chapbook_core.commands.command import Invocation
    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.events import Watcher

_BASH = """\
_chapbook() {
    local IFS=$'\\n'
    COMPREPLY=($(chapbook completions --line="${COMP_LINE:0:COMP_POINT}" 2>/dev/null))
    # To bash, a word begins after an equals sign.
    COMPREPLY=("${COMPREPLY[@]#--*=}")
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == */ ]]; then
        compopt -o nospace 2>/dev/null
    fi
}
complete -F _chapbook chapbook
"""
_ZSH = """\
#compdef chapbook
_chapbook() {
    local -a found
    found=("${(@f)$(chapbook completions --line="${(j: :)words[1,CURRENT-1]} $PREFIX" 2>/dev/null)}")
    found=("${(@)found:#}")
    compadd -Q -- "${(@)found:#*/}"
    compadd -Q -S '' -- "${(@M)found:#*/}"
}
compdef _chapbook chapbook
"""
_FISH = """\
complete --command chapbook --no-files --arguments \\
    '(chapbook completions --line=(commandline --current-process --cut-at-cursor | string collect) 2>/dev/null)'
"""
SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


@frozen
class Script(Result):
    """What a shell has to read."""

    shell: str
    script: str

    def report(self) -> tuple[Block, ...]:
        """Show it, letter by letter."""
        return (Verbatim(self.script, self.shell),)


@frozen
class Offers(Result):
    """The words that may stand at the end of a line, each in full."""

    words: tuple[str, ...]

    def report(self) -> tuple[Block, ...]:
        """Show one a line."""
        return tuple(Line(word) for word in self.words)


def run(invocation: Invocation, surroundings: Surroundings, _watcher: Watcher) -> Script | Offers:
    """Give the script of a shell, or complete a line."""
    line, shell = invocation.text("line"), invocation.text("shell")
    if line is not None:
        return Offers(_completed(line, surroundings))
    if shell is None:
        raise UsageError("`completions` needs to know the shell", hints=[f"it is one of: {', '.join(SCRIPTS)}"])
    return Script(shell, SCRIPTS[shell])


def _completed(line: str, surroundings: Surroundings) -> tuple[str, ...]:
    # A script is given without any of these.
    from chapbook_core.commands.completing import complete
    from chapbook_core.commands.project_knowledge import ProjectKnowledge
    from chapbook_core.commands.registry import BY_NAME

    _program, _space, rest = line.lstrip().partition(" ")
    found = complete(rest, len(rest), BY_NAME, ProjectKnowledge(surroundings))
    # A shell replaces the whole word.
    words = rest[: found.start].split()
    begun = words[-1] if words and not rest[: found.start][-1:].isspace() else ""
    return tuple(f"{begun}{match}" for match in found.matches)
