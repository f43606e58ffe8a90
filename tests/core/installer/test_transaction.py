from __future__ import annotations

import errno
import os
from functools import partial
from typing import TYPE_CHECKING

import pytest

from chapbook_core.environment.state import read_state, set_fingerprint
from chapbook_core.errors import Cancelled, ChapbookError
from chapbook_core.events import Unwatched
from chapbook_core.installer import transaction
from chapbook_core.installer.relocation import InTheWay, Move
from chapbook_core.installer.traces import is_interrupted
from chapbook_core.installer.transaction import (
    Change,
    ChangeFailed,
    EnvironmentStuck,
    ProjectFile,
    change_environment,
    recover,
)
from chapbook_core.project.pair_writing import ChangedMeanwhile
from chapbook_core.project.writing import write_file
from tests.core.installer.changes import AFTER, NEW, OLD, Impatient, content, killed_at, update, written

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    folder = written(tmp_path / ".venv", OLD)
    (folder / ".chapbook").mkdir()
    return folder


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    return written(tmp_path, {"poetry.lock": "old lock"}) / "poetry.lock"


def test_a_change_leaves_the_new_files_and_nothing_of_its_own(environment: Path, lock: Path) -> None:
    change_environment(environment, update(environment, ProjectFile(lock, b"old lock", b"new lock")), Unwatched())
    assert AFTER == content(environment)
    assert lock.read_text() == "new lock"
    state = read_state(environment)
    assert state is not None
    assert state.fingerprint == "new"


