from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.lock.lockfile import Lock, LockedPackage
from chapbook_core.lock.poetry_format import format_lock
from chapbook_core.lock.poetry_reader import read_lock

if TYPE_CHECKING:
    import pytest

    from tests.core.commands.conftest import Chapbook


def _lock(**versions: str) -> str:
    return format_lock(Lock(tuple(LockedPackage(name, version) for name, version in versions.items()), "*", "f" * 64))


def _git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True, text=True).stdout


def _repository(folder: Path) -> None:
    _git(folder, "init", "--quiet")
    _git(folder, "config", "user.name", "Ada")
    _git(folder, "config", "user.email", "ada@example.org")
    (folder / "pyproject.toml").write_text('[project]\nname = "a"\nversion = "1"\n', "utf-8")


def _program(path: Path) -> None:
    path.mkdir()
    (path / "chapbook").touch(mode=0o755)


def test_installing_adds_the_rule_once_and_keeps_what_was_there(
    folder: Path, chapbook: Chapbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    _repository(folder)
    _program(folder / "programs")
    monkeypatch.setenv("PATH", str(folder / "programs"), prepend=os.pathsep)
    (folder / ".gitattributes").write_text("*.ipynb text", "utf-8")

    chapbook("merge-driver", "install")
    outcome = chapbook("merge-driver", "install")

    assert 0 == outcome.status
    assert "*.ipynb text\npoetry.lock merge=chapbook\n" == (folder / ".gitattributes").read_text("utf-8")
    assert "chapbook merge-driver run %O %A %B\n" == _git(folder, "config", "merge.chapbook.driver")


def test_git_finds_a_program_that_is_not_on_the_path(
    folder: Path, chapbook: Chapbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    _repository(folder)
    monkeypatch.setenv("PATH", str(Path(shutil.which("git") or "").parent))

    assert 0 == chapbook("merge-driver", "install").status

    driver = _git(folder, "config", "merge.chapbook.driver")
    assert f"{shlex.quote(sys.executable)} -m chapbook_core.cli merge-driver run %O %A %B\n" == driver


def test_outside_a_repository_nothing_is_written(folder: Path, chapbook: Chapbook) -> None:
    (folder / "pyproject.toml").write_text('[project]\nname = "a"\nversion = "1"\n', "utf-8")

    outcome = chapbook("merge-driver", "install")

    assert 1 == outcome.status
    assert "hint: install git, and run `git init` in the project first" in outcome.err
    assert not (folder / ".gitattributes").exists()


def test_the_merge_takes_the_place_of_our_side(folder: Path, chapbook: Chapbook) -> None:
    (folder / "base").write_text(_lock(a="1", b="1"), "utf-8")
    (folder / "ours").write_text(_lock(a="2", b="1"), "utf-8")
    (folder / "theirs").write_text(_lock(a="1", b="1", c="1"), "utf-8")

    outcome = chapbook("merge-driver", "run", "base", "ours", "theirs")

    packages = read_lock((folder / "ours").read_text("utf-8"), folder / "ours").packages
    assert [("a", "2"), ("b", "1"), ("c", "1")] == [(package.name, package.version) for package in packages]
    assert "run `chapbook lock` when the merge is done" in outcome.out


def test_a_side_that_is_no_lock_is_a_conflict_that_git_keeps(folder: Path, chapbook: Chapbook) -> None:
    (folder / "base").write_text("", "utf-8")
    (folder / "ours").write_text(_lock(a="2"), "utf-8")
    (folder / "theirs").write_text("no lock", "utf-8")

    outcome = chapbook("merge-driver", "run", "base", "ours", "theirs")

    assert 1 == outcome.status
    assert _lock(a="2") == (folder / "ours").read_text("utf-8")


def test_too_few_files_are_a_mistake_of_usage(folder: Path, chapbook: Chapbook) -> None:
    assert folder.is_dir()
    assert 2 == chapbook("merge-driver", "run", "base").status
