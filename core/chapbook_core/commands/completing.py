"""Completion: which words may stand at the cursor of a line that begins with the name of a command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, assert_never

from chapbook_core.commands.command import GLOBAL_OPTIONS
from chapbook_core.value import field, frozen, mutable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from chapbook_core.commands.command import Argument, Command, Completes, Option

RULES = ("major", "minor", "patch", "premajor", "preminor", "prepatch", "prerelease")
"""Of `version`."""
_NEW_PACKAGES = frozenset({"add", "search", "init", "new", "debug resolve"})
"""Commands that name packages which the project need not have."""
_LOCKED_PACKAGES = frozenset({"show", "why", "update", "hold"})
"""Commands that name packages which the project may require without declaring them."""


class Knowledge(Protocol):
    """What is known of the project and the machine; asked only for what may be offered."""

    def declared(self) -> Collection[str]:
        """Return the names of the packages that the project declares."""

    def locked(self) -> Collection[str]:
        """Return the names of the packages that are locked."""

    def known(self) -> Collection[str]:
        """Return the names of packages that were looked up on indexes before."""

    def groups(self) -> Collection[str]:
        """Return the groups of the project."""

    def extras(self) -> Collection[str]:
        """Return the extras of the project."""

    def sources(self) -> Collection[str]:
        """Return the names of the project's package sources."""

    def settings(self) -> Collection[str]:
        """Return the names of settings."""

    def programs(self) -> Collection[str]:
        """Return what `run` can run."""

    def paths(self, start: str) -> Collection[str]:
        """Return the paths that begin so; folders end with a slash."""


@frozen
class Completion:
    """What may stand from `start` to the cursor."""

    matches: tuple[str, ...]
    start: int


@mutable
class _Line:
    """The words before the one that is completed."""

    commands: Mapping[str, Command]
    command: Command | None = None
    topic: str = ""
    positional: list[str] = field(default_factory=list)
    given: set[str] = field(default_factory=set)
    """Options, by long name."""
    wanting: Option | None = None
    """The option whose value comes next."""
    is_beyond_options: bool = False


def complete(line: str, cursor: int, commands: Mapping[str, Command], knowledge: Knowledge) -> Completion:
    """Return what may stand at the cursor; `line` is without the program's name."""
    before = line[: max(0, min(cursor, len(line)))]
    words = before.split()
    word = words.pop() if words and not before[-1].isspace() else ""
    state = _read(words, commands)
    start, matches = _offered(word, state, commands, knowledge)
    prefix = word[start:]
    found = dict.fromkeys(match for match in matches if match.startswith(prefix))
    return Completion(tuple(found), len(before) - len(prefix))


def _read(words: Iterable[str], commands: Mapping[str, Command]) -> _Line:
    state = _Line(commands)
    for word in words:
        if state.wanting is not None:
            state.wanting = None
        elif word == "--" and not state.is_beyond_options:
            state.is_beyond_options = True
        elif word.startswith("-") and len(word) > 1 and not _is_verbatim(state):
            _take_option(state, word)
        elif state.command is not None:
            state.positional.append(word)
        else:
            name = f"{state.topic} {word}".strip()
            state.command = commands.get(name)
            state.topic = name
    return state


def _is_verbatim(state: _Line) -> bool:
    if state.is_beyond_options:
        return True
    arguments = () if state.command is None else state.command.arguments
    return bool(state.positional) and any(argument.verbatim for argument in arguments)


def _take_option(state: _Line, word: str) -> None:
    name, equals, _value = word.lstrip("-").partition("=")
    if word.startswith("--"):
        found = [option for option in _options(state.command) if option.name == name]
    else:
        found = [option for letter in name for option in _options(state.command) if option.short == letter]
    state.given.update(option.name for option in found)
    if found and found[-1].value and not equals:
        state.wanting = found[-1]


def _options(command: Command | None) -> tuple[Option, ...]:
    return (*(() if command is None else command.options), *GLOBAL_OPTIONS)


def _offered(
    word: str, state: _Line, commands: Mapping[str, Command], knowledge: Knowledge
) -> tuple[int, Iterable[str]]:
    """Return where in the word the offers begin, and what they are."""
    if state.wanting is not None:
        return _values(word, 0, state.wanting, state, knowledge)
    if word.startswith("-") and not _is_verbatim(state):
        name, equals, _value = word[2:].partition("=")
        if word.startswith("--") and equals:
            option = next((one for one in _options(state.command) if one.name == name and one.value), None)
            return (len(word), ()) if option is None else _values(word, len(name) + 3, option, state, knowledge)
        return 0, sorted(_option_words(state))
    if state.command is None:
        return 0, _next_words(commands, state.topic)
    argument = _argument(state)
    return (0, ()) if argument is None else (0, _of(argument, word, state, knowledge))


def _values(word: str, start: int, option: Option, state: _Line, knowledge: Knowledge) -> tuple[int, Iterable[str]]:
    """Return the offers for the value of an option, or for the last of several."""
    if option.commas:
        start = max(start, word.rfind(",") + 1)
    return start, _of(option, word[start:], state, knowledge)


def _option_words(state: _Line) -> Iterable[str]:
    command = state.command
    excluded: set[str] = set()
    for names in command.exclusive if command is not None else ():
        if names & state.given:
            excluded |= names
    for option in _options(command):
        is_spent = option.name in state.given and not (option.repeated or option.commas)
        if not is_spent and option.name not in excluded:
            yield f"--{option.name}"


def _next_words(commands: Mapping[str, Command], topic: str) -> Iterable[str]:
    """Return the words that follow the first words of a command, or begin one."""
    before = f"{topic} " if topic else ""
    return dict.fromkeys(name[len(before) :].partition(" ")[0] for name in commands if name.startswith(before))


def _argument(state: _Line) -> Argument | None:
    arguments = () if state.command is None else state.command.arguments
    position = len(state.positional)
    if position < len(arguments):
        return arguments[position]
    return arguments[-1] if arguments and arguments[-1].repeated else None


def _of(declared: Option | Argument, word: str, state: _Line, knowledge: Knowledge) -> Iterable[str]:
    if declared.choices:
        return declared.choices
    return _kind(declared.completes, word, state, knowledge)


def _kind(kind: Completes, word: str, state: _Line, knowledge: Knowledge) -> Iterable[str]:
    match kind:
        case "nothing":
            found: Iterable[str] = ()
        case "path":
            found = knowledge.paths(word)
        case "program":
            programs = () if state.positional else sorted(knowledge.programs())
            found = (*programs, *knowledge.paths(word))
        case "command":
            found = _next_words(state.commands, " ".join(state.positional))
        case "package":
            found = _packages(word, state, knowledge)
        case "rule":
            found = RULES
        case "group" | "extra" | "source" | "setting":
            names = {
                "group": knowledge.groups,
                "extra": knowledge.extras,
                "source": knowledge.sources,
                "setting": knowledge.settings,
            }
            found = sorted(names[kind]())
        case _:
            assert_never(kind)
    return found


def _packages(word: str, state: _Line, knowledge: Knowledge) -> Iterable[str]:
    """Return the packages that a command may name; those that were named already are left out."""
    name = "" if state.command is None else state.command.name
    if name in _NEW_PACKAGES:
        # A file or a folder can be added too.
        if word.startswith((".", "/", "~")):
            return knowledge.paths(word)
        names = {*knowledge.known(), *knowledge.locked()}
    elif name in _LOCKED_PACKAGES:
        names = {*knowledge.declared(), *knowledge.locked()}
    else:
        names = set(knowledge.declared())
    return sorted(names - set(state.positional))
