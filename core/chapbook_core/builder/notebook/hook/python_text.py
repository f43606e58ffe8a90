"""A code cell as Python: its magics and shell lines refused, or turned into comments, with every line in its place."""

from __future__ import annotations

import ast
import re
import warnings
from typing import TYPE_CHECKING

from .mistake import NotebookMistake

if TYPE_CHECKING:
    from .cell import Cell

# Cell magics whose body is Python of the same notebook.
_PYTHON_CELLS = frozenset({"capture", "debug", "prun", "time", "timeit", "python", "python3"})
_CELL_MAGIC = re.compile(r"\s*%%(?P<name>\w+)")
_LINE_MAGIC = re.compile(r"(?P<indent>\s*)(?:%\w|!|\?+\s*\w|[\w.]+\?+\s*$)")
_ASSIGNED_MAGIC = re.compile(r"\s*[\w\s,.\[\]'\"]+=\s*(?:%\w|!)")


def cell_name(notebook: str, cell: Cell) -> str:
    """Return how a message calls a cell."""
    return f"cell {cell.number} of `{notebook}`"


def python_text(cell: Cell, notebook: str, *, comments: bool) -> str:
    """Return the source of a code cell as Python alone, line by line; raises NotebookMistake for magics in it.

    With `comments` the magics become comments, except for those whose result is assigned, which the rest depends on.
    Whether the rest is valid is not looked at.
    """
    source = cell.source
    if is_python(source):
        # Lines that look like magics are inside a string or an expression.
        return source
    lines = source.split("\n")
    places = _magics(lines)
    if not places:
        return source
    first = places[0]
    where = f"{cell_name(notebook, cell)}, line {cell.line + first}"
    assigned = next((place for place in places if _ASSIGNED_MAGIC.match(lines[place])), None)
    if comments and assigned is not None:
        raise NotebookMistake(
            f"{cell_name(notebook, cell)}, line {cell.line + assigned}: `{lines[assigned].strip()}` takes its value "
            "from IPython, which a module does without",
            "write it in Python, as with `subprocess.run`",
        )
    if not comments:
        raise NotebookMistake(
            f"{where}: `{lines[first].strip()}` is a command for IPython, which a module does without",
            'move it into a cell that is not exported, or set `magics = "comment"` under [tool.chapbook.export]',
        )
    for place in places:
        lines[place] = _commented(lines[place])
    return "\n".join(lines)


def is_python(source: str) -> bool:
    """Tell whether a text is valid Python as far as its grammar goes."""
    try:
        with warnings.catch_warnings():
            # What is odd about a person's strings is not ours to tell.
            warnings.simplefilter("ignore")
            ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return False
    return True


def _magics(lines: list[str]) -> list[int]:
    first = next((number for number, line in enumerate(lines) if line.strip() and not line.startswith("#")), None)
    if first is not None:
        magic = _CELL_MAGIC.match(lines[first])
        if magic and magic["name"] not in _PYTHON_CELLS:
            # All of it is in another language.
            return list(range(first, len(lines)))
    return [
        number
        for number, line in enumerate(lines)
        if _LINE_MAGIC.match(line) or _CELL_MAGIC.match(line) or _ASSIGNED_MAGIC.match(line)
    ]


def _commented(line: str) -> str:
    stripped = line.lstrip()
    indent = line[: len(line) - len(stripped)]
    # A line may be all that a block has.
    return f"{indent}pass  # {stripped}" if indent else f"# {line}"
