from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chapbook_core.commands.dispatch import JOURNAL
from chapbook_core.project.journal import Journal, journal_bytes
from chapbook_core.project.pair_writing import (
    ChangedMeanwhile,
    FileChange,
    JournalUnusable,
    PairWriter,
    Recovery,
    has_journal,
)
from chapbook_core.project.writing import WriteFailed, passing_name

if TYPE_CHECKING:
    from chapbook_core.project.pair_writing import Step

OLD = {"pyproject.toml": b"old project\n", "poetry.lock": b"old lock\n"}
NEW = {"pyproject.toml": b"new project\r\n", "poetry.lock": b"new lock \xff\n"}
STEPS = ["journal", "stage", "stage", "place", "place", "drop"]
TOKEN = "0123456789abcdef"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    put(tmp_path, OLD)
    return tmp_path


def put(folder: Path, contents: dict[str, bytes]) -> None:
    for name, content in contents.items():
        (folder / name).write_bytes(content)


def held(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def the_change() -> list[FileChange]:
    return [FileChange(name, OLD[name], NEW[name]) for name in OLD]


class Stopping(PairWriter):
    """Stops before one of its steps."""

    def __init__(self, folder: Path, at: int, how: BaseException | None = None) -> None:
        super().__init__(folder)
        self.steps: list[str] = []
        self._at = at
        self._how = how

    def passing(self, step: Step, name: str) -> None:
        assert name
        if len(self.steps) == self._at:
            if self._how is None:
                os.kill(os.getpid(), 9)
            else:
                self.steps.append("stopped")
                raise self._how
        self.steps.append(step)


def test_both_files_are_replaced_and_nothing_is_left(folder: Path) -> None:
    writer = Stopping(folder, at=99)
    writer.replace(the_change())
    assert NEW == held(folder)
    assert STEPS == writer.steps
    assert not has_journal(folder)
    assert [] == list((folder / ".chapbook").iterdir())


def test_a_file_that_was_not_there_is_made_and_made_only_with_the_other(folder: Path) -> None:
    (folder / "poetry.lock").unlink()
    changes = [FileChange("pyproject.toml", OLD["pyproject.toml"], b"x"), FileChange("poetry.lock", None, b"y")]
    with pytest.raises(KeyboardInterrupt):
        Stopping(folder, 5, KeyboardInterrupt()).replace(changes)
    assert {"pyproject.toml": OLD["pyproject.toml"]} == held(folder)
    PairWriter(folder).replace(changes)
    assert {"pyproject.toml": b"x", "poetry.lock": b"y"} == held(folder)


def test_nothing_to_change_writes_nothing(folder: Path) -> None:
    writer = Stopping(folder, at=99)
    writer.replace([FileChange(name, OLD[name], OLD[name]) for name in OLD])
    assert [] == writer.steps


def test_what_somebody_else_has_written_meanwhile_is_not_written_over(folder: Path) -> None:
    (folder / "pyproject.toml").write_bytes(b"edited")
    with pytest.raises(ChangedMeanwhile):
        PairWriter(folder).replace(the_change())
    assert {**OLD, "pyproject.toml": b"edited"} == held(folder)
    changes = [FileChange("pyproject.toml", b"else", b"else"), FileChange("poetry.lock", OLD["poetry.lock"], b"x")]
    with pytest.raises(ChangedMeanwhile):
        PairWriter(folder).replace(changes)


@pytest.mark.parametrize("at", range(len(STEPS)))
@pytest.mark.parametrize("how", [KeyboardInterrupt(), SystemExit(143), WriteFailed(Path("x"), OSError(28, "full"))])
def test_an_interruption_at_any_step_leaves_the_old_files(folder: Path, at: int, how: BaseException) -> None:
    with pytest.raises(type(how)):
        Stopping(folder, at, how).replace(the_change())
    assert OLD == held(folder)
    assert not has_journal(folder)


_CHILD = """
import sys
from pathlib import Path
from tests.core.project.test_pair_writing import Stopping, the_change
Stopping(Path(sys.argv[1]), int(sys.argv[2])).replace(the_change())
"""


@pytest.mark.parametrize("at", range(len(STEPS)))
def test_after_a_kill_at_any_step_recovery_leaves_both_old_or_both_new(folder: Path, at: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, str(folder), str(at)], cwd=Path(__file__).parents[3], check=False
    )
    assert -9 == done.returncode
    found = PairWriter(folder).recover()
    expected = (None, OLD) if at == 0 else (Recovery.UNDONE, OLD) if at <= 3 else (Recovery.FINISHED, NEW)
    assert expected == (found, held(folder))
    assert not has_journal(folder)
    assert PairWriter(folder).recover() is None


