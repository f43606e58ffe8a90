"""Poetry and uv use the environments that we make, and we see theirs as what they are."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from chapbook_core.environment.condition import Sound, look_at
from chapbook_core.environment.place import place_of

POETRY = shutil.which(os.environ.get("CHAPBOOK_TEST_POETRY", "poetry"))
UV = shutil.which(os.environ.get("CHAPBOOK_TEST_UV", "uv"))
needs_poetry = pytest.mark.skipif(
    POETRY is None, reason="needs Poetry: put it on PATH or name it in CHAPBOOK_TEST_POETRY"
)
needs_uv = pytest.mark.skipif(UV is None, reason="needs uv: put it on PATH or name it in CHAPBOOK_TEST_UV")
RUNNING = f"{sys.version_info[0]}.{sys.version_info[1]}"
PATIENCE = 300.0
PROJECT = f'[project]\nname = "My-Notes"\nversion = "1.0"\nrequires-python = ">={RUNNING}"\n'


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CHAPBOOK_CACHE_DIR", str(tmp_path / "cache"))
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "pyproject.toml").write_text(PROJECT)
    return folder


@dataclass(frozen=True, slots=True)
class Answer:
    succeeded: bool
    text: str


def run(words: list[str], folder: Path) -> Answer:
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False, timeout=PATIENCE)
    return Answer(done.returncode == 0, (done.stdout + done.stderr).strip())


def chapbook(folder: Path, *words: str) -> Answer:
    return run([sys.executable, "-m", "chapbook_core.cli", *words], folder)


def poetry(folder: Path, *words: str) -> Answer:
    return run([str(POETRY), "--no-ansi", "--no-interaction", *words], folder)


@needs_poetry
def test_poetry_uses_the_environment_in_the_project(project: Path) -> None:
    assert chapbook(project, "env", "use", "system").succeeded
    assert str(project / ".venv") == poetry(project, "env", "info", "-p").text
    assert str(project / ".venv" / "bin" / "python") == poetry(project, "env", "info", "-e").text
    assert "1" == poetry(project, "run", "python", "-c", "print(1)").text
    installed = poetry(project, "install", "--no-root")
    assert "No dependencies" in installed.text or installed.succeeded


@needs_poetry
def test_a_central_environment_is_found_by_the_other(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POETRY_VIRTUALENVS_IN_PROJECT", "false")
    monkeypatch.setenv("POETRY_VIRTUALENVS_PATH", str(project.parent / "central"))
    assert chapbook(project, "env", "use", RUNNING).succeeded
    path = chapbook(project, "env", "info", "-p").text
    assert path == str(place_of(project, "My-Notes", project.parent / "central").path(RUNNING))
    assert path == poetry(project, "env", "info", "-p").text
    assert path in poetry(project, "env", "list", "--full-path").text
    assert poetry(project, "env", "remove", "--all").succeeded
    assert not Path(path).exists()
    assert poetry(project, "env", "use", sys.executable).succeeded
    assert path == chapbook(project, "env", "info", "-p").text
    assert chapbook(project, "env", "remove", "--all").succeeded
    assert "" == poetry(project, "env", "list").text


@needs_uv
def test_uv_takes_the_environment_for_one(project: Path) -> None:
    assert chapbook(project, "env", "use", "system").succeeded
    python = str(project / ".venv" / "bin" / "python")
    found = subprocess.run([str(UV), "python", "find"], cwd=project, capture_output=True, text=True, check=True)
    assert os.path.realpath(python) == os.path.realpath(found.stdout.strip())
    assert python.rpartition("/")[0] == found.stdout.strip().rpartition("/")[0]
    assert run([str(UV), "pip", "list", "--offline"], project).succeeded
    synced = run([str(UV), "sync", "--offline", "--no-install-project"], project)
    assert synced.succeeded, synced.text
    assert "Removed virtual environment" not in synced.text


@needs_uv
def test_an_environment_of_uv_is_used_as_it_is(project: Path) -> None:
    assert run([str(UV), "venv", "--offline", "--python", sys.executable, ".venv"], project).succeeded
    condition = look_at(project / ".venv")
    assert isinstance(condition, Sound)
    assert condition.environment.site_packages.is_dir()
    assert chapbook(project, "env", "use", RUNNING).text.startswith("Using ")
    assert "1" == chapbook(project, "run", "python", "-c", "print(1)").text


def test_an_environment_of_the_standard_library_is_used_as_it_is(project: Path) -> None:
    assert run([sys.executable, "-m", "venv", "--without-pip", ".venv"], project).succeeded
    assert chapbook(project, "env", "use", RUNNING).text.startswith("Using ")
    assert chapbook(project, "env", "info", "-p").text == str(project / ".venv")
    assert "1" == chapbook(project, "run", "python", "-c", "print(1)").text
