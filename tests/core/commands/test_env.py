from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.fakes.interpreter import write_interpreter

if TYPE_CHECKING:
    from tests.core.commands.conftest import Chapbook

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the paths are written as elsewhere")
RUNNING = f"{sys.version_info[0]}.{sys.version_info[1]}"
PROJECT = """
[project]
name = "notes"
version = "1.0"
requires-python = ">=3.9"
"""


@pytest.fixture
def project(folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project on a machine whose only Pythons are the running one and what a test adds."""
    monkeypatch.setenv("CHAPBOOK_CACHE_DIR", str(cache))
    monkeypatch.setenv("CHAPBOOK_VIRTUALENVS_PATH", str(folder.parent / "central"))
    monkeypatch.setenv("PATH", f"{folder.parent / 'programs'}:/usr/bin:/bin")
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX", "PYENV_ROOT"):
        monkeypatch.delenv(name, raising=False)
    (folder / "pyproject.toml").write_text(PROJECT)
    return folder


@pytest.fixture
def centrally(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CHAPBOOK_VIRTUALENVS_IN_PROJECT", "false")
    return project.parent / "central"


def test_an_environment_is_made_shown_and_removed(chapbook: Chapbook, project: Path) -> None:
    made = chapbook("env", "use", "system")
    assert (0, "") == (made.status, made.err)
    assert made.out.startswith(f"Made {project / '.venv'} with CPython {RUNNING}.")
    shown = chapbook("env", "info").out
    assert f"path        {project / '.venv'}\n" in shown
    assert f"executable  {project / '.venv' / 'bin' / 'python'}\n" in shown
    assert f"{project / '.venv'}\n" == chapbook("env", "info", "--path").out
    assert f"{project / '.venv' / 'bin' / 'python'}\n" == chapbook("env", "info", "-e").out
    assert chapbook("env", "list").out.startswith(f".venv  {RUNNING}.")
    assert f"Removed {project / '.venv'}\n" == chapbook("env", "remove", RUNNING).out
    assert not (project / ".venv").exists()


def test_without_an_environment_scripts_get_a_status_and_people_a_hint(chapbook: Chapbook, project: Path) -> None:
    path = chapbook("env", "info", "-p")
    assert (1, "", "") == (path.status, path.out, path.err)
    shown = chapbook("env", "info")
    assert 1 == shown.status
    assert shown.err.startswith(
        f"error: the project has no environment: there is no `{project / '.venv'}`\nhint: run `chapbook install`"
    )
    assert "" == chapbook("env", "list").out
    assert "The project has no environment\n" == chapbook("env", "remove", "--all").out


def test_the_facts_are_there_as_json(chapbook: Chapbook, project: Path) -> None:
    chapbook("env", "use", "system")
    data = json.loads(chapbook("env", "info", "--format=json").out)
    assert data["path"] == str(project / ".venv")
    assert data["version"].startswith(RUNNING)
    (listed,) = json.loads(chapbook("env", "list", "--format=json").out)["environments"]
    assert listed["is_present"]


def test_the_same_python_again_changes_nothing(chapbook: Chapbook, project: Path) -> None:
    chapbook("env", "use", "system")
    (project / ".venv" / "mine").touch()
    assert chapbook("env", "use", RUNNING).out.startswith(f"Using {project / '.venv'} with CPython ")
    assert chapbook("env", "use", sys.executable).out.startswith("Using ")
    assert (project / ".venv" / "mine").exists()


def test_another_python_replaces_the_environment_and_says_so(chapbook: Chapbook, project: Path) -> None:
    chapbook("env", "use", "system")
    (project / ".venv" / "pyvenv.cfg").write_text("home = /gone\nversion = 3.9.1\n")
    (project / ".venv" / "bin" / "python").unlink()
    outcome = chapbook("env", "use", "system")
    assert outcome.out.startswith("Made ")
    assert "the environment that was there before is gone, with its packages" in outcome.out
    assert "hint: run `chapbook install` to put in what is locked" in outcome.out
    assert 0 == chapbook("env", "info").status


def test_a_broken_environment_is_told_and_not_used(chapbook: Chapbook, project: Path) -> None:
    chapbook("env", "use", "system")
    (project / ".venv" / "bin" / "python").unlink()
    shown = chapbook("env", "info")
    assert 1 == shown.status
    assert "is not as it should be: it has no `bin/python`" in shown.err
    ran = chapbook("run", "python")
    assert ran.err.startswith(f"error: `{project / '.venv'}` cannot be used as the environment: it has no `bin/python`")
    assert "chapbook env use" in ran.err


def test_an_unknown_environment_is_not_removed(chapbook: Chapbook, project: Path) -> None:
    chapbook("env", "use", "system")
    outcome = chapbook("env", "remove", "2.7")
    assert (1, "error: the project has no environment `2.7`\nhint: there is: `.venv`\n") == (
        outcome.status,
        outcome.err,
    )
    assert 2 == chapbook("env", "remove").status
    assert 2 == chapbook("env", "remove", "--all", "3.12").status
    assert (project / ".venv").is_dir()


def test_the_environment_that_runs_chapbook_is_never_touched(
    chapbook: Chapbook, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chapbook("env", "use", "system")
    monkeypatch.setattr(sys, "prefix", str(project / ".venv"))
    outcome = chapbook("env", "remove", "--all")
    assert outcome.err.startswith(f"error: `{project / '.venv'}` is left as it is: Chapbook itself runs from it\n")
    assert (project / ".venv").is_dir()


def test_a_python_that_the_project_does_not_allow_is_refused(chapbook: Chapbook, project: Path) -> None:
    (project / "pyproject.toml").write_text(PROJECT.replace(">=3.9", ">=4"))
    outcome = chapbook("env", "use", sys.executable)
    assert "is none of the Pythons that the project allows: >=4" in outcome.err
    outcome = chapbook("env", "use", "system")
    error, listed = (
        "error: no Python of this machine fits the project, which allows `>=4`",
        "the Pythons of this machine",
    )
    assert outcome.err.startswith(f"{error}\nhint: {listed} are:\n")
    assert not (project / ".venv").exists()


def test_a_planted_python_is_not_run(chapbook: Chapbook, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = project.parent / "log"
    for place in ("python3.12", "python3", "bin/python3.12"):
        write_interpreter(project / place, "3.12.1", log=log)
    monkeypatch.setenv("PATH", f".:bin:{project}:{project / 'bin'}:/usr/bin:/bin")
    assert 1 == chapbook("env", "use", "3.12.1").status
    assert not log.exists()


def test_a_shim_is_no_python(chapbook: Chapbook, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = project.parent / "log"
    write_interpreter(project.parent / "shims" / "mypython", "3.12.1", log=log)
    monkeypatch.setenv("PATH", str(project.parent / "shims"))
    assert "it is a shim of a version manager" in chapbook("env", "use", "mypython").err
    assert not log.exists()


def test_a_word_that_is_no_python_says_what_is(chapbook: Chapbook, project: Path) -> None:
    outcome = chapbook("env", "use", "snake")
    assert outcome.err.startswith("error: `snake` is neither a version of Python nor a program\n")
    outcome = chapbook("env", "use", "./nowhere")
    assert outcome.err.startswith(f"error: `{project / 'nowhere'}` cannot be used as a Python: No such file")
    (project / "notes").write_text("some text")
    for mode, reason in ((0o644, "Permission denied"), (0o755, "Exec format error")):
        (project / "notes").chmod(mode)
        outcome = chapbook("env", "use", "./notes")
        expected = f"error: `{project / 'notes'}` cannot be used as a Python: it cannot be run: {reason}\n"
        assert (1, expected) == (outcome.status, outcome.err)


def test_a_program_on_path_may_be_named(chapbook: Chapbook, project: Path) -> None:
    programs = project.parent / "programs"
    programs.mkdir()
    (programs / "snake").symlink_to(Path(sys.executable).resolve())
    assert chapbook("env", "use", "snake").out.startswith(f"Made {project / '.venv'} with CPython {RUNNING}")


def test_central_environments_are_one_a_version_and_one_is_selected(chapbook: Chapbook, centrally: Path) -> None:
    made = chapbook("env", "use", RUNNING)
    (environment,) = centrally.glob("notes-*")
    assert environment.name.endswith(f"-py{RUNNING}")
    assert str(environment) in made.out
    assert f'minor = "{RUNNING}"' in (centrally / "envs.toml").read_text()
    other = centrally / environment.name.replace(RUNNING, "3.9")
    shutil.copytree(environment, other, symlinks=True)
    assert f"{environment}\n" == chapbook("env", "info", "-p").out
    listed = chapbook("env", "list").out.splitlines()
    assert [other.name, environment.name] == sorted((line.split()[0] for line in listed), key=len)
    assert f"Removed {environment}\n" == chapbook("env", "remove", environment.name).out
    assert "minor" not in (centrally / "envs.toml").read_text()
    assert f"{other}\n" == chapbook("env", "info", "-p").out
    assert f"Removed {other}\n" == chapbook("env", "remove", "--all").out


def test_an_environment_of_another_project_is_not_removed(chapbook: Chapbook, centrally: Path) -> None:
    foreign = centrally / f"other-12345678-py{RUNNING}"
    foreign.mkdir(parents=True)
    assert 1 == chapbook("env", "remove", foreign.name).status
    chapbook("env", "remove", "--all")
    assert foreign.is_dir()


def test_a_project_that_was_moved_says_so(chapbook: Chapbook, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chapbook("env", "use", "system")
    moved = project.parent / "moved"
    project.rename(moved)
    monkeypatch.chdir(moved)
    shown = chapbook("env", "info")
    assert f"it was made for `{project / '.venv'}`, and its scripts point there" in shown.err
    assert chapbook("env", "list").out.rstrip().endswith("moved; in use")
    assert "hint: run `chapbook install` to make it anew" in chapbook("env", "activate").err
    assert chapbook("env", "use", "system").out.startswith("Using ") is False
    assert "" == chapbook("env", "info").err


def test_no_environment_is_made_where_that_is_switched_off(
    chapbook: Chapbook, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POETRY_VIRTUALENVS_CREATE", "false")
    outcome = chapbook("env", "use", "system")
    assert outcome.err.startswith(
        "error: no environment is made: `virtualenvs.create` is false, by POETRY_VIRTUALENVS_CREATE\n"
        "hint: set it to true, or activate the environment that the project is to use\n"
    )
    assert not (project / ".venv").exists()


@pytest.mark.usefixtures("project")
def test_a_place_for_environments_that_names_no_setting_is_refused(
    chapbook: Chapbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHAPBOOK_VIRTUALENVS_IN_PROJECT", "false")
    monkeypatch.setenv("CHAPBOOK_VIRTUALENVS_PATH", "{project-dir}/environments")
    outcome = chapbook("env", "info")
    told = "error: `virtualenvs.path` cannot be filled in: there is no setting `project-dir`\n"
    assert (1, True) == (outcome.status, outcome.err.startswith(told))
    monkeypatch.setenv("CHAPBOOK_VIRTUALENVS_PATH", "{cache-dir}/environments")
    assert "the project has no environment" in chapbook("env", "info").err


def test_then_the_active_environment_is_used(
    chapbook: Chapbook, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chapbook("env", "use", "system")
    active = project.parent / "active"
    (project / ".venv").rename(active)
    monkeypatch.setenv("VIRTUAL_ENV", str(active))
    assert 1 == chapbook("env", "info", "-p").status
    monkeypatch.setenv("CHAPBOOK_VIRTUALENVS_CREATE", "false")
    assert f"{active}\n" == chapbook("env", "info", "-p").out
    monkeypatch.setattr(sys, "prefix", str(active))
    assert 1 == chapbook("env", "info", "-p").status


def test_the_prompt_is_that_of_the_settings(chapbook: Chapbook, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAPBOOK_VIRTUALENVS_PROMPT", "{project_name} on {python_version}")
    chapbook("env", "use", "system")
    assert f'prompt = "notes on {RUNNING}"' in (project / ".venv" / "pyvenv.cfg").read_text()
    monkeypatch.setenv("CHAPBOOK_VIRTUALENVS_PROMPT", "{nonsense}")
    chapbook("env", "remove", "--all")
    assert chapbook("env", "use", "system").err.startswith(
        "error: `virtualenvs.prompt` cannot be filled in: `{nonsense}`"
    )


def test_the_words_that_activate_do(chapbook: Chapbook, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chapbook("env", "use", "system")
    words = chapbook("env", "activate", "bash").out
    assert f"source {project / '.venv' / 'bin' / 'activate'}\n" == words
    told = subprocess.run(["bash", "-c", f"{words}\ncommand -v python"], capture_output=True, text=True, check=True)
    assert f"{project / '.venv' / 'bin' / 'python'}\n" == told.stdout
    monkeypatch.setenv("SHELL", "/usr/bin/fish")
    assert chapbook("env", "activate").out.endswith("activate.fish\n")
    monkeypatch.setenv("SHELL", "/usr/bin/strange")
    assert chapbook("env", "activate").err.startswith("error: `/usr/bin/strange` is no shell that is known here\n")
    assert 2 == chapbook("env", "activate", "strange").status


def test_a_shell_without_a_script_says_so(chapbook: Chapbook, project: Path) -> None:
    chapbook("env", "use", "system")
    assert chapbook("env", "activate", "cmd").err.startswith("error: the environment has no script for cmd: ")
    assert (project / ".venv").is_dir()


def test_an_environment_is_shown_for_what_is_there(chapbook: Chapbook, project: Path) -> None:
    """Packages are counted from their folders; no module of the environment is imported."""
    chapbook("env", "use", "system")
    packages = project / ".venv" / "lib" / f"python{RUNNING}" / "site-packages"
    (packages / "six-1.17.0.dist-info").mkdir()
    canary = project / "canary"
    for name in ("sitecustomize.py", "tomllib.py"):
        (packages / name).write_text(f"open({str(canary)!r}, 'w')\n")
    (packages / "evil.pth").write_text(f"import os; open({str(canary)!r}, 'w')\n")
    assert "packages    1\n" in chapbook("env", "info").out
    for words in (("env", "list"), ("env", "use", "system"), ("env", "remove", "--all")):
        assert 0 == chapbook(*words).status
    assert not canary.exists()


def test_an_environment_of_a_python_that_the_project_allows_no_more_is_to_be_made_anew(
    chapbook: Chapbook, project: Path
) -> None:
    chapbook("env", "use", "system")
    file = project / "pyproject.toml"
    file.write_text(re.sub(r'requires-python = "[^"]*"', 'requires-python = ">=3.99"', file.read_text()))
    outcome = chapbook("install")
    assert "and the project allows `>=3.99`" in outcome.err
    assert "hint: run `chapbook env use system` to make it anew with a Python that fits\n" in outcome.err
