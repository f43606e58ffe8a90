"""The blocks that a result turns into; the front ends make text, HTML or JSON of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from enum import Enum
from pathlib import PurePath
from typing import TYPE_CHECKING, Literal

from chapbook_core.project.secret import Secret
from chapbook_core.value import frozen, is_value, members

if TYPE_CHECKING:
    from chapbook_core.errors import ChapbookError

Style = Literal["plain", "strong", "dim", "name", "version", "good", "bad", "warn"]
Level = Literal["error", "warning", "note"]


@frozen
class Span:
    """A piece of text with a meaning that colour may show; readable without."""

    text: str
    style: Style = "plain"


Text = str | Span | tuple[str | Span, ...]


@frozen
class Line:
    """One line."""

    text: Text
    detail: int = 0
    """How verbose the person must be to see it."""


@frozen
class Paragraph:
    """Sentences, to be broken into lines wherever it suits."""

    text: str


@frozen
class Heading:
    """A line above what it names."""

    text: Text


@frozen
class Message:
    """Something the person should know, and what to do about it."""

    level: Level
    text: str
    hints: tuple[str, ...] = ()
    detail: int = 0
    """How verbose the person must be to see it."""


@frozen
class Table:
    """Rows of cells in columns; without `columns` it has no head."""

    rows: tuple[tuple[Text, ...], ...]
    columns: tuple[str, ...] = ()
    indent: int = 0
    cut: bool = False
    """Whether the last cell of a row is cut where the line would be wider than the page."""


@frozen
class Node:
    """A text with texts below it."""

    text: Text
    children: tuple[Node, ...] = ()


@frozen
class Tree:
    """Nodes drawn with the lines that join them."""

    roots: tuple[Node, ...]


ChangeKind = Literal["add", "remove", "update", "downgrade", "reinstall", "keep", "skip"]


@frozen
class Change:
    """One package before and after."""

    kind: ChangeKind
    name: str
    before: str = ""
    after: str = ""
    note: str = ""


@frozen
class Verbatim:
    """Text to be shown letter by letter, as the content of a file."""

    text: str
    language: str = ""


@frozen
class Blank:
    """An empty line."""


Block = Line | Paragraph | Heading | Message | Table | Tree | Change | Verbatim | Blank


class Result(ABC):
    """What a command returns; every subclass is a frozen value."""

    __slots__ = ()

    @abstractmethod
    def report(self) -> tuple[Block, ...]:
        """Tell the result to a person."""

    @property
    def exit_status(self) -> int:
        """What the terminal ends with."""
        return 0

    def data(self) -> Data:
        """Return it as JSON tells it: its fields, unless other programs expect something else."""
        return as_data(self)


def report_error(error: ChapbookError) -> tuple[Block, ...]:
    """Tell an error to a person."""
    return (Message("error", error.message, error.hints),)


Data = str | int | float | bool | list["Data"] | dict[str, "Data"] | None


def as_data(value: object) -> Data:
    """Turn a result into what JSON can hold; the field names are the keys."""
    match value:
        case Enum():
            return as_data(value.value)
        case None | bool() | int() | float() | str():
            return value
        case PurePath():
            return value.as_posix()
        case Mapping():
            return {str(key): as_data(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [as_data(item) for item in (value if isinstance(value, Sequence) else sorted(value, key=str))]
        case _:
            return _object_data(value)


def _object_data(value: object) -> Data:
    if isinstance(value, Secret) or not is_value(value):
        return str(value)
    # What is left out of a value's `repr` is long or private.
    return {name: as_data(item) for name, item in members(value, shown=True).items()}


def plain(text: Text) -> str:
    """Return a text without its styles."""
    match text:
        case str():
            return text
        case Span():
            return text.text
        case _:
            return "".join(plain(part) for part in text)


def fields_table(pairs: Mapping[str, Text]) -> Table:
    """Make a table of names and values, as for one source or one package."""
    return Table(tuple((Span(name, "dim"), value) for name, value in pairs.items()))
