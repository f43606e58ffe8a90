from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

import pytest
from jupyter_client.kernelspec import KernelSpecManager

from chapbook_core.commands.dispatch import perform
from chapbook_core.commands.programs import Program, Programs
from chapbook_core.commands.registry import BY_NAME
from chapbook_core.commands.surroundings import Surroundings
from chapbook_core.commands.words import parse
from chapbook_core.errors import ChapbookError, UsageError
from chapbook_core.events import Notice, Unwatched
from chapbook_core.project.discovery import ProjectNotFound
from chapbook_core.project.locations import find_locations
from chapbook_core.project.trust import is_trusted
from chapbook_core.value import replace
from tests.kernelspec.notebooks import write_notebook

if TYPE_CHECKING:
    from pathlib import Path

    from chapbook_core.events import Event

PROJECT = '[project]\nname = "p"\nversion = "1"\nrequires-python = ">=3.11"\n\n[tool.poetry]\npackage-mode = false\n'
NOWHERE = {"PATH": os.defpath, "PIP_INDEX_URL": "http://127.0.0.1:9/simple/", "POETRY_REQUESTS_MAX_RETRIES": "0"}


class Listener(Unwatched):
    """Remembers the warnings."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def emit(self, event: Event, /) -> None:
        if isinstance(event, Notice) and event.level == "warning":
            self.warnings.append(event.message)


@pytest.fixture
def surroundings(tmp_path: Path) -> Surroundings:
    home, project = tmp_path / "home", tmp_path / "project"
    home.mkdir()
    project.mkdir()
    (project / "pyproject.toml").write_text(PROJECT)
    # Nothing is installed from it, and nobody is asked for packages.
    (project / "poetry.lock").write_text("broken")
    return Surroundings(project, NOWHERE, home, python=(3, 11))


def lab(surroundings: Surroundings, *words: str, listener: Listener | None = None) -> Program:
    invocation = parse(("lab", *words), BY_NAME).invocation
    assert invocation is not None
    result = perform(invocation, surroundings, listener or Listener())
    assert isinstance(result, Programs)
    (program,) = result.programs
    return program


def test_the_server_shows_the_project_and_opens_its_first_notebook(surroundings: Surroundings) -> None:
    for name in ("b.ipynb", "a b.ipynb", ".hidden.ipynb", "a.txt"):
        write_notebook(surroundings.folder / name)
    program = lab(surroundings)
    assert (sys.executable, "-P", "-m", "jupyterlab") == program.words[:4]
    assert f"--ServerApp.root_dir={surroundings.folder}" in program.words
    assert "--LabApp.default_url=/lab/tree/a%20b.ipynb" in program.words
    assert "--MultiKernelManager.default_kernel_name=chapbook" in program.words
    assert surroundings.folder == program.folder


def test_a_notebook_in_a_folder_of_the_project_can_be_named(surroundings: Surroundings) -> None:
    (surroundings.folder / "deep").mkdir()
    write_notebook(surroundings.folder / "deep/z.ipynb")
    assert "--LabApp.default_url=/lab/tree/deep/z.ipynb" in lab(surroundings, "deep/z.ipynb").words
    assert "--LabApp.default_url=/lab/tree/deep/z.ipynb" in lab(surroundings, "deep").words


def test_without_a_notebook_the_server_opens_as_it_does(surroundings: Surroundings) -> None:
    assert "--LabApp.default_url=/lab" in lab(surroundings).words


def test_options_go_to_the_server(surroundings: Surroundings) -> None:
    words = lab(surroundings, ".", "--no-browser", "--port", "9000", "--", "--ip=0.0.0.0", "--debug").words
    assert {"--no-browser", "--port=9000", "--ip=0.0.0.0", "--debug"} <= set(words)
    assert "--debug" in lab(surroundings, "--", "--debug").words
    with pytest.raises(UsageError):
        lab(surroundings, "--port", "many")


def test_in_this_server_python_is_that_of_the_project(
    surroundings: Surroundings, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = lab(replace(surroundings, variables={**NOWHERE, "JUPYTER_PATH": "/theirs"}))
    monkeypatch.setenv("JUPYTER_PATH", program.variables["JUPYTER_PATH"])
    assert program.variables["JUPYTER_PATH"].endswith(f"{os.pathsep}/theirs")
    spec = KernelSpecManager().get_kernel_spec("python3")
    assert [sys.executable, "-m", "chapbook_kernelspec.ipykernel_launcher", "-f", "{connection_file}"] == spec.argv
    assert "chapbook-provisioner" == spec.metadata["kernel_provisioner"]["provisioner_name"]
    assert "env" not in json.loads((spec_folder(program) / "kernel.json").read_bytes())


def spec_folder(program: Program) -> Path:
    from pathlib import Path  # the tests above need only its name

    return Path(program.variables["JUPYTER_PATH"].split(os.pathsep)[0], "kernels", "python3")


def test_who_opens_a_project_trusts_it(surroundings: Surroundings) -> None:
    lab(surroundings)
    assert is_trusted(surroundings.folder, find_locations(surroundings.variables, surroundings.home))


def test_a_project_that_is_not_ready_opens_and_says_why(surroundings: Surroundings) -> None:
    listener = Listener()
    lab(surroundings, listener=listener)
    assert any(warning.startswith("the project is not ready: ") for warning in listener.warnings)


def test_what_is_not_there_cannot_be_opened(surroundings: Surroundings) -> None:
    with pytest.raises(ChapbookError, match="there is no"):
        lab(surroundings, "gone")


class Answering:
    """Gives one answer to whatever is to be confirmed, and takes every default."""

    def __init__(self, answer: bool) -> None:
        self._answer = answer
        self.questions: list[str] = []

    def ask(self, _question: str, default: str = "", check: object = None) -> str:
        assert check is None or callable(check)
        return default

    def ask_secret(self, _question: str) -> str:
        return ""

    def confirm(self, question: str, *, default: bool) -> bool:
        self.questions.append(question)
        return self._answer and default

    def choose(self, _question: str, _choices: object, chosen: tuple[str, ...] = ()) -> tuple[str, ...]:
        return tuple(chosen)

    def tell(self, _text: str) -> None: ...


@pytest.mark.parametrize("answer", [True, False])
def test_a_folder_that_is_no_project_becomes_one_when_the_person_wants_it(
    surroundings: Surroundings, tmp_path: Path, answer: bool
) -> None:
    folder = tmp_path / "loose"
    folder.mkdir()
    write_notebook(folder / "a.ipynb")
    asker = Answering(answer)
    here = replace(surroundings, folder=folder, ask=asker)  # type: ignore[arg-type]  # it takes fewer kinds of defaults
    if answer:
        (tmp_path / "pyproject.toml").unlink(missing_ok=True)
        assert f"--ServerApp.root_dir={folder}" in lab(here).words
    else:
        with pytest.raises(ProjectNotFound):
            lab(here)
    assert answer == (folder / "pyproject.toml").exists()
    assert asker.questions[0] == f"`{folder}` is no project yet; make it one?"
    with pytest.raises(ProjectNotFound):
        lab(replace(here, folder=tmp_path, ask=None))
