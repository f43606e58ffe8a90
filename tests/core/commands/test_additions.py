"""How what is added is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.core.commands.changed import HEAD, LEGACY, Project
from tests.fakes.index.wheel import make_wheel, wheel_name
from tests.fakes.index.world import describe

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.commands.conftest import Chapbook
    from tests.fakes.index import FakeIndex


@pytest.fixture
def project(connected: Path) -> Project:
    made = Project(connected)
    made.require()
    return made


WRITTEN = [
    (["idna"], "idna (>=3.20,<4.0)", '"^3.20"'),
    (["idna@latest"], "idna (>=3.20,<4.0)", '"^3.20"'),
    (["idna@LATEST"], "idna (>=3.20,<4.0)", '"^3.20"'),
    (["idna@^3"], "idna (>=3,<4)", '"^3"'),
    (["idna@~3.7"], "idna (>=3.7,<3.8)", '"~3.7"'),
    (["idna==3.7"], "idna (==3.7)", '"3.7"'),
    (["idna@3.7"], "idna (==3.7)", '"3.7"'),
    (["idna>=3,<4,!=3.5"], "idna (>=3,!=3.5,<4)", '">=3,<4,!=3.5"'),
    (["Idna"], "Idna (>=3.20,<4.0)", '"^3.20"'),
    (["idna[x]@^3.7"], "idna[x] (>=3.7,<4.0)", '{version = "^3.7", extras = ["x"]}'),
    (["idna", "-E", "x"], "idna[x] (>=3.20,<4.0)", '{version = "^3.20", extras = ["x"]}'),
]


@pytest.mark.parametrize(("words", "standard"), [(words, standard) for words, standard, _ in WRITTEN])
def test_a_standard_project_gets_the_standard_text(
    project: Project, index: FakeIndex, chapbook: Chapbook, words: list[str], standard: str
) -> None:
    index.serve("idna", "3.7", extras={"x": []})
    index.serve("idna", "3.20", extras={"x": []})

    outcome = chapbook("add", "--lock", *words)

    assert 0 == outcome.status, outcome.err
    assert f'dependencies = [\n    "{standard}"\n]\n' in project.text


@pytest.mark.parametrize(("words", "former"), [(words, former) for words, _, former in WRITTEN])
def test_a_project_of_poetry_gets_poetrys_words(
    project: Project, index: FakeIndex, chapbook: Chapbook, words: list[str], former: str
) -> None:
    index.serve("idna", "3.7", extras={"x": []})
    index.serve("idna", "3.20", extras={"x": []})
    project.write(LEGACY)

    outcome = chapbook("add", "--lock", *words)

    assert 0 == outcome.status, outcome.err
    name = "Idna" if words == ["Idna"] else "idna"
    assert f"{LEGACY}{name} = {former}\n" == project.text


def test_a_bare_project_table_gets_dependencies_of_its_own(
    project: Project, index: FakeIndex, chapbook: Chapbook
) -> None:
    index.serve("idna", "3.20")
    project.write(HEAD)
    chapbook("add", "idna", "--lock")
    assert f'{HEAD}dependencies = [\n    "idna (>=3.20,<4.0)",\n]\n' == project.text


def test_markers_are_put_together(project: Project, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("colorama", "0.4.6")
    outcome = chapbook("add", "colorama", "--platform", "win32", "--python", "<3.13", "--lock")
    assert 0 == outcome.status, outcome.err
    marker = 'python_version < "3.13" and sys_platform == "win32"'
    assert f"'colorama (>=0.4.6,<0.5.0) ; {marker}'" in project.text
    assert (
        "no environment would ever get"
        in chapbook("add", "colorama", "--markers", "python_version < '2'", "--python", ">3").err
    )
    assert "is not the name of a platform" in chapbook("add", "colorama", "--platform", "win 32").err


@pytest.mark.parametrize("words", [["-G", "dev"], ["-D"]])
def test_a_group_is_made_where_there_is_none(
    project: Project, index: FakeIndex, chapbook: Chapbook, words: list[str]
) -> None:
    index.serve("pytest", "8.1")
    outcome = chapbook("add", "pytest", "--lock", *words)
    assert '\n[dependency-groups]\ndev = [\n    "pytest (>=8.1,<9.0)",\n]\n' in project.text
    assert "to the group dev" in outcome.out
    assert 'groups = ["dev"]' in (project.folder / "poetry.lock").read_text("utf-8")


def test_an_extra_of_the_project_is_made(project: Project, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("idna", "3.20")
    chapbook("add", "idna", "--optional", "net", "--lock")
    assert '[project.optional-dependencies]\nnet = [\n    "idna (>=3.20,<4.0)",\n]\n' in project.text
    assert "optional = true" in (project.folder / "poetry.lock").read_text("utf-8")
    assert 2 == chapbook("add", "idna", "--optional", "net", "-G", "dev").status


def test_what_no_standard_says_stands_beside_it(project: Project, chapbook: Chapbook, index: FakeIndex) -> None:
    index.serve("idna", "4.0a1")
    index.serve("idna", "3.20")
    source = f'\n[[tool.poetry.source]]\nname = "Mine"\nurl = "{index.url}"\npriority = "explicit"\n'
    project.require(rest=source)

    outcome = chapbook("add", "idna", "--source", "mine", "--allow-prereleases", "--lock")

    assert 0 == outcome.status, outcome.err
    assert '"idna (>=4.0a1,<5.0)"' in project.text
    assert 'idna = {allow-prereleases = true, source = "Mine"}' in project.text
    assert "has no source `other`" in chapbook("add", "idna", "--source", "other").err


def test_a_path_is_written_relative_to_the_project_wherever_it_was_typed(
    project: Project, chapbook: Chapbook, index: FakeIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.serve("idna", "3.20")
    library = project.folder.parent / "a folder"
    library.mkdir()
    head = '[project]\nname = "The-Lib"\nversion = "2"\ndependencies = ["idna"]\nrequires-python = ">=3.9"\n'
    (library / "pyproject.toml").write_text(head, "utf-8")
    below = project.folder / "notebooks"
    below.mkdir()
    monkeypatch.chdir(below)

    outcome = chapbook("add", "-e", "../../a folder", "--lock")

    assert 0 == outcome.status, outcome.err
    assert 'dependencies = [\n    "The-Lib"\n]' in project.text
    assert 'The-Lib = {path = "../a folder", develop = true}' in project.text
    assert str(project.folder.parent) not in project.text
    assert ["idna 3.20", "the-lib 2"] == project.pins


def test_a_wheel_beside_the_project_keeps_its_name(project: Project, chapbook: Chapbook, index: FakeIndex) -> None:
    index.serve("six", "1.16.0")
    release = describe("six", "1.16.0")
    wheel = project.folder / wheel_name(release, "py3-none-any")
    wheel.write_bytes(make_wheel(release, "py3-none-any"))
    outcome = chapbook("add", f"./{wheel.name}", "--lock")
    assert 0 == outcome.status, outcome.err
    assert f'six = {{path = "{wheel.name}"}}' in project.text


def test_an_extra_of_a_project_of_poetry_lists_what_is_added(
    project: Project, index: FakeIndex, chapbook: Chapbook
) -> None:
    index.serve("idna", "3.20")
    project.write(LEGACY)
    chapbook("add", "idna", "--platform", "win32", "--optional", "net", "--lock")
    assert 'idna = {version = "^3.20", optional = true, platform = "win32"}' in project.text
    assert '\n[tool.poetry.extras]\nnet = [\n    "idna",\n]\n' in project.text
    assert 0 == chapbook("lock", "--check").status
