from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.commands.conftest import Chapbook

PROJECT = '[project]\nname = "spam"\nversion = "1.0"\n\n[tool.chapbook.export]\nfolder = "nbs"\n'


def write_notebook(path: Path, *sources: str) -> None:
    path.parent.mkdir(exist_ok=True)
    cells = [{"cell_type": "code", "metadata": {}, "source": source} for source in sources]
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))


@pytest.fixture
def project(folder: Path) -> Path:
    (folder / "pyproject.toml").write_text(PROJECT)
    write_notebook(folder / "nbs/a.ipynb", "#| export\nx = 1")
    write_notebook(folder / "nbs/b.ipynb", "#| export\ny = 1")
    return folder


def test_modules_are_written_once(project: Path, chapbook: Chapbook) -> None:
    outcome = chapbook("export-modules")
    assert (0, "Wrote spam/__init__.py\nWrote spam/a.py\nWrote spam/b.py\n") == (outcome.status, outcome.out)
    assert "x = 1" in (project / "spam/a.py").read_text()
    assert chapbook("export-modules").out == "3 files are as the notebooks export them\n"


def test_a_check_writes_nothing_and_fails_where_files_differ(project: Path, chapbook: Chapbook) -> None:
    outcome = chapbook("export-modules", "--check")
    assert outcome.status == 1
    assert "error: `spam/a.py` is not as its notebook exports it\n" in outcome.out + outcome.err
    assert not (project / "spam").exists()
    chapbook("export-modules")
    assert chapbook("export-modules", "--check").status == 0


def test_what_no_notebook_exports_any_longer_is_removed(project: Path, chapbook: Chapbook) -> None:
    chapbook("export-modules")
    (project / "nbs/b.ipynb").unlink()
    (project / "spam/mine.py").write_text("z = 1\n")
    assert chapbook("export-modules").out == "Removed spam/b.py\n"
    assert sorted(path.name for path in (project / "spam").iterdir()) == ["__init__.py", "a.py", "mine.py"]


def test_an_edit_is_never_lost(project: Path, chapbook: Chapbook) -> None:
    chapbook("export-modules")
    edited = (project / "spam/a.py").read_text() + "z = 1\n"
    (project / "spam/a.py").write_text(edited)
    write_notebook(project / "nbs/a.ipynb", "#| export\nx = 2")
    outcome = chapbook("export-modules")
    assert outcome.status == 1
    assert "error: `spam/a.py` was made from a notebook and edited since" in outcome.err
    assert edited == (project / "spam/a.py").read_text()


def test_a_project_without_such_sources_is_told_how_to_have_them(project: Path, chapbook: Chapbook) -> None:
    (project / "pyproject.toml").write_text('[project]\nname = "spam"\nversion = "1.0"\n')
    outcome = chapbook("export-modules")
    assert outcome.status == 1
    assert "hint: add a table [tool.chapbook.export] to pyproject.toml" in outcome.err
