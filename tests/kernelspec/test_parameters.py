from __future__ import annotations

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from chapbook_core.errors import UsageError
from chapbook_kernelspec.parameters import inject_parameters, read_parameters


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("year=2026", 2026),
        ("rate=0.5", 0.5),
        ("name=Ada", "Ada"),
        ("name='Ada'", "Ada"),
        ("text=a=b", "a=b"),
        ("empty=", ""),
        ("on=true", True),
        ("on=False", False),
        ("none=null", None),
        ("some=[1, 'two']", [1, "two"]),
        ("date=2026-01-31", "2026-01-31"),
        ("huge=1e999", "1e999"),
        ("code=__import__('os').getcwd()", "__import__('os').getcwd()"),
    ],
)
def test_what_reads_as_a_literal_is_one_and_all_else_is_text(text: str, expected: object) -> None:
    (value,) = read_parameters([text]).values()
    assert (type(expected), expected) == (type(value), value)


@pytest.mark.parametrize("text", ["year", "1a=2", "a b=1", "class=1", "a;import os=1", "=1"])
def test_what_cannot_be_a_variable_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        read_parameters([text])


def notebook(*cells: nbformat.NotebookNode) -> nbformat.NotebookNode:
    made: nbformat.NotebookNode = new_notebook(cells=list(cells))  # type: ignore[no-untyped-call]  # it has no types
    return made


def code(source: str, *tags: str) -> nbformat.NotebookNode:
    cell: nbformat.NotebookNode = new_code_cell(source, metadata={"tags": list(tags)})  # type: ignore[no-untyped-call]
    return cell


def sources(of: nbformat.NotebookNode) -> list[str]:
    return [cell.source for cell in of.cells]


def test_parameters_stand_behind_the_cell_that_sets_them() -> None:
    book = notebook(code("import os"), code("year = 1\nname: str = ''", "parameters"), code("print(year)"))
    injection = inject_parameters(book, {"year": 2026, "name": "A'd\"a"})
    expected = "# Parameters\nyear = 2026\nname = 'A\\'d\"a'"
    assert ["import os", "year = 1\nname: str = ''", expected, "print(year)"] == sources(book)
    assert injection.has_place
    assert () == injection.unknown


def test_without_such_a_cell_they_stand_first_and_that_is_known() -> None:
    book = notebook(new_markdown_cell("# title"), code("print(year)"))  # type: ignore[no-untyped-call]  # it has no types
    assert not inject_parameters(book, {"year": 2026}).has_place
    assert "# Parameters\nyear = 2026" == sources(book)[0]


def test_those_of_a_former_run_are_replaced() -> None:
    book = notebook(code("year = 1", "parameters"))
    inject_parameters(book, {"year": 2})
    inject_parameters(book, {"year": 3})
    assert ["year = 1", "# Parameters\nyear = 3"] == sources(book)


def test_a_parameter_that_the_notebook_does_not_set_is_told() -> None:
    book = notebook(code("a, b = 1, 2", "parameters"))
    assert ("year",) == inject_parameters(book, {"a": 3, "year": 2026}).unknown


def test_of_a_cell_that_is_no_plain_python_nothing_is_known() -> None:
    book = notebook(code("%load x\na = 1", "parameters"))
    assert () == inject_parameters(book, {"year": 2026}).unknown


def test_a_notebook_with_parameters_is_valid() -> None:
    book = notebook(code("year = 1", "parameters"))
    inject_parameters(book, {"year": 2})
    nbformat.validate(book)
