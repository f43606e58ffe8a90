"""The command that a shell completes lines with."""

from __future__ import annotations

from chapbook_core.commands.command import Argument, Command, Example, Option

COMPLETIONS = Command(
    name="completions",
    summary="Print the script with which a shell completes commands",
    run="chapbook_core.commands.completions:run",
    description=(
        "Commands, options, groups, extras, sources, settings, paths and packages are completed: those that the "
        "project requires or has locked, and those that were looked up before."
    ),
    arguments=(Argument("shell", "the shell", required=False, choices=("bash", "zsh", "fish")),),
    options=(Option("line", "complete this line instead, as the script does", value="LINE"),),
    examples=(
        Example("completions bash", "print what belongs into `~/.bash_completion`"),
        Example("completions zsh", "print what belongs into `_chapbook`, in a folder of the `fpath`"),
        Example("completions fish", "print what belongs into `~/.config/fish/completions/chapbook.fish`"),
    ),
)

COMMANDS = (COMPLETIONS,)
