"""From what is typed behind `%poetry` to the words of commands: as a shell would split it, without a shell."""

from __future__ import annotations

import os
import shlex
from typing import NamedTuple

from IPython.utils.text import DollarFormatter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterator, Mapping

QUOTES = "'\""


class UnclosedQuote(ValueError):
    """A quotation mark is opened and never closed."""


class Command(NamedTuple):
    """One command as it was typed, and where."""

    line: int
    """Counted from 1, as the editor counts the lines of the cell."""
    text: str


def split_words(text: str) -> list[str]:
    """Split at blanks; quotes keep words together, and a backslash keeps the next letter."""
    lexer = shlex.shlex(text, posix=True, punctuation_chars=False)
    lexer.whitespace_split = True
    lexer.commenters = ""
    if os.name == "nt":
        # There a backslash stands in paths.
        lexer.escape = ""
    try:
        return list(lexer)
    except ValueError:
        raise UnclosedQuote(text) from None


def without_comment(text: str) -> str:
    """Drop what stands behind a `#` that begins a word and is in no quotes."""
    quote, before, escaped = "", " ", False
    for position, letter in enumerate(text):
        if escaped:
            escaped = False
        elif letter == "\\" and quote != "'" and os.name != "nt":
            escaped = True
        elif quote:
            quote = "" if letter == quote else quote
        elif letter in QUOTES:
            quote = letter
        elif letter == "#" and before.isspace():
            return text[:position].strip()
        before = letter
    return text.strip()


def cell_commands(first: str, body: str) -> tuple[str, list[Command]]:
    """Return the options that hold for all lines of a cell, and its commands.

    What follows `%%poetry` on the first line is a command like the others, unless it begins with a dash.
    """
    commands = list(_joined(body))
    first = without_comment(first)
    if first.startswith("-"):
        return first, commands
    if first:
        commands.insert(0, Command(1, first))
    return "", commands


def _joined(body: str) -> Iterator[Command]:
    """Yield the lines that say something; one that ends with a backslash goes on in the next."""
    waiting, begun = "", 0
    for number, line in enumerate(body.splitlines(), start=2):
        text = without_comment(line)
        begun = begun if waiting else number
        if text.endswith("\\"):
            waiting += text[:-1].rstrip() + " "
            continue
        text = waiting + text
        waiting = ""
        if text.strip():
            yield Command(begun, text.strip())
    if waiting.strip():
        yield Command(begun, waiting.strip())


class _WordFormatter(DollarFormatter):
    """IPython's own `$name` and `{expression}`, to which a list is as many words as it has items."""

    def format_field(self, value: Any, format_spec: str) -> Any:
        if isinstance(value, (list, tuple, set, frozenset)) and not format_spec:
            items = value if isinstance(value, (list, tuple)) else sorted(value, key=str)
            return " ".join(shlex.quote(str(item)) for item in items)
        return super().format_field(value, format_spec)


def expanded(text: str, names: Mapping[str, Any]) -> str:
    """Put the values of Python variables where `$name` or `{expression}` stands.

    As everywhere in IPython, the text stays as it is when one of them has no value.
    """
    if "$" not in text and "{" not in text:
        return text
    try:
        return str(_WordFormatter().vformat(text, (), dict(names)))
    except Exception:  # noqa: BLE001  # an expression of the person's may raise whatever it likes
        return text
