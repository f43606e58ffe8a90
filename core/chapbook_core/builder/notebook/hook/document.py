"""A notebook's cells, read from its file: `.ipynb` of format 4, or a script in percent format."""

from __future__ import annotations

import json
import re
from typing import NamedTuple

from .cell import Cell, make_cell
from .mistake import NotebookMistake

_FORMAT = 4
_BOUNDARY = re.compile(r"#\s*%%(?!%)(?P<words>.*)")
_KIND = re.compile(r"\[(?P<kind>markdown|md|raw)\]")
_OPTION = re.compile(r"(?P<name>[\w.-]+)\s*=\s*")
_HEADER_MARK = re.compile(r"#\s*---\s*")
_QUOTES = ('"""', "'''")


class Document(NamedTuple):
    """A notebook."""

    path: str
    """Where its file is, as whoever read it named it."""
    cells: tuple[Cell, ...]
    language: str
    is_script: bool


def read_document(path: str, shown: str = "") -> Document:
    """Read a notebook; raises NotebookMistake, in which it is called as `shown`."""
    try:
        with open(path, "rb") as stream:  # noqa: PTH123  pathlib costs those who import from notebooks its own import
            content = stream.read()
    except OSError as problem:
        raise NotebookMistake(f"`{shown or path}` cannot be read: {problem.strerror or problem}") from None
    return parse_document(content, path, shown)


def parse_document(content: bytes, path: str, shown: str = "") -> Document:
    """Make a notebook of the content of its file; raises NotebookMistake, in which it is called as `shown`."""
    shown = shown or path
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NotebookMistake(f"`{shown}` is not UTF-8 text", "save it as UTF-8") from None
    if path.endswith(".py"):
        return Document(path, _cells_of_script(text), "python", is_script=True)
    notebook = _notebook(text, shown)
    return Document(path, _cells_of_notebook(notebook, shown), _language(notebook), is_script=False)


def _notebook(text: str, shown: str) -> dict[str, object]:
    try:
        notebook = json.loads(text)
    except json.JSONDecodeError as problem:
        hint = "open it in Jupyter to see whether it can be mended, or take it from your history"
        if "<<<<<<<" in text:
            hint = "it holds the marks of a conflict in git; settle that first"
        raise NotebookMistake(
            f"`{shown}` is not a notebook: it is not JSON ({problem.msg} in line {problem.lineno})", hint
        ) from None
    except RecursionError:
        raise NotebookMistake(f"`{shown}` is not a notebook: it is nested too deeply") from None
    except ValueError:
        raise NotebookMistake(f"`{shown}` is not a notebook: a number in it has too many digits") from None
    version = notebook.get("nbformat") if isinstance(notebook, dict) else None
    if not isinstance(version, int):
        raise NotebookMistake(f"`{shown}` is not a notebook: it does not tell its format")
    if version < _FORMAT:
        raise NotebookMistake(
            f"`{shown}` is a notebook of the old format {version}, and format 4 is needed",
            "open it in Jupyter and save it",
        )
    if version > _FORMAT:
        raise NotebookMistake(f"`{shown}` is a notebook of format {version}, which only something newer reads")
    table: dict[str, object] = notebook
    return table


def _cells_of_notebook(notebook: dict[str, object], shown: str) -> tuple[Cell, ...]:
    cells = notebook.get("cells")
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        raise NotebookMistake(f"`{shown}` is not a notebook: it has no list of cells")
    made = []
    for number, cell in enumerate(cells, 1):
        metadata = cell.get("metadata")
        source = _text(cell.get("source"))
        made.append(
            make_cell(number, str(cell.get("cell_type")), source, metadata if isinstance(metadata, dict) else {})
        )
    return tuple(made)


def _text(source: object) -> str:
    if isinstance(source, list):
        return "".join(part for part in source if isinstance(part, str))
    return source if isinstance(source, str) else ""


def _language(notebook: dict[str, object]) -> str:
    metadata = notebook.get("metadata")
    tables = metadata if isinstance(metadata, dict) else {}
    for table, key in (("kernelspec", "language"), ("language_info", "name")):
        told = tables.get(table)
        language = told.get(key) if isinstance(told, dict) else None
        if isinstance(language, str) and language:
            return "python" if language.lower() in {"python", "ipython"} else language.lower()
    return "python"


def _cells_of_script(text: str) -> tuple[Cell, ...]:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    start = _behind_header(lines)
    bounds = [number for number in range(start, len(lines)) if _BOUNDARY.match(lines[number])]
    cells: list[Cell] = []
    first = bounds[0] if bounds else len(lines)
    if any(line.strip() for line in lines[start:first]):
        cells.append(_script_cell(1, "", lines[start:first], start + 1))
    for bound, end in zip(bounds, [*bounds[1:], len(lines)]):
        words = _BOUNDARY.sub(r"\g<words>", lines[bound])
        cells.append(_script_cell(len(cells) + 1, words, lines[bound + 1 : end], bound + 2))
    return tuple(cells)


def _behind_header(lines: list[str]) -> int:
    """Return the first line behind what jupytext keeps of the notebook's metadata."""
    if lines and _HEADER_MARK.fullmatch(lines[0]):
        for number, line in enumerate(lines[1:], 1):
            if _HEADER_MARK.fullmatch(line):
                return number + 1
            if not line.startswith("#"):
                break
    return 0


def _script_cell(number: int, words: str, lines: list[str], line: int) -> Cell:
    kind = _KIND.search(words)
    while lines and not lines[-1].strip():
        lines = lines[:-1]
    if kind is None:
        return make_cell(number, "code", "\n".join(lines), _options(words), line)
    name = "raw" if kind["kind"] == "raw" else "markdown"
    return make_cell(number, name, _prose(lines), _options(words), line)


def _options(words: str) -> dict[str, object]:
    """Return the `name=value` of a cell's first line, whose values are JSON; what is none is left out."""
    found: dict[str, object] = {}
    decoder = json.JSONDecoder()
    position = 0
    while True:
        match = _OPTION.search(words, position)
        if match is None:
            return found
        try:
            found[match["name"]], position = decoder.raw_decode(words, match.end())
        except (ValueError, RecursionError):
            position = match.end()


def _prose(lines: list[str]) -> str:
    text = "\n".join(lines).strip()
    for quotes in _QUOTES:
        if text.startswith(quotes) and text.endswith(quotes) and len(text) >= 2 * len(quotes):
            return text[len(quotes) : -len(quotes)].strip("\n")
    return "\n".join(re.sub(r"^#[ ]?", "", line) for line in lines)
