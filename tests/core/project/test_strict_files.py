"""What is done otherwise where files that are open or read-only stay, tried with a system that behaves so."""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import suppress
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from chapbook_core.cli import interrupts
from chapbook_core.cli.interrupts import Interrupts
from chapbook_core.installer import part, workshop
from chapbook_core.installer.part import opened_part, remove_part, sweep_parts
from chapbook_core.installer.workshop import Workshop, sweep
from chapbook_core.project import kernel_lock, patience, removal, writer_lock
from chapbook_core.project.removal import remove_folder, remove_whole_folder
from chapbook_core.project.writer_lock import hold_project
from chapbook_core.project.writing import WriteFailed, write_file
from tests.fakes import strict_files
from tests.fakes.watcher import RecordingWatcher

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(not strict_files.IS_POSSIBLE, reason="nobody tells here which files are open")


@pytest.fixture
def strict(monkeypatch: pytest.MonkeyPatch) -> None:
    strict_files.be_strict(monkeypatch)
    for module in (removal, workshop, writer_lock):
        monkeypatch.setattr(module, "IS_STRICT", True)
    monkeypatch.setattr(part, "_OPEN_ONES_CAN_GO", False)
    monkeypatch.setattr(patience, "_IS_NEEDED", True)
    monkeypatch.setattr(patience, "_PAUSES", (0.0, 0.0))


def filled(folder: Path) -> Path:
    (folder / "inner").mkdir(parents=True)
    for name in ("one", "inner/two"):
        (folder / name).write_text("1")
        (folder / name).chmod(0o444)
    return folder


@pytest.mark.usefixtures("strict")
def test_a_folder_goes_with_its_read_only_files(tmp_path: Path) -> None:
    remove_folder(filled(tmp_path / "one"))
    remove_whole_folder(filled(tmp_path / "two"))
    assert [] == list(tmp_path.iterdir())


@pytest.mark.usefixtures("strict")
def test_what_is_open_stays_alone_of_a_folder(tmp_path: Path) -> None:
    folder = filled(tmp_path / "one")
    with (folder / "one").open():
        remove_folder(folder)
        assert [folder / "one"] == list(folder.iterdir())
        with pytest.raises(PermissionError):
            remove_whole_folder(folder)


@pytest.mark.usefixtures("strict")
def test_a_killed_process_leaves_no_lock_in_the_yard(tmp_path: Path) -> None:
    (tmp_path / "1-abc.lock").touch()
    filled(tmp_path / "1-abc")
    assert 1 == sweep(tmp_path)
    assert [] == list(tmp_path.iterdir())
    own = Workshop(tmp_path)
    filled(own.new_folder() / "more")
    own.close()
    assert [] == list(tmp_path.iterdir())


@pytest.mark.usefixtures("strict")
def test_what_cannot_go_yet_keeps_the_lock_by_which_it_is_found_again(tmp_path: Path) -> None:
    (tmp_path / "1-abc.lock").touch()
    with (filled(tmp_path / "1-abc") / "one").open():
        sweep(tmp_path)
        assert (tmp_path / "1-abc.lock").exists()
    sweep(tmp_path)
    assert [] == list(tmp_path.iterdir())


@pytest.mark.usefixtures("strict")
def test_a_command_that_fails_leaves_no_folder_for_its_lock(tmp_path: Path) -> None:
    with suppress(LookupError), hold_project(tmp_path, "chapbook lock", RecordingWatcher()):
        assert (tmp_path / ".chapbook").is_dir()
        raise LookupError
    assert [] == list(tmp_path.iterdir())


@pytest.mark.usefixtures("strict")
def test_a_download_that_is_over_leaves_nothing(tmp_path: Path) -> None:
    with opened_part(tmp_path, "a" * 64, lambda: None) as (path, stream):
        stream.write(b"1")
        remove_part(path, stream)
    assert [] == list((tmp_path / "downloads").iterdir())


