"""Parameters of a notebook: values given from outside, in a cell behind the one that is tagged `parameters`."""

from __future__ import annotations

import ast
import keyword
import math
from typing import TYPE_CHECKING

from chapbook_core.errors import UsageError
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nbformat import NotebookNode

TAG = "parameters"
INJECTED_TAG = "injected-parameters"
_MINOR_WITH_IDS = 5
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "none": None, "null": None}


@frozen
class Injection:
    """What became of the parameters."""

    has_place: bool
    """Whether a cell is tagged; else they stand before everything."""
    unknown: tuple[str, ...]
    """Names that the tagged cell does not set."""


def read_parameters(texts: Sequence[str]) -> dict[str, object]:
    """Read `name=value` texts; raises UsageError with the first that is none.

    Whatever reads as a literal of Python is one, and all else is text, so that no quotes are needed.
    """
    parameters: dict[str, object] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"`--parameter`: `{text}` gives no value", hints=["write it as in `-p year=2026`"])
        if not name.isidentifier() or keyword.iskeyword(name):
            raise UsageError(f"`--parameter`: `{name}` cannot be the name of a variable")
        parameters[name] = _read_value(value)
    return parameters


def inject_parameters(notebook: NotebookNode, parameters: Mapping[str, object]) -> Injection:
    """Put the cell that sets them into a notebook, in place of one that a former run has put there."""
    from nbformat.v4 import new_code_cell  # only notebooks that are run need it

    lines = ["# Parameters", *(f"{name} = {value!r}" for name, value in parameters.items())]
    cell = new_code_cell("\n".join(lines), metadata={"tags": [INJECTED_TAG]})  # type: ignore[no-untyped-call]  # it has no types
    if notebook.get("nbformat_minor", 0) < _MINOR_WITH_IDS:
        cell.pop("id", None)
    cells = [one for one in notebook.cells if INJECTED_TAG not in one.metadata.get("tags", [])]
    place = next((number for number, one in enumerate(cells) if TAG in one.metadata.get("tags", [])), None)
    known = None if place is None else _names_set_by(cells[place].source)
    position = 0 if place is None else place + 1
    notebook.cells = [*cells[:position], cell, *cells[position:]]
    unknown = () if known is None else tuple(name for name in parameters if name not in known)
    return Injection(place is not None, unknown)


def _read_value(text: str) -> object:
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    try:
        value: object = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text
    # Not every literal reads as it was written: `1e999` is infinite, and that has no literal.
    return text if isinstance(value, float) and not math.isfinite(value) else value


def _names_set_by(source: str) -> set[str] | None:
    """Return the variables that a cell sets; None when it holds more than plain Python."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return None
    names: set[str] = set()
    for statement in tree.body:
        match statement:
            case ast.Assign(targets=targets):
                names |= {node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)}
            case ast.AnnAssign(target=ast.Name(id=name)):
                names.add(name)
            case _:
                pass
    return names
