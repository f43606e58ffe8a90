"""Changes of a Python that several projects are installed into: taken back, interrupted, at the same time."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from chapbook_core.events import Unwatched
from chapbook_core.project.writer_lock import hold_project
from tests.core.commands.inside import perform_inside, running_kernel, told
from tests.core.commands.installing import require
from tests.fakes.killed import Killed, killed

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.commands.conftest import Chapbook
    from tests.fakes.plain_python import PlainPython

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the Python is made with links")


@pytest.mark.usefixtures("index")
def test_what_a_kernel_of_it_has_loaded_waits_for_its_end(
    project: Path, python: PlainPython, chapbook: Chapbook
) -> None:
    assert 0 == chapbook("lock").status
    assert 0 == chapbook("install").status
    with running_kernel(project, "beta", python=python.program) as kernel:
        assert "loaded" in told(perform_inside(project, "status", kernel.value))
        require(project)
        assert 0 == chapbook("lock").status
        perform_inside(project, "sync", kernel.value)
        assert ["alpha 1.0", "beta 2.0"] == python.installed
        perform_inside(project, "sync --apply-now", kernel.value)
    assert [] == python.installed


def kill_within(chapbook: Chapbook, *words: str) -> None:
    """Run a command that is killed when it has written down what it is about to move."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("chapbook_core.installer.transaction.carry_forward", killed)
        patched.setattr("chapbook_core.installer.transaction.undo", killed)
        with pytest.raises(Killed):
            chapbook(*words)


@pytest.mark.usefixtures("index")
@pytest.mark.parametrize("words", [("install",), ("show",)])
def test_what_was_interrupted_is_mended_by_whatever_command_comes_first(
    project: Path, python: PlainPython, chapbook: Chapbook, words: tuple[str, ...]
) -> None:
    assert 0 == chapbook("lock").status
    kill_within(chapbook, "install")
    assert (python.top / ".chapbook" / "journal").is_file()
    outcome = chapbook(*words)
    assert 0 == outcome.status, outcome.err
    assert "finished what a command was installing when it was interrupted" in outcome.err
    assert ["alpha 1.0", "beta 2.0"] == python.installed
    assert not (project / ".chapbook" / "away").exists()
    assert not (python.top / ".chapbook" / "journal").exists()


@pytest.mark.usefixtures("index")
def test_what_cannot_be_mended_by_the_first_command_is_by_a_later_one(
    project: Path, python: PlainPython, chapbook: Chapbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    from concurrent.futures import ThreadPoolExecutor

    assert 0 == chapbook("lock").status
    kill_within(chapbook, "add", "beta")
    monkeypatch.setenv("CHAPBOOK_LOCK_TIMEOUT", "0")
    with hold_project(python.top, "chapbook in /elsewhere", Unwatched()), ThreadPoolExecutor(1) as crew:
        outcome = crew.submit(chapbook, "env", "use", "system").result()
    assert f"warning: `{python.top}` is held by process {os.getpid()}" in outcome.err
    assert "finished what a command was installing when it was interrupted" in chapbook("status").err
    assert not (project / ".chapbook" / "away").exists()


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
