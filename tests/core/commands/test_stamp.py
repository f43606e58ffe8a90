from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chapbook_core.commands.notebook_stamp import read_stamp, stamp_if_wanted
from chapbook_core.commands.stamp import Verification
from chapbook_core.commands.surroundings import Surroundings
from tests.core.commands.inside import perform_inside, running_kernel

if TYPE_CHECKING:
    from tests.core.commands.changed import Project
    from tests.core.commands.conftest import Chapbook
    from tests.fakes.index import FakeIndex


pytestmark = pytest.mark.usefixtures("three_packages")


@pytest.fixture
def project(project: Project, chapbook: Chapbook) -> Project:
    project.require_here("a", "c")
    assert 0 == chapbook("install").status
    write(project, "import own")
    (project.folder / "own.py").write_text("import a\n")
    return project


def write(project: Project, *cells: str) -> None:
    told = [{"cell_type": "code", "metadata": {}, "outputs": [], "source": cell} for cell in cells]
    notebook = {"cells": told, "metadata": {"chapbook": {"groups": ["x"]}}, "nbformat": 4, "nbformat_minor": 5}
    (project.folder / "a.ipynb").write_text(json.dumps(notebook, indent=1) + "\n")


def test_the_stamp_says_what_the_outputs_come_from(project: Project, chapbook: Chapbook) -> None:
    outcome = chapbook("stamp", "a.ipynb")
    assert 0 == outcome.status, outcome.err
    assert "Stamped a.ipynb: Python " in outcome.out
    own = json.loads((project.folder / "a.ipynb").read_text())["metadata"]["chapbook"]
    assert ["x"] == own["groups"]
    stamp = own["stamp"]
    assert ({"a": "1.0"}, {"b": "1.0"}) == (stamp["imports"], stamp["below"])
    assert stamp["content-hash"] in (project.folder / "poetry.lock").read_text()
    before = (project.folder / "a.ipynb").read_bytes()
    assert 0 == chapbook("stamp", "a.ipynb").status
    assert before == (project.folder / "a.ipynb").read_bytes()


def test_an_environment_that_has_changed_is_not_the_one(project: Project, index: FakeIndex, chapbook: Chapbook) -> None:
    chapbook("stamp", "a.ipynb")
    outcome = chapbook("verify", "a.ipynb")
    assert (0, "a.ipynb: today's environment is the one\n") == (outcome.status, outcome.out)
    index.serve("c", "2.0")
    chapbook("update", "--refresh")
    assert 0 == chapbook("verify", "a.ipynb").status
    index.serve("b", "2.0")
    chapbook("update", "--refresh")
    outcome = chapbook("verify", "a.ipynb")
    assert 1 == outcome.status
    assert "a.ipynb: the outputs come from another environment\n  b  1.0  ->  2.0\n" in outcome.out
    assert project.pins == ["a 1.0", "b 2.0", "c 2.0"]


def test_what_was_edited_is_told_and_no_reason_to_fail(project: Project, chapbook: Chapbook) -> None:
    chapbook("stamp", "a.ipynb")
    file = project.folder / "a.ipynb"
    file.write_text(file.read_text().replace("import own", "import own, c"))
    outcome = chapbook("verify", "a.ipynb")
    assert 0 == outcome.status
    assert "its code was edited since it was stamped" in outcome.out


def test_an_import_that_is_gone_is_no_other_environment(project: Project, chapbook: Chapbook) -> None:
    chapbook("stamp", "a.ipynb")
    write(project, "print(1)")
    file = project.folder / "a.ipynb"
    stamped = json.loads(file.read_text())
    stamped["metadata"] = {"chapbook": {"stamp": {"python": sys.version.split()[0], "imports": {"a": "1.0"}}}}
    file.write_text(json.dumps(stamped))
    outcome = chapbook("verify", "a.ipynb")
    assert 0 == outcome.status, outcome.out
    assert "today's environment is the one" in outcome.out


def test_a_notebook_that_is_not_there_is_told_as_such(project: Project, chapbook: Chapbook) -> None:
    assert project.text
    outcome = chapbook("verify", "b.ipynb")
    assert 1 == outcome.status
    assert "error: there is no `" in outcome.err
    assert "name it: `chapbook verify analysis.ipynb`" in chapbook("verify").err


def test_what_carries_no_stamp_fails(project: Project, chapbook: Chapbook) -> None:
    assert project.text
    outcome = chapbook("verify", "a.ipynb")
    assert 1 == outcome.status
    assert "a.ipynb: carries no stamp" in outcome.out


def test_nothing_is_stamped_unless_all_can_be(project: Project, chapbook: Chapbook) -> None:
    (project.folder / "b.ipynb").write_text("nonsense")
    before = (project.folder / "a.ipynb").read_bytes()
    assert 1 == chapbook("stamp", "a.ipynb", "b.ipynb").status
    assert before == (project.folder / "a.ipynb").read_bytes()
    assert 2 == chapbook("stamp").status


def test_a_kernel_stamps_with_what_it_has_loaded(project: Project, index: FakeIndex) -> None:
    index.serve("a", "1.1")
    with running_kernel(project.folder, "a") as kernel:
        perform_inside(project.folder, "update a --refresh --apply-now", kernel.value)
        perform_inside(project.folder, "stamp a.ipynb", kernel.started("a=1.0"))
    result = perform_inside(project.folder, "verify a.ipynb")
    assert isinstance(result, Verification)
    assert [("a", "1.0", "1.1")] == [(one.name, one.before, one.now) for one in result.notebooks[0].differences]


@pytest.mark.parametrize(("setting", "expected"), [("stamp = true", True), ("stamp = false", False), ("", False)])
def test_what_was_executed_is_stamped_where_the_project_wants_it(
    project: Project, setting: str, expected: bool
) -> None:
    project.write(f"{project.text}\n[tool.chapbook]\n{setting}\n")
    surroundings = Surroundings(project.folder, dict(os.environ), Path.home(), sys.version_info[:2])
    stamp = stamp_if_wanted(surroundings, project.folder / "a.ipynb")
    assert expected == (stamp is not None) == (read_stamp(project.folder / "a.ipynb") is not None)


def test_outside_of_a_project_nothing_is_stamped(tmp_path: Path) -> None:
    surroundings = Surroundings(tmp_path, dict(os.environ), Path.home(), sys.version_info[:2])
    assert stamp_if_wanted(surroundings, tmp_path / "a.ipynb") is None
