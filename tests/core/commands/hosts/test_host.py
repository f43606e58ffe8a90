"""Projects that are installed into what is there, because `virtualenvs.create` is false."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from chapbook_core.commands.dispatch import perform
from chapbook_core.commands.programs import Programs
from chapbook_core.commands.project_knowledge import ProjectKnowledge
from chapbook_core.commands.registry import BY_NAME
from chapbook_core.commands.surroundings import Surroundings
from chapbook_core.commands.words import parse
from chapbook_core.events import Unwatched
from tests.core.commands.installing import require
from tests.core.commands.references import standard, write_package
from tests.fakes.repositories import committed, needs_git

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.commands.conftest import Chapbook
    from tests.fakes.index import FakeIndex
    from tests.fakes.plain_python import PlainPython

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the Python is made with links")
TOLD = "`virtualenvs.create` is false: packages go into `{}`\n"


@pytest.mark.usefixtures("index")
def test_packages_go_into_the_python_of_the_machine(
    project: Path, python: PlainPython, chapbook: Chapbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = python.files
    assert 0 == chapbook("lock").status
    outcome = chapbook("install")
    assert (0, TOLD.format(python.top)) == (outcome.status, outcome.err)
    assert ["alpha 1.0", "beta 2.0"] == python.installed
    assert "2.0" == python.run("import alpha, beta; print(beta.__version__)")
    assert f"#!{python.program}" == (python.scripts / "alpha").read_text("utf-8").splitlines()[0]
    assert [] == [path for path in project.iterdir() if path.name == ".venv"]
    # All that is ours lies in one folder.
    assert (python.top / ".chapbook" / "state.json").is_file()
    assert "Nothing to do: 2 packages are installed\n" == chapbook("install").out
    assert "Everything agrees" in chapbook("status").out
    assert "alpha  1.0" in chapbook("show").out
    monkeypatch.setenv("VIRTUAL_ENV", "")
    require(project)
    assert 0 == chapbook("lock").status
    assert 0 == chapbook("sync").status
    assert before == python.files


def test_it_is_shown_as_what_it_is(python: PlainPython, chapbook: Chapbook) -> None:
    shown = chapbook("env", "info")
    assert (0, "") == (shown.status, shown.err)
    assert f"path        {python.top}\n" in shown.out
    assert f"executable  {python.program}\nmade from   it is this Python itself\n" in shown.out
    assert f"{python.top}\n" == chapbook("env", "info", "-p").out
    assert f"{python.program}\n" == chapbook("env", "info", "-e").out
    assert chapbook("env", "list", "--full-path").out.startswith(f"{python.top}  ")
    assert "has nothing to activate" in chapbook("env", "activate", "bash").err
    assert "no environment is made" in chapbook("env", "use", "system").err
    assert "The project has no environment\n" == chapbook("env", "remove", "--all").out
    assert python.program.is_file()


@pytest.mark.parametrize("words", [("run", "python", "-V"), ("shell",)])
def test_programs_run_in_it(
    project: Path, python: PlainPython, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setenv("SHELL", "/bin/bash")
    # What conda has under this name is not for sourcing.
    (python.scripts / "activate").write_text("exit 1\n", "utf-8")
    invocation = parse(words, BY_NAME).invocation
    assert invocation is not None
    ran = perform(invocation, Surroundings(project, dict(os.environ), project.parent / "home", (3, 11)), Unwatched())
    assert isinstance(ran, Programs)
    (program,) = ran.programs
    assert "VIRTUAL_ENV" not in program.variables
    assert str(python.scripts) == program.variables["PATH"].split(os.pathsep)[0]
    assert program.words in {("/bin/bash",), (str(python.scripts / "python"), "-V")}


def test_its_programs_complete_what_is_typed(project: Path, python: PlainPython) -> None:
    (python.scripts / "tool").touch()
    surroundings = Surroundings(project, dict(os.environ), project.parent / "home", (3, 11))
    assert "tool" in ProjectKnowledge(surroundings).programs()


def test_condas_own_environment_is_not_meant(
    conda: PlainPython, chapbook: Chapbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert f"{conda.top}\n" == chapbook("env", "info", "-p").out
    monkeypatch.setenv("CONDA_DEFAULT_ENV", "base")
    outcome = chapbook("env", "info", "-p")
    assert (1, "") == (outcome.status, outcome.out)


def test_an_environment_without_a_python_says_so(
    project: Path, chapbook: Chapbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONDA_PREFIX", str(project))
    outcome = chapbook("install")
    expected = f"`{project}` cannot be used as the environment: there is no `{project}/bin/python`\n"
    assert f"error: {expected}hint: run `conda install python`\n" == outcome.err


@pytest.mark.usefixtures("index")
@pytest.mark.parametrize(
    ("place", "reason"),
    [
        ("usr", "it is no virtual environment"),
        ("gone", "there is no such folder"),
        (sys.prefix, "Chapbook itself runs from it"),
    ],
    ids=["no environment", "gone", "ours"],
)
def test_what_is_active_and_cannot_be_used_is_told_rather_than_another_one_taken(
    python: PlainPython, chapbook: Chapbook, monkeypatch: pytest.MonkeyPatch, place: str, reason: str
) -> None:
    folder = str(python.top.parent / place)
    monkeypatch.setenv("VIRTUAL_ENV", folder)
    assert 0 == chapbook("lock").status
    before = python.files
    outcome = chapbook("install")
    assert 1 == outcome.status
    assert f"`{folder}` cannot be used as the environment: " in outcome.err
    assert reason in outcome.err
    assert "`virtualenvs.create` to true" in outcome.err
    assert before == python.files


@pytest.mark.usefixtures("index")
def test_a_python_that_the_project_does_not_allow_is_refused(
    project: Path, python: PlainPython, chapbook: Chapbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chapbook_core.environment.discovery.find_executables", lambda _whereabouts: ())
    file = project / "pyproject.toml"
    file.write_text(file.read_text("utf-8").replace(">=3", ">=4"), "utf-8")
    outcome = chapbook("env", "info")
    assert "no Python of this machine fits the project" in outcome.err
    assert not (python.top / ".chapbook").exists()


@needs_git
def test_a_checkout_stays_as_long_as_it_is_used(project: Path, python: PlainPython, chapbook: Chapbook) -> None:
    upstream = write_package(project.parent / "upstream", standard("lib"))
    (upstream / "lib.py").write_text("answer = 42\n", "utf-8")
    committed(upstream)
    draft = python.top / "src" / ".somebodys.tmp"
    draft.mkdir(parents=True)
    require(project, tool=f'[tool.poetry.dependencies]\nlib = {{ git = "{upstream.as_uri()}", develop = true }}\n')
    assert 0 == chapbook("lock").status
    for _ in range(2):
        outcome = chapbook("sync")
        assert 0 == outcome.status, outcome.err
        assert str(python.top / "src" / "lib" / "lib.py") == python.run("import lib; print(lib.__file__)")
    assert "Nothing to do: 1 package is installed\n" == outcome.out
    require(project)
    assert 0 == chapbook("lock").status
    assert 0 == chapbook("sync").status
    assert [draft] == list(draft.parent.iterdir())


def test_the_kernel_of_a_project_is_refused(python: PlainPython, chapbook: Chapbook, index: FakeIndex) -> None:
    assert 0 == chapbook("lock").status
    index.reset_counts()
    outcome = chapbook("kernel", "prepare")
    assert 1 == outcome.status
    assert "the kernel of a project runs in a virtual environment" in outcome.err
    assert f"`{python.program} -m ipykernel install --user`" in outcome.err
    assert [] == python.installed
