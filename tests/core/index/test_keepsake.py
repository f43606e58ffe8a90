"""Keepsakes: what the next process knows of the packages of a project, and that it believes none of it unasked."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from chapbook_core.index.blob import pack
from chapbook_core.index.cache import Cache, source_key
from chapbook_core.index.keepsake import Keepsake, Used
from chapbook_core.index.memory import Memory
from tests.fakes.clock import Clock
from tests.fakes.index import FakeIndex
from tests.fakes.opened import opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def index() -> Iterator[FakeIndex]:
    with FakeIndex() as index:
        index.max_age = 600
        index.serve("a", "1.0", requires=["b>=1"])
        yield index


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the database was asked for."""
    asked: list[str] = []
    page, metadata = Cache.page, Cache.metadata

    def noted_page(self: Cache, source: str, name: str) -> object:
        asked.append(name)
        return page(self, source, name)

    def noted_metadata(self: Cache, source: str, name: str, version: str) -> object:
        asked.append(f"{name} {version}")
        return metadata(self, source, name, version)

    monkeypatch.setattr(Cache, "page", noted_page)
    monkeypatch.setattr(Cache, "metadata", noted_metadata)
    return asked


def looked(index: FakeIndex, cache: Path, project: Path, clock: Clock | None = None) -> tuple[str, ...]:
    """Look at a package as a new process would that locks a project; return its versions."""
    with opened(index, cache, memory=Memory(), clock=clock) as open_index:
        keepsake = open_index.keepsake(project)
        keepsake.unpack()
        offers = open_index.reader.versions("a")
        newest = offers.summary.versions[-1]
        open_index.reader.metadata("a", newest)
        (offer,) = offers.offers
        offer.remembered.notes["about", newest] = newest
        keepsake.renew([Used(source_key(offer.place.url), "a", offer.remembered, {newest})])
        return offers.summary.versions


def files(cache: Path) -> list[Path]:
    return sorted((cache / "index" / "keepsakes").glob("*"))


def test_another_process_reads_one_file_and_nothing_else(index: FakeIndex, tmp_path: Path, read: list[str]) -> None:
    cache, project = tmp_path / "cache", tmp_path / "project"
    for _ in range(3):
        looked(index, cache, project)
    read.clear()
    assert looked(index, cache, project) == ("1.0",)
    assert read == []


def test_notes_and_metadata_are_what_they_were(index: FakeIndex, tmp_path: Path) -> None:
    cache, project = tmp_path / "cache", tmp_path / "project"
    for _ in range(3):
        looked(index, cache, project)
    memory = Memory()
    with opened(index, cache, memory=memory) as open_index:
        open_index.keepsake(project).unpack()
        (offer,) = open_index.reader.versions("a").offers
    assert offer.remembered.notes == {("about", "1.0"): "1.0"}
    assert offer.remembered.metadata["1.0"].requires_dist == ("b>=1",)


def test_a_page_that_has_changed_since_is_not_believed(index: FakeIndex, tmp_path: Path) -> None:
    cache, project, clock = tmp_path / "cache", tmp_path / "project", Clock()
    for _ in range(3):
        looked(index, cache, project, clock)
    index.serve("a", "2.0")
    clock.advance(700)
    assert looked(index, cache, tmp_path / "other", clock) == ("1.0", "2.0")
    index.reset_counts()
    assert looked(index, cache, project, clock) == ("1.0", "2.0")
    assert index.counts["page"] == 0


def test_a_page_that_the_cache_has_lost_is_not_believed(index: FakeIndex, tmp_path: Path) -> None:
    cache, project = tmp_path / "cache", tmp_path / "project"
    for _ in range(3):
        looked(index, cache, project)
    with opened(index, cache) as open_index:
        open_index.cache.clear(["a"])
    index.reset_counts()
    looked(index, cache, project)
    assert index.counts["page"] == 1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"K0" + b"x" * 40,
        pack(b"K1", [("source", "a")]),
        pack(b"K1", [("source", "a", (), 1, (), [], {})]),
        pack(b"K1", [("source", "a", (), 1, (1.0, 1.0, "", ""), {}, {})]),
        pack(b"K1", [("source", ["a"], ("a", *[()] * 8, "active", ""), 1, (1.0, 1.0, "", ""), {}, {})]),
    ],
    ids=["empty", "of another layout", "too short", "of other values", "of nothing", "of no name"],
)
def test_what_cannot_be_read_is_passed_over_and_written_again(
    index: FakeIndex, tmp_path: Path, content: bytes, read: list[str]
) -> None:
    cache, project = tmp_path / "cache", tmp_path / "project"
    for _ in range(3):
        looked(index, cache, project)
    (file,) = files(cache)
    file.write_bytes(content)
    assert looked(index, cache, project) == ("1.0",)
    read.clear()
    looked(index, cache, project)
    assert read == []


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="files have no owner here")
def test_a_file_of_somebody_else_is_not_read(
    index: FakeIndex, tmp_path: Path, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cache, project = tmp_path / "cache", tmp_path / "project"
    for _ in range(3):
        looked(index, cache, project)
    read.clear()
    memory = Memory()
    me = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: me + 1)
    Keepsake(cache / "index", project, memory).unpack()
    assert memory.recall(source_key(index.url), "a") is None


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="files have no modes here")
def test_a_file_that_others_may_write_is_not_read(index: FakeIndex, tmp_path: Path) -> None:
    cache, project = tmp_path / "cache", tmp_path / "project"
    before = os.umask(0)
    try:
        for _ in range(3):
            looked(index, cache, project)
    finally:
        os.umask(before)
    (file,) = files(cache)
    key = source_key(index.url), "a"
    for mode, is_read in ((0o600, True), (0o666, False)):
        assert 0o600 == file.stat().st_mode & 0o777
        file.chmod(mode)
        memory = Memory()
        Keepsake(cache / "index", project, memory).unpack()
        assert is_read == (memory.recall(*key) is not None)


def test_it_is_left_alone_while_hardly_a_page_is_new(tmp_path: Path) -> None:
    with FakeIndex() as index:
        index.max_age = 600
        for number in range(22):
            index.serve(f"a{number}", "1.0")
        with opened(index, tmp_path) as open_index:
            for number in range(22):
                open_index.reader.versions(f"a{number}")
        memory = Memory()
        with opened(index, tmp_path, memory=memory) as open_index:
            keepsake = open_index.keepsake(tmp_path)
            keepsake.unpack()
            used = []
            for number in range(22):
                (offer,) = open_index.reader.versions(f"a{number}").offers
                used.append(Used(source_key(index.url), f"a{number}", offer.remembered, ()))
            keepsake.renew(used[:20])
            (file,) = files(tmp_path)
            before = file.read_bytes()
            keepsake.renew(used[:21])
            assert file.read_bytes() == before
            keepsake.renew(used)
            assert file.read_bytes() == before
            keepsake.renew(used[10:])
            assert file.read_bytes() != before


def test_clearing_the_cache_removes_all_of_them(index: FakeIndex, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    for name in ("one", "two"):
        for _ in range(3):
            looked(index, cache, tmp_path / name)
    assert len(files(cache)) == 2
    with opened(index, cache) as open_index:
        open_index.cache.clear()
    assert files(cache) == []


def test_those_of_projects_not_locked_for_long_go(index: FakeIndex, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    for _ in range(2):
        looked(index, cache, tmp_path / "first")
    for number in range(33):
        looked(index, cache, tmp_path / str(number))
    assert len(files(cache)) == 32
