"""Real Poetry, uv and pip against an environment that we have filled."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from chapbook_core.lock.poetry_reader import read_lock
from tests.fakes.index import FakeIndex
from tests.interop.poetry_program import POETRY, WITHOUT_POETRY, chapbook_here, poetry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

UV = shutil.which(os.environ.get("CHAPBOOK_TEST_UV", "uv"))
WITHOUT_UV = "needs uv: put it on PATH or name it in CHAPBOOK_TEST_UV"
WITHOUT_PIP = "needs pip in the Python that runs the tests"


def _has_pip() -> bool:
    return subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project whose environment holds what is locked, the project itself among it."""
    folder = tmp_path / "here"
    (folder / "src" / "here").mkdir(parents=True)
    (folder / "src" / "here" / "__init__.py").write_text("def main(): ...\n")
    for name in ("HOME", "CHAPBOOK_CACHE_DIR", "POETRY_CACHE_DIR"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    with FakeIndex() as index:
        index.serve("a", "1.0", requires=["B.c>=1", "d; sys_platform == 'nowhere'"], scripts={"a": "a:main"})
        index.serve("b-c", "1.5", files={"b_c/__init__.py": "", ".data/data/share/b.txt": "b"})
        index.serve("d", "1.0")
        index.serve("Extra", "2.0")
        python = f">={sys.version_info[0]}.{sys.version_info[1]},<4.0"
        (folder / "pyproject.toml").write_text(
            f'[project]\nname = "here"\nversion = "1.0"\nrequires-python = "{python}"\ndependencies = ["a"]\n'
            '\n[project.scripts]\nhello = "here:main"\n\n[project.optional-dependencies]\nmore = ["Extra>=1"]\n'
            f'\n[[tool.poetry.source]]\nname = "fake"\nurl = "{index.url}"\n'
            '\n[build-system]\nrequires = ["poetry-core>=2"]\nbuild-backend = "poetry.core.masonry.api"\n'
        )
        answer = chapbook_here(folder, "install")
        assert answer.succeeded, answer.text
        yield folder


def locked(project: Path) -> dict[str, str]:
    lock = read_lock((project / "poetry.lock").read_text("utf-8"), project / "poetry.lock")
    return {package.name: package.version for package in lock.packages if package.name not in ("d", "extra")}


@pytest.mark.skipif(POETRY is None, reason=WITHOUT_POETRY)
def test_poetry_finds_nothing_to_do_and_removes_nothing(project: Path) -> None:
    answer = poetry(project, "sync", "--dry-run", environment=project / ".venv")
    assert answer.succeeded, answer.text
    assert "0 installs, 0 updates, 0 removals" in answer.text


@pytest.mark.skipif(POETRY is None, reason=WITHOUT_POETRY)
def test_poetry_can_take_out_what_we_have_put_in(project: Path) -> None:
    text = (project / "pyproject.toml").read_text()
    (project / "pyproject.toml").write_text(text.replace('dependencies = ["a"]', "dependencies = []"))
    assert poetry(project, "lock").succeeded
    answer = poetry(project, "sync", "--no-root", environment=project / ".venv")
    assert answer.succeeded, answer.text
    library = next((project / ".venv").glob("lib/python*/site-packages"))
    assert not [path.name for path in library.iterdir() if path.name.startswith(("a", "b_c"))]
    assert not (project / ".venv" / "share" / "b.txt").exists()


@pytest.mark.skipif(UV is None, reason=WITHOUT_UV)
def test_uv_lists_what_is_locked_and_finds_nothing_wrong(project: Path) -> None:
    where = ["--python", str(project / ".venv")]
    listed = _said([str(UV), "pip", "list", "--format=freeze", *where])
    found = dict(line.split("==") for line in listed.splitlines() if "==" in line)
    assert {**locked(project), "here": "1.0"} == {name.lower(): version for name, version in found.items()}
    _said([str(UV), "pip", "check", *where])


@pytest.mark.skipif(not _has_pip(), reason=WITHOUT_PIP)
def test_pip_finds_nothing_wrong_and_every_file_in_its_place(project: Path) -> None:
    pip = [sys.executable, "-m", "pip", "--python", str(project / ".venv"), "--disable-pip-version-check"]
    assert "No broken requirements found." in _said([*pip, "check"])
    assert "a==1.0" in _said([*pip, "freeze", "--all"])
    assert "share/b.txt" in _said([*pip, "show", "--files", "b-c"])


def _said(words: list[str]) -> str:
    ended = subprocess.run(words, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout
