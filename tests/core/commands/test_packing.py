from __future__ import annotations

import json
import sys
import tomllib
from typing import TYPE_CHECKING

import pytest

from tests.core.commands.changed import Project

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.commands.conftest import Chapbook
    from tests.fakes.index import FakeIndex

PYTHON = f">={sys.version_info[0]}.{sys.version_info[1]}"
HEAD = f'# a comment\n[project]\nname = "here"\nversion = "1"\nrequires-python = "{PYTHON}"\n'
PROJECT = f'{HEAD}dependencies = ["a>=1"]\n\n[dependency-groups]\ndev = ["b"]\n'
PLAIN = "\n[tool.poetry]\npackage-mode = false\n"


@pytest.fixture
def index(index: FakeIndex) -> FakeIndex:
    index.serve("a", "1.0")
    index.serve("b", "1.0")
    return index


@pytest.fixture
def project(connected: Path) -> Project:
    made = Project(connected)
    made.write(PROJECT + PLAIN)
    notebook(made, "n.ipynb", "import a\n")
    return made


def notebook(project: Project, name: str, *cells: str) -> bytes:
    told = [{"cell_type": "code", "metadata": {}, "outputs": [], "source": [cell]} for cell in cells]
    value = {"cells": told, "metadata": {"language_info": {"name": "python"}}, "nbformat": 4, "nbformat_minor": 5}
    (project.folder / name).write_text(json.dumps(value, indent=1) + "\n")
    return (project.folder / name).read_bytes()


