"""From the words of a call to an invocation that fits a declaration, or to every mistake in them."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from chapbook_core.commands.command import GLOBAL_OPTIONS, Command, Given, Invocation, Option
from chapbook_core.errors import UsageError
from chapbook_core.value import field, frozen, mutable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_GLOBAL_NAMES = frozenset(option.name for option in GLOBAL_OPTIONS)


@frozen
class Manner:
    """The global options: how a command is to behave, whichever it is."""

    help: bool = False
    version: bool = False
    quiet: bool = False
    verbosity: int = 0
    ansi: bool | None = None
    """Unknown when the person did not say."""
    interactive: bool = True
    cache: bool = True
    project: str | None = None
    directory: str | None = None


@frozen
class Request:
    """What the words ask for."""

    manner: Manner
    topic: str = ""
    """The words that name a command, or the noun of several; empty when there are none."""
    invocation: Invocation | None = None
    """Absent when help or the version is asked for, or no command is named."""


def parse(words: Sequence[str], commands: Mapping[str, Command]) -> Request:
    """Read the words; raise `UsageError` with all that is wrong."""
    reading = _Reading(commands, words)
    reading.read()
    manner = reading.manner()
    if manner.help or manner.version:
        reading.raise_unknown_command()
        return Request(manner, reading.topic)
    if reading.command is None and not reading.mistakes and not reading.topic:
        return Request(manner)
    invocation = reading.invocation()
    reading.raise_mistakes()
    return Request(manner, reading.topic, invocation)


def asks_for_json(words: Sequence[str], commands: Mapping[str, Command]) -> bool:
    """Tell whether the words ask for a result that a program reads, whatever is wrong with them."""
    reading = _Reading(commands, words)
    reading.read()
    if reading.command is None:
        return "--format=json" in words or ("--format", "json") in pairwise(words)
    option = reading.command.option("format")
    return option is not None and "json" in option.choices and reading.values.get("format", [])[-1:] == ["json"]


@mutable
class _Reading:
    """One pass over the words."""

    commands: Mapping[str, Command]
    words: Sequence[str]
    topic: str = ""
    command: Command | None = None
    values: dict[str, list[str]] = field(default_factory=dict)
    """What options were given, by long name; a flag adds an empty text each time."""
    positional: list[str] = field(default_factory=list)
    mistakes: list[str] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)
    unknown_command: bool = False
    unknown_options: bool = False

    def read(self) -> None:
        rest = iter(self.words)
        for word in rest:
            if self._is_verbatim():
                self.positional.append(word)
            elif word == "--":
                for remaining in rest:
                    self._take_positional(remaining)
            elif word.startswith("--"):
                self._take_long(word, rest)
            elif word.startswith("-") and len(word) > 1:
                self._take_short(word, rest)
            else:
                self._take_positional(word)

    def _is_verbatim(self) -> bool:
        if self.command is None or not self.positional:
            return False
        return any(argument.verbatim for argument in self.command.arguments)

    # Options

    def _options(self) -> Iterator[Option]:
        if self.command is not None:
            yield from self.command.options
        yield from GLOBAL_OPTIONS

    def _take_long(self, word: str, rest: Iterator[str]) -> None:
        name, equals, value = word[2:].partition("=")
        option = next((option for option in self._options() if option.name == name), None)
        if option is None:
            self._unknown_option(f"--{name}")
        elif option.value:
            self._give(option, f"--{name}", value if equals else self._next_value(f"--{name}", rest))
        elif equals:
            self.mistakes.append(f"the option `--{name}` takes no value, but `{word}` gives one")
        else:
            self._give(option, f"--{name}", "")

    def _take_short(self, word: str, rest: Iterator[str]) -> None:
        letters = word[1:]
        for position, letter in enumerate(letters):
            option = next((option for option in self._options() if option.short == letter), None)
            if option is None:
                self._unknown_option(f"-{letter}", word)
                return
            if option.value:
                attached = letters[position + 1 :].removeprefix("=")
                value = attached if letters[position + 1 :] else self._next_value(f"-{letter}", rest)
                self._give(option, f"-{letter}", value)
                return
            self._give(option, f"-{letter}", "")

    def _next_value(self, shown: str, rest: Iterator[str]) -> str | None:
        value = next(rest, None)
        if value is None:
            self.mistakes.append(f"the option `{shown}` needs a value")
        elif value.startswith("-") and len(value) > 1:
            self.mistakes.append(f"the option `{shown}` needs a value, but `{value}` follows")
            self.hints.append(f"for a value that begins with a dash write `{shown}={value}`")
        return value

    def _give(self, option: Option, shown: str, value: str | None) -> None:
        if value is None:
            return
        parts = [part.strip() for part in value.split(",") if part.strip()] if option.commas else [value]
        for part in parts:
            if option.choices and part not in option.choices:
                self.mistakes.append(f"the option `{shown}` does not know `{part}`")
                self.hints.append(f"`{shown}` is one of: {', '.join(option.choices)}")
        given = self.values.setdefault(option.name, [])
        if option.value and given and not (option.repeated or option.commas):
            self.mistakes.append(f"the option `{shown}` is given twice")
        given.extend(parts)

    def _unknown_option(self, shown: str, within: str = "") -> None:
        inside = f" in `{within}`" if within and within != shown else ""
        if self.command is None:
            self.mistakes.append(f"unknown option `{shown}`{inside}")
            self.hints.append("the options of a command stand after its name")
            return
        self.unknown_options = True
        self.mistakes.append(f"`{self.command.name}` has no option `{shown}`{inside}")
        known = {option.name for option in self._options()}
        # As in `_unknown`.
        from chapbook_core.commands.foreign_words import same_option

        same, close = same_option(shown, known), _close(shown.lstrip("-"), known)
        if same:
            self.hints.append(same)
        elif close and shown.startswith("--"):
            self.hints.append("did you mean " + " or ".join(f"`--{name}`" for name in close) + "?")

    # Commands and their arguments

    def _take_positional(self, word: str) -> None:
        if self.command is not None or self.unknown_command:
            self.positional.append(word)
            return
        name = f"{self.topic} {word}" if self.topic else word
        if name in self.commands:
            self.topic, self.command = name, self.commands[name]
        elif any(known.startswith(f"{name} ") for known in self.commands):
            self.topic = name
        else:
            self._unknown_command(name)

    def _unknown_command(self, name: str) -> None:
        self.unknown_command = True
        self.mistakes.append(f"there is no command `{name}`")
        before, _, last = name.rpartition(" ")
        known = dict.fromkeys(_next_words(self.commands, before))
        # Needed for mistakes only.
        from chapbook_core.commands.foreign_words import WHAT_DOES_THE_SAME

        same = WHAT_DOES_THE_SAME.get(name)
        close = _close(last, known)
        if same is not None:
            self.hints.append(same)
        elif close:
            self.hints.append(
                "did you mean " + " or ".join(f"`{before} {word}`".replace("` ", "`") for word in close) + "?"
            )
        elif before and known:
            self.hints.append(f"`{before}` has: {', '.join(known)}")
        else:
            self.hints.append("run `chapbook list` to see the commands")

    def invocation(self) -> Invocation | None:
        """Fit the words to the command's declaration, noting what does not fit."""
        if self.command is None:
            if not self.unknown_command and self.topic:
                below = ", ".join(_next_words(self.commands, self.topic))
                self.mistakes.append(f"`{self.topic}` needs to know what to do: {below}")
            return None
        values: dict[str, Given] = {}
        for option in self.command.options:
            if option.name in self.values:
                values[option.name] = _option_value(option, self.values[option.name])
        values |= self._arguments(self.command)
        for names in self.command.exclusive:
            if len(both := names & values.keys()) > 1:
                given = [f"`--{option.name}`" for option in self.command.options if option.name in both]
                self.mistakes.append(f"{' and '.join(given)} exclude each other")
        return Invocation(self.command, values)

    def _arguments(self, command: Command) -> dict[str, Given]:
        values: dict[str, Given] = {}
        left = list(self.positional)
        for argument in command.arguments:
            if argument.repeated:
                taken, left = left, []
                if taken:
                    values[argument.name] = tuple(taken)
            else:
                taken, left = left[:1], left[1:]
                if taken:
                    values[argument.name] = taken[0]
            if argument.required and not taken:
                self.mistakes.append(f"`{command.name}` needs a {argument.name.upper()}: {argument.help}")
            for word in taken:
                if argument.choices and word not in argument.choices:
                    self.mistakes.append(f"{argument.name.upper()} cannot be `{word}`")
                    self.hints.append(f"{argument.name.upper()} is one of: {', '.join(argument.choices)}")
        # After an option that does not exist nobody can tell whether what follows is its value.
        if left and not self.unknown_options:
            words = ", ".join(f"`{word}`" for word in left)
            self.mistakes.append(f"`{command.name}` does not know what to do with {words}")
        return values

    # The outcome

    def manner(self) -> Manner:
        """Return the global options."""
        given = {name: values for name, values in self.values.items() if name in _GLOBAL_NAMES}
        ansi = {"ansi": True, "no-ansi": False}
        said = [value for name, value in ansi.items() if name in given]
        return Manner(
            help="help" in given,
            # `version` is also a command's argument, and commands may have options of a global name one day.
            version="version" in given,
            quiet="quiet" in given,
            verbosity=len(given.get("verbose", ())),
            ansi=said[0] if len(said) == 1 else None,
            interactive="no-interaction" not in given,
            cache="no-cache" not in given,
            project=next(iter(given.get("project", ())), None),
            directory=next(iter(given.get("directory", ())), None),
        )

    def raise_unknown_command(self) -> None:
        """Help for a command that does not exist is a mistake; other mistakes are what help is for."""
        if self.unknown_command:
            self.raise_mistakes()

    def raise_mistakes(self) -> None:
        """Tell all mistakes at once."""
        if not self.mistakes:
            return
        hints = self.hints
        if self.topic:
            hints = [*hints, f"run `chapbook {self.topic} --help` to see how it is used"]
        raise UsageError("\n".join(dict.fromkeys(self.mistakes)), hints=dict.fromkeys(hints))


def _next_words(names: Iterable[str], before: str) -> Iterator[str]:
    """Yield the words that can follow the first words of a command, or begin one."""
    for name in names:
        if not before:
            yield name.partition(" ")[0]
        elif name.startswith(f"{before} "):
            yield name[len(before) + 1 :]


def _option_value(option: Option, given: list[str]) -> Given:
    if not option.value:
        return len(given) if option.repeated else True
    if option.repeated or option.commas:
        return tuple(given)
    return given[-1]


def _close(word: str, known: Iterable[str]) -> list[str]:
    # Needed for mistakes only, and not cheap to import.
    from difflib import get_close_matches

    return get_close_matches(word, list(known), n=2, cutoff=0.6)
