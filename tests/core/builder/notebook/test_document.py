from __future__ import annotations

import json

import pytest

from chapbook_core.builder.notebook.hook.document import parse_document
from chapbook_core.builder.notebook.hook.mistake import NotebookMistake

SCRIPT = """\
# ---
# jupyter:
#   jupytext: {}
# ---

import os

# %% [markdown]
# # Title
#
# Words.

# %% tags=["export", "test"] nbdev={"default_exp": "core"} broken=[
x = 1


# %% a title
y = 2
# %%% not a cell of its own
# %% [md]
'''
Quoted prose
'''
"""


def notebook(**changes: object) -> bytes:
    return json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5} | changes).encode()


def test_cells_are_counted_whatever_they_are() -> None:
    cells = [
        {"cell_type": "markdown", "source": ["# A\n", "b"]},
        {"cell_type": "code", "source": "x = 1", "metadata": {"tags": ["export"]}},
        {"cell_type": "raw", "source": 3, "metadata": None},
    ]
    document = parse_document(notebook(cells=cells), "a.ipynb")
    told = [(cell.number, cell.kind, cell.source, sorted(cell.tags)) for cell in document.cells]
    assert [(1, "markdown", "# A\nb", []), (2, "code", "x = 1", ["export"]), (3, "raw", "", [])] == told


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"{", "`a.ipynb` is not a notebook: it is not JSON (Expecting property name"),
        (b"[1]", "`a.ipynb` is not a notebook: it does not tell its format"),
        (b"{}", "`a.ipynb` is not a notebook: it does not tell its format"),
        (b"\xff\xfe", "`a.ipynb` is not UTF-8 text"),
        (notebook(nbformat=3), "`a.ipynb` is a notebook of the old format 3, and format 4 is needed"),
        (notebook(nbformat=5), "`a.ipynb` is a notebook of format 5, which only something newer reads"),
        (notebook(cells=3), "`a.ipynb` is not a notebook: it has no list of cells"),
        (notebook(cells=[3]), "`a.ipynb` is not a notebook: it has no list of cells"),
        (b"[" * 100_000, "`a.ipynb` is not a notebook: it is nested too deeply"),
    ],
)
def test_what_is_no_notebook_is_told_in_a_sentence(content: bytes, expected: str) -> None:
    with pytest.raises(NotebookMistake) as caught:
        parse_document(content, "a.ipynb")
    assert caught.value.message.startswith(expected)


def test_the_marks_of_a_conflict_are_pointed_out() -> None:
    with pytest.raises(NotebookMistake) as caught:
        parse_document(b'{\n<<<<<<< HEAD\n"a": 1\n', "a.ipynb")
    assert caught.value.hint == "it holds the marks of a conflict in git; settle that first"


def test_a_byte_order_mark_is_no_harm() -> None:
    assert parse_document(b"\xef\xbb\xbf" + notebook(), "a.ipynb").cells == ()


@pytest.mark.parametrize(("metadata", "expected"), [
    ({}, "python"),
    ({"kernelspec": {"language": "R"}}, "r"),
    ({"language_info": {"name": "ipython"}}, "python"),
    ({"kernelspec": 3, "language_info": {"name": "julia"}}, "julia"),
])  # fmt: skip
def test_the_language_is_python_unless_the_notebook_says_so(metadata: object, expected: str) -> None:
    assert expected == parse_document(notebook(metadata=metadata), "a.ipynb").language


def test_a_script_in_percent_format_has_cells_with_their_lines() -> None:
    document = parse_document(SCRIPT.encode(), "a.py")
    assert document.is_script
    told = [(cell.number, cell.kind, cell.line, cell.source) for cell in document.cells]
    assert [
        (1, "code", 5, "\nimport os"),
        (2, "markdown", 9, "# Title\n\nWords."),
        (3, "code", 14, "x = 1"),
        (4, "code", 18, "y = 2\n# %%% not a cell of its own"),
        (5, "markdown", 21, "Quoted prose"),
    ] == told
    assert document.cells[2].tags == {"export", "test"}
    assert document.cells[2].directives == {"default_exp": ("core",)}
