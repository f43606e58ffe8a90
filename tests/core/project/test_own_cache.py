from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

import pytest

from chapbook_core.project import own_cache as module
from chapbook_core.project.own_cache import ForeignCache, is_own, make_own, own_cache, require_own
from tests.fakes.watcher import RecordingWatcher

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(not hasattr(os, "geteuid"), reason="rights are another matter here")
ME, OTHER, ROOT = 1000, 1001, 0


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    folder = tmp_path / "cache"
    folder.mkdir(0o755)
    return folder


def pretend(monkeypatch: pytest.MonkeyPatch, *, me: int, owners: dict[Path, int]) -> None:
    """Let folders belong to people, and what is not named to the administrator."""
    own = module._status

    def status(folder: Path) -> os.stat_result | None:
        found = own(folder)
        return None if found is None else os.stat_result((*found[:4], owners.get(folder, ROOT), *found[5:]))

    monkeypatch.setattr(module, "_status", status)
    monkeypatch.setattr(os, "geteuid", lambda: me)


@pytest.mark.parametrize(
    ("me", "owner", "is_used"),
    [(ME, ME, True), (ME, ROOT, True), (ME, OTHER, False), (ROOT, ROOT, True), (ROOT, ME, False)],
)
def test_a_cache_is_used_that_is_ones_own_or_the_administrators(
    cache: Path, monkeypatch: pytest.MonkeyPatch, me: int, owner: int, *, is_used: bool
) -> None:
    pretend(monkeypatch, me=me, owners={cache: owner})
    assert is_used == is_own(cache)


@pytest.mark.parametrize(
    ("mode", "is_used"), [(0o700, True), (0o755, True), (0o2775, True), (0o777, False), (0o1777, False)]
)
def test_a_cache_is_used_where_not_everybody_may_write(cache: Path, mode: int, *, is_used: bool) -> None:
    cache.chmod(mode)
    assert is_used == is_own(cache)


def test_whoever_it_belongs_to_is_told_with_a_way_out(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, me=ROOT, owners={cache: 987654})
    with pytest.raises(ForeignCache) as caught:
        require_own(cache)
    assert caught.value.message == f"the cache `{cache}` is not used: `{cache}` belongs to user 987654"
    sudo, way_out = caught.value.hints
    assert "`-H`" in sudo
    assert "CHAPBOOK_CACHE_DIR" in way_out
    cache.chmod(0o777)
    pretend(monkeypatch, me=ME, owners={cache: ME})
    with pytest.raises(ForeignCache) as caught:
        require_own(cache)
    assert caught.value.hints == (f"take that right away: `chmod o-w {cache}`",)


def test_a_cache_that_is_made_is_closed_to_others(tmp_path: Path) -> None:
    folder = tmp_path / "home" / ".cache" / "chapbook"
    make_own(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    folder.chmod(0o750)
    make_own(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o750


def test_the_administrator_makes_none_in_the_home_of_somebody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(monkeypatch, me=ROOT, owners={tmp_path: ME})
    folder = tmp_path / ".cache" / "chapbook"
    watcher = RecordingWatcher()
    assert own_cache(folder, watcher) is None
    assert not folder.parent.exists()
    (warning,) = watcher.warnings
    assert f"the cache `{folder}` is not used: `{tmp_path}` belongs to " in warning


def test_somebody_makes_one_wherever_they_may(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, me=ME, owners={tmp_path: OTHER})
    assert own_cache(tmp_path / "mine", RecordingWatcher()) == tmp_path / "mine"


def test_a_cache_that_nobody_here_can_look_at_is_left_to_whoever_writes_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, *_: object, **_options: object) -> os.stat_result:
        raise PermissionError(errno.EACCES, "Permission denied", str(self))

    monkeypatch.setattr(type(tmp_path), "stat", refuse)
    monkeypatch.setattr(os, "mkdir", refuse)
    make_own(tmp_path / "closed" / "cache")
