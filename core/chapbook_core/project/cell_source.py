"""The Python in a notebook's cell, with magics and shell lines taken out but every line kept in its place."""

from __future__ import annotations

from chapbook_core.pattern import late_pattern

# Cell magics whose body is Python of the same notebook.
_PYTHON_CELLS = frozenset({"capture", "debug", "prun", "time", "timeit", "python", "python3", "pypy"})
_CELL_MAGIC = late_pattern(r"\s*%%(?P<name>\w+)")
# What a cell assigns from a magic or from the shell, as in `files = !ls`.
_ASSIGNMENT = late_pattern(r"(?P<indent>\s*)[\w\s,.\[\]'\"]+=\s*[%!]")
UNPARSED = (SyntaxError, ValueError, RecursionError, MemoryError)
"""What is raised over code that is no Python: text with NUL in it, and, by two words, what is nested too deeply."""


def python_source(cell: str) -> str:
    """Return the cell as plain Python; empty when it is in another language."""
    lines = cell.splitlines()
    first = next((number for number, line in enumerate(lines) if line.strip()), None)
    if first is None:
        return ""
    if magic := _CELL_MAGIC.match(lines[first]):
        if magic["name"] not in _PYTHON_CELLS:
            return ""
        lines[first] = ""
    return "\n".join(_python_line(line) for line in lines)


def _python_line(line: str) -> str:
    if assignment := _ASSIGNMENT.match(line):
        return f"{assignment['indent']}pass"
    stripped = line.lstrip()
    if stripped.startswith(("%", "!", "?")) or (stripped.endswith("?") and "#" not in stripped):
        # A line may be all that a block has.
        return f"{line[: len(line) - len(stripped)]}pass"
    return line
