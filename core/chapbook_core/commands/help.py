"""The help, made of the declarations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.commands.command import GLOBAL_OPTIONS
from chapbook_core.commands.registry import BY_NAME, commands_below, every_command
from chapbook_core.commands.report import Blank, Block, Heading, Line, Paragraph, Result, Span, Table
from chapbook_core.errors import UsageError
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chapbook_core.commands.command import Argument, Command, Invocation, Option
    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.events import Watcher


@frozen
class Help(Result):
    """The help of a command, of the commands that share a noun, or, without a topic, of Chapbook."""

    topic: str = ""

    def report(self) -> tuple[Block, ...]:
        """Tell it."""
        command = BY_NAME.get(self.topic)
        if command is not None:
            return tuple(command_help(command))
        return tuple(_commands_help(self.topic))


def run(invocation: Invocation, _surroundings: Surroundings, _watcher: Watcher) -> Help:
    """Show the help of the command that the words name."""
    topic = " ".join(invocation.texts("command"))
    if topic and topic not in BY_NAME and not commands_below(topic):
        raise UsageError(f"there is no command `{topic}`", hints=["run `chapbook list` to see the commands"])
    return Help(topic)


def run_list(_invocation: Invocation, _surroundings: Surroundings, _watcher: Watcher) -> Help:
    """List the commands."""
    return Help()


def _commands_help(noun: str) -> Iterable[Block]:
    commands = commands_below(noun) if noun else every_command()
    if not noun:
        yield Line("Poetry for notebooks: a folder of notebooks is a project with a lock, an environment and a kernel")
        yield Blank()
    yield Line(("usage: ", Span(f"chapbook {noun} COMMAND".replace("  ", " "), "name"), " [options]"))
    yield Blank()
    yield Heading("commands")
    yield Table(tuple((Span(command.name, "name"), command.summary) for command in commands), indent=2)
    yield Blank()
    yield Heading("options of every command")
    yield _options_table(GLOBAL_OPTIONS)
    yield Blank()
    yield Line(("run ", Span("`chapbook COMMAND --help`", "name"), " to learn more about one"))


def command_help(command: Command) -> Iterable[Block]:
    """Yield the help of one command."""
    yield Line(command.summary)
    yield Blank()
    usage = " ".join([f"chapbook {command.name}", *(_usage(argument) for argument in command.arguments)])
    yield Line(("usage: ", Span(usage, "name"), " [options]"))
    if command.description:
        yield Blank()
        yield Paragraph(command.description)
    if command.arguments:
        yield Blank()
        yield Heading("arguments")
        rows = ((Span(argument.name.upper(), "name"), argument.help) for argument in command.arguments)
        yield Table(tuple(rows), indent=2)
    if command.options:
        yield Blank()
        yield Heading("options")
        yield _options_table(command.options)
    yield Blank()
    yield Heading("options of every command")
    yield _options_table(GLOBAL_OPTIONS)
    yield Blank()
    yield Heading("examples" if len(command.examples) > 1 else "example")
    for example in command.examples:
        yield Line(("  ", Span(f"chapbook {example.words}", "name")))
        yield Line(f"      {example.does}")


def _usage(argument: Argument) -> str:
    shown = argument.name.upper() + ("..." if argument.repeated else "")
    return shown if argument.required else f"[{shown}]"


def _options_table(options: Iterable[Option]) -> Table:
    return Table(tuple((Span(_shown(option), "name"), _help(option)) for option in options), indent=2)


def _help(option: Option) -> str:
    missing = [choice for choice in option.choices if choice not in option.help]
    return f"{option.help}: {' or '.join(option.choices)}" if missing else option.help


def _shown(option: Option) -> str:
    short = f"-{option.short}, " if option.short else "    "
    return f"{short}--{option.name}={option.value}" if option.value else f"{short}--{option.name}"
