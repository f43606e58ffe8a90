"""A notebook as Markdown: the readme of a package that is described in one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from chapbook_core.builder.notebook.hook.document import parse_document
from chapbook_core.pattern import late_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chapbook_core.builder.notebook.hook.cell import Cell

_HIDING = ("hide", "remove-cell", "skip", "export", "exports", "exporti", "exportd", "default_exp", "test")
_ESCAPE = late_pattern(r"\x1b\[[0-9;]*[A-Za-z]")


def notebook_markdown(content: bytes, path: str) -> str:
    """Return the prose of a notebook, its visible code, and what that printed; raises NotebookMistake.

    Hidden, exported and test cells are left out; so are pictures, which a readme could not show.
    """
    document = parse_document(content, path)
    outputs = [] if document.is_script else [cell.get("outputs") for cell in json.loads(content)["cells"]]
    parts = []
    for cell in document.cells:
        shown = outputs[cell.number - 1] if outputs else None
        parts += [part for part in _parts(cell, shown) if part.strip()]
    return "\n\n".join(parts) + "\n"


def _parts(cell: Cell, outputs: object) -> Iterator[str]:
    if any(cell.says(name) for name in ("hide", "remove-cell", "skip")):
        return
    source = "\n".join(cell.source.split("\n")[cell.body_start :]).strip("\n")
    if cell.kind == "markdown":
        yield source
    elif cell.kind == "code" and source.strip() and not any(cell.says(name) for name in _HIDING):
        yield _fenced(source, "python")
        printed = "".join(_printed(outputs)).rstrip()
        if printed:
            yield _fenced(printed, "")


def _printed(outputs: object) -> Iterator[str]:
    for output in outputs if isinstance(outputs, list) else ():
        match output:
            case {"output_type": "stream", "name": "stdout", "text": text}:
                yield _text(text)
            case {"output_type": "execute_result" | "display_data", "data": {"text/plain": text, **others}} if not any(
                str(kind).startswith("image/") for kind in others
            ):
                yield f"{_text(text)}\n"
            case _:
                continue


def _text(text: object) -> str:
    joined = "".join(part for part in text if isinstance(part, str)) if isinstance(text, list) else str(text)
    return _ESCAPE.sub("", joined)


def _fenced(text: str, language: str) -> str:
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}{language}\n{text}\n{fence}"
