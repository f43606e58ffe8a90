from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from chapbook_core.commands.test import NotebooksRun
from chapbook_core.commands.testing.trial import CellRun, Failure, Outcome
from chapbook_core.commands.text import write_text
from tests.kernelspec.notebooks import code, text, write_notebook

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PROJECT = '[project]\nname = "here"\nversion = "1.0"\n'


@pytest.fixture(autouse=True)
def project(folder: Path) -> Path:
    (folder / "pyproject.toml").write_text(PROJECT)
    return folder


def test_nothing_to_run_is_a_status_of_its_own(chapbook: Callable[..., Any], folder: Path) -> None:
    write_notebook(folder / "prose.ipynb", text("only words"))
    outcome = chapbook("test", "-v")
    assert 5 == outcome.status
    assert "there is nothing to run" in outcome.out + outcome.err
    assert "nothing to be run in prose.ipynb" in outcome.out
    assert not (folder / ".venv").exists()


def test_a_broken_notebook_fails_without_an_environment(chapbook: Callable[..., Any], folder: Path) -> None:
    (folder / "broken.ipynb").write_text("{")
    outcome = chapbook("test", "--format", "json", "--junit-xml", "report.xml")
    told = json.loads(outcome.out)
    assert (1, 1) == (outcome.status, told["exit_status"])
    assert [("broken.ipynb", "error")] == [(one["notebook"], one["result"]) for one in told["notebooks"]]
    assert 'errors="1"' in (folder / "report.xml").read_text()
    assert not (folder / ".venv").exists()


def test_with_a_broken_notebook_the_others_can_be_left_out(chapbook: Callable[..., Any], folder: Path) -> None:
    (folder / "broken.ipynb").write_text("{")
    write_notebook(folder / "sound.ipynb", code("1"))
    told = json.loads(chapbook("test", "-x", "--format", "json").out)
    assert ["error", "not run"] == [one["result"] for one in told["notebooks"]]
    assert not (folder / ".venv").exists()


def test_nothing_is_installed_where_notebooks_cannot_be_run(
    chapbook: Callable[..., Any], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    write_notebook(folder / "sound.ipynb", code("1"))
    outcome = chapbook("test")
    assert (1, True) == (outcome.status, "running notebooks needs `nbclient`" in outcome.err)
    assert not (folder / ".venv").exists()


def test_names_choose_notebooks(chapbook: Callable[..., Any], folder: Path) -> None:
    for name in ("model", "data"):
        (folder / f"{name}.ipynb").write_text("{")
    told = json.loads(chapbook("test", "-k", "not data", "--format", "json").out)
    assert ["model.ipynb"] == [one["notebook"] for one in told["notebooks"]]
    assert 5 == chapbook("test", "-k", "nothing").status


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("gone.ipynb", "there is no notebook and no folder `gone.ipynb`"),
        ("pyproject.toml", "`pyproject.toml` is not a notebook"),
        ("-j 0", "`--jobs` is not"),
        ("-j many", "`--jobs` is not"),
        ("--cell-timeout soon", "`--cell-timeout` is not a number of seconds: soon"),
        ("-k and", "cannot be understood"),
        ("--junit-xml .", "is a folder"),
    ],
)
def test_words_that_mean_nothing_are_refused(chapbook: Callable[..., Any], words: str, message: str) -> None:
    outcome = chapbook("test", *words.split())
    assert 2 == outcome.status
    assert message in outcome.err


def test_the_table_tells_what_became_of_each_notebook() -> None:
    outcomes = (
        Outcome("a.ipynb", 2, (CellRun(1, 0.1), CellRun(2, 0.1)), 1.0),
        Outcome("b.ipynb", 2, (CellRun(1, 0.1),), 1.0, Failure("E: no", 3, "1/0", "Traceback\nE: no", "said")),
        Outcome("c.ipynb", 2, (), 1.0, Failure("cell 1 was still running after 2 s", 1, "sleep()")),
        Outcome("d.ipynb", 2, is_left_out=True),
    )
    tested = NotebooksRun(outcomes)
    assert 1 == tested.exit_status
    assert write_text(tested.report()) == (
        "b.ipynb, cell 3\nsaid\nTraceback\nE: no\n\n"
        "c.ipynb, cell 1\nsleep()\ncell 1 was still running after 2 s\n\n"
        "notebook  cells  seconds  result\n"
        "a.ipynb   2/2    1.0      passed\n"
        "b.ipynb   1/2    1.0      failed   cell 3: E: no\n"
        "c.ipynb   0/2    1.0      failed   cell 1 was still running after 2 s\n"
        "d.ipynb   0/2    0.0      not run\n"
        "Failed: 2 of 4 notebooks\n"
    )
    assert 0 == NotebooksRun(outcomes[:1]).exit_status
