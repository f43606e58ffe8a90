"""Environments of projects whose folders were moved or renamed, and those of changes that fail."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from chapbook_core.commands.running_kernel import RunningKernel
from chapbook_core.events import Notice
from tests.core.commands.inside import perform_inside
from tests.core.commands.installing import installed, require, run_python, site_packages
from tests.fakes.watcher import RecordingWatcher

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.commands.conftest import Chapbook
    from tests.fakes.index import FakeIndex


@pytest.fixture
def moved(equipped: Path, index: FakeIndex, chapbook: Chapbook, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that was renamed after it had been installed."""
    index.serve("a", "1.0", scripts={"tool": "a:main"}, files={"a/__init__.py": "def main(): print(5)\n"})
    index.serve("b", "1.0")
    before = equipped / "before"
    before.mkdir()
    monkeypatch.chdir(before)
    require(before, "a")
    assert 0 == chapbook("install").status
    after = equipped / "after"
    before.rename(after)
    monkeypatch.chdir(after)
    return after


def _spoil_lock(project: Path) -> None:
    """Let the lock name files that nobody has."""
    lock = project / "poetry.lock"
    lock.write_text(re.sub("sha256:[0-9a-f]{8}", "sha256:00000000", lock.read_text()))


def _inodes(folder: Path) -> set[int]:
    return {path.lstat().st_ino for path in folder.rglob("*")}


@pytest.mark.parametrize("words", [["install"], ["sync", "--offline"], ["add", "b"]])
def test_the_environment_is_made_anew_where_the_project_is(moved: Path, chapbook: Chapbook, words: list[str]) -> None:
    outcome = chapbook(*words)
    assert 0 == outcome.status, outcome.err
    assert f"the environment was made for `{moved.parent / 'before' / '.venv'}`; it is made anew here" in outcome.err
    assert "a 1.0" in installed(moved)
    tool = subprocess.run([moved / ".venv/bin/tool"], capture_output=True, text=True, check=True)
    assert "5\n" == tool.stdout
    assert not [path.name for path in (moved / ".chapbook").glob("environment-*")]
    assert "Nothing to do" in chapbook("install").out


def test_a_copy_of_a_project_gets_its_own_and_the_other_keeps_what_it_has(
    moved: Path, chapbook: Chapbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved.rename(moved.with_name("before"))
    subprocess.run(["cp", "-a", moved.with_name("before"), moved], check=True)
    kept = _inodes(moved.with_name("before") / ".venv")
    monkeypatch.chdir(moved)
    assert 0 == chapbook("install").status
    assert kept == _inodes(moved.with_name("before") / ".venv")
    assert str(moved / ".venv") == run_python(moved, "import sys; print(sys.prefix)")


def test_what_nobody_has_locked_is_told_when_it_does_not_come_along(moved: Path, chapbook: Chapbook) -> None:
    extra = site_packages(moved) / "mine-1.0.dist-info"
    extra.mkdir()
    (extra / "METADATA").write_text("Name: mine\nVersion: 1.0\n")
    outcome = chapbook("install")
    assert "`mine` was in it before, and is not there any more" in outcome.err
    assert "`chapbook add` locks it" in outcome.err


def test_when_it_cannot_be_filled_the_old_one_comes_back(moved: Path, chapbook: Chapbook) -> None:
    _spoil_lock(moved)
    kept = _inodes(moved / ".venv")
    outcome = chapbook("install")
    assert 1 == outcome.status
    assert kept == _inodes(moved / ".venv")
    assert not [path.name for path in (moved / ".chapbook").glob("environment-*")]


def test_a_dry_run_only_tells_it(moved: Path, chapbook: Chapbook) -> None:
    kept = _inodes(moved / ".venv")
    assert "+ a 1.0\nWould change 1 package\n" == chapbook("install", "--dry-run").out
    assert kept == _inodes(moved / ".venv")


def test_one_that_somebody_else_has_made_stays(moved: Path, chapbook: Chapbook) -> None:
    state = moved / ".venv/.chapbook/state.json"
    state.write_text(state.read_text().replace('"made-here": true', '"made-here": false'))
    outcome = chapbook("install")
    assert 1 == outcome.status
    assert "run `chapbook env use" in outcome.err


def test_a_kernel_that_runs_from_the_old_place_has_to_be_restarted(moved: Path) -> None:
    kernel = RunningKernel(moved.with_name("before") / ".venv", 1, "3.11.0")
    watcher = RecordingWatcher()
    perform_inside(moved, "install", kernel=kernel, watcher=watcher)
    [notice] = [event for event in watcher.events if isinstance(event, Notice)]
    assert ("restart the kernel: it runs from where the environment was",) == notice.hints


def test_a_first_installation_that_fails_leaves_no_environment(
    equipped: Path, index: FakeIndex, chapbook: Chapbook
) -> None:
    index.serve("a", "1.0")
    require(equipped, "a")
    assert 0 == chapbook("lock").status
    _spoil_lock(equipped)
    before = sorted(path.name for path in equipped.iterdir())
    assert 1 == chapbook("install").status
    assert before == sorted(path.name for path in equipped.iterdir())
    (equipped / ".venv").mkdir()
    assert 1 == chapbook("install").status
    assert not list(equipped.glob(".venv/*"))


def test_an_installation_that_fails_leaves_an_environment_that_was_there(
    equipped: Path, index: FakeIndex, chapbook: Chapbook
) -> None:
    index.serve("a", "1.0")
    require(equipped)
    assert 0 == chapbook("install").status
    require(equipped, "a")
    assert 0 == chapbook("lock").status
    _spoil_lock(equipped)
    assert 1 == chapbook("install").status
    assert (equipped / ".venv/pyvenv.cfg").exists()
