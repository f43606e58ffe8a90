"""Blocks as HTML for a cell: good in light and dark pages, without scripts, and no foreign text is taken for markup.

Styles are inline, because viewers of notebooks drop style sheets. Colours are the page's own where it has some
(`--jp-...` in JupyterLab and Notebook, `--vscode-...` in VS Code), else such that both black and white set them off.
"""

from __future__ import annotations

from html import escape
from itertools import groupby
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
from chapbook_core.commands.text import Writing, spoken, spoken_call
from chapbook_core.commands.visible import visible
from chapbook_core.pattern import late_pattern

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Iterator, Sequence

    from chapbook_core.commands.report import ChangeKind, Level, Text

_ROWS_IN_SIGHT = 40
"""Rows of a table or of changes; the others are a click away."""
_GOOD = "var(--jp-success-color1,var(--vscode-charts-green,#388e3c))"
_BAD = "var(--jp-error-color1,var(--vscode-charts-red,#e0443e))"
_WARN = "var(--jp-warn-color1,var(--vscode-charts-orange,#b26a00))"
_NAME = "var(--jp-content-link-color,var(--vscode-charts-blue,#1e88e5))"
_SHADE = "var(--jp-layout-color2,rgba(127,127,127,.13))"
_RULE = "var(--jp-border-color2,rgba(127,127,127,.4))"
_MONO = "var(--jp-code-font-family,var(--vscode-editor-font-family,ui-monospace,Menlo,Consolas,monospace))"
_STYLES: dict[Style, str] = {
    "plain": "",
    "strong": "font-weight:600",
    "dim": "opacity:.7",
    "name": f"color:{_NAME}",
    "version": "font-weight:600",
    "good": f"color:{_GOOD}",
    "bad": f"color:{_BAD}",
    "warn": f"color:{_WARN}",
}
_PAGE = (
    "font-family:var(--jp-ui-font-family,var(--vscode-font-family,system-ui,sans-serif));"
    "font-size:var(--jp-ui-font-size1,13px);line-height:1.5;white-space:pre-wrap;overflow-wrap:anywhere;"
    "text-align:left"
)
_TABLE = (
    # What a page without a document type does not let tables inherit.
    "color:inherit;font-size:inherit;line-height:inherit;"
    "border-collapse:collapse;border:none;margin:2px 0;table-layout:auto;width:auto"
)
_ROW = "background:transparent;border:none"
_CELL = "text-align:left;vertical-align:top;padding:1px 16px 1px 0;border:none;background:transparent;max-width:60em"
_CODE = f"font-family:{_MONO};font-size:.95em;background:{_SHADE};padding:0 3px;border-radius:3px"
_PRE = (
    f"font-family:{_MONO};font-size:.95em;background:{_SHADE};color:inherit;padding:6px 10px;margin:4px 0;"
    "border-radius:3px;border:none;white-space:pre;overflow:auto;max-height:30em"
)
_BRANCHES = f"list-style:none;margin:0 0 0 5px;padding:0 0 0 14px;border-left:1px solid {_RULE}"
_ROOTS = "list-style:none;margin:2px 0;padding:0"
_LEVELS: dict[Level, tuple[str, str]] = {
    "error": ("Error", _BAD),
    "warning": ("Warning", _WARN),
    "note": ("Note", _NAME),
}
_KINDS: dict[ChangeKind, tuple[str, Style]] = {
    "add": ("added", "good"),
    "remove": ("removed", "bad"),
    "update": ("updated", "warn"),
    "downgrade": ("downgraded", "warn"),
    "reinstall": ("reinstalled", "warn"),
    "keep": ("kept", "dim"),
    "skip": ("skipped", "dim"),
}
_IN_A_CELL = Writing(program="%poetry")
_QUOTED = late_pattern(r"`([^`\n]+)`")


def write_html(blocks: Iterable[Block], writing: Writing = _IN_A_CELL) -> str:
    """Render blocks as one element; empty when there is nothing to show."""
    parts = "".join(_parts(tuple(blocks), writing))
    return f'<div class="chapbook" style="{_PAGE}">{parts}</div>' if parts else ""


def _parts(blocks: Sequence[Block], writing: Writing) -> Iterator[str]:
    for is_change, together in groupby(blocks, lambda block: isinstance(block, Change)):
        if is_change:
            yield _changes([block for block in together if isinstance(block, Change)], writing)
        else:
            for block in together:
                yield _block(block, writing)


