from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING, Any

import pytest

from chapbook_core.commands.command import Invocation
from chapbook_core.commands.init import run
from chapbook_core.commands.registry import BY_NAME
from chapbook_core.commands.surroundings import Surroundings
from chapbook_core.errors import Cancelled
from chapbook_core.events import Unwatched

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path


def write_notebook(path: Path, *cells: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    notebook = {"cells": [{"cell_type": "code", "source": cell} for cell in cells], "nbformat": 4, "metadata": {}}
    path.write_text(json.dumps(notebook), encoding="utf-8")


def read(folder: Path) -> dict[str, Any]:
    return tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))


class ScriptedAsker:
    """Answers questions by how they begin; what is not scripted gets the default."""

    def __init__(self, answers: dict[str, str | bool | tuple[str, ...]]) -> None:
        self.answers = answers
        self.told: list[str] = []
        self.asked: list[str] = []

    def ask(self, question: str, default: str = "", check: Callable[[str], str | None] | None = None) -> str:
        self.asked.append(question)
        answer = self._scripted(question, default)
        assert isinstance(answer, str)
        if check is not None and (mistake := check(answer)) is not None:
            self.told.append(mistake)
            return self.ask(question, default, check)
        return answer

    def ask_secret(self, question: str) -> str:
        raise AssertionError(f"a project has no secrets: {question}")

    def confirm(self, question: str, *, default: bool) -> bool:
        self.asked.append(question)
        answer = self._scripted(question, default)
        assert isinstance(answer, bool)
        return answer

    def choose(self, question: str, choices: Sequence[str], chosen: Sequence[str] = ()) -> tuple[str, ...]:
        self.asked.append(f"{question} {' '.join(choices)}")
        answer = self._scripted(question, tuple(chosen))
        assert isinstance(answer, tuple)
        return answer

    def tell(self, text: str) -> None:
        self.told.append(text)

    def _scripted(self, question: str, default: str | bool | tuple[str, ...]) -> str | bool | tuple[str, ...]:
        for start in self.answers:
            if question.startswith(start):
                return self.answers.pop(start)
        return default


def initialise(folder: Path, asker: ScriptedAsker, **values: str | bool | tuple[str, ...]) -> str:
    surroundings = Surroundings(folder, {"PATH": ""}, folder, (3, 12), ask=asker)
    run(Invocation(BY_NAME["init"], values), surroundings, Unwatched())
    return (folder / "pyproject.toml").read_text(encoding="utf-8")


def test_an_empty_folder_becomes_a_package(chapbook: Callable[..., Any], folder: Path) -> None:
    outcome = chapbook("init", "--python", ">=3.11")
    assert (outcome.status, outcome.out) == (0, "work, a package, was written to pyproject.toml\n")
    assert read(folder)["project"] == {
        "name": "work",
        "version": "0.1.0",
        "description": "",
        "requires-python": ">=3.11",
        "dependencies": [],
    }
    assert read(folder)["build-system"]["build-backend"] == "poetry.core.masonry.api"


def test_a_readme_and_a_src_folder_are_found(chapbook: Callable[..., Any], folder: Path) -> None:
    (folder / "readme.rst").touch()
    (folder / "src" / "work").mkdir(parents=True)
    chapbook("init")
    assert read(folder)["project"]["readme"] == "readme.rst"
    assert read(folder)["tool"]["poetry"]["packages"] == [{"include": "work", "from": "src"}]
    assert chapbook("check", "--strict").err == ""


def test_a_folder_of_notebooks_offers_what_they_import(chapbook: Callable[..., Any], folder: Path) -> None:
    write_notebook(
        folder / "a.ipynb", "import pandas as pd\nimport json", "%matplotlib inline\nfrom sklearn import svm"
    )
    write_notebook(folder / "sub" / "b.ipynb", "import pandas, own, strange_thing")
    (folder / "sub" / "own.py").write_text("import yaml\n", encoding="utf-8")
    outcome = chapbook("init")
    assert outcome.out == (
        "work, a project of notebooks, was written to pyproject.toml\n"
        "note: what is here imports pandas, pyyaml, scikit-learn\n"
        "hint: run `chapbook add pandas pyyaml scikit-learn`\n"
        "note: `sub/b.ipynb` imports `strange_thing`, and who brings that is not known\n"
        "hint: find out which package brings it, and run `chapbook add NAME`\n"
    )
    assert read(folder)["tool"]["poetry"] == {"package-mode": False}
    assert read(folder)["project"]["dependencies"] == []


def test_imports_are_required_when_asked_to_and_never_twice(chapbook: Callable[..., Any], folder: Path) -> None:
    write_notebook(folder / "a.ipynb", "import pandas, yaml")
    chapbook("init", "--imports", "--dependency", "PyYAML@^6")
    assert read(folder)["project"]["dependencies"] == ["PyYAML (>=6,<7)", "pandas"]


def test_imports_are_not_looked_at_when_told_so(chapbook: Callable[..., Any], folder: Path) -> None:
    write_notebook(folder / "a.ipynb", "import pandas")
    outcome = chapbook("init", "--no-imports")
    assert outcome.out == "work, a project of notebooks, was written to pyproject.toml\n"


