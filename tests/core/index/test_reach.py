"""Servers that take connections and never answer."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from chapbook_core.index.failure import NoAnswer
from chapbook_core.index.reach import Reach
from chapbook_core.index.retry import Patience
from chapbook_core.index.sources import index_place
from chapbook_core.index.transport import Limits
from tests.fakes.clock import Clock
from tests.fakes.index import FakeIndex, reply_faults
from tests.fakes.opened import opened
from tests.fakes.watcher import RecordingWatcher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from chapbook_core.index.transport import Answer

NAMES = [f"p{number}" for number in range(12)]
HASTY = Limits(silence=0.2)
BRIEF = Patience(tries=3, total=2.0, first_wait=0.01, longest_wait=0.02)
_MOST_TRIES = 3


@pytest.fixture
def index() -> Iterator[FakeIndex]:
    with FakeIndex() as index:
        for name in NAMES:
            index.serve(name, "1.0")
        yield index


@pytest.fixture
def stale(index: FakeIndex, tmp_path: Path) -> Clock:
    """The time at which all pages in the cache are old."""
    clock = Clock()
    with opened(index, tmp_path / "cache", clock=clock) as open_index:
        for name in NAMES:
            open_index.reader.versions(name)
    clock.advance(3600)
    return clock


def test_a_server_that_never_answers_is_waited_for_once(index: FakeIndex, stale: Clock, tmp_path: Path) -> None:
    index.faults.always("*", reply_faults.hang())
    watcher = RecordingWatcher()
    with opened(index, tmp_path / "cache", clock=stale, watcher=watcher, limits=HASTY, patience=BRIEF) as open_index:
        for name in NAMES:
            assert open_index.reader.versions(name).summary.versions
        assert open_index.client.requests <= _MOST_TRIES
        # What is not kept cannot be had, and that is told at once.
        with pytest.raises(NoAnswer, match="no answer for"):
            open_index.reader.versions("unknown")
        assert open_index.client.requests <= _MOST_TRIES
    (warning,) = watcher.warnings
    assert "/simple/p0/: no answer for" in warning
    assert warning.endswith("using the page of p0 kept 60 minutes ago, and whatever else is kept of this index")


def test_who_waits_for_a_server_that_answers_nobody_is_let_go(index: FakeIndex) -> None:
    index.faults.always("*", reply_faults.hang())
    with opened(index, limits=Limits(silence=600), patience=Patience(total=600)) as open_index:
        began = time.monotonic()
        with pytest.raises(NoAnswer):
            open_index.client.get(f"{index.url}p0/", is_vain=lambda: True)
        assert time.monotonic() - began < 60


class _Silent:
    """A client of a server that never answers: one errand has its end, and the others wait until theirs is vain."""

    def __init__(self) -> None:
        self.waiting = threading.Barrier(2)

    def get(self, url: str, *, is_vain: Callable[[], bool], **_: object) -> Answer:
        self.waiting.wait(60)
        while not url.endswith("p0/") and not is_vain():
            time.sleep(0.01)
        raise NoAnswer(url, "no answer")


def test_all_who_wait_are_let_go_with_the_first() -> None:
    client = _Silent()
    reach = Reach(lambda: client)  # type: ignore[arg-type,return-value]  # of a client it needs this much
    place = index_place("mine", "https://example.org/simple/")

    def ask(name: str) -> str:
        with pytest.raises(NoAnswer) as failure:
            reach.ask(place, place.page_url(name), {})
        return failure.value.url

    with ThreadPoolExecutor(2) as crew:
        assert [place.page_url(name) for name in NAMES[:2]] == list(crew.map(ask, NAMES[:2]))
    assert reach.is_lost(place)
    # Nobody is asked any more: the barrier would break.
    assert ask("p2") in {place.page_url(name) for name in NAMES[:2]}


def test_a_server_that_answers_others_meanwhile_is_asked_on(index: FakeIndex, stale: Clock, tmp_path: Path) -> None:
    index.faults.always("/simple/p0/", reply_faults.hang())
    watcher = RecordingWatcher()
    with opened(index, tmp_path / "cache", clock=stale, watcher=watcher, limits=HASTY, patience=BRIEF) as open_index:
        silent = open_index.reader.want_versions("p0")
        assert open_index.reader.versions("p1").summary.versions
        assert silent.result(timeout=60).summary.versions
        before = open_index.client.requests
        assert open_index.reader.versions("p2").summary.versions
        assert open_index.client.requests == before + 1
    (warning,) = watcher.warnings
    assert warning.endswith("using the page of p0 kept 60 minutes ago")
