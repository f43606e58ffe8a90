"""What is left of a change that was broken off, and what somebody else may have put in its place."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from chapbook_core.installer.journal import JournalDamaged, read_journal
from chapbook_core.installer.transaction import change_environment, recover
from tests.core.installer.changes import NEW, OLD, Impatient, content, update, written
from tests.fakes.killed import Killed, killed

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    folder = written(tmp_path / ".venv", OLD)
    (folder / ".chapbook").mkdir()
    return folder


def test_an_undoing_that_was_interrupted_is_finished(environment: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chapbook_core.installer.transaction.carry_back", killed)
    monkeypatch.setattr("chapbook_core.installer.carrying._AT_ONCE", 1)
    with pytest.raises(Killed):
        change_environment(environment, update(environment), Impatient(5, KeyboardInterrupt))
    monkeypatch.undo()
    journal = read_journal(environment, environment.parent)
    assert journal is not None
    assert journal.direction == "back"
    assert recover(environment, environment.parent) == "back"
    assert OLD == content(environment)


def test_without_a_journal_recovering_only_sweeps(environment: Path) -> None:
    written(environment / ".chapbook/stage/forgotten/in", NEW)
    assert recover(environment, environment.parent) is None
    assert OLD == content(environment)


@pytest.mark.parametrize("text", ["{", "[" * 100_000], ids=["cut off", "deep"])
def test_a_damaged_journal_is_an_error_that_says_what_to_do(environment: Path, text: str) -> None:
    (environment / ".chapbook/journal").write_text(text)
    with pytest.raises(JournalDamaged) as caught:
        recover(environment, environment.parent)
    # Without this file it is a Python, which is not to be removed.
    assert "move it away" in caught.value.hints[0]
    (environment / "pyvenv.cfg").touch()
    with pytest.raises(JournalDamaged) as caught:
        recover(environment, environment.parent)
    assert "chapbook env remove" in caught.value.hints[0]


@pytest.mark.parametrize(
    "changed",
    [
        {"identity": "../../../home"},
        {"identity": "abc"},
        {"moves": [["bin/tool", "../tool"]]},
        {"emptied": ["../other"]},
        {"moves": [[".chapbook/stage/0123456789ab/in/x", "../../.bashrc"]]},
        {"moves": [[".chapbook/stage/0123456789ab/../../../x", "lib/x"]]},
        {"rewrites": [["../.bashrc", 0, True, False]]},
        {"rewrites": [["setup.py", 0, True, False]]},
        {"rewrites": [["poetry.lock", "../../x", True, False]]},
    ],
)
def test_a_journal_leads_nowhere_but_to_the_environment_and_the_files_of_the_project(
    environment: Path, tmp_path: Path, changed: dict[str, object]
) -> None:
    # Whoever sends a project with an environment in it may have written the journal.
    stage = written(environment / ".chapbook/stage/0123456789ab", {"files/0.after": "evil", "in/x": "evil"})
    journal = {"version": 2, "identity": "0123456789ab", "moves": [], "rewrites": [], "direction": "forward", **changed}
    (environment / ".chapbook/journal").write_text(json.dumps(journal))
    before = content(tmp_path)
    with pytest.raises(JournalDamaged):
        recover(environment, environment.parent)
    assert content(tmp_path) == before
    assert stage.exists()


def test_no_file_is_finished_through_a_link_that_leads_out_of_the_project(environment: Path, tmp_path: Path) -> None:
    project, outside = environment.parent, tmp_path.parent / f"{tmp_path.name}-outside"
    (project / "poetry.lock").symlink_to(outside)
    written(environment / ".chapbook/stage/0123456789ab", {"files/0.after": "evil"})
    rewrites = [["poetry.lock", 0, True, False]]
    journal = {"version": 2, "identity": "0123456789ab", "moves": [], "rewrites": rewrites, "direction": "forward"}
    (environment / ".chapbook/journal").write_text(json.dumps(journal))
    with pytest.raises(JournalDamaged, match="outside"):
        recover(environment, project)
    assert not outside.exists()


@pytest.mark.parametrize("linked", [".chapbook", ".chapbook/stage"])
def test_nothing_is_swept_through_a_link(environment: Path, tmp_path: Path, linked: str) -> None:
    precious = written(tmp_path / "precious", {"stage/thesis.txt": "years", "x.tmp": "of work"})
    if linked == ".chapbook":
        (environment / ".chapbook").rmdir()
    (environment / linked).symlink_to(precious)
    with pytest.raises(JournalDamaged):
        recover(environment, environment.parent)
    assert {"stage/thesis.txt": "years", "x.tmp": "of work"} == content(precious)
