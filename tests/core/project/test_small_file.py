from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from chapbook_core.project.small_file import read_small, write_small

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("size", [0, 1, (1 << 16) - 1, 1 << 16, (1 << 16) + 1, (1 << 20) + (1 << 16), 3 << 20])
def test_a_file_is_read_whole(tmp_path: Path, size: int) -> None:
    file = tmp_path / "file"
    file.write_bytes(bytes(range(251)) * (size // 251) + bytes(size % 251))
    assert file.read_bytes() == read_small(file) == read_small(str(file))


def test_a_file_system_may_give_less_than_there_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_bytes(b"content")
    read = os.read
    monkeypatch.setattr(os, "read", lambda descriptor, count: read(descriptor, min(count, 3)))
    assert b"content" == read_small(tmp_path / "file")


def test_what_is_no_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_small(tmp_path / "file")
    with pytest.raises(OSError):  # noqa: PT011  which one is the system's to say
        read_small(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no such files here")
def test_nobody_waits_for_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert b"" == read_small(tmp_path / "pipe")


def test_what_is_written_is_what_is_read_whatever_was_there(tmp_path: Path) -> None:
    file = str(tmp_path / "file")
    for content in (b"much content", b"less", b"", bytes(range(251)) * 1000):
        write_small(file, content)
        assert content == read_small(file)


def test_a_file_system_may_take_less_than_it_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, content: write(descriptor, content[:3]))
    write_small(str(tmp_path / "file"), b"some content")
    assert b"some content" == (tmp_path / "file").read_bytes()


@pytest.mark.parametrize("is_durable", [False, True])
def test_a_disk_is_waited_for_where_that_matters(
    is_durable: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: told.append(os.fstat(descriptor).st_size))
    write_small(str(tmp_path / "file"), b"content", is_durable=is_durable)
    assert told == [7] * is_durable


def test_what_cannot_be_written_leaves_nothing_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[int] = []

    def fail(descriptor: int, _content: object) -> int:
        opened.append(descriptor)
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "write", fail)
    with pytest.raises(OSError, match="full"):
        write_small(str(tmp_path / "file"), b"content")
    with pytest.raises(OSError, match="descriptor"):
        os.fstat(opened[0])
