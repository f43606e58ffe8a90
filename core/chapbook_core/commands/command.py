"""A command as a value: declared once, and read by the terminal, the magic, completion, REST and the documentation."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Literal

from chapbook_core.value import field, frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

Completes = Literal["nothing", "path", "command", "package", "group", "extra", "source", "setting", "rule", "program"]
"""What a completer may offer for a value."""


@frozen
class Option:
    """A word with dashes: a flag, or, when `value` names one, the holder of a value."""

    name: str
    help: str
    short: str = ""
    value: str = ""
    """How the value is called in the help; empty for a flag."""
    repeated: bool = False
    """May be given several times; each time adds a value (or, for a flag, counts)."""
    commas: bool = False
    """One value may hold several, separated by commas."""
    choices: tuple[str, ...] = ()
    completes: Completes = "nothing"


@frozen
class Argument:
    """A word without dashes, known by its position."""

    name: str
    help: str
    required: bool = True
    repeated: bool = False
    """Takes every word that is left; only the last argument may."""
    verbatim: bool = False
    """From the first word on nothing is read as an option; for commands that start other programs."""
    choices: tuple[str, ...] = ()
    completes: Completes = "nothing"


@frozen
class Example:
    """A call that a reader can try, and what it does."""

    words: str
    """Without the program's name, as in `version minor`."""
    does: str


@frozen
class Writes:
    """That a command changes a project: it has the project for itself before it reads anything, until its end."""

    only_with: frozenset[str] = frozenset()
    """Options and arguments of which one must be given, or it only reads; when empty it always writes."""
    not_with: frozenset[str] = frozenset()
    """Flags with which it only reads."""
    here: bool = False
    """The project is the folder it starts in, even when there is none yet; else it is searched for."""
    begins: bool = False
    """Where no project is found, the folder it starts in becomes one."""
    files: bool = True
    """Whether project file or lock may be others afterwards, so that the history has to look."""
    environment: bool = True
    """Whether the environment must be in order; one that is about to go need not."""


@frozen
class Command:
    """Everything the front ends need to know before they import the code of a command."""

    name: str
    """One word, or two when commands share a noun, as in `source add`."""
    summary: str
    """One line without a full stop, for lists."""
    run: str
    """Where the code is: `module:function`, the function being a `commands.dispatch.Run`."""
    examples: tuple[Example, ...]
    description: str = ""
    """What the summary leaves out, in sentences."""
    arguments: tuple[Argument, ...] = ()
    options: tuple[Option, ...] = ()
    exclusive: tuple[frozenset[str], ...] = ()
    """Sets of options of which at most one may be given."""
    writes: Writes | None = None
    """Absent for a command that leaves the files of the project as they are."""
    glance: str = ""
    """The function beside the other one, a `commands.dispatch.Glance`, that tells when nothing is to be done."""

    @cached_property
    def declared(self) -> frozenset[str]:
        """The names of its options and arguments."""
        return frozenset({option.name for option in self.options} | {one.name for one in self.arguments})

    def option(self, name: str) -> Option | None:
        """Return the option of that long name."""
        return next((option for option in self.options if option.name == name), None)


GLOBAL_OPTIONS = (
    Option("help", "show this help", short="h"),
    Option("quiet", "print nothing but errors", short="q"),
    Option("verbose", "print more; -vv and -vvv print more still", short="v", repeated=True),
    Option("version", "print the version of Chapbook", short="V"),
    Option("ansi", "colour the output even when it is not a terminal"),
    Option("no-ansi", "never colour the output"),
    Option("no-interaction", "ask nothing", short="n"),
    Option("no-cache", "neither read nor write the cache"),
    Option("no-plugins", "changes nothing: there are no plugins; understood because Poetry's scripts say it"),
    Option("project", "the project's folder; other paths stay relative to here", short="P", value="FOLDER"),
    Option("directory", "work as if started in this folder", short="C", value="FOLDER", completes="path"),
)
"""Understood by every command, before and after its name."""

Given = str | bool | int | tuple[str, ...]


@frozen
class Invocation:
    """A command with the words it was given, which fit its declaration."""

    command: Command
    values: Mapping[str, Given] = field(default_factory=dict)
    """By name of option or argument; what was not given is absent."""

    @property
    def is_writing(self) -> bool:
        """Whether the command, with these words, may change a project."""
        writes = self.command.writes
        if writes is None or any(map(self._declared, writes.not_with)):
            return False
        return not writes.only_with or any(map(self._declared, writes.only_with))

    def flag(self, name: str) -> bool:
        """Tell whether the flag was given."""
        return bool(self._declared(name))

    def text(self, name: str) -> str | None:
        """Return the one value, if it was given."""
        match self._declared(name):
            case None:
                return None
            case str(text):
                return text
            case other:
                raise TypeError(f"{name!r} of {self.command.name!r} holds {other!r}, not a text")

    def texts(self, name: str) -> tuple[str, ...]:
        """Return every value given, in order."""
        match self._declared(name):
            case None:
                return ()
            case tuple(texts):
                return texts
            case other:
                raise TypeError(f"{name!r} of {self.command.name!r} holds {other!r}, not texts")

    def _declared(self, name: str) -> Given | None:
        if name not in self.command.declared:
            raise KeyError(f"the command {self.command.name!r} declares no {name!r}")
        return self.values.get(name)