def test_a_broken_notebook_is_passed_over_with_its_reason(chapbook: Callable[..., Any], folder: Path) -> None:
    (folder / "a.ipynb").write_text("{", encoding="utf-8")
    outcome = chapbook("init")
    assert outcome.status == 0
    assert outcome.err.startswith("warning: `a.ipynb` was passed over: it is not JSON: ")


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_file_that_configures_tools_is_added_to(chapbook: Callable[..., Any], folder: Path, newline: str) -> None:
    before = newline.join(["# mine", "[tool.ruff]", "line-length = 100  # wide", "", "", ""])
    (folder / "pyproject.toml").write_bytes(before.encode())
    outcome = chapbook("init", "--dependency", "six", "--dev-dependency", "pytest")
    assert "was added to pyproject.toml" in outcome.out
    content = (folder / "pyproject.toml").read_bytes().decode()
    assert content.startswith(before.rstrip("\r\n") + newline * 2 + "[project]" + newline)
    assert (content.count("\r\n") == content.count("\n")) == (newline == "\r\n")
    assert read(folder)["dependency-groups"] == {"dev": ["pytest"]}


def test_groups_that_are_there_are_joined(chapbook: Callable[..., Any], folder: Path) -> None:
    (folder / "pyproject.toml").write_text('[dependency-groups]\ndev = ["ruff"]\n', encoding="utf-8")
    assert chapbook("init", "--dev-dependency", "pytest").err == ""
    assert read(folder)["dependency-groups"] == {"dev": ["ruff", "pytest"]}


@pytest.mark.parametrize(
    ("text", "table"),
    [
        ("[project]\nname = 'x'\nversion = '1'\n", "project"),
        ("[tool.poetry]\n", "tool.poetry"),
        ("[build-system]\nrequires = []\n", "build-system"),
    ],
)
def test_a_project_is_not_made_twice(chapbook: Callable[..., Any], folder: Path, text: str, table: str) -> None:
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")
    outcome = chapbook("init")
    assert outcome.status == 1
    assert outcome.err.startswith(f"error: `{folder / 'pyproject.toml'}` has a [{table}] table already\nhint: ")
    assert (folder / "pyproject.toml").read_text(encoding="utf-8") == text


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"[tool.ruff\n", "pyproject.toml:1: is not valid TOML"),
        (b"# \xe9\n[tool.x]\n", "pyproject.toml:1: is not UTF-8 text"),
        (b"tool = {ruff = {}}\n", "a project cannot be added to"),
    ],
)
def test_a_file_that_cannot_be_added_to_is_named_and_kept(
    chapbook: Callable[..., Any], folder: Path, content: bytes, message: str
) -> None:
    (folder / "pyproject.toml").write_bytes(content)
    outcome = chapbook("init", "--notebook")
    assert outcome.status == 1
    assert message in outcome.err
    assert (folder / "pyproject.toml").read_bytes() == content


def test_a_symbolic_link_to_the_file_is_kept(chapbook: Callable[..., Any], folder: Path) -> None:
    (folder.parent / "shared.toml").write_text("[tool.x]\n", encoding="utf-8")
    (folder / "pyproject.toml").symlink_to(folder.parent / "shared.toml")
    assert chapbook("init").status == 0
    assert (folder / "pyproject.toml").is_symlink()
    assert "[project]" in (folder.parent / "shared.toml").read_text(encoding="utf-8")


def test_a_person_is_asked_for_what_is_not_given(folder: Path) -> None:
    write_notebook(folder / "a.ipynb", "import pandas, numpy, strange")
    asker = ScriptedAsker(
        {
            "name": "study",
            "version": "1.0",
            "description": "of things",
            "author": "Ada <ada@example.org>",
            "license": "mit",
            "python": "^3.12",
            "package it needs": "six",
            "what is here imports": ("numpy",),
        }
    )
    text = initialise(folder, asker)
    project = tomllib.loads(text)["project"]
    assert project == {
        "name": "study",
        "version": "1.0",
        "description": "of things",
        "authors": [{"name": "Ada", "email": "ada@example.org"}],
        "license": "MIT",
        "requires-python": ">=3.12,<4.0",
        "dependencies": ["six", "numpy"],
    }
    assert "`a.ipynb` imports `strange`, and who brings that is not known" in asker.told
    assert any(question.endswith("numpy pandas") for question in asker.asked)
    assert asker.told[-1] == f"\n{text}"


def test_a_person_is_not_asked_for_what_is_given(folder: Path) -> None:
    asker = ScriptedAsker({})
    initialise(folder, asker, name="x", license="MIT", python="^3.12", dependency=("six",), description="d")
    questions = [question.partition(" ")[0] for question in asker.asked]
    assert questions == ["version", "author", "package", "write"]


def test_a_wrong_answer_is_explained_and_asked_for_again(folder: Path) -> None:
    asker = ScriptedAsker({"name": "!!", "python": "3..x"})
    initialise(folder, asker)
    assert asker.told[0].startswith("`!!` is not a valid name\nhint: ")
    assert asker.told[1].startswith("`3..x` is not a version constraint")
    assert asker.asked.count("name") == 2


def test_nothing_is_written_when_the_person_does_not_agree(folder: Path) -> None:
    with pytest.raises(Cancelled):
        initialise(folder, ScriptedAsker({"write this": False}))
    assert list(folder.iterdir()) == []
