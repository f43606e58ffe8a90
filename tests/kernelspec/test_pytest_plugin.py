from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from tests.kernelspec.notebooks import code, make_ready, text, write_notebook
from tests.kernelspec.test_testing import a_person

if TYPE_CHECKING:
    from pathlib import Path

# Where Chapbook is installed, pytest finds the plugin by itself, and wants it no second time.
_IS_FOUND = any(entry_points(group="pytest11", name="chapbook"))
PLUGIN = [] if _IS_FOUND else ["-p", "chapbook_kernelspec.pytest_plugin"]
_LOADED = """\
import sys, pytest
pytest.main(["-q", *{plugin}])
heavy = ("nbclient", "nbformat", "zmq", "jupyter", "chapbook_core.")
print([name for name in sys.modules if name.startswith(heavy)])
"""


@pytest.fixture
def variables(tmp_path: Path) -> dict[str, str]:
    return a_person(tmp_path)


@pytest.fixture
def project(tmp_path: Path, variables: dict[str, str]) -> Path:
    project = tmp_path / "project"
    make_ready(project, tmp_path / "home", variables)
    write_notebook(project / "good.ipynb", text("# Good"), code("x = 1", "export"), code("assert x == 1", "test"))
    write_notebook(project / "bad.ipynb", text("# Bad"), code("print('before')"), code("'never ' + 1"))
    write_notebook(project / "prose.ipynb", text("only words"))
    (project / "test_module.py").write_text("def test_it(): assert True\n")
    return project


def run(project: Path, variables: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", *PLUGIN, "-W", "error", "-p", "no:cacheprovider", *words],
        cwd=project,
        env=variables,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_installing_chapbook_changes_no_run(project: Path, variables: dict[str, str]) -> None:
    ended = run(project, variables, "-q")
    assert (0, True) == (ended.returncode, "1 passed" in ended.stdout), ended


def test_nothing_heavy_is_loaded_beside_it(project: Path, variables: dict[str, str]) -> None:
    program = [sys.executable, "-c", _LOADED.format(plugin=PLUGIN)]
    ended = subprocess.run(program, cwd=project, env=variables, capture_output=True, text=True, check=True)
    assert "[]" == ended.stdout.splitlines()[-1]


def test_notebooks_are_tests_when_asked_for(project: Path, variables: dict[str, str]) -> None:
    ended = run(project, variables, "--chapbook", "--junitxml=report.xml", "-n", "2", "-rf")
    assert 1 == ended.returncode, ended
    assert "1 failed, 2 passed" in ended.stdout
    assert "bad.ipynb, cell 3: TypeError: can only concatenate str" in ended.stdout
    assert "----> 1 'never ' + 1" in ended.stdout
    assert "FAILED bad.ipynb::notebook - bad.ipynb, cell 3: TypeError" in ended.stdout
    assert "chapbook_kernelspec" not in ended.stdout.replace("pytest_plugin", "").partition("FAILURES")[2]
    cases = ET.parse(project / "report.xml").getroot().iter("testcase")
    assert {"bad.ipynb", "good.ipynb", "test_module"} == {case.get("classname") for case in cases}


def test_a_setting_asks_for_them_and_names_choose(project: Path, variables: dict[str, str]) -> None:
    (project / "pytest.ini").write_text("[pytest]\nchapbook_notebooks = true\nchapbook_tagged = true\n")
    (project / "broken.ipynb").write_text("{")
    listed = run(project, variables, "-q", "--collect-only")
    assert ["good.ipynb::notebook", "test_module.py::test_it"] == [
        line for line in listed.stdout.splitlines() if "::" in line
    ]
    assert "`broken.ipynb` is not a notebook" in listed.stdout
    (project / "broken.ipynb").unlink()
    ended = run(project, variables, "-q", "-k", "good")
    assert (0, True) == (ended.returncode, "1 passed, 1 deselected" in ended.stdout), ended
