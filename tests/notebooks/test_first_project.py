"""The project that a newcomer opens first; it is tried with the package index that pip is configured for."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.notebooks.newcomer import chapbook, newcomer

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PROJECT = ROOT / "notebooks" / "first-project"
NOTEBOOK = "first-project.ipynb"
DEAD_INDEX = "http://127.0.0.1:9/simple/"


@pytest.fixture(scope="module")
def variables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return newcomer(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("clone") / "first-project"
    shutil.copytree(PROJECT, folder, ignore=shutil.ignore_patterns(".*"))
    yield folder
    shutil.rmtree(folder)


def outputs(path: Path) -> list[dict[str, Any]]:
    cells = json.loads(path.read_bytes())["cells"]
    return [output for cell in cells if cell["cell_type"] == "code" for output in cell["outputs"]]


def has_plot(path: Path) -> bool:
    return any("image/png" in output.get("data", {}) for output in outputs(path))


def shown(path: Path) -> str:
    return "".join("".join(output.get("data", {}).get("text/plain", "")) for output in outputs(path))


def required(project: Path) -> list[str]:
    found: list[str] = tomllib.loads((project / "pyproject.toml").read_text())["project"]["dependencies"]
    return found


def test_the_lock_is_fresh_and_names_no_index(tmp_path: Path) -> None:
    text = (PROJECT / "poetry.lock").read_text()
    assert "://" not in text
    assert "[package.source]" not in text
    chapbook(PROJECT, {**os.environ, "HOME": str(tmp_path), "PIP_INDEX_URL": DEAD_INDEX}, "check", "--lock")


def test_the_notebook_is_saved_without_outputs_and_for_the_projects_kernel() -> None:
    notebook = json.loads((PROJECT / NOTEBOOK).read_bytes())
    assert "chapbook" == notebook["metadata"]["kernelspec"]["name"]
    assert [] == outputs(PROJECT / NOTEBOOK)


def test_it_runs_without_a_browser_and_again_without_the_network(project: Path, variables: dict[str, str]) -> None:
    assert not any("humanize" in text for text in required(project))
    chapbook(project, variables, "run", NOTEBOOK, "-o", "first.ipynb")
    assert "+ humanize" in shown(project / "first.ipynb")
    assert has_plot(project / "first.ipynb"), outputs(project / "first.ipynb")
    assert any("humanize" in text for text in required(project))

    chapbook(project, {**variables, "PIP_INDEX_URL": DEAD_INDEX}, "run", NOTEBOOK, "-o", "second.ipynb")
    assert "`humanize` is required already" in shown(project / "second.ipynb")
    assert has_plot(project / "second.ipynb"), outputs(project / "second.ipynb")


@pytest.mark.parametrize("kernel", ["chapbook", "python3"])
def test_a_person_opens_it_in_jupyterlab_whichever_python_it_was_saved_with(
    project: Path, variables: dict[str, str], tmp_path: Path, kernel: str
) -> None:
    notebook = json.loads((PROJECT / NOTEBOOK).read_bytes())
    notebook["metadata"]["kernelspec"]["name"] = kernel
    opened, seen_file = project / f"{kernel}.ipynb", tmp_path / "seen.json"
    opened.write_text(json.dumps(notebook))
    browser = f"{sys.executable} {Path(__file__).with_name('person.py')} {seen_file} %s"
    chapbook(project, {**variables, "BROWSER": browser}, "lab", opened.name)
    seen = json.loads(seen_file.read_bytes())
    assert "failure" not in seen, seen["failure"]
    assert seen["is_lab"]
    assert opened.name == seen["path"]
    assert ("chapbook", kernel) == (seen["default"], seen["kernel"])
    assert {"chapbook": "Project (Chapbook)", "python3": "Python 3 (ipykernel)"}.items() <= seen["kernels"].items()
    assert ["", ""] == [cell["error"] for cell in seen["cells"]]
    assert "image/png" in seen["cells"][-1]["types"], seen["cells"]
    assert str(project / ".venv") == seen["prefix"]
