"""The index cache on its own."""

from __future__ import annotations

import os
import sqlite3
import sys
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

import pytest

from chapbook_core.index.cache import Cache, KeptPage, source_key
from chapbook_core.index.http_cache import Validity
from tests.fakes.clock import Clock
from tests.fakes.watcher import RecordingWatcher

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SOURCE = "https://example.org/simple/"
VALIDITY = Validity(fetched=100.0, lifetime=600.0, etag='"e"', last_modified="yesterday")


@pytest.fixture
def watcher() -> RecordingWatcher:
    return RecordingWatcher()


def filled(folder: Path | None, watcher: RecordingWatcher, names: tuple[str, ...] = ("a",), size: int = 10) -> Cache:
    cache = Cache(folder, watcher)
    for name in names:
        cache.keep_page(SOURCE, name, KeptPage(b"p" * size, VALIDITY), b"f" * size)
        cache.keep_metadata(SOURCE, name, "1.0", f"{name}.whl|", b"m" * size)
    cache.keep_fact(SOURCE, "dialect", "pages")
    cache.flush()
    return cache


def _impatient(connect: Callable[..., sqlite3.Connection], path: Path, **options: object) -> sqlite3.Connection:
    return connect(path, **{**options, "timeout": 0.0})


def database(folder: Path) -> Path:
    (path,) = folder.glob("*.sqlite")
    return path


def test_what_is_kept_is_there_in_the_next_run(tmp_path: Path, watcher: RecordingWatcher) -> None:
    filled(tmp_path, watcher).close()
    cache = Cache(tmp_path, watcher)
    assert cache.page(SOURCE, "a") == KeptPage(b"p" * 10, VALIDITY)
    assert cache.files(SOURCE, "a", lambda stream: stream.read(1000)) == b"f" * 10
    assert cache.metadata(SOURCE, "a", "1.0") == b"m" * 10
    assert cache.fact(SOURCE, "dialect") == "pages"
    assert cache.names() == ["a"]
    cache.close()


def test_what_was_never_kept_is_not_there(tmp_path: Path, watcher: RecordingWatcher) -> None:
    cache = filled(tmp_path, watcher)
    assert cache.page(SOURCE, "b") is None
    assert cache.page("https://example.org/other/", "a") is None
    assert cache.metadata(SOURCE, "a", "2.0") is None
    assert cache.fact(SOURCE, "other") == ""
    cache.close()


def test_one_look_tells_which_packages_it_knows_anything_of(tmp_path: Path, watcher: RecordingWatcher) -> None:
    cache = filled(tmp_path, watcher, ("a", "b"))
    many = [f"p{number}" for number in range(2000)]
    assert {"a", "b"} == cache.known(SOURCE, ["a", "b", *many])
    assert set() == cache.known("https://example.org/other/", ["a"])
    cache.close()
    assert set() == Cache(tmp_path / "none", watcher).known(SOURCE, ["a"])
    assert not (tmp_path / "none").exists()


