from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

import pytest

from chapbook_core.commands.packaging.proposal import ForeignBackend, Wanted, propose
from chapbook_core.commands.surroundings import Surroundings
from chapbook_core.errors import UsageError
from chapbook_core.project.scaffold import BACKEND
from tests.core.commands.packaging.answers import Answers

if TYPE_CHECKING:
    from pathlib import Path

NOTHING = Wanted(None, None)
OURS = {"requires": ["chapbook>=0.1"], "build-backend": BACKEND}


def proposed(folder: Path, wanted: Wanted = NOTHING, ask: Answers | None = None) -> dict[str, Any]:
    surroundings = Surroundings(folder, {}, folder, (3, 12), ask=ask)
    return tomllib.loads(propose(folder, wanted, surroundings).text())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "My Tools"
    folder.mkdir()
    return folder


def test_a_folder_of_notebooks_becomes_a_package_of_its_name(folder: Path) -> None:
    (folder / "README.md").write_text("")
    data = proposed(folder)
    assert {
        "name": "my-tools",
        "version": "0.1.0",
        "readme": "README.md",
        "requires-python": ">=3.12",
        "dependencies": [],
    } == data["project"]
    assert {"chapbook": {"export": {"package": "my_tools"}}} == data["tool"]
    assert OURS == data["build-system"]
    assert not (folder / "pyproject.toml").exists()


def test_a_person_is_asked_only_for_what_nobody_has_said(folder: Path) -> None:
    ask = Answers("My_Tools", "2.0")
    told = proposed(folder, ask=ask)["project"]
    assert ("my-tools", "2.0") == (told["name"], told["version"])
    assert [("name of the package", "my-tools"), ("its version", "0.1.0")] == ask.asked
    ask = Answers()
    proposed(folder, Wanted("other", "1"), ask)
    (folder / "pyproject.toml").write_text('[project]\nname = "known"\nversion = "3"\n')
    proposed(folder, ask=ask)
    assert [] == ask.asked


def test_what_configures_other_tools_stays(folder: Path) -> None:
    (folder / "pyproject.toml").write_text("# mine\n[tool.ruff]\nline-length = 99 # wide\n")
    text = propose(folder, NOTHING, Surroundings(folder, {}, folder, (3, 12))).text()
    assert text.startswith("# mine\n[tool.ruff]\nline-length = 99 # wide\n")
    assert "my-tools" == tomllib.loads(text)["project"]["name"]


def test_a_project_of_notebooks_becomes_a_package(folder: Path) -> None:
    (folder / "pyproject.toml").write_text(
        '[project]\nname = "study"\nversion = "0.3"\nrequires-python = ">=3.11,<3.12"\n'
        "\n[tool.poetry]\npackage-mode = false\n"
    )
    data = proposed(folder)
    assert {"name": "study", "version": "0.3", "requires-python": ">=3.11,<3.12"} == data["project"]
    assert {"chapbook": {"export": {"package": "study"}}} == data["tool"]
    assert OURS == data["build-system"]


def test_a_project_of_poetry_s_own_form_keeps_it(folder: Path) -> None:
    (folder / "pyproject.toml").write_text(
        '[tool.poetry]\nname = "old"\nversion = "1"\ndescription = ""\nauthors = []\npackages = [{include = "eggs"}]\n'
        '[tool.poetry.dependencies]\npython = "^3.11"\n'
        '[build-system]\nrequires = ["poetry-core"]\nbuild-backend = "poetry.core.masonry.api"\n'
    )
    data = proposed(folder, Wanted(None, "2"))
    assert "project" not in data
    assert ("old", "2") == (data["tool"]["poetry"]["name"], data["tool"]["poetry"]["version"])
    assert {"export": {"package": "eggs"}} == data["tool"]["chapbook"]
    assert "poetry.core.masonry.api" == data["build-system"]["build-backend"]


def test_what_says_everything_is_left_alone(folder: Path) -> None:
    text = (
        '[project]\nname = "a"\ndynamic = ["version"]\n\n[tool.chapbook.version]\nfile = "v.py"\n\n'
        '[tool.chapbook.export]\nfolder = "nbs"\n\n'
        f'[build-system]\nrequires = ["chapbook"]\nbuild-backend = "{BACKEND}"\n'
    )
    (folder / "nbs").mkdir()
    (folder / "v.py").write_text('__version__ = "1"')
    (folder / "pyproject.toml").write_text(text)
    document = propose(folder, NOTHING, Surroundings(folder, {}, folder, (3, 12), ask=Answers()))
    assert text == document.text()


def test_a_backend_that_knows_no_notebooks_is_refused(folder: Path) -> None:
    (folder / "pyproject.toml").write_text(
        '[project]\nname = "a"\nversion = "1"\n'
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
    )
    with pytest.raises(ForeignBackend):
        proposed(folder)


@pytest.mark.parametrize("wanted", [Wanted("no name!", None), Wanted(None, "soon")])
def test_what_is_no_name_or_version_is_refused(folder: Path, wanted: Wanted) -> None:
    with pytest.raises(UsageError):
        proposed(folder, wanted)
