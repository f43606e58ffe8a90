from __future__ import annotations

import errno
import json
import os
import sys
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

import pytest

from chapbook_core.environment.state import read_state, set_fingerprint
from chapbook_core.errors import Cancelled, ChapbookError
from chapbook_core.events import Unwatched
from chapbook_core.installer.journal import JournalDamaged, read_journal
from chapbook_core.installer.relocation import InTheWay, Move
from chapbook_core.installer.renames import arriving_moves, leaving_moves
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
from tests.fakes.killed import Killed, killed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

OLD = {"bin/tool": "old tool", "lib/a/__init__.py": "old", "lib/a-1.dist-info/RECORD": "old", "lib/z.py": "kept"}
NEW = {"bin/tool": "new tool", "lib/a/__init__.py": "new", "lib/a/b/c.py": "new", "lib/a-2.dist-info/RECORD": "new"}
CHANGING = {"os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir", "shutil.rmtree"}
"""The events of an audit hook that may stand for a change of the disk."""
AFTER = {**NEW, "lib/z.py": "kept"}


class Impatient(Unwatched):
    """Wants to stop at one of the moments when it may."""

    def __init__(self, moment: int, problem: Callable[[], BaseException]) -> None:
        self.left = moment
        self.problem = problem

    def checkpoint(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise self.problem()


def written(folder: Path, files: dict[str, str]) -> Path:
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content)
    return folder


def content(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "state.json"
    }


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    folder = written(tmp_path / ".venv", OLD)
    (folder / ".chapbook").mkdir()
    return folder


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    return written(tmp_path, {"poetry.lock": "old lock"}) / "poetry.lock"


def update(environment: Path, *files: ProjectFile) -> Change:
    def prepare(stage: str) -> list[Move]:
        (environment / stage / "out/lib").mkdir(parents=True)
        (environment / stage / "out/bin").mkdir(parents=True)
        written(environment / stage / "in", NEW)
        out = [Move(path, f"{stage}/out/{path}") for path in ("lib/a-1.dist-info", "lib/a", "bin/tool")]
        come = [Move(f"{stage}/in/{path}", path) for path in ("bin/tool", "lib/a", "lib/a-2.dist-info")]
        return [*out, *come]

    return Change(prepare, files, fingerprint=lambda: "new")


def test_a_change_leaves_the_new_files_and_nothing_of_its_own(environment: Path, lock: Path) -> None:
    change_environment(environment, update(environment, ProjectFile(lock, b"old lock", b"new lock")), Unwatched())
    assert AFTER == content(environment)
    assert lock.read_text() == "new lock"
    state = read_state(environment)
    assert state is not None
    assert state.fingerprint == "new"


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
        ended = _killed_at(number, partial(change_environment, environment, change, Unwatched()))
        # Killed while it recovers, it recovers all the same.
        _killed_at(1 + number % 5, partial(recover, environment, environment.parent))
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
        ended = _killed_at(number, partial(change_environment, environment, update(environment, *files), Unwatched()))
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


def _killed_at(number: int, work: Callable[[], object]) -> bool:
    """Do the work in a copy of this process that dies at its n-th change of the disk; tell whether it ended before."""
    child = os.fork()
    if child == 0:
        count = 0

        def counted(event: str, _arguments: tuple[object, ...]) -> None:
            nonlocal count
            if (
                event in {"os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir", "shutil.rmtree"}
                or event == "open"
            ):
                count += 1
                if count == number:
                    os._exit(9)

        sys.addaudithook(counted)
        try:
            work()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


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


@pytest.fixture
def refusing(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Let an environment have come with the image of a container: none of its folders can be given another name."""
    rename = os.rename
    below: set[int] = set()

    def refused(source: str, target: str, *, src_dir_fd: int | None = None, dst_dir_fd: int | None = None) -> None:
        if os.stat(source, dir_fd=src_dir_fd).st_ino in below:
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), source)
        rename(source, target, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)

    def begin(environment: Path) -> None:
        below.clear()
        below.update(path.stat().st_ino for path in environment.rglob("*") if path.is_dir())

    monkeypatch.setattr(os, "rename", refused)
    return begin


def test_where_no_folder_can_be_moved_its_files_are(
    environment: Path, lock: Path, refusing: Callable[[Path], None]
) -> None:
    (environment / "lib/a/empty").mkdir()
    refusing(environment)
    change_environment(environment, update(environment, ProjectFile(lock, b"old lock", b"new lock")), Unwatched())
    assert (AFTER, "new lock") == (content(environment), lock.read_text())
    assert {"a", "a-2.dist-info", "z.py"} == {path.name for path in (environment / "lib").iterdir()}
    assert {"__init__.py", "b"} == {path.name for path in (environment / "lib/a").iterdir()}


@pytest.mark.parametrize("moment", range(2, 14))
def test_where_no_folder_can_be_moved_an_interruption_brings_everything_back(
    environment: Path,
    lock: Path,
    moment: int,
    refusing: Callable[[Path], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("chapbook_core.installer.carrying._AT_ONCE", 1)
    refusing(environment)
    change = update(environment, ProjectFile(lock, b"old lock", b"new lock"))
    with suppress(KeyboardInterrupt):
        change_environment(environment, change, Impatient(moment, KeyboardInterrupt))
    found = content(environment), lock.read_text()
    assert found == ((OLD, "old lock") if moment < 11 else (AFTER, "new lock"))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills a copy of this process")
def test_where_no_folder_can_be_moved_a_killed_change_is_finished_or_undone(
    tmp_path: Path, refusing: Callable[[Path], None]
) -> None:
    outcomes: dict[str, int] = {"old": 0, "new": 0}
    number, ended = 0, False
    while not ended:
        number += 1
        environment = written(tmp_path / str(number) / ".venv", OLD)
        (environment / ".chapbook").mkdir()
        refusing(environment)
        ended = _killed_at(number, partial(change_environment, environment, update(environment), Unwatched()))
        recover(environment, environment.parent)
        found = content(environment)
        assert found in (OLD, AFTER), number
        outcomes["old" if found == OLD else "new"] += 1
        assert (environment / "lib/a-1.dist-info").exists() == (found == OLD)
        assert not is_interrupted(environment)
    assert outcomes["old"] > 10
    assert outcomes["new"] > 5


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


def test_files_move_as_whole_folders_where_nothing_else_is_in_them(environment: Path) -> None:
    written(environment, {"lib/a/c.py": "", "lib/b/mine.py": "", "lib/b/other.py": ""})
    gone = ["lib/a/__init__.py", "lib/a/c.py", "lib/b/mine.py", "lib/a-1.dist-info/RECORD", "bin/tool"]
    moves = leaving_moves(environment, gone, {"lib", "bin"}, "trash")
    assert [
        ("lib/a-1.dist-info", "trash/lib/a-1.dist-info"),
        ("bin/tool", "trash/bin/tool"),
        ("lib/a", "trash/lib/a"),
        ("lib/b/mine.py", "trash/lib/b/mine.py"),
    ] == [tuple(move) for move in moves]


def test_what_comes_moves_as_whole_folders_and_the_dist_info_last(environment: Path) -> None:
    written(
        environment / "stage",
        {"lib/a/new.py": "1", "lib/new/one.py": "1", "lib/a-2.dist-info/RECORD": "", "bin/tool": "3"},
    )
    moves = arriving_moves(environment, "stage", ["bin/tool"])
    assert ["bin/tool", "lib/a/new.py", "lib/new", "lib/a-2.dist-info"] == [move.target for move in moves]
    with pytest.raises(InTheWay):
        arriving_moves(environment, "stage", [])
