from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.core.commands.changed import Project
    from tests.core.commands.conftest import Chapbook
    from tests.fakes.index import FakeIndex


@pytest.fixture
def index(index: FakeIndex) -> FakeIndex:
    index.serve("top", "1.0", requires=["below"], files={"top/__init__.py": ""})
    index.serve("below", "1.0", files={"beneath/__init__.py": ""})
    index.serve("idle", "1.0", files={"idle/__init__.py": ""})
    index.serve("tool", "1.0", files={"tooling/__init__.py": ""}, scripts={"tool": "tooling:main"})
    index.serve("scikit-learn", "1.5", files={"sklearn/__init__.py": ""})
    return index


@pytest.fixture
def project(project: Project) -> Project:
    project.require_here("top")
    return project


def notebook(project: Project, name: str, *cells: str) -> None:
    told = [{"cell_type": "markdown", "metadata": {}, "source": "import nothing"}]
    told += [{"cell_type": "code", "metadata": {}, "outputs": [], "source": cell} for cell in cells]
    (project.folder / name).write_text(json.dumps({"cells": told, "metadata": {}, "nbformat": 4}))


def checked(chapbook: Chapbook, *words: str) -> dict[str, list[dict[str, object]]]:
    data: dict[str, list[dict[str, object]]] = json.loads(
        chapbook("check", "--imports", "--format", "json", *words).out
    )
    return data


def test_a_project_that_requires_what_it_imports(project: Project, chapbook: Chapbook) -> None:
    assert 0 == chapbook("install").status
    notebook(project, "a.ipynb", "import top, json\nfrom IPython.display import display")
    (project.folder / "own.py").write_text("import top.inner\n")
    (project.folder / "more.py").write_text("import own\n")
    outcome = chapbook("check", "--imports")
    assert 0 == outcome.status, outcome.err
    assert "Every import is required by the project (3 files)\n" == outcome.out


def test_what_is_not_required_is_told_with_its_cell_and_line(project: Project, chapbook: Chapbook) -> None:
    notebook(project, "a.ipynb", "x = 1", "import top\nfrom sklearn.linear_model import Ridge")
    (project.folder / "b.py").write_text("\n\nimport sklearn\n")
    outcome = chapbook("check", "--imports")
    assert 1 == outcome.status
    assert (
        "a.ipynb, cell 3, line 2: imports `sklearn`, which the project does not require; `scikit-learn` brings it "
        "(1 more place)"
    ) in outcome.err
    assert "chapbook add scikit-learn" in outcome.err


def test_what_is_there_by_chance_is_a_warning(project: Project, chapbook: Chapbook) -> None:
    assert 0 == chapbook("install").status
    (project.folder / "b.py").write_text("import top\nimport beneath\n")
    outcome = chapbook("check", "--imports")
    assert 0 == outcome.status
    assert "b.py:2: imports `beneath` from `below`, which is only there because of `top`" in outcome.err
    assert 1 == chapbook("check", "--imports", "--strict").status


def test_what_can_be_done_without_is_a_note(project: Project, chapbook: Chapbook) -> None:
    (project.folder / "b.py").write_text("import top\ntry:\n    import sklearn\nexcept ImportError:\n    pass\n")
    outcome = chapbook("check", "--imports", "--strict")
    assert 0 == outcome.status
    assert "imports `sklearn` where it is there" in outcome.out


def test_what_nobody_knows_is_never_guessed(project: Project, chapbook: Chapbook) -> None:
    (project.folder / "b.py").write_text("import top, reqeusts\n")
    outcome = chapbook("check", "--imports", "--fix")
    assert 0 == outcome.status
    assert "which package brings that is not known" in outcome.err
    assert "reqeusts" not in project.text


def test_what_is_required_and_not_imported_is_a_note(project: Project, chapbook: Chapbook) -> None:
    project.require_here("top", "idle", "tool", "types-idle")
    project.require_here("top", "idle", "tool")
    assert 0 == chapbook("install").status
    (project.folder / "b.py").write_text("import top\n")
    outcome = chapbook("check", "--imports")
    assert 0 == outcome.status
    assert "nothing imports `idle`" in outcome.out
    assert "chapbook remove idle" in outcome.out
    assert "tool (it has commands or plugins)" in outcome.out


def test_what_is_certain_is_added(project: Project, chapbook: Chapbook) -> None:
    assert 0 == chapbook("install").status
    (project.folder / "b.py").write_text("import top, beneath\n")
    (project.folder / "tests").mkdir()
    (project.folder / "tests" / "test_b.py").write_text("import b, sklearn\n")
    outcome = chapbook("check", "--imports", "--fix")
    assert 0 == outcome.status, outcome.err
    assert ["below 1.0", "scikit-learn 1.5", "top 1.0"] == project.pins
    assert '"below (>=1.0,<2.0)"' in project.text
    assert "[dependency-groups]" in project.text
    assert "Added scikit-learn (^1.5) to the group dev" in outcome.out
    assert [] == checked(chapbook)["undeclared"]


def test_files_that_cannot_be_read_are_told(project: Project, chapbook: Chapbook) -> None:
    (project.folder / "broken.ipynb").write_text("<html>")
    notebook(project, "pip.ipynb", "%pip install sklearn-extra", "import top")
    outcome = chapbook("check", "--imports")
    assert 0 == outcome.status
    assert "broken.ipynb: it is not JSON" in outcome.err
    assert "pip.ipynb installs packages by itself" in outcome.out
    assert 1 == chapbook("check", "--imports", "--strict").status


def test_an_alternative_counts_as_the_famous_one(project: Project, chapbook: Chapbook) -> None:
    project.require_here("opencv-python-headless", "top")
    (project.folder / "b.py").write_text("# %% a percent script\n%matplotlib inline\nimport cv2, top\n")
    assert [] == checked(chapbook)["undeclared"]


def test_fixing_goes_with_imports_alone(project: Project, chapbook: Chapbook) -> None:
    assert project.text
    assert 2 == chapbook("check", "--fix").status
