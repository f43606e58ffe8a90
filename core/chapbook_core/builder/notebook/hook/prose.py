"""The Markdown of a notebook as the docstring of its module."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .cell import Cell

_HEADING = re.compile(r"#\s+(?P<title>.*)")
_DIRECTIVE_LINE = re.compile(r"\s*#\s*\|")


def docstring(cells: Sequence[Cell], docs: str) -> str:
    """Return what of a notebook's cells describes its module, as the rule's `docs` says.

    `summary` is what nbdev takes: the quoted lines below the title, and the Markdown that is exported; where no line is
    quoted, the title and the paragraph behind it.
    """
    if docs == "none":
        return ""
    prose = [cell for cell in cells if cell.kind == "markdown" and "skip" not in cell.tags]
    if docs == "all":
        parts = [_body(cell) for cell in prose]
    else:
        title = next((cell for cell in prose if _HEADING.match(cell.source)), None)
        parts = [] if title is None else [_summary(title.source)]
        parts += [_body(cell) for cell in prose if cell.is_exported and cell is not title]
    parts += [text for cell in cells if (text := _described(cell))]
    text = "\n\n".join(part for part in parts if part)
    # JSON can hold half of a pair of surrogates and a null, which no module can.
    return text.encode("utf-8", "replace").decode().replace("\0", "?")


def _summary(source: str) -> str:
    lines = source.split("\n")
    quoted = [line for line in lines if line.startswith(">")]
    if quoted:
        return "\n".join(line.lstrip("> ").rstrip() for line in quoted)
    heading = _HEADING.match(lines[0])
    title = heading["title"].strip() if heading else ""
    paragraphs = "\n".join(lines[1:]).strip().split("\n\n")
    first = paragraphs[0].strip()
    return f"{title}\n\n{first}" if first and not first.startswith(("#", "-", "*", "`", "!", "|")) else title


def _body(cell: Cell) -> str:
    lines = cell.source.split("\n")
    while lines and (not lines[0].strip() or _DIRECTIVE_LINE.match(lines[0])):
        lines = lines[1:]
    return "\n".join(lines).rstrip()


def _described(cell: Cell) -> str:
    """Return the text of a code cell that holds nothing else and is exported as documentation."""
    if cell.kind != "code" or not cell.says("exportd"):
        return ""
    try:
        body = ast.parse(cell.source).body
    except SyntaxError:
        return ""
    if len(body) == 1 and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        text = body[0].value.value
        return text.strip() if isinstance(text, str) else ""
    return ""
