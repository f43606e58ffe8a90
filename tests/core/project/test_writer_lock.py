from __future__ import annotations

import errno
import os
import re
import shutil
import signal
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chapbook_core.errors import Cancelled
from chapbook_core.events import Unwatched
from chapbook_core.project import kernel_lock, writer_lock
from chapbook_core.project.lock_place import LockRefused
from chapbook_core.project.writer_lock import ProjectBusy, ProjectCannotBeLocked, hold_project
from tests.fakes.holding import held_by_another
from tests.fakes.watcher import RecordingWatcher

if TYPE_CHECKING:
    from collections.abc import Iterator

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals, links and owners are those of POSIX")
as_root = pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() != 0, reason="only root can take the part of somebody else"
)


def hold(project: Path, *, patience: float = 0) -> None:
    with hold_project(project, "chapbook version", Unwatched(), patience=patience):
        pass


def until(condition: threading.Event) -> None:
    assert condition.wait(60)


@pytest.fixture
def shared() -> Iterator[Path]:
    """Make a folder that other people of this machine can reach, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def test_a_project_that_another_process_holds_cannot_be_held(tmp_path: Path) -> None:
    with held_by_another(tmp_path) as other:
        with pytest.raises(ProjectBusy):
            hold(tmp_path)
        other.let_go()
        hold(tmp_path)


def test_another_process_cannot_hold_what_this_one_holds(tmp_path: Path) -> None:
    with hold_project(tmp_path, "chapbook version", Unwatched()), held_by_another(tmp_path) as other:
        assert other.said.startswith("ProjectBusy")
        assert f"process {os.getpid()} (`chapbook version`)" in other.said
    with held_by_another(tmp_path) as other:
        assert "held" == other.said


def test_two_projects_have_nothing_to_do_with_each_other(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with held_by_another(tmp_path / "a"):
        hold(tmp_path / "b")


def test_a_project_is_the_same_by_whatever_link_it_is_reached(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    with held_by_another(tmp_path / "link"), pytest.raises(ProjectBusy):
        hold(tmp_path / "real")


def test_who_waits_is_told_once_for_whom(tmp_path: Path) -> None:
    watcher = RecordingWatcher()
    with held_by_another(tmp_path, command="chapbook source add") as other:
        letting_go = threading.Timer(0.8, other.let_go)
        letting_go.start()
        with hold_project(tmp_path, "chapbook version", watcher, patience=60):
            letting_go.join()
    told = (
        rf"waiting for process {other.pid} \(`chapbook source add`\), which has held the project since \d\d:\d\d:\d\d"
    )
    (message,) = watcher.messages
    assert re.fullmatch(told, message)


def test_a_short_wait_is_not_worth_a_word(tmp_path: Path) -> None:
    watcher = RecordingWatcher()
    with held_by_another(tmp_path) as other:
        letting_go = threading.Timer(0.1, other.let_go)
        letting_go.start()
        with hold_project(tmp_path, "chapbook version", watcher, patience=60):
            letting_go.join()
    assert [] == watcher.messages
    assert watcher.checkpoints > 1


def test_the_deadline_names_the_holder_and_what_to_do(tmp_path: Path) -> None:
    with held_by_another(tmp_path) as other:
        began = time.monotonic()
        with pytest.raises(ProjectBusy) as caught:
            hold(tmp_path, patience=0.2)
        assert 0.2 <= time.monotonic() - began < 30
    assert f"`{tmp_path}` is held by process {other.pid} (`chapbook lock`) since " in caught.value.message
    assert any(f"end process {other.pid}" in hint for hint in caught.value.hints)


@posix
def test_a_stopped_holder_still_holds(tmp_path: Path) -> None:
    with held_by_another(tmp_path) as other:
        other.signal(signal.SIGSTOP)
        with pytest.raises(ProjectBusy, match=f"process {other.pid}"):
            hold(tmp_path, patience=0.2)


def test_a_killed_holder_leaves_nothing_to_clean(tmp_path: Path) -> None:
    with held_by_another(tmp_path) as other:
        other.kill()
    assert (tmp_path / ".chapbook" / "lock").read_text()
    hold(tmp_path)


def test_a_killed_holder_is_not_named_in_place_of_one_that_could_not_write(tmp_path: Path) -> None:
    with held_by_another(tmp_path) as dead:
        dead.kill()
    text = (tmp_path / ".chapbook" / "lock").read_text()
    with held_by_another(tmp_path):
        (tmp_path / ".chapbook" / "lock").write_text(text)
        with pytest.raises(ProjectBusy, match="held by another process; gave up"):
            hold(tmp_path)


def test_who_is_cancelled_while_waiting_stops_waiting(tmp_path: Path) -> None:
    with held_by_another(tmp_path) as other:
        with (
            pytest.raises(Cancelled),
            hold_project(tmp_path, "chapbook version", RecordingWatcher(cancel_after=2), patience=30),
        ):
            pass
        other.let_go()
        hold(tmp_path)


def test_threads_of_a_process_exclude_each_other(tmp_path: Path) -> None:
    inside, most = 0, 0

    def work() -> None:
        nonlocal inside, most
        for _ in range(3):
            with hold_project(tmp_path, "chapbook version", Unwatched(), patience=20):
                inside += 1
                most = max(most, inside)
                time.sleep(0.005)
                inside -= 1

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (0, 1) == (inside, most)


def test_threads_exclude_each_other_where_a_lock_is_the_whole_process_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_lock, "try_lock", lambda _descriptor: True)
    caught = []

    def work() -> None:
        try:
            hold(tmp_path)
        except ProjectBusy as error:
            caught.append(error.holder)

    with hold_project(tmp_path, "chapbook lock", Unwatched()):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert ["chapbook lock"] == [holder.command for holder in caught if holder is not None]


def test_a_thread_may_hold_again_what_it_holds(tmp_path: Path) -> None:
    with hold_project(tmp_path, "chapbook import", Unwatched()):
        hold(tmp_path)
        with held_by_another(tmp_path) as other:
            assert other.said.startswith("ProjectBusy")


def test_a_failure_inside_gives_the_project_back_and_leaves_no_trace(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), hold_project(tmp_path, "chapbook version", Unwatched()):
        raise ZeroDivisionError
    assert [] == list(tmp_path.iterdir())
    hold(tmp_path)


def test_a_failure_leaves_what_was_there_before(tmp_path: Path) -> None:
    hold(tmp_path)
    (tmp_path / ".chapbook" / "journal").touch()
    with pytest.raises(ZeroDivisionError), hold_project(tmp_path, "chapbook version", Unwatched()):
        raise ZeroDivisionError
    assert {".gitignore", "journal", "lock"} == {path.name for path in (tmp_path / ".chapbook").iterdir()}


def test_git_does_not_see_the_folder_unless_the_person_wants_it(tmp_path: Path) -> None:
    ignore = tmp_path / ".chapbook" / ".gitignore"
    hold(tmp_path)
    assert "*\n" == ignore.read_text()
    ignore.write_text("lock\n")
    hold(tmp_path)
    assert "lock\n" == ignore.read_text()


def test_who_waited_on_a_lock_that_was_cleaned_away_waits_on_for_the_next(tmp_path: Path) -> None:
    has_taken = threading.Event()

    def work() -> None:
        with hold_project(tmp_path, "chapbook version", Unwatched(), patience=20):
            has_taken.set()

    with ExitStack() as stack:
        first = stack.enter_context(held_by_another(tmp_path))
        thread = threading.Thread(target=work)
        thread.start()
        time.sleep(0.1)
        # As `git clean -fdX` does.
        shutil.rmtree(tmp_path / ".chapbook")
        second = stack.enter_context(held_by_another(tmp_path))
        assert "held" == second.said
        first.let_go()
        assert not has_taken.wait(0.3)
        second.let_go()
        until(has_taken)
        thread.join()


@posix
@pytest.mark.parametrize("planted", ["link", "dangling link", "hard link", "folder", "queue"])
def test_a_planted_lock_is_refused_and_nothing_is_written_through_it(tmp_path: Path, planted: str) -> None:
    victim, lock = tmp_path / "victim", tmp_path / "project" / ".chapbook" / "lock"
    lock.parent.mkdir(parents=True)
    victim.write_text("precious")
    match planted:
        case "link":
            lock.symlink_to(victim)
        case "dangling link":
            lock.symlink_to(tmp_path / "new")
        case "hard link":
            lock.hardlink_to(victim)
        case "folder":
            lock.mkdir()
        case _:
            os.mkfifo(lock)
    with pytest.raises(LockRefused, match=re.escape(f"`{lock}` cannot be the lock of the project: it ")):
        hold(tmp_path / "project")
    assert "precious" == victim.read_text()
    assert not (tmp_path / "new").exists()


@posix
@pytest.mark.parametrize("planted", ["link", "dangling link", "file"])
def test_a_planted_folder_is_refused(tmp_path: Path, planted: str) -> None:
    project, elsewhere = tmp_path / "project", tmp_path / "elsewhere"
    project.mkdir()
    state = project / ".chapbook"
    match planted:
        case "link":
            elsewhere.mkdir()
            state.symlink_to(elsewhere)
        case "dangling link":
            state.symlink_to(elsewhere)
        case _:
            state.touch()
    with pytest.raises(LockRefused, match=re.escape(str(state))):
        hold(project)
    assert not elsewhere.exists() or not list(elsewhere.iterdir())


def test_an_ignore_file_that_is_a_link_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / ".chapbook").mkdir()
    (tmp_path / ".chapbook" / ".gitignore").symlink_to(tmp_path / "new")
    hold(tmp_path)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP])
def test_where_the_file_system_knows_no_locks_the_lock_is_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    project, cache = tmp_path / "project", tmp_path / "home" / "cache"
    project.mkdir()

    def try_lock(descriptor: int) -> bool:
        if os.path.samestat(os.fstat(descriptor), (project / ".chapbook" / "lock").stat()):
            raise OSError(number, os.strerror(number))
        return kernel_lock.try_lock(descriptor)

    monkeypatch.setattr(writer_lock, "try_lock", try_lock)
    watcher = RecordingWatcher()
    with hold_project(project, "chapbook lock", watcher, elsewhere=[cache]):
        (file,) = cache.iterdir()
        assert "command chapbook lock" in file.read_text()
        with file.open("r+b") as stream:
            assert not kernel_lock.try_lock(stream.fileno())
    (message,) = watcher.messages
    assert f"`{project / '.chapbook'}` cannot hold the lock: {os.strerror(number)}; it is in `{cache}`" in message


@posix
def test_where_the_folder_cannot_be_written_the_lock_is_elsewhere(shared: Path) -> None:
    project, cache = shared / "project", shared / "caches" / "locks"
    project.mkdir(mode=0o555)
    cache.parent.mkdir()
    cache.parent.chmod(0o777)
    with (
        held_by_another(project, elsewhere=(cache,), nobody=os.geteuid() == 0) as other,
        held_by_another(project, elsewhere=(cache,), nobody=os.geteuid() == 0) as third,
    ):
        assert "held" == other.said
        assert f"held by process {other.pid}" in third.said
    assert [] == list(project.iterdir())


def test_a_project_that_nothing_can_lock_is_not_written(tmp_path: Path) -> None:
    project, other = tmp_path / "gone", tmp_path / "file"
    other.touch()
    with (
        pytest.raises(ProjectCannotBeLocked) as caught,
        hold_project(project, "chapbook lock", Unwatched(), elsewhere=[other / "locks"]),
    ):
        pass
    assert f"`{project / '.chapbook'}` cannot hold the lock: " in caught.value.message
    assert f"`{other / 'locks'}` cannot hold the lock: " in caught.value.message


@as_root
def test_the_lock_of_an_administrator_excludes_whoever_can_only_read_it(shared: Path) -> None:
    shared.chmod(0o777)
    with held_by_another(shared) as other, held_by_another(shared, nobody=True) as reader:
        assert "held" == other.said
        assert f"held by process {other.pid}" in reader.said
    with held_by_another(shared, nobody=True) as reader:
        assert "held" == reader.said
        with pytest.raises(ProjectBusy, match="held by another process"):
            hold(shared)


@as_root
def test_a_folder_elsewhere_that_is_somebody_else_s_is_not_used(tmp_path: Path, shared: Path) -> None:
    foreign = shared / "chapbook"
    foreign.mkdir()
    os.chown(foreign, 65534, 65534)
    with (
        pytest.raises(ProjectCannotBeLocked, match="it belongs to somebody else"),
        hold_project(tmp_path / "gone", "chapbook lock", Unwatched(), elsewhere=[foreign]),
    ):
        pass