def test_while_somebody_else_holds_the_database_each_package_may_be_known(
    tmp_path: Path, watcher: RecordingWatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(tmp_path, watcher).close()
    cache = Cache(tmp_path, watcher)
    with closing(sqlite3.connect(database(tmp_path))) as other:
        other.execute("PRAGMA journal_mode = DELETE")
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        with monkeypatch.context() as patches:
            patches.setattr(sqlite3, "connect", partial(_impatient, sqlite3.connect))
            assert {"a", "b"} == cache.known(SOURCE, ["a", "b"])
        other.execute("ROLLBACK")
    assert {"a"} == cache.known(SOURCE, ["a", "b"])
    cache.close()


def test_a_kept_absence_is_no_known_name(tmp_path: Path, watcher: RecordingWatcher) -> None:
    cache = Cache(tmp_path, watcher)
    cache.keep_page(SOURCE, "missing", KeptPage(b"", VALIDITY), b"")
    cache.flush()
    assert cache.names() == []
    cache.close()


def test_a_renewed_page_keeps_its_value(tmp_path: Path, watcher: RecordingWatcher) -> None:
    cache = filled(tmp_path, watcher)
    later = Validity(fetched=900.0, lifetime=60.0, etag='"e"')
    cache.renew_page(SOURCE, "a", later)
    cache.flush()
    assert cache.page(SOURCE, "a") == KeptPage(b"p" * 10, later)
    cache.close()


def test_what_waits_is_written_when_the_cache_is_closed(tmp_path: Path, watcher: RecordingWatcher) -> None:
    cache = Cache(tmp_path, watcher)
    cache.keep_metadata(SOURCE, "a", "1.0", "", b"m")
    cache.close()
    cache = Cache(tmp_path, watcher)
    assert cache.metadata(SOURCE, "a", "1.0") == b"m"
    cache.close()


def test_two_open_caches_see_each_other(tmp_path: Path, watcher: RecordingWatcher) -> None:
    first, second = filled(tmp_path, watcher), Cache(tmp_path, watcher)
    assert second.metadata(SOURCE, "a", "1.0") == b"m" * 10
    second.keep_metadata(SOURCE, "a", "2.0", "", b"two")
    second.flush()
    assert first.metadata(SOURCE, "a", "2.0") == b"two"
    first.close()
    second.close()


@pytest.mark.parametrize(
    "content", [b"", b"\0", b"not a database" * 1000, b"SQLite format 3\0" + b"\xff" * 8000], ids=len
)
def test_a_file_that_is_no_database_is_replaced_without_a_word(
    tmp_path: Path, watcher: RecordingWatcher, content: bytes
) -> None:
    filled(tmp_path, watcher).close()
    database(tmp_path).write_bytes(content)
    filled(tmp_path, watcher).close()
    cache = Cache(tmp_path, watcher)
    assert cache.metadata(SOURCE, "a", "1.0") == b"m" * 10
    cache.close()
    assert watcher.messages == []


def test_a_database_of_somebody_else_is_left_alone(tmp_path: Path, watcher: RecordingWatcher) -> None:
    filled(tmp_path, watcher).close()
    path = database(tmp_path)
    path.unlink()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE page (theirs)")
    connection.commit()
    connection.close()
    cache = filled(tmp_path, watcher)
    assert cache.metadata(SOURCE, "a", "1.0") == b"m" * 10
    cache.close()
    assert watcher.messages == []


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.9])
def test_a_truncated_database_costs_its_content_only(tmp_path: Path, watcher: RecordingWatcher, keep: float) -> None:
    names = tuple(f"n{number}" for number in range(200))
    filled(tmp_path, watcher, names, size=3000).close()
    path = database(tmp_path)
    os.truncate(path, int(path.stat().st_size * keep))
    cache = Cache(tmp_path, watcher)
    for name in names:
        assert cache.metadata(SOURCE, name, "1.0") in {None, b"m" * 3000}
    cache.close()
    filled(tmp_path, watcher, names).close()
    cache = Cache(tmp_path, watcher)
    assert cache.metadata(SOURCE, "n7", "1.0") == b"m" * 10
    cache.close()
    assert watcher.messages == []


def test_a_cache_deleted_while_in_use_is_made_anew_by_the_next_run(tmp_path: Path, watcher: RecordingWatcher) -> None:
    cache = filled(tmp_path / "cache", watcher)
    for path in (tmp_path / "cache").iterdir():
        path.unlink()
    cache.keep_metadata(SOURCE, "b", "1.0", "", b"m")
    cache.close()
    filled(tmp_path / "cache", watcher).close()
    cache = Cache(tmp_path / "cache", watcher)
    assert cache.metadata(SOURCE, "a", "1.0") == b"m" * 10
    cache.close()


def test_files_are_there_before_they_are_written_and_let_go_once_they_are(
    tmp_path: Path, watcher: RecordingWatcher
) -> None:
    cache = Cache(tmp_path, watcher)
    files = bytes(range(200))
    cache.keep_page(SOURCE, "a", KeptPage(b"p", VALIDITY), files)
    held = sys.getrefcount(files)
    assert cache.files(SOURCE, "a", lambda stream: stream.read(1000)) == files
    assert cache.flush()
    assert sys.getrefcount(files) == held - 2  # what waited for being written, and what was looked into until then
    assert cache.files(SOURCE, "a", lambda stream: stream.read(1000)) == files
    cache.close()


