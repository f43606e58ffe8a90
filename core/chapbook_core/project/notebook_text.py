"""A notebook as the text of its file."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Literal

from chapbook_core.value import frozen

KERNEL_NAME = "chapbook"
KERNEL_TITLE = "Project (Chapbook)"
_FORMAT = (4, 5)
_ID_LENGTH = 8


@frozen
class Cell:
    """One cell without any output."""

    kind: Literal["markdown", "code"]
    source: str
    tags: tuple[str, ...] = ()


def notebook_text(cells: tuple[Cell, ...]) -> str:
    """Return a notebook that asks for the project's kernel, laid out as Jupyter itself saves one.

    A cell's identifier follows from its place and content, so that the same notebook is the same bytes.
    """
    major, minor = _FORMAT
    notebook = {
        "cells": [_cell(position, cell) for position, cell in enumerate(cells)],
        "metadata": {
            "kernelspec": {"display_name": KERNEL_TITLE, "language": "python", "name": KERNEL_NAME},
            "language_info": {"name": "python"},
        },
        "nbformat": major,
        "nbformat_minor": minor,
    }
    return json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"


def _cell(position: int, cell: Cell) -> dict[str, object]:
    identifier = sha256(f"{position} {cell.kind} {cell.source}".encode()).hexdigest()[:_ID_LENGTH]
    source = cell.source.splitlines(keepends=True)
    if cell.kind == "markdown":
        return {"cell_type": "markdown", "id": identifier, "metadata": {}, "source": source}
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": identifier,
        "metadata": {"tags": list(cell.tags)} if cell.tags else {},
        "outputs": [],
        "source": source,
    }
