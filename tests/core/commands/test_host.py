"""Projects that are installed into what is there, because `virtualenvs.create` is false."""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from chapbook_core.commands.dispatch import perform
from chapbook_core.commands.programs import Programs
from chapbook_core.commands.project_knowledge import ProjectKnowledge
from chapbook_core.commands.registry import BY_NAME
from chapbook_core.commands.surroundings import Surroundings
from chapbook_core.commands.words import parse
from chapbook_core.events import Unwatched
from chapbook_core.project.writer_lock import hold_project
from tests.core.commands.installing import require
from tests.core.commands.references import standard, write_package
from tests.fakes.killed import Killed, killed
from tests.fakes.plain_python import PlainPython, make_plain_python
from tests.fakes.repositories import committed, needs_git

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.commands.conftest import Chapbook
    from tests.fakes.index import FakeIndex

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the Python is made with links")
TOLD = "`virtualenvs.create` is false: packages go into `{}`\n"


@pytest.fixture
def index(index: FakeIndex) -> FakeIndex:
    index.serve("alpha", "1.0", requires=["beta"], scripts={"alpha": "alpha:main"})
    for version in ("1.0", "2.0"):
        index.serve("beta", version)
    return index


@pytest.fixture
def project(equipped: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project for which no environment is made."""
    monkeypatch.setenv("POETRY_VIRTUALENVS_CREATE", "false")
    for name in ("CONDA_PREFIX", "CONDA_DEFAULT_ENV", "PIP_BREAK_SYSTEM_PACKAGES"):
        monkeypatch.delenv(name, raising=False)
    # No test shall ever change the Python that it runs on.
    monkeypatch.setattr(sys, "_base_executable", "/nowhere/python")
    require(equipped, "alpha")
    return equipped


@pytest.fixture
def apart(project: Path) -> PlainPython:
    """A Python that nothing leads to."""
    try:
        return make_plain_python(project.parent / "usr")
    except OSError as reason:
        pytest.skip(f"the running Python cannot be had under another prefix: {reason}")


@pytest.fixture
def python(apart: PlainPython, monkeypatch: pytest.MonkeyPatch) -> PlainPython:
    """The Python of the machine."""
    monkeypatch.setattr(sys, "_base_executable", str(apart.program))
    return apart


@pytest.fixture
def conda(apart: PlainPython, monkeypatch: pytest.MonkeyPatch) -> PlainPython:
    """An active environment of conda."""
    folder = apart.top / "conda-meta"
    folder.mkdir()
    apart.put("listed", "1.0")
    files = ["lib/site-packages/listed.py", "lib/site-packages/listed-1.0.dist-info/METADATA"]
    (folder / "listed-1.0-0.json").write_text(json.dumps({"name": "listed", "files": files}), "utf-8")
    monkeypatch.setenv("CONDA_PREFIX", str(apart.top))
    monkeypatch.setenv("CONDA_DEFAULT_ENV", "study")
    return apart


def files_of(python: PlainPython) -> set[str]:
    """Return what is in a Python, but for its own library and what we keep of it."""
    return {
        path.relative_to(python.top).as_posix()
        for path in python.top.rglob("*")
        if ".chapbook" not in path.parts and "__pycache__" not in path.parts
    }


@pytest.mark.usefixtures("index")
def test_packages_go_into_the_python_of_the_machine(
    project: Path, python: PlainPython, chapbook: Chapbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = files_of(python)
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
    assert before == files_of(python)


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


@pytest.mark.usefixtures("index")
def test_it_is_synchronised_as_poetry_does_it_but_for_what_others_look_after(
    python: PlainPython, chapbook: Chapbook
) -> None:
    python.put("stray", "1.0")
    python.put("pip", "23.0")
    python.put("system", "1.0", installer="debian")
    python.put("unlisted", "1.0", record=False, installer="")
    assert 0 == chapbook("lock").status
    assert 0 == chapbook("install").status
    assert "stray 1.0" in python.installed
    outcome = chapbook("sync", "--dry-run")
    assert "- stray 1.0" in outcome.out
    outcome = chapbook("sync")
    assert 0 == outcome.status, outcome.err
    told = "not taken out, because they were installed by an unknown program, debian: `system`, `unlisted`\n"
    assert told in outcome.err
    assert ["alpha 1.0", "beta 2.0", "pip 23.0", "system 1.0", "unlisted 1.0"] == python.installed
    assert "another" == python.run("import system; print(system.BY)")
    assert "Everything agrees" in chapbook("status").out


@pytest.mark.usefixtures("index")
def test_what_conda_has_installed_is_neither_replaced_nor_taken_out(
    project: Path, conda: PlainPython, chapbook: Chapbook
) -> None:
    conda.put("beta", "1.0", installer="conda", origin="file:///home/conda/feedstock/work")
    assert 0 == chapbook("lock").status
    before, text = files_of(conda), (project / "poetry.lock").read_bytes()
    outcome = chapbook("install")
    assert 1 == outcome.status
    assert outcome.err.startswith("error: not replaced: `beta` 1.0, which conda has installed\nhint: ")
    assert before == files_of(conda)
    assert 1 == chapbook("add", "beta==2.0").status
    assert (before, text) == (files_of(conda), (project / "poetry.lock").read_bytes())
    # The same version is as good as any, wherever it was built.
    assert 0 == chapbook("add", "beta==1.0").status
    outcome = chapbook("sync")
    assert "not taken out, because they were installed by conda: `listed`" in outcome.err
    assert ["alpha 1.0", "beta 1.0", "listed 1.0"] == conda.installed
    assert "another" == conda.run("import beta; print(beta.BY)")
    assert "not replaced: `beta` 1.0" in chapbook("install", "--reinstall-package", "beta").err


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
    before = files_of(python)
    outcome = chapbook("install")
    assert 1 == outcome.status
    assert f"`{folder}` cannot be used as the environment: " in outcome.err
    assert reason in outcome.err
    assert "`virtualenvs.create` to true" in outcome.err
    assert before == files_of(python)


def test_the_python_that_chapbook_runs_on_is_left_alone(
    python: PlainPython, chapbook: Chapbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "prefix", str(python.top))
    outcome = chapbook("install")
    assert 1 == outcome.status
    assert "Chapbook itself runs from it" in outcome.err
    assert not (python.top / ".chapbook").exists()


@pytest.mark.usefixtures("index")
def test_a_python_of_the_systems_is_left_alone_until_somebody_insists(
    python: PlainPython, chapbook: Chapbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert 0 == chapbook("lock").status
    assert 0 == chapbook("env", "info").status
    mark = python.standard / "EXTERNALLY-MANAGED"
    mark.write_text("[externally-managed]\nError=Use the system.\n", "utf-8")
    outcome = chapbook("install")
    assert 1 == outcome.status
    assert f"error: the packages of `{python.program}` are looked after by another program" in outcome.err
    assert "set PIP_BREAK_SYSTEM_PACKAGES=1" in outcome.err
    # Looking is free.
    assert 0 == chapbook("env", "info").status
    for value, status in (("0", 1), ("1", 0)):
        monkeypatch.setenv("PIP_BREAK_SYSTEM_PACKAGES", value)
        assert status == chapbook("install").status
    assert ["alpha 1.0", "beta 2.0"] == python.installed
    # As images of containers do it.
    monkeypatch.delenv("PIP_BREAK_SYSTEM_PACKAGES")
    mark.unlink()
    assert 0 == chapbook("add", "beta==1.0").status


def test_a_folder_that_nobody_may_write_in_is_told_before_anything_is_fetched(
    python: PlainPython, index: FakeIndex, chapbook: Chapbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert 0 == chapbook("lock").status
    index.reset_counts()
    monkeypatch.setattr("chapbook_core.commands.host.os.access", lambda path, _mode: path != python.library)
    outcome = chapbook("--no-cache", "install")
    expected = f"error: nothing can be put into `{python.top}`: `{python.library}` cannot be written in\n"
    assert (1, True) == (outcome.status, outcome.err.startswith(expected))
    assert {} == dict(index.counts)
    assert [] == python.installed


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


@pytest.mark.usefixtures("index")
def test_a_change_can_be_taken_back(project: Path, python: PlainPython, chapbook: Chapbook) -> None:
    require(project)
    python.put("stray", "1.0")
    assert 0 == chapbook("lock").status
    assert 0 == chapbook("add", "alpha").status
    assert ["alpha 1.0", "beta 2.0", "stray 1.0"] == python.installed
    assert 0 == chapbook("undo").status
    assert ["stray 1.0"] == python.installed
    assert 0 == chapbook("redo").status
    assert ["alpha 1.0", "beta 2.0", "stray 1.0"] == python.installed
    assert 0 == chapbook("remove", "alpha").status
    assert ["stray 1.0"] == python.installed


@pytest.mark.usefixtures("index")
@pytest.mark.parametrize("words", [("install",), ("show",)])
def test_what_was_interrupted_is_mended_by_whatever_command_comes_first(
    project: Path, python: PlainPython, chapbook: Chapbook, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    assert 0 == chapbook("lock").status
    with monkeypatch.context() as patched:
        patched.setattr("chapbook_core.installer.transaction.carry_forward", killed)
        patched.setattr("chapbook_core.installer.transaction.undo", killed)
        with pytest.raises(Killed):
            chapbook("install")
    assert (python.top / ".chapbook" / "journal").is_file()
    outcome = chapbook(*words)
    assert 0 == outcome.status, outcome.err
    assert "finished what a command was installing when it was interrupted" in outcome.err
    assert ["alpha 1.0", "beta 2.0"] == python.installed
    assert not (project / ".chapbook" / "away").exists()
    assert not (python.top / ".chapbook" / "journal").exists()


@pytest.mark.usefixtures("index")
def test_what_another_project_was_interrupted_in_is_left_to_that(
    project: Path, python: PlainPython, chapbook: Chapbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = project.parent / "other"
    other.mkdir()
    require(other)
    assert 0 == chapbook("-C", str(other), "lock").status
    assert 0 == chapbook("lock").status
    with monkeypatch.context() as patched:
        patched.setattr("chapbook_core.installer.transaction.carry_forward", killed)
        patched.setattr("chapbook_core.installer.transaction.undo", killed)
        with pytest.raises(Killed):
            chapbook("-C", str(other), "add", "beta")
    outcome = chapbook("install")
    expected = f"the project in `{other}` was interrupted while it changed `{python.top}`\n"
    assert f"error: {expected}hint: run `chapbook -C {other} install`" in outcome.err
    assert 0 == chapbook("-C", str(other), "install").status
    assert 0 == chapbook("install").status
    assert ["alpha 1.0", "beta 2.0"] == python.installed


@pytest.mark.usefixtures("index")
def test_two_projects_do_not_change_it_at_once(
    python: PlainPython, chapbook: Chapbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    from concurrent.futures import ThreadPoolExecutor

    assert 0 == chapbook("lock").status
    monkeypatch.setenv("CHAPBOOK_LOCK_TIMEOUT", "0")
    with hold_project(python.top, "chapbook in /elsewhere", Unwatched()), ThreadPoolExecutor(1) as crew:
        outcome = crew.submit(chapbook, "install").result()
    assert 1 == outcome.status
    assert f"`{python.top}` is held by process {os.getpid()}" in outcome.err
    assert 0 == chapbook("install").status


@pytest.mark.usefixtures("index")
def test_a_damaged_journal_is_not_answered_by_removing_a_python(
    project: Path, python: PlainPython, chapbook: Chapbook
) -> None:
    assert 0 == chapbook("lock").status
    (python.top / ".chapbook").mkdir()
    (python.top / ".chapbook" / "journal").write_text("{", "utf-8")
    outcome = chapbook("install")
    assert 1 == outcome.status
    assert f"hint: look into `{python.top / '.chapbook'}`, move it away" in outcome.err
    assert project.is_dir()


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


@pytest.mark.usefixtures("index")
def test_folders_that_systems_have_stay(
    project: Path, python: PlainPython, index: FakeIndex, chapbook: Chapbook
) -> None:
    index.serve(
        "gamma",
        "1.0",
        files={"gamma-1.0.data/data/share/man/man1/gamma.1": "words", "gamma-1.0.data/data/gamma/it": "more"},
    )
    for folder in ("share/man/man1", "src"):
        (python.top / folder).mkdir(parents=True)
    before = files_of(python)
    for requirements in (("gamma",), ()):
        require(project, *requirements)
        assert 0 == chapbook("lock").status
        assert 0 == chapbook("sync").status
        with suppress(FileNotFoundError):
            assert bool(requirements) == (python.top / "gamma" / "it").is_file()
    assert before == files_of(python)