def test_what_was_packed_is_unpacked_to_the_same_bytes_without_an_index(
    project: Project, index: FakeIndex, chapbook: Chapbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert 0 == chapbook("lock").status
    before = {name: content for name, content in project.files().items() if name != "poetry.toml"}
    outcome = chapbook("pack", "n.ipynb")
    assert 0 == outcome.status, outcome.err
    assert "Packed into n.packed.ipynb: 2 locked packages" in outcome.out
    assert before["n.ipynb"] == (project.folder / "n.ipynb").read_bytes()
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple/")
    asked = index.counts["page"]
    outcome = chapbook("unpack", "n.packed.ipynb", "elsewhere/deep")
    assert 0 == outcome.status, outcome.err
    made = Project(project.folder / "elsewhere" / "deep")
    assert before == made.files()
    assert asked == index.counts["page"]
    assert 0 == chapbook("-C", "elsewhere/deep", "lock", "--check").status


def test_other_tools_find_what_it_needs_in_the_first_cell(project: Project, chapbook: Chapbook) -> None:
    chapbook("lock")
    chapbook("pack", "n.ipynb", "-o", "out.ipynb")
    cells = json.loads((project.folder / "out.ipynb").read_text())["cells"]
    lines = "".join(cells[0]["source"]).splitlines()
    assert ("# /// script", "# ///") == (lines[0], lines[-1])
    metadata = tomllib.loads("\n".join(line.removeprefix("#").removeprefix(" ") for line in lines[1:-1]))
    assert {"requires-python": PYTHON, "dependencies": ["a (>=1)"]} == metadata
    assert {"jupyter": {"source_hidden": True}} == cells[0]["metadata"]
    assert ["import a\n"] == cells[1]["source"]


def test_packing_again_packs_what_there_is_now(project: Project, index: FakeIndex, chapbook: Chapbook) -> None:
    chapbook("lock")
    chapbook("pack", "n.ipynb")
    first = (project.folder / "n.packed.ipynb").read_bytes()
    assert 0 == chapbook("pack", "n.ipynb").status
    assert first == (project.folder / "n.packed.ipynb").read_bytes()
    index.serve("a", "2.0")
    chapbook("update", "--lock", "--refresh")
    chapbook("pack", "n.packed.ipynb", "-o", "n.packed.ipynb")
    chapbook("unpack", "n.packed.ipynb", "there")
    assert ["a 2.0", "b 1.0"] == Project(project.folder / "there").pins


def test_nothing_of_somebody_else_is_written_over(project: Project, chapbook: Chapbook) -> None:
    chapbook("lock")
    other = notebook(project, "n.packed.ipynb", "import b\n")
    assert 1 == chapbook("pack", "n.ipynb").status
    assert other == (project.folder / "n.packed.ipynb").read_bytes()
    (project.folder / "n").mkdir()
    (project.folder / "n" / "mine").write_text("")
    outcome = chapbook("unpack", "n.ipynb")
    assert 1 == outcome.status
    assert "chapbook unpack n.ipynb FOLDER" in outcome.err
    assert ["mine"] == [path.name for path in (project.folder / "n").iterdir()]


def test_a_lock_is_needed_and_has_to_belong(project: Project, chapbook: Chapbook) -> None:
    assert 1 == chapbook("pack", "n.ipynb").status
    chapbook("lock")
    project.write(project.text.replace("a>=1", "a>=0"))
    assert 1 == chapbook("pack", "n.ipynb").status


def test_what_cannot_travel_is_told(project: Project, chapbook: Chapbook) -> None:
    project.write(PROJECT)
    (project.folder / "src" / "here").mkdir(parents=True)
    (project.folder / "src" / "here" / "__init__.py").write_text("")
    notebook(project, "n.ipynb", "import a, here\n")
    chapbook("lock")
    outcome = chapbook("pack", "n.ipynb")
    assert 0 == outcome.status, outcome.err
    assert "the module `here` of this project stays behind" in outcome.err
    assert 0 == chapbook("unpack", "n.packed.ipynb").status
    assert 0 == chapbook("-C", "n", "lock", "--check").status
    assert "package-mode = false" in (project.folder / "n" / "pyproject.toml").read_text()


@pytest.mark.parametrize("content", ["zlib+base64:x", "plain", 3])
def test_damage_is_told_before_anything_is_made(project: Project, chapbook: Chapbook, content: object) -> None:
    chapbook("lock")
    chapbook("pack", "n.ipynb")
    file = project.folder / "n.packed.ipynb"
    value = json.loads(file.read_text())
    value["metadata"]["chapbook"]["packed"]["poetry.lock"] = content
    file.write_text(json.dumps(value))
    outcome = chapbook("unpack", "n.packed.ipynb")
    assert 1 == outcome.status
    assert "is damaged" in outcome.err
    assert not (project.folder / "n").exists()


def test_a_carried_file_of_another_name_is_left_alone(project: Project, chapbook: Chapbook) -> None:
    chapbook("lock")
    chapbook("pack", "n.ipynb")
    file = project.folder / "n.packed.ipynb"
    value = json.loads(file.read_text())
    own = value["metadata"]["chapbook"]["packed"]
    own["../evil.py"] = own["poetry.lock"]
    file.write_text(json.dumps(value))
    assert 0 == chapbook("unpack", "n.packed.ipynb").status
    assert not (project.folder / "evil.py").exists()
    assert {"n.ipynb", "poetry.lock", "pyproject.toml"} == {path.name for path in (project.folder / "n").iterdir()}


METADATA = '# /// script\n# requires-python = ">=3.9,<3.14"\n# dependencies = ["a>=1", "b"]\n# ///\n'


@pytest.mark.parametrize("source", [METADATA, "%pip install 'a>=1' b\n"])
def test_any_notebook_that_says_what_it_needs_becomes_a_project(
    project: Project, chapbook: Chapbook, source: str
) -> None:
    before = notebook(project, "said.ipynb", source, "import a\n")
    outcome = chapbook("unpack", "said.ipynb")
    assert 0 == outcome.status, outcome.err
    made = project.folder / "said"
    assert before == (made / "said.ipynb").read_bytes()
    data = tomllib.loads((made / "pyproject.toml").read_text())
    assert ["a (>=1)", "b"] == data["project"]["dependencies"]
    if source == METADATA:
        assert ">=3.9,<3.14" == data["project"]["requires-python"]
    assert 0 == chapbook("-C", "said", "lock").status


def test_init_begins_with_what_a_notebook_says(project: Project, chapbook: Chapbook) -> None:
    (project.folder / "pyproject.toml").unlink()
    notebook(project, "said.ipynb", METADATA, "%pip install c==2 --extra-index-url https://example.org/simple/\n")
    outcome = chapbook("init", "-n", "--no-imports", "--from", "said.ipynb")
    assert 0 == outcome.status, outcome.err
    data = tomllib.loads(project.text)
    assert ["a (>=1)", "b", "c (==2)"] == data["project"]["dependencies"]
    assert ">=3.9,<3.14" == data["project"]["requires-python"]
    assert "https://example.org/simple/" == data["tool"]["poetry"]["source"][0]["url"]


def test_init_tells_what_it_cannot_understand_and_writes_nothing(project: Project, chapbook: Chapbook) -> None:
    (project.folder / "pyproject.toml").unlink()
    notebook(project, "said.ipynb", "# /// script\n# dependencies = 3\n# ///\n")
    outcome = chapbook("init", "-n", "--from", "said.ipynb")
    assert 1 == outcome.status
    assert "should be a list" in outcome.err
    assert not (project.folder / "pyproject.toml").exists()
