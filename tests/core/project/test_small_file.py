from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from chapbook_core.project.small_file import read_small

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