@pytest.mark.parametrize("folder", [None, "file"])
def test_files_that_cannot_be_written_are_there_for_this_run(
    tmp_path: Path, watcher: RecordingWatcher, folder: str | None
) -> None:
    (tmp_path / "file").write_text("not a folder")
    cache = filled(tmp_path / folder if folder else None, watcher)
    assert cache.files(SOURCE, "a", lambda stream: stream.read(1000)) == b"f" * 10
    cache.forget(SOURCE, "a")
    assert cache.files(SOURCE, "a", lambda stream: stream.read(1000)) is None
    cache.close()


def test_a_place_where_nothing_can_be_written_is_told_once(tmp_path: Path, watcher: RecordingWatcher) -> None:
    (tmp_path / "file").write_text("not a folder")
    cache = filled(tmp_path / "file" / "cache", watcher)
    assert cache.page(SOURCE, "a") is None
    cache.keep_metadata(SOURCE, "a", "2.0", "", b"m")
    cache.close()
    assert len(watcher.warnings) == 1
    assert watcher.warnings[0].startswith(f"the index cache in {tmp_path / 'file' / 'cache'} is not used: ")


def test_a_full_disk_is_told_once_and_what_is_there_is_still_read(tmp_path: Path, watcher: RecordingWatcher) -> None:
    cache = filled(tmp_path, watcher)
    cache._database.read(lambda connection: connection.execute("PRAGMA max_page_count = 1").fetchone(), None)
    for number in range(3):
        cache.keep_metadata(SOURCE, "big", f"{number}", "", b"x" * 1_000_000)
        cache.flush()
    assert cache.metadata(SOURCE, "big", "0") is None
    assert cache.metadata(SOURCE, "a", "1.0") == b"m" * 10
    cache.close()
    assert len(watcher.warnings) == 1
    assert watcher.warnings[0].startswith(f"the index cache in {tmp_path} is not written: ")
    assert "full" in watcher.warnings[0]


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX")
def test_a_folder_where_anybody_may_write_is_not_believed(tmp_path: Path, watcher: RecordingWatcher) -> None:
    folder = tmp_path / "cache"
    folder.mkdir()
    folder.chmod(0o777)
    cache = filled(folder, watcher)
    assert cache.metadata(SOURCE, "a", "1.0") is None
    cache.close()
    assert "anybody may write there" in watcher.warnings[0]


def test_without_a_folder_nothing_is_kept_and_nothing_is_said(watcher: RecordingWatcher) -> None:
    cache = filled(None, watcher)
    assert cache.metadata(SOURCE, "a", "1.0") is None
    cache.close()
    assert watcher.messages == []


def test_the_bound_is_kept_by_dropping_what_was_not_used_for_longest(tmp_path: Path, watcher: RecordingWatcher) -> None:
    clock = Clock()
    cache = Cache(tmp_path, watcher, bound=2_000_000, now=clock)
    for number in range(30):
        cache.keep_page(SOURCE, f"n{number}", KeptPage(b"p" * 50_000, VALIDITY), b"f" * 50_000)
        clock.advance(86_400)
    cache.flush()
    cache.page(SOURCE, "n0")
    cache.close()
    cache = Cache(tmp_path, watcher, bound=2_000_000, now=clock)
    assert cache.page(SOURCE, "n0") is not None, "it was used today"
    assert cache.page(SOURCE, "n1") is None
    assert cache.page(SOURCE, "n29") is not None
    assert cache.info().size < 2_000_000
    cache.close()


def test_clearing_drops_everything_or_some_packages(tmp_path: Path, watcher: RecordingWatcher) -> None:
    cache = filled(tmp_path, watcher, ("a", "b"))
    assert cache.clear(["a"]) == 2
    assert cache.page(SOURCE, "a") is None
    assert cache.page(SOURCE, "b") is not None
    assert cache.clear() == 2
    assert (cache.info().pages, cache.info().metadata) == (0, 0)
    assert cache.fact(SOURCE, "dialect") == ""
    cache.close()


def test_the_key_of_a_source_holds_no_secret() -> None:
    key = source_key("https://user:s3cret@example.org/simple/?token=t0ken")
    assert key.startswith("https://example.org/simple/")
    assert "s3cret" not in key
    assert "t0ken" not in key
    assert key != source_key("https://example.org/simple/?token=other")
    assert source_key("https://example.org/simple") == source_key("https://a:b@example.org/simple/")
