from __future__ import annotations

import json
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import papermill  # type: ignore[import-untyped]  # it has no types
import pytest
from papermill.engines import papermill_engines  # type: ignore[import-untyped]  # as above

from chapbook_kernelspec import papermill_engine
from tests.kernelspec.notebooks import code, own_kernel, read_cells, streams, write_notebook

if TYPE_CHECKING:
    from pathlib import Path

    from jupyter_client.manager import AsyncKernelManager

    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.events import Watcher

pytestmark = pytest.mark.filterwarnings("ignore")  # of the libraries that speak with kernels


def test_papermill_knows_the_engine() -> None:
    assert papermill_engine.ProjectEngine is papermill_engines.get_engine("chapbook")


def test_papermill_runs_a_notebook_in_its_own_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Path | None] = []

    def ready(notebook: Path | None, surroundings: Surroundings, watcher: Watcher) -> type[AsyncKernelManager]:
        asked.append(notebook)
        return own_kernel(notebook, surroundings, watcher)

    monkeypatch.setattr(papermill_engine, "make_ready", ready)
    path = write_notebook(tmp_path / "in.ipynb", code("year = 2000", "parameters"), code("print('it is', year)"))
    options = {"engine_name": "chapbook", "progress_bar": False}
    papermill.execute_notebook(str(path), str(tmp_path / "out.ipynb"), {"year": 2026}, **options)
    assert [path] == asked
    assert "it is 2026\n" == streams(read_cells(tmp_path / "out.ipynb")[2])


@pytest.mark.parametrize(("cell", "expected"), [("print(1)", ["stamp"]), ("1 / 0", [])])
def test_what_papermill_has_run_to_its_end_is_stamped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cell: str, expected: list[str]
) -> None:
    monkeypatch.setattr(papermill_engine, "make_ready", own_kernel)
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "a"\nversion = "1"\nrequires-python = ">=3.11"\n[tool.chapbook]\nstamp = true\n'
    )
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / ".venv"], check=True)
    path = write_notebook(tmp_path / "in.ipynb", code(cell))
    with suppress(papermill.PapermillExecutionError):
        papermill.execute_notebook(str(path), str(tmp_path / "out.ipynb"), engine_name="chapbook", progress_bar=False)
    metadata = json.loads((tmp_path / "out.ipynb").read_text())["metadata"]
    assert expected == list(metadata.get("chapbook", {}))