def _block(block: Block, writing: Writing) -> str:
    match block:
        case Blank():
            return '<div style="height:.7em"></div>'
        case Line(text, detail):
            return f"<div>{_text(text, writing) or '&nbsp;'}</div>" if detail <= writing.verbosity else ""
        case Paragraph(text):
            return f'<div style="max-width:46em;margin:2px 0">{_text(text, writing)}</div>'
        case Heading(text):
            return f'<div style="font-weight:600;margin-top:2px">{_text(plain(text), writing)}</div>'
        case Verbatim(text):
            return f'<pre style="{_PRE}">{_escaped(visible(text))}</pre>' if text else ""
        case Message() | Table() | Tree() | Change():
            return _large_block(block, writing)
        case _:
            assert_never(block)


def _large_block(block: Message | Table | Tree | Change, writing: Writing) -> str:
    match block:
        case Message():
            return _message(block, writing) if block.detail <= writing.verbosity else ""
        case Table():
            return _table(block, writing)
        case Tree(roots):
            return _nodes(roots, writing, _ROOTS)
        case Change():
            return _changes([block], writing)
        case _:
            assert_never(block)


def _message(message: Message, writing: Writing) -> str:
    label, colour = _LEVELS[message.level]
    lines = [f'<span style="font-weight:600;color:{colour}">{label}</span>: {_text(message.text, writing)}']
    lines += [f'<span style="{_STYLES["dim"]}">hint:</span> {_text(hint, writing)}' for hint in message.hints]
    inside = "".join(f"<div>{line}</div>" for line in lines)
    return f'<div style="border-left:3px solid {colour};padding:1px 0 1px 10px;margin:3px 0">{inside}</div>'


def _table(table: Table, writing: Writing) -> str:
    head = "".join(_cell(Span(column, "strong"), writing, "th") for column in table.columns)
    rows = ["".join(_cell(cell, writing) for cell in row) for row in table.rows]
    return _folded(rows, head, indent=table.indent)


def _changes(changes: Sequence[Change], writing: Writing) -> str:
    return _folded([_change(change, writing) for change in changes], "")


def _change(change: Change, writing: Writing) -> str:
    word, style = _KINDS[change.kind]
    texts = dict.fromkeys(version for version in (change.before, change.after) if version)
    versions = " → ".join(_text(Span(one, "version"), writing) for one in texts)
    note = f" {_text(Span(f'({change.note})', 'dim'), writing)}" if change.note else ""
    name = _text(Span(change.name, "strong"), writing)
    return (
        _cell(Span(word, style), writing) + f'<td style="{_CELL}">{name}</td><td style="{_CELL}">{versions}{note}</td>'
    )


def _folded(rows: Sequence[str], head: str, *, indent: int = 0) -> str:
    """Return a table whose end is folded away where it is very long."""
    first = _rows(rows[:_ROWS_IN_SIGHT], head, indent)
    more = rows[_ROWS_IN_SIGHT:]
    if not more:
        return first
    words = f"{len(more)} more"
    return f'{first}<details><summary style="cursor:pointer">{words}</summary>{_rows(more, "", indent)}</details>'


def _rows(rows: Sequence[str], head: str, indent: int) -> str:
    top = f'<thead><tr style="{_ROW};border-bottom:1px solid {_RULE}">{head}</tr></thead>' if head else ""
    body = "".join(f'<tr style="{_ROW}">{row}</tr>' for row in rows)
    margin = f";margin-left:{indent}ch" if indent else ""
    return f'<table style="{_TABLE}{margin}">{top}<tbody>{body}</tbody></table>'


def _cell(text: Text, writing: Writing, tag: Literal["td", "th"] = "td") -> str:
    return f'<{tag} style="{_CELL}">{_text(text, writing)}</{tag}>'


def _nodes(nodes: Sequence[Node], writing: Writing, style: str) -> str:
    if not nodes:
        return ""
    items = "".join(
        f'<li style="margin:0">{_text(node.text, writing)}{_nodes(node.children, writing, _BRANCHES)}</li>'
        for node in nodes
    )
    return f'<ul style="{style}">{items}</ul>'


def _text(text: Text, writing: Writing) -> str:
    match text:
        case str():
            return _QUOTED.sub(_code, _escaped(visible(spoken(text, writing.program))))
        case Span(words, style):
            said = spoken_call(words, writing.program) if style == "name" else words
            shown = _text(said, writing)
            return f'<span style="{_STYLES[style]}">{shown}</span>' if _STYLES[style] and shown else shown
        case _:
            return "".join(_text(part, writing) for part in text)


def _code(match: re.Match[str]) -> str:
    return f'<code style="{_CODE}">{match[1]}</code>'


def _escaped(text: str) -> str:
    """Escape markup; what no encoding knows is shown as what it stands for."""
    return escape(text.encode("utf-8", "backslashreplace").decode())
