"""Downloads that were broken off, and those that somebody is writing."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from chapbook_core.installer import part
from chapbook_core.installer.part import opened_part, sweep_parts

if TYPE_CHECKING:
    from pathlib import Path

DIGEST = "a" * 64


@pytest.mark.parametrize("can_go", [True, False], ids=["open files can go", "open files stay"])
def test_a_download_under_way_is_not_swept_away_when_the_clock_leaps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, can_go: bool
) -> None:
    monkeypatch.setattr(part, "_OPEN_ONES_CAN_GO", can_go)
    with opened_part(tmp_path, DIGEST, lambda: None) as (path, stream):
        stream.write(b"half of it")
        stream.flush()
        _grow_old(path)
        sweep_parts(tmp_path)
        assert path.read_bytes() == b"half of it"
    _grow_old(path)
    sweep_parts(tmp_path)
    assert not path.exists()


def test_a_download_that_has_taken_the_place_of_a_forgotten_one_is_not_swept_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "downloads" / f"{DIGEST}.part"
    path.parent.mkdir()
    path.write_bytes(b"forgotten")
    _grow_old(path)

    def replaced(_descriptor: int) -> bool:
        path.unlink()
        path.write_bytes(b"half of it")
        return True

    monkeypatch.setattr(part, "try_lock", replaced)
    sweep_parts(tmp_path)
    assert path.read_bytes() == b"half of it"


def test_what_was_broken_off_this_week_is_kept(tmp_path: Path) -> None:
    with opened_part(tmp_path, DIGEST, lambda: None) as (path, stream):
        stream.write(b"half of it")
        stream.flush()
    sweep_parts(tmp_path)
    assert path.exists()


def test_of_a_link_among_downloads_only_the_link_goes(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_bytes(b"years")
    link = tmp_path / "downloads" / f"{DIGEST}.part"
    link.parent.mkdir()
    link.symlink_to(precious)
    _grow_old(link)
    sweep_parts(tmp_path)
    assert not os.path.lexists(link)
    assert precious.read_bytes() == b"years"


def _grow_old(path: Path) -> None:
    week_ago = time.time() - 7 * 24 * 3600 - 60
    os.utime(path, (week_ago, week_ago), follow_symlinks=False)