def test_what_comes_alone_leaves_a_stage_that_is_taken_down_without_being_listed(
    environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def prepare(stage: str) -> list[Move]:
        written(environment / stage / "in", {"lib/b/x.py": "b", "share/deep/er/y": "y", "etc/z": "z"})
        # As where there is a `share` already, and no `share/deep/er`.
        return [Move(f"{stage}/in/{path}", path) for path in ("lib/b", "share/deep/er", "etc")]

    (environment / "share/deep").mkdir(parents=True)
    monkeypatch.setattr(transaction, "remove_folder", None)
    change_environment(environment, Change(prepare, fingerprint=lambda: "new"), Unwatched())
    assert {**OLD, "lib/b/x.py": "b", "share/deep/er/y": "y", "etc/z": "z"} == content(environment)
    assert ["state.json"] == [path.name for path in (environment / ".chapbook").iterdir()]


def test_an_error_while_preparing_changes_nothing(environment: Path, lock: Path) -> None:
    def prepare(stage: str) -> list[Move]:
        written(environment / stage, NEW)
        raise ChapbookError("bad wheel")

    with pytest.raises(ChapbookError, match="bad wheel"):
        change_environment(environment, Change(prepare, [ProjectFile(lock, b"old lock", b"new lock")]), Unwatched())
    assert OLD == content(environment)
    assert lock.read_text() == "old lock"


@pytest.mark.parametrize("problem", [Cancelled, KeyboardInterrupt, lambda: SystemExit(143)])
def test_an_interruption_at_any_moment_brings_everything_back(
    environment: Path, lock: Path, problem: Callable[[], BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chapbook_core.installer.carrying._AT_ONCE", 1)
    set_fingerprint(environment, "old")
    moments = 0
    while True:
        moments += 1
        try:
            change_environment(
                environment,
                update(
                    environment,
                    ProjectFile(lock, b"old lock", b"new lock"),
                    ProjectFile(lock.with_name("made"), None, b"made"),
                ),
                Impatient(moments, problem),
            )
        except (Cancelled, KeyboardInterrupt, SystemExit):
            assert OLD == content(environment)
            assert lock.read_text() == "old lock"
            assert not lock.with_name("made").exists()
            assert not is_interrupted(environment)
            state = read_state(environment)
            assert state is not None
            assert state.fingerprint == "old"
        else:
            break
    assert moments == 9
    assert AFTER == content(environment)


def test_a_full_disk_brings_everything_back(environment: Path, lock: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_path: Path, _content: bytes) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("chapbook_core.installer.transaction.write_file", full)
    with pytest.raises(ChangeFailed, match="is as it was") as caught:
        change_environment(environment, update(environment, ProjectFile(lock, b"old lock", b"new")), Unwatched())
    assert caught.value.hints == ("free some space on that disk and try again",)
    assert OLD == content(environment)


def test_what_stands_in_the_way_brings_everything_back(environment: Path) -> None:
    def prepare(stage: str) -> list[Move]:
        written(environment / stage / "in", {"lib/z.py": "mine"})
        return [Move(f"{stage}/in/lib/z.py", "lib/z.py")]

    with pytest.raises(InTheWay):
        change_environment(environment, Change(prepare), Unwatched())
    assert OLD == content(environment)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills a copy of this process")
def test_killed_before_any_system_call_the_next_command_finishes_or_undoes(tmp_path: Path) -> None:
    outcomes: dict[str, int] = {"old": 0, "new": 0}
    number = 0
    while True:
        number += 1
        folder = tmp_path / str(number)
        environment = written(folder / ".venv", OLD)
        (environment / ".chapbook").mkdir()
        lock = written(folder, {"poetry.lock": "old lock"}) / "poetry.lock"
        change = update(environment, ProjectFile(lock, b"old lock", b"new lock"))
        ended = killed_at(number, partial(change_environment, environment, change, Unwatched()))
        # Killed while it recovers, it recovers all the same.
        killed_at(1 + number % 5, partial(recover, environment, environment.parent))
        recover(environment, environment.parent)
        recover(environment, environment.parent)
        found = content(environment), lock.read_text()
        assert found in ((OLD, "old lock"), (AFTER, "new lock")), number
        outcomes["old" if found[1] == "old lock" else "new"] += 1
        assert not is_interrupted(environment)
        if ended:
            break
    assert outcomes["old"] > 10
    assert outcomes["new"] > 10


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills a copy of this process")
@pytest.mark.parametrize(("edited", "other"), [("pyproject.toml", "poetry.lock"), ("poetry.lock", "pyproject.toml")])
def test_what_was_edited_since_a_kill_stays_as_it_is(tmp_path: Path, edited: str, other: str) -> None:
    outcomes: dict[str, int] = {"edited": 0, "new": 0}
    number, ended = 0, False
    while not ended:
        number += 1
        folder = tmp_path / str(number)
        environment = written(folder / ".venv", OLD)
        (environment / ".chapbook").mkdir()
        written(folder, {"pyproject.toml": "old", "poetry.lock": "old"})
        files = [ProjectFile(folder / name, b"old", b"new") for name in ("pyproject.toml", "poetry.lock")]
        ended = killed_at(number, partial(change_environment, environment, update(environment, *files), Unwatched()))
        is_left = is_interrupted(environment)
        kept = (folder / other).read_text()
        (folder / edited).write_text("mine")
        assert recover(environment, folder) == ("edited" if is_left else None)
        assert ("mine", kept) == ((folder / edited).read_text(), (folder / other).read_text())
        expected = AFTER if kept == "new" or (not is_left and content(environment) == AFTER) else OLD
        assert content(environment) == expected
        outcomes["edited"] += is_left
        outcomes["new"] += is_left and kept == "new"
    assert outcomes["edited"] > 10
    assert outcomes["new"] > 0


@pytest.mark.parametrize("edited", ["pyproject.toml", "poetry.lock"])
def test_what_somebody_has_saved_since_the_files_were_read_is_not_written_over(
    environment: Path, tmp_path: Path, edited: str
) -> None:
    written(tmp_path, {"pyproject.toml": "old", "poetry.lock": "old"})
    files = [
        ProjectFile(tmp_path / "pyproject.toml", b"old", b"old"),
        ProjectFile(tmp_path / "poetry.lock", b"old", b"new"),
    ]
    (tmp_path / edited).write_text("mine")
    before = content(tmp_path)
    with pytest.raises(ChangedMeanwhile, match="nothing was written"):
        change_environment(environment, update(environment, *files), Unwatched())
    assert content(tmp_path) == before


def test_what_somebody_saves_while_things_are_moved_is_not_written_over(
    environment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path, {"pyproject.toml": "old", "poetry.lock": "old"})
    files = [ProjectFile(tmp_path / name, b"old", b"new") for name in ("pyproject.toml", "poetry.lock")]

    def saved(path: Path, content: bytes) -> None:
        write_file(path, content)
        if path.name == "pyproject.toml":
            (tmp_path / "poetry.lock").write_text("mine")

    monkeypatch.setattr("chapbook_core.installer.transaction.write_file", saved)
    with pytest.raises(ChangedMeanwhile):
        change_environment(environment, update(environment, *files), Unwatched())
    expected = {f".venv/{path}": text for path, text in OLD.items()}
    assert content(tmp_path) == {**expected, "pyproject.toml": "old", "poetry.lock": "mine"}


def test_what_can_neither_be_finished_nor_undone_says_so(environment: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr("chapbook_core.installer.transaction.carry_forward", broken)
    monkeypatch.setattr("chapbook_core.installer.transaction.carry_back", broken)
    with pytest.raises(EnvironmentStuck):
        change_environment(environment, update(environment), Unwatched())
    monkeypatch.undo()
    assert recover(environment, environment.parent) == "back"
    assert OLD == content(environment)
