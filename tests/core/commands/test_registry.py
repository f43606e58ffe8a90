from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

import pytest

from chapbook_core.commands import declarations
from chapbook_core.commands.command import GLOBAL_OPTIONS, Command
from chapbook_core.commands.registry import BY_NAME, commands_below, every_command
from chapbook_core.commands.words import parse

each_command = pytest.mark.parametrize("command", every_command(), ids=lambda command: command.name)


def test_the_registry_names_every_declaration_once_and_each_where_it_is() -> None:
    declared = [command.name for module in iter_modules(declarations.__path__) for command in _commands_of(module.name)]
    assert sorted(BY_NAME) == sorted(declared)
    assert list(BY_NAME) == [command.name for command in every_command()]
    assert len(BY_NAME) == len(declared)


def _commands_of(module: str) -> tuple[Command, ...]:
    commands: tuple[Command, ...] = getattr(import_module(f"{declarations.__name__}.{module}"), "COMMANDS", ())
    return commands


def test_an_unknown_name_is_no_command() -> None:
    assert BY_NAME.get("sinc") is None
    assert "sinc" not in BY_NAME


def test_the_commands_of_a_noun_are_those_below_it() -> None:
    assert [command.name for command in commands_below("source")] == ["source add", "source remove", "source show"]


@each_command
def test_the_code_of_every_command_exists(command: Command) -> None:
    module, _, function = command.run.partition(":")
    assert callable(getattr(import_module(module), function))


@each_command
def test_every_example_is_a_call_that_the_declaration_allows(command: Command) -> None:
    assert command.examples
    for example in command.examples:
        request = parse(example.words.split(), BY_NAME)
        assert request.topic == command.name


@each_command
def test_no_letter_or_name_means_two_things(command: Command) -> None:
    options = (*command.options, *GLOBAL_OPTIONS)
    shorts = [option.short for option in options if option.short]
    assert len(shorts) == len(set(shorts))
    names = [option.name for option in options] + [argument.name for argument in command.arguments]
    assert len(names) == len(set(names)) or command.name == "version"


@each_command
def test_help_texts_are_fragments_without_a_full_stop(command: Command) -> None:
    helps = [*(option.help for option in command.options), *(argument.help for argument in command.arguments)]
    for text in (command.summary, *helps):
        assert text
        assert not text.endswith(".")
    for names in command.exclusive:
        assert names <= {option.name for option in command.options}
