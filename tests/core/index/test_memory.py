"""What a long-lived process remembers of pages, and when it believes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chapbook_core.index.cache import Cache
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
        index.serve("a", "1.0")
        yield index


@pytest.fixture
def looked_up(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The packages whose pages the database was asked about."""
    names: list[str] = []
    row = Cache._page_row

    def noted(self: Cache, what: str, source: str, name: str) -> object:
        names.append(name)
        return row(self, what, source, name)

    monkeypatch.setattr(Cache, "_page_row", noted)
    return names


def versions(index: FakeIndex, cache: Path, memory: Memory | None, clock: Clock | None = None) -> tuple[str, ...]:
    with opened(index, cache, memory=memory, clock=clock) as open_index:
        return tuple(open_index.reader.versions("a").summary.versions)


def test_the_database_is_asked_once_while_nobody_writes_to_it(
    index: FakeIndex, tmp_path: Path, looked_up: list[str]
) -> None:
    memory = Memory()
    for _ in range(3):
        versions(index, tmp_path, memory)
    looked_up.clear()
    assert versions(index, tmp_path, memory) == ("1.0",)
    assert looked_up == []


def test_what_another_process_wrote_is_noticed(index: FakeIndex, tmp_path: Path) -> None:
    memory, clock = Memory(), Clock()
    for _ in range(3):
        versions(index, tmp_path, memory, clock)
    index.serve("a", "2.0")
    clock.advance(700)
    assert versions(index, tmp_path, None, clock) == ("1.0", "2.0")
    index.reset_counts()
    assert versions(index, tmp_path, memory, clock) == ("1.0", "2.0")
    assert index.counts["page"] == 0


def test_a_remembered_page_grows_stale(index: FakeIndex, tmp_path: Path) -> None:
    memory, clock = Memory(), Clock()
    for _ in range(3):
        versions(index, tmp_path, memory, clock)
    index.serve("a", "2.0")
    clock.advance(700)
    assert versions(index, tmp_path, memory, clock) == ("1.0", "2.0")


def test_a_cleared_cache_is_noticed(index: FakeIndex, tmp_path: Path) -> None:
    memory = Memory()
    for _ in range(3):
        versions(index, tmp_path, memory)
    with opened(index, tmp_path) as open_index:
        open_index.cache.clear()
    index.reset_counts()
    versions(index, tmp_path, memory)
    assert index.counts["page"] == 1


def test_each_day_the_database_hears_what_is_in_use(index: FakeIndex, tmp_path: Path, looked_up: list[str]) -> None:
    memory, clock = Memory(), Clock()
    for _ in range(3):
        versions(index, tmp_path, memory, clock)
    looked_up.clear()
    clock.advance(90_000)
    versions(index, tmp_path, memory, clock)
    assert "a" in looked_up
