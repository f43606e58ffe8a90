"""The commands about the index cache, and `search`, from the terminal to a loopback index."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chapbook_core.commands.cache import readable_size
from tests.fakes.index import FakeIndex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.core.commands.conftest import Outcome

    Chapbook = Callable[..., Outcome]


@pytest.fixture
def index(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeIndex]:
    with FakeIndex() as index:
        index.serve("alpha", "1.0", summary="The first letter")
        index.serve("alpha", "2.0", summary="The first letter, again")
        index.serve("alpha", "3.0rc1")
        index.serve("alphabet", "1.0")
        monkeypatch.setenv("PIP_INDEX_URL", index.url)
        monkeypatch.setenv("CHAPBOOK_KEYRING_ENABLED", "false")
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.delenv(name, raising=False)
        assert folder
        yield index


@pytest.mark.usefixtures("index")
def test_search_shows_the_newest_release_of_a_name(chapbook: Chapbook) -> None:
    outcome = chapbook("search", "Alpha")
    assert outcome.status == 0
    assert "alpha" in outcome.out
    assert "2.0" in outcome.out
    assert "The first letter, again" in outcome.out


@pytest.mark.usefixtures("index")
def test_search_finds_parts_of_names_that_the_cache_knows(chapbook: Chapbook) -> None:
    chapbook("search", "alphabet")
    outcome = chapbook("search", "alph")
    assert "known names like it: alphabet" in outcome.out


@pytest.mark.usefixtures("index")
def test_search_for_an_unknown_name_fails_and_says_why(chapbook: Chapbook) -> None:
    outcome = chapbook("search", "beta")
    assert outcome.status == 1
    assert "no package is called beta" in outcome.out + outcome.err


def test_search_offline_asks_nobody(chapbook: Chapbook, index: FakeIndex) -> None:
    chapbook("search", "alpha")
    index.reset_counts()
    assert "2.0" in chapbook("search", "alpha", "--offline").out
    assert index.requests == []


@pytest.mark.usefixtures("index")
def test_the_cache_is_listed_counted_and_cleared(chapbook: Chapbook) -> None:
    chapbook("search", "alpha", "alphabet")
    assert chapbook("cache", "list").out.split() == ["alpha", "alphabet"]
    assert chapbook("cache", "list", "bet").out.split() == ["alphabet"]
    assert "2 releases" in chapbook("cache", "info").out
    assert "2 entries were forgotten" in chapbook("cache", "clear", "Alpha").out
    assert chapbook("cache", "list").out.split() == ["alphabet"]
    chapbook("cache", "clear")
    assert "there was nothing to forget" in chapbook("cache", "clear").out


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (2_000_000, "2.0 MB"), (5e12, "5000.0 GB")]
)
def test_sizes_are_written_for_people(size: float, text: str) -> None:
    assert readable_size(size) == text