@pytest.mark.usefixtures("strict")
def test_an_open_download_keeps_no_old_one_from_going(tmp_path: Path) -> None:
    folder = tmp_path / "downloads"
    folder.mkdir()
    for name in "abc":
        (folder / name).touch()
        os.utime(folder / name, (1, 1))
    with (folder / "a").open(), (folder / "b").open():
        sweep_parts(tmp_path)
        assert {"a", "b"} == {path.name for path in folder.iterdir()}


@pytest.mark.usefixtures("strict")
def test_a_file_that_somebody_reads_for_a_moment_is_written_after_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_text("before")
    refused = replace_refusing(monkeypatch, times=2)
    write_file(file, b"after")
    assert (b"after", 2) == (file.read_bytes(), len(refused))
    replace_refusing(monkeypatch, times=99)
    with pytest.raises(WriteFailed):
        write_file(file, b"later")
    assert [file] == list(tmp_path.iterdir())
    assert b"after" == file.read_bytes()


def replace_refusing(monkeypatch: pytest.MonkeyPatch, times: int) -> list[str]:
    """Let files be replaced only after so many times; return those that were refused."""
    replace, refused = os.replace, list[str]()

    def refusing(source: str, target: str) -> None:
        if len(refused) < times:
            refused.append(target)
            raise PermissionError(13, "in use")
        replace(source, target)

    monkeypatch.setattr(os, "replace", refusing)
    return refused


class Locking(ModuleType):
    """The module with the locks of Windows: each is of one descriptor, and of bytes from where that stands."""

    LK_NBLCK, LK_UNLCK = 2, 0

    def __init__(self) -> None:
        super().__init__("msvcrt")
        self.held: dict[tuple[int, int], int] = {}

    def locking(self, descriptor: int, mode: int, _count: int) -> None:
        key = (os.fstat(descriptor).st_ino, os.lseek(descriptor, 0, os.SEEK_CUR))
        if mode == self.LK_UNLCK:
            del self.held[key]
        elif self.held.setdefault(key, descriptor) != descriptor:
            raise PermissionError(13, "locked")


@pytest.fixture
def foreign_lock(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The locks as they are on Windows."""
    with monkeypatch.context() as patches:
        patches.setattr(sys, "platform", "win32")
        patches.setitem(sys.modules, "msvcrt", Locking())
        spec = spec_from_file_location("foreign_lock", kernel_lock.__file__)
        assert spec is not None
        assert spec.loader is not None
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
    return module


def test_a_lock_of_bytes_lets_a_file_be_where_it_was(tmp_path: Path, foreign_lock: ModuleType) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"0123")
    with file.open("r+b") as stream, file.open("r+b") as other:
        stream.seek(2)
        assert foreign_lock.try_lock(stream.fileno())
        assert not foreign_lock.try_lock(other.fileno())
        assert 0 == os.lseek(other.fileno(), 0, os.SEEK_CUR)
        stream.write(b"xy")
        foreign_lock.unlock(stream.fileno())
        assert foreign_lock.try_lock(other.fileno())
    assert b"01xy" == file.read_bytes()


def test_a_download_is_written_from_its_beginning_behind_such_a_lock(
    tmp_path: Path, foreign_lock: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(part, "try_lock", foreign_lock.try_lock)
    with opened_part(tmp_path, "a" * 64, lambda: None) as (path, stream):
        stream.write(b"wheel")
        stream.flush()
        assert 5 == path.stat().st_size


def hear_again(ignored: SimpleNamespace) -> None:
    """Wait for what is to come, which may come before this begins to."""
    Interrupts()._hear_again(ignored)
    for _ in range(1000):
        time.sleep(0.01)


def test_an_interrupt_that_is_heard_again_ends_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def kill(*_words: object) -> None:
        raise AssertionError("on Windows this ends the process")

    monkeypatch.setattr(interrupts, "os", SimpleNamespace(name="nt", getpid=os.getpid, kill=kill))
    ignored = SimpleNamespace(exc_type=KeyboardInterrupt, exc_value=KeyboardInterrupt())
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            hear_again(ignored)
    finally:
        signal.signal(signal.SIGINT, before)
