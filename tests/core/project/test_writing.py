"""Replacing a file so that it is never half."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from chapbook_core.project.writing import WriteFailed, write_file


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_new_file_has_the_content_and_nothing_lies_beside_it(tmp_path: Path) -> None:
    write_file(tmp_path / "a.toml", b"a\r\nb")

    assert (tmp_path / "a.toml").read_bytes() == b"a\r\nb"
    assert names(tmp_path) == ["a.toml"]


def test_the_permissions_of_the_replaced_file_stay(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_bytes(b"old")
    file.chmod(0o640)

    write_file(file, b"new")

    assert stat.S_IMODE(file.stat().st_mode) == 0o640


def test_given_permissions_win(tmp_path: Path) -> None:
    file = tmp_path / "auth.toml"
    file.write_bytes(b"old")
    file.chmod(0o644)

    write_file(file, b"secret", mode=0o600)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_private_file_is_never_readable_by_others_on_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    file = tmp_path / "auth.toml"
    file.write_bytes(b"old")
    file.chmod(0o600)
    fsync = os.fsync

    def look(descriptor: int) -> None:
        seen.append(stat.S_IMODE(os.fstat(descriptor).st_mode))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", look)
    write_file(file, b"new")

    assert seen[0] == 0o600


def test_a_link_is_followed_and_kept(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir()
    (real / "a.toml").write_bytes(b"old")
    link = tmp_path / "a.toml"
    link.symlink_to(Path("real") / "a.toml")

    write_file(link, b"new")

    assert link.is_symlink()
    assert (real / "a.toml").read_bytes() == b"new"
    assert names(real) == ["a.toml"]


def test_the_bytes_are_on_disk_before_the_name_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = []
    fsync, replace = os.fsync, Path.replace

    def note_fsync(descriptor: int) -> None:
        steps.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "content")
        fsync(descriptor)

    def note_replace(self: Path, target: Path) -> Path:
        steps.append("name")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", note_fsync)
    monkeypatch.setattr(Path, "replace", note_replace)
    write_file(tmp_path / "a.toml", b"new")

    assert steps == ["content", "name", "folder"]


@pytest.mark.parametrize("step", ["write", "fsync", "close"])
def test_a_full_disk_leaves_the_old_file_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_bytes(b"old")
    real = getattr(os, step)

    def fail(descriptor: int, *rest: object) -> object:
        if step == "close":
            real(descriptor, *rest)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(WriteFailed) as caught:
        write_file(file, b"new")
    monkeypatch.undo()

    assert file.read_bytes() == b"old"
    assert names(tmp_path) == ["pyproject.toml"]
    assert caught.value.message == f"cannot write `{file}`: No space left on device; nothing was changed in it"
    assert "space" in caught.value.hints[0]


def test_a_failed_rename_leaves_the_old_file_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_bytes(b"old")

    def fail(_: Path, __: Path) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(WriteFailed, match="Read-only file system"):
        write_file(file, b"new")

    assert file.read_bytes() == b"old"
    assert names(tmp_path) == ["pyproject.toml"]


def test_an_interruption_leaves_the_old_file_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_bytes(b"old")

    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_file(file, b"new")

    assert file.read_bytes() == b"old"
    assert names(tmp_path) == ["pyproject.toml"]


def test_a_write_that_takes_only_some_bytes_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, content: write(descriptor, bytes(content)[:3]))

    write_file(tmp_path / "a.toml", b"0123456789")

    assert (tmp_path / "a.toml").read_bytes() == b"0123456789"


def test_a_missing_folder_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(WriteFailed, match="No such file or directory"):
        write_file(tmp_path / "none" / "a.toml", b"")


def test_a_folder_is_not_replaced_by_a_file(tmp_path: Path) -> None:
    with pytest.raises(WriteFailed, match="not a regular file"):
        write_file(tmp_path, b"")

    assert tmp_path.is_dir()


def test_a_link_to_itself_is_a_clear_error(tmp_path: Path) -> None:
    link = tmp_path / "a.toml"
    link.symlink_to(link)

    with pytest.raises(WriteFailed, match="symbolic links"):
        write_file(link, b"")


def test_a_read_only_file_stays_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.toml"
    file.write_bytes(b"old")
    # The administrator may write anything, so the answer is given here.
    monkeypatch.setattr(os, "access", lambda *_: False)

    with pytest.raises(WriteFailed, match="read-only"):
        write_file(file, b"new")

    assert file.read_bytes() == b"old"


def test_what_can_be_done_without_is_written_whole_without_waiting_for_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_descriptor: int) -> None:
        raise AssertionError

    monkeypatch.setattr(os, "fsync", refuse)
    write_file(tmp_path / "a", b"content", is_durable=False)
    assert (tmp_path / "a").read_bytes() == b"content"
    assert [file.name for file in tmp_path.iterdir()] == ["a"]
