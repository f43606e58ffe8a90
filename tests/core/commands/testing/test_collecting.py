from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chapbook_core.builder.notebook.hook.document import read_document
from chapbook_core.commands.testing.collecting import CellToRun, cells_to_run, collect, find_files
from chapbook_core.errors import UsageError
from tests.kernelspec.notebooks import Cell, code, text, write_notebook

if TYPE_CHECKING:
    from pathlib import Path


def run(folder: Path, *cells: Cell, tagged: bool = False) -> list[int]:
    path = write_notebook(folder / "a.ipynb", *cells)
    return [cell.number for cell in cells_to_run(read_document(str(path)), tagged=tagged)]


def test_every_cell_with_code_is_run_unless_it_says_otherwise(tmp_path: Path) -> None:
    cells = (
        text("# Title"),
        code("#| export\ndef f(): ..."),
        code("f()"),
        code("f()", "skip"),
        code("#| eval: false\nf()"),
        code("f()", "skip-execution"),
        code("  \n"),
        code("f()", "test"),
    )
    assert [2, 3, 8] == run(tmp_path, *cells)


def test_with_tags_only_what_is_exported_or_a_test_is_run(tmp_path: Path) -> None:
    cells = (code("slow()"), code("#| export\nx = 1"), code("assert x", "test"), code("y = 1", "export"))
    assert [2, 3, 4] == run(tmp_path, *cells, tagged=True)
    assert [] == run(tmp_path, *cells[:2], tagged=True)
    assert [] == run(tmp_path, cells[1], code("assert x", "test", "skip"), tagged=True)


def test_a_cell_may_raise_when_it_is_tagged(tmp_path: Path) -> None:
    path = write_notebook(tmp_path / "a.ipynb", code("1/0", "raises-exception"))
    assert (CellToRun(1, "1/0", may_raise=True),) == cells_to_run(read_document(str(path)))


def test_a_notebook_whose_front_matter_says_so_is_not_run(tmp_path: Path) -> None:
    raw = {"cell_type": "raw", "source": "---\ntitle: x\nskip_exec: true\n---", "metadata": {}}
    assert [] == run(tmp_path, raw, code("1/0"))
    raw["source"] = "---\nskip_exec: false\n---"
    assert [2] == run(tmp_path, raw, code("1/0"))


def test_what_is_exported_can_be_replaced(tmp_path: Path) -> None:
    path = write_notebook(tmp_path / "a.ipynb", code("x = 1", "export"), code("x = 2", "export"), code("x"))
    replacements = {1: "import x", 2: ""}
    cells = cells_to_run(read_document(str(path)), replaced=lambda cell: replacements[cell.number])
    assert [(1, "import x"), (3, "x")] == [(cell.number, cell.source) for cell in cells]


def test_notebooks_that_cannot_be_run_are_told_apart(tmp_path: Path) -> None:
    write_notebook(tmp_path / "good.ipynb", code("1"))
    write_notebook(tmp_path / "other.ipynb", code("1"), language="julia")
    write_notebook(tmp_path / "prose.ipynb", text("only words"))
    (tmp_path / "broken.ipynb").write_text("{")
    (tmp_path / "old.ipynb").write_text('{"nbformat": 3, "worksheets": []}')
    names = ("good", "other", "prose", "broken", "old")
    found = collect([(tmp_path / f"{name}.ipynb", f"{name}.ipynb") for name in names])
    assert ["good.ipynb"] == [one.shown for one in found.notebooks]
    assert ("other.ipynb", "prose.ipynb") == found.skipped
    assert ["`broken.ipynb` is not a notebook", "`old.ipynb` is a notebook of the old format 3"] == [
        one.message.partition(":")[0].partition(", and")[0] for one in found.unusable
    ]


def test_a_folder_means_the_notebooks_in_it_and_below(tmp_path: Path) -> None:
    for name in (
        *("b.ipynb", "a.ipynb", "sub/c.ipynb", ".ipynb_checkpoints/a.ipynb", ".hidden.ipynb", "build/d.ipynb"),
        *("env/lib/e.ipynb", "module.py"),
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "env/pyvenv.cfg").write_text("")
    assert ["a.ipynb", "b.ipynb", "sub/c.ipynb"] == [shown for _, shown in find_files([(tmp_path, "")])]
    shown = [shown for _, shown in find_files([(tmp_path / "sub", "x/sub/"), (tmp_path / "sub/c.ipynb", "again")])]
    assert ["x/sub/c.ipynb"] == shown


def test_percent_scripts_are_run_when_they_are_named(tmp_path: Path) -> None:
    path = tmp_path / "script.py"
    path.write_text("# %% [markdown]\n# Words\n# %%\nx = 1\n# %% tags=['skip']\n1/0\n# %% tags=[\"skip\"]\n1/0\n")
    ((_, shown),) = find_files([(path, "script.py")])
    (notebook,) = collect([(path, shown)]).notebooks
    assert [2, 3] == [cell.number for cell in notebook.cells]


@pytest.mark.parametrize("name", ["gone.ipynb", "notes.txt"])
def test_what_is_no_notebook_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "notes.txt").write_text("")
    with pytest.raises(UsageError):
        list(find_files([(tmp_path / name, name)]))
