"""Blocks as text for a terminal or a cell, coloured or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, assert_never

from chapbook_core.commands.report import (
    Blank,
    Block,
    Change,
    Heading,
    Line,
    Message,
    Node,
    Paragraph,
    Span,
    Style,
    Table,
    Tree,
    Verbatim,
    plain,
)
from chapbook_core.commands.visible import visible
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from chapbook_core.commands.report import ChangeKind, Text

_WIDTH = 88
_PROGRAM = "chapbook"
_ELLIPSIS = "..."
_CODES: dict[Style, str] = {
    "plain": "",
    "strong": "1",
    "dim": "2",
    "name": "36",
    "version": "1;34",
    "good": "32",
    "bad": "31",
    "warn": "33",
}
_LEVELS: dict[Literal["error", "warning", "note"], Style] = {"error": "bad", "warning": "warn", "note": "name"}
_SIGNS: dict[ChangeKind, tuple[str, Style]] = {
    "add": ("+", "good"),
    "remove": ("-", "bad"),
    "update": ("~", "warn"),
    "downgrade": ("~", "warn"),
    "reinstall": ("~", "warn"),
    "keep": (" ", "dim"),
    "skip": (" ", "dim"),
}


@frozen
class Writing:
    """How text is to look."""

    ansi: bool = False
    verbosity: int = 0
    width: int | None = None
    """Columns of the page, for what may be cut; None for as many as it takes."""
    program: str = _PROGRAM
    """What the person types before a command; messages say `chapbook`, a cell says `%poetry`."""


def write_text(blocks: Iterable[Block], writing: Writing = Writing()) -> str:  # noqa: B008  a frozen value
    """Render blocks, each ending with a line break."""
    lines = [line for block in blocks for line in _lines(block, writing)]
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _lines(block: Block, writing: Writing) -> Iterator[str]:
    match block:
        case Blank() | Line() | Paragraph() | Heading() | Verbatim():
            yield from _simple_lines(block, writing)
        case Message():
            yield from _message_lines(block, writing)
        case Table():
            yield from _table_lines(block, writing)
        case Tree(roots):
            for root in roots:
                yield _shown(root.text, writing)
                yield from _branch_lines(root.children, "", writing)
        case Change():
            yield _change_line(block, writing)
        case _:
            assert_never(block)


def _simple_lines(block: Blank | Line | Paragraph | Heading | Verbatim, writing: Writing) -> Iterator[str]:
    match block:
        case Blank():
            yield ""
        case Line(text, detail):
            if detail <= writing.verbosity:
                yield _shown(text, writing)
        case Paragraph(text):
            # Imported here because few commands tell whole paragraphs.
            from textwrap import fill

            yield from _shown(fill(text, _WIDTH, break_long_words=False, break_on_hyphens=False), writing).splitlines()
        case Heading(text):
            yield _shown(Span(plain(text), "strong"), writing)
        case Verbatim(text):
            yield from text.splitlines()
        case _:
            assert_never(block)


def _message_lines(message: Message, writing: Writing) -> Iterator[str]:
    if message.detail > writing.verbosity:
        return
    label = _shown(Span(f"{message.level}:", _LEVELS[message.level]), writing)
    for line in visible(message.text).splitlines() or [""]:
        yield f"{label} {_shown(line, writing)}"
    for hint in message.hints:
        yield f"{_shown(Span('hint:', 'name'), writing)} {_shown(hint, writing)}"


def _table_lines(table: Table, writing: Writing) -> Iterator[str]:
    head: tuple[tuple[Text, ...], ...] = ()
    if table.columns:
        head = (tuple(Span(column, "strong") for column in table.columns),)
    rows = (*head, *table.rows)
    widths: dict[int, int] = {}
    for row in rows:
        for column, cell in enumerate(row):
            widths[column] = max(widths.get(column, 0), _width(plain(cell)))
    if table.cut and writing.width is not None:
        rows = tuple(_fitted(row, widths, writing.width - table.indent) for row in rows)
    for row in rows:
        cells = [
            _shown(cell, writing) + " " * (widths[column] - _width(plain(cell))) for column, cell in enumerate(row)
        ]
        yield " " * table.indent + "  ".join(cells)


def _fitted(row: tuple[Text, ...], widths: dict[int, int], page: int) -> tuple[Text, ...]:
    start = sum(widths[column] + 2 for column in range(len(row) - 1))
    return (*row[:-1], _cut(row[-1], page - start))


def _cut(cell: Text, width: int) -> Text:
    """Shorten a cell that is too wide; nothing is left of one that has hardly any room."""
    text = plain(cell)
    if _width(text) <= width:
        return cell
    while text and _width(text) > max(width - len(_ELLIPSIS), 0):
        text = text[:-1]
    short = f"{text.rstrip()}{_ELLIPSIS}" if width > 2 * len(_ELLIPSIS) else ""
    return Span(short, cell.style) if isinstance(cell, Span) else short


def _branch_lines(nodes: tuple[Node, ...], prefix: str, writing: Writing) -> Iterator[str]:
    for node in nodes:
        last = node is nodes[-1]
        yield f"{prefix}{'└── ' if last else '├── '}{_shown(node.text, writing)}"
        yield from _branch_lines(node.children, prefix + ("    " if last else "│   "), writing)


def _change_line(change: Change, writing: Writing) -> str:
    sign, style = _SIGNS[change.kind]
    parts = [_shown(Span(sign, style), writing), _shown(Span(change.name, "name"), writing)]
    # One that is put in anew in the same version is no step from it to it.
    texts = dict.fromkeys(version for version in (change.before, change.after) if version)
    versions = [_shown(Span(version, "version"), writing) for version in texts]
    parts += [" -> ".join(versions)] if versions else []
    parts += [_shown(Span(f"({change.note})", "dim"), writing)] if change.note else []
    return " ".join(parts)


def _shown(text: Text, writing: Writing) -> str:
    match text:
        case str():
            return visible(spoken(text, writing.program))
        case Span(words, style):
            code = _CODES[style] if writing.ansi else ""
            shown = visible(spoken_call(words, writing.program) if style == "name" else spoken(words, writing.program))
            return f"\x1b[{code}m{shown}\x1b[0m" if code and shown else shown
        case _:
            return "".join(_shown(part, writing) for part in text)


def spoken(text: str, program: str) -> str:
    """Return a text in which calls in backquotes begin with what the person types before a command."""
    return text if program == _PROGRAM else text.replace(f"`{_PROGRAM} ", f"`{program} ")


def spoken_call(text: str, program: str) -> str:
    """Return a call that stands by itself, likewise."""
    return f"{program} {text[len(_PROGRAM) + 1 :]}" if text.startswith(f"{_PROGRAM} ") else text


def _width(text: str) -> int:
    text = visible(text)
    if text.isascii():
        return len(text)
    # Only texts with wide letters need the tables behind this.
    from unicodedata import combining, east_asian_width

    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text if not combining(letter))
