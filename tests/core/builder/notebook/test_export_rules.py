from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chapbook_core.builder.notebook.export_rules import export_rules, exports_notebooks
from chapbook_core.builder.notebook.hook.rule import Rule
from chapbook_core.errors import FileMistakes
from chapbook_core.project.manifest import read_manifest

if TYPE_CHECKING:
    from tests.core.builder.notebook.conftest import Notebooks


def rules(notebooks: Notebooks) -> tuple[Rule, ...]:
    return export_rules(read_manifest(notebooks.folder))


def test_notebooks_are_no_sources_unless_a_project_says_so(notebooks: Notebooks) -> None:
    notebooks.declare("")
    assert not exports_notebooks(read_manifest(notebooks.folder))
    assert () == rules(notebooks)


def test_an_empty_table_is_enough(notebooks: Notebooks) -> None:
    notebooks.declare("[tool.chapbook.export]\n")
    assert (Rule("", "spam"),) == rules(notebooks)


def test_the_package_is_where_the_project_has_it(notebooks: Notebooks) -> None:
    notebooks.declare('[tool.chapbook.export]\n[tool.poetry]\npackages = [{ include = "eggs", from = "lib" }]\n')
    assert (Rule("", "eggs", "lib"),) == rules(notebooks)
    notebooks.declare("[tool.chapbook.export]\n")
    notebooks.write("src/spam/__init__.py", "")
    assert (Rule("", "spam", "src"),) == rules(notebooks)


@pytest.mark.parametrize(("text", "expected"), [
    ("[tool.nbdev]\n", Rule("nbs", "spam")),
    ('[tool.nbdev]\nlib_path = "src/my_lib"\nnbs_path = "notebooks/"\n', Rule("notebooks", "my_lib", "src")),
    ('[tool.nbdev]\nlib_name = "my-lib"\nnbs_path = "."\n', Rule("", "my_lib")),
])  # fmt: skip
def test_what_nbdev_is_told_is_understood(text: str, expected: Rule, notebooks: Notebooks) -> None:
    notebooks.declare(text)
    assert (expected,) == rules(notebooks)


def test_the_file_that_nbdev_had_before_is_understood(notebooks: Notebooks) -> None:
    notebooks.declare("")
    notebooks.write("settings.ini", "[DEFAULT]\nlib_name = my-lib\nlib_path = my_lib\nnbs_path = nbs\n")
    assert (Rule("nbs", "my_lib"),) == rules(notebooks)
    notebooks.write("settings.ini", "[DEFAULT]\nother = 1\n")
    assert () == rules(notebooks)


def test_every_mistake_is_told_at_once(notebooks: Notebooks) -> None:
    notebooks.declare(
        '[tool.chapbook.export]\nfolder = "x"\npackage = "a-b"\nmagics = "drop"\ndocs = 3\norder = ["a.ipynb"]\n'
        'modules = { "b.ipynb" = "b" }\nname = "y"\n'
    )
    with pytest.raises(FileMistakes) as caught:
        rules(notebooks)
    told = {mistake.place: mistake.message for mistake in caught.value.mistakes}
    at = "tool.chapbook.export"
    assert {
        f"{at}.name": "`name` is not known here",
        f"{at}.folder": "there is no folder `x`",
        f"{at}.package": "`a-b` cannot be imported",
        f"{at}.modules": "there is no notebook `b.ipynb`",
        f"{at}.order": "there is no notebook `a.ipynb`",
        f"{at}.magics": "`drop` is not one of `refuse`, `comment`",
        f"{at}.docs": "expected a string, found a number",
    } == told


@pytest.mark.parametrize(("text", "expected"), [
    ("[[tool.chapbook.export]]\n[[tool.chapbook.export]]\n", "several tables are for the folder `.`"),
    ('[tool.chapbook.export]\nfolder = "../x"\n', "`../x` lies outside the project"),
    ('[tool.chapbook]\nexport = "nbs"\n', "expected a table, found a string"),
])  # fmt: skip
def test_tables_that_cannot_be_meant_are_refused(text: str, expected: str, notebooks: Notebooks) -> None:
    notebooks.declare(text)
    with pytest.raises(FileMistakes, match=expected.replace(".", r"\.")):
        rules(notebooks)