@pytest.mark.parametrize("first", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("second", [0, 1, 2])
def test_a_kill_while_an_interruption_is_undone_leaves_both_old_or_both_new(
    folder: Path, first: int, second: int
) -> None:
    class Twice(Stopping):
        def passing(self, step: Step, name: str) -> None:
            if "stopped" in self.steps and len(self.steps) == first + 1 + second:
                # As if the process had ended: nothing that follows may run.
                raise _EndedError
            super().passing(step, name)

    class _EndedError(BaseException):
        pass

    writer = Twice(folder, first, KeyboardInterrupt())
    with pytest.raises((_EndedError, KeyboardInterrupt)):
        writer.replace(the_change())
    PairWriter(folder).recover()
    # Ended before it was noted that the change is to be undone, a writer that had come far enough has finished it.
    assert held(folder) == (NEW if first >= 4 and second == 0 else OLD)


def test_files_that_were_edited_since_a_kill_stay_as_they_are(folder: Path) -> None:
    _leave_journal(folder)
    edited = {"pyproject.toml": b"edited", "poetry.lock": NEW["poetry.lock"]}
    put(folder, edited)
    assert Recovery.LEFT == PairWriter(folder).recover()
    assert edited == held(folder)
    assert not has_journal(folder)


def test_new_contents_that_never_came_to_their_place_are_removed(folder: Path) -> None:
    _leave_journal(folder)
    put(folder, {f".chapbook-{TOKEN}.tmp": b"new"})
    assert Recovery.UNDONE == PairWriter(folder).recover()
    assert OLD == held(folder)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[1]",
        b"[" * 100_000,
        b'{"format": 2, "return": false, "files": []}',
        b'{"format": 1, "return": false, "files": [{"name": 1}]}',
        journal_bytes(Journal((FileChange("pyproject.toml", b"a", b"b", TOKEN),))).replace(b"Yg==", b"Yw=="),
        journal_bytes(Journal((FileChange("../other/pyproject.toml", b"a", b"b", TOKEN),))),
        journal_bytes(Journal((FileChange("notebook.ipynb", b"a", b"b", TOKEN),))),
        journal_bytes(Journal((FileChange("pyproject.toml", b"a", b"b", "../../x"),))),
    ],
    ids=lambda content: content[:80],
)
def test_a_journal_that_no_command_has_written_is_refused(folder: Path, content: bytes) -> None:
    _leave_journal(folder).write_bytes(content)
    with pytest.raises(JournalUnusable):
        PairWriter(folder).recover()
    assert OLD == held(folder)


def test_no_link_leads_the_writer_out_of_the_project(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    target = tmp_path_factory.mktemp("other") / "file"
    target.write_bytes(b"theirs")
    _leave_journal(folder).unlink()
    (folder / ".chapbook" / "journal").symlink_to(target)
    with pytest.raises(JournalUnusable):
        PairWriter(folder).replace(the_change())
    with pytest.raises(JournalUnusable):
        PairWriter(folder).recover()
    assert (OLD, b"theirs") == (held(folder), target.read_bytes())


def test_nothing_is_swept_where_a_link_leads(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    (other / passing_name("0123456789abcdef")).write_bytes(b"theirs")
    (folder / ".chapbook").symlink_to(other)
    with pytest.raises(JournalUnusable):
        PairWriter(folder).replace(the_change())
    assert [b"theirs"] == [file.read_bytes() for file in other.iterdir()]


def test_links_to_the_files_and_their_permissions_stay(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    target = tmp_path_factory.mktemp("other") / "real.toml"
    target.write_bytes(OLD["pyproject.toml"])
    target.chmod(0o640)
    (folder / "pyproject.toml").unlink()
    (folder / "pyproject.toml").symlink_to(target)
    with pytest.raises(KeyboardInterrupt):
        Stopping(folder, 4, KeyboardInterrupt()).replace(the_change())
    assert OLD == held(folder)
    PairWriter(folder).replace(the_change())
    assert NEW == held(folder)
    assert (folder / "pyproject.toml").is_symlink()
    assert 0o640 == target.stat().st_mode & 0o777


def test_those_who_only_read_look_for_the_journal_where_it_is(folder: Path) -> None:
    assert (folder / JOURNAL) == _leave_journal(folder)


def _leave_journal(folder: Path) -> Path:
    journal = folder / ".chapbook" / "journal"
    journal.parent.mkdir(exist_ok=True)
    changes = tuple(FileChange(name, OLD[name], NEW[name], TOKEN) for name in OLD)
    journal.write_bytes(journal_bytes(Journal(changes)))
    return journal


def test_nothing_is_finished_through_a_link_that_leads_out_of_the_project(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("other") / "file"
    (folder / "poetry.lock").unlink()
    (folder / "poetry.lock").symlink_to(outside)
    change = FileChange("poetry.lock", None, b"evil", TOKEN)
    _leave_journal(folder).write_bytes(journal_bytes(Journal((change,), is_return=True)))
    with pytest.raises(JournalUnusable):
        PairWriter(folder).recover()
    assert not outside.exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no such files here")
def test_nobody_waits_for_a_pipe_in_the_place_of_the_journal(folder: Path) -> None:
    (folder / ".chapbook").mkdir()
    os.mkfifo(folder / ".chapbook" / "journal")
    with pytest.raises(JournalUnusable, match="it is no file"):
        PairWriter(folder).recover()
