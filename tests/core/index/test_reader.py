"""The reader of indexes, against a loopback index."""

from __future__ import annotations

import gc
import time
from typing import TYPE_CHECKING

import pytest

from chapbook_core.errors import Cancelled
from chapbook_core.events import Advanced, Finished, Started
from chapbook_core.index.failure import IndexFailure, NotCached, PackageNotFound, SourceUnknown, Unreachable
from chapbook_core.index.file_table import FileTable
from chapbook_core.index.metadata import Metadata
from chapbook_core.index.mode import Mode
from chapbook_core.index.retry import Patience
from chapbook_core.index.sources import Place, Shape, Sources, index_place
from chapbook_core.index.transport import Limits
from tests.fakes.clock import Clock
from tests.fakes.index import DIALECTS, FakeIndex, reply_faults
from tests.fakes.opened import opened
from tests.fakes.watcher import RecordingWatcher

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future
    from pathlib import Path

    from chapbook_core.index.offer import Offers
    from chapbook_core.index.reader import WantedRelease
    from tests.fakes.index.faults import Fault

NAMES = [f"p{number}" for number in range(12)]


@pytest.fixture
def index() -> Iterator[FakeIndex]:
    with FakeIndex() as index:
        for name in NAMES:
            index.serve(name, "1.0", requires=["b>=1"], python=">=3.9", metadata=True)
            index.serve(name, "2.0", requires=["b>=2"], python=">=3.10", metadata=True)
        yield index


def read_all(index: FakeIndex, cache: Path | None, **options: object) -> int:
    """Read every page and the newest metadata; give the number of requests."""
    with opened(index, cache, **options) as open_index:  # type: ignore[arg-type]  # named by each test
        futures = [open_index.reader.want_metadata(name, "2.0") for name in NAMES]
        for future in futures:
            found = future.result(timeout=300)
            assert isinstance(found, Metadata)
            assert found.requires_dist == ("b>=2",)
        return open_index.client.requests


@pytest.mark.parametrize("dialect", ["json", "html", "html-legacy", "json-bare"])
def test_a_cold_read_asks_one_page_and_one_metadata_for_each_package(
    index: FakeIndex, tmp_path: Path, dialect: str
) -> None:
    index.dialect = DIALECTS[dialect]
    assert read_all(index, tmp_path / "cache") == 2 * len(NAMES)
    assert index.counts["page"] == index.counts["metadata"] == len(NAMES)


def test_a_bare_index_costs_one_document_a_package_and_one_page_in_all(index: FakeIndex, tmp_path: Path) -> None:
    index.dialect = DIALECTS["html-bare"]
    read_all(index, tmp_path / "cache")
    assert (index.counts["page"], index.counts["project-json"]) == (1, len(NAMES))


def test_what_was_learnt_about_a_bare_index_is_remembered_for_the_next_run(index: FakeIndex, tmp_path: Path) -> None:
    index.dialect = DIALECTS["html-bare"]
    read_all(index, tmp_path / "cache")
    index.serve("fresh", "1.0", python=">=3.9")
    index.reset_counts()
    with opened(index, tmp_path / "cache") as open_index:
        offers = open_index.reader.versions("fresh")
    assert offers.summary.requires_python == ((">=3.9",),)
    assert (index.counts["page"], index.counts["project-json"]) == (0, 1)


def test_a_bare_index_without_documents_is_asked_for_one_document_only(index: FakeIndex, tmp_path: Path) -> None:
    index.dialect = DIALECTS["html-plain"]
    read_all(index, tmp_path / "cache")
    assert (index.counts["page"], index.counts["project-json"]) == (len(NAMES), 1)


def test_within_max_age_a_second_run_asks_nothing(index: FakeIndex, tmp_path: Path) -> None:
    clock = Clock()
    read_all(index, tmp_path / "cache", clock=clock)
    clock.advance(599)
    assert read_all(index, tmp_path / "cache", clock=clock) == 0


def test_after_max_age_each_page_costs_one_conditional_request(index: FakeIndex, tmp_path: Path) -> None:
    clock = Clock()
    read_all(index, tmp_path / "cache", clock=clock)
    index.reset_counts()
    clock.advance(601)
    assert read_all(index, tmp_path / "cache", clock=clock) == len(NAMES)
    assert index.counts["not-modified"] == len(NAMES)
    # The 304 made the pages fresh again.
    assert read_all(index, tmp_path / "cache", clock=clock) == 0


def test_a_clock_that_was_turned_back_makes_nothing_fresh(index: FakeIndex, tmp_path: Path) -> None:
    clock = Clock()
    read_all(index, tmp_path / "cache", clock=clock)
    clock.advance(-1000)
    assert read_all(index, tmp_path / "cache", clock=clock) == len(NAMES)


def test_refresh_asks_about_every_page_once(index: FakeIndex, tmp_path: Path) -> None:
    read_all(index, tmp_path / "cache")
    assert read_all(index, tmp_path / "cache", mode=Mode.REFRESH) == len(NAMES)


def test_without_a_cache_every_run_is_cold(index: FakeIndex) -> None:
    assert read_all(index, None) == read_all(index, None) == 2 * len(NAMES)


def test_offline_reads_the_cache_however_old(index: FakeIndex, tmp_path: Path) -> None:
    clock = Clock()
    read_all(index, tmp_path / "cache", clock=clock)
    clock.advance(10_000_000)
    assert read_all(index, tmp_path / "cache", clock=clock, mode=Mode.OFFLINE) == 0


def test_offline_says_what_the_cache_does_not_have(index: FakeIndex, tmp_path: Path) -> None:
    with (
        opened(index, tmp_path / "cache", mode=Mode.OFFLINE) as open_index,
        pytest.raises(NotCached, match="the page of p1 is not in the cache") as failure,
    ):
        open_index.reader.versions("p1")
    assert failure.value.hints == ("run once without `--offline`",)
    assert index.requests == []


def test_offline_says_which_metadata_the_cache_does_not_have(index: FakeIndex, tmp_path: Path) -> None:
    with opened(index, tmp_path / "cache") as open_index:
        open_index.reader.versions("p1")
    with (
        opened(index, tmp_path / "cache", mode=Mode.OFFLINE) as open_index,
        pytest.raises(NotCached, match=r"the metadata of p1 1\.0"),
    ):
        open_index.reader.metadata("p1", "1.0")


def test_a_thing_asked_many_times_at_once_is_fetched_once(index: FakeIndex) -> None:
    with opened(index) as open_index:
        futures = [open_index.reader.want_metadata("p1", "1.0") for _ in range(50)]
        results = {future.result(timeout=300) for future in futures}
        results.add(open_index.reader.metadata("P.1".replace(".", ""), "1.0"))
    assert len(results) == 1
    assert index.counts["page"] == index.counts["metadata"] == 1


def test_spellings_of_a_name_are_one_package(index: FakeIndex) -> None:
    index.serve("Some.Name", "1.0")
    with opened(index) as open_index:
        assert open_index.reader.versions("some_name") is open_index.reader.versions("SOME-name")
    assert index.counts["page"] == 1


def test_a_missing_package_is_named_with_what_may_have_been_meant(index: FakeIndex, tmp_path: Path) -> None:
    index.serve("requests", "1.0")
    with opened(index, tmp_path / "cache") as open_index:
        open_index.reader.versions("requests")
    with opened(index, tmp_path / "cache") as open_index, pytest.raises(PackageNotFound) as failure:
        open_index.reader.versions("reqeusts")
    assert failure.value.message == "package not found: reqeusts (asked fake)"
    assert failure.value.hints[0] == "did you mean `requests`?"


def test_a_missing_package_is_not_asked_for_again_while_the_answer_is_fresh(index: FakeIndex, tmp_path: Path) -> None:
    for _ in range(2):
        with opened(index, tmp_path / "cache") as open_index, pytest.raises(PackageNotFound):
            open_index.reader.versions("missing")
    assert index.counts["not-found"] == 1


def test_files_come_with_hashes_also_out_of_the_cache(index: FakeIndex, tmp_path: Path) -> None:
    with opened(index, tmp_path / "cache") as open_index:
        cold = open_index.reader.files("p1", "1.0")
    with opened(index, tmp_path / "cache", mode=Mode.OFFLINE) as open_index:
        warm = open_index.reader.files("p1", "1.0")
    assert cold == warm
    assert cold[0].digest() == index.files("p1")[0].sha256


@pytest.mark.parametrize("is_kept", [True, False])
def test_no_table_of_all_files_outlives_the_reading_of_its_page(
    index: FakeIndex, tmp_path: Path, is_kept: bool
) -> None:
    gc.collect()
    before = [one for one in gc.get_objects() if isinstance(one, FileTable)]
    with opened(index, tmp_path if is_kept else None) as open_index:
        offers = [open_index.reader.versions(name) for name in NAMES]
        assert [one for one in gc.get_objects() if isinstance(one, FileTable) and one not in before] == []
        assert [len(offer.files("2.0")) for offer in offers] == [1] * len(NAMES)
        # The files come from what was read before: nothing is asked again.
        assert open_index.client.requests == len(NAMES)


def test_a_page_that_cannot_be_asked_about_is_used_with_a_warning(index: FakeIndex, tmp_path: Path) -> None:
    clock = Clock()
    read_all(index, tmp_path / "cache", clock=clock)
    clock.advance(3600)
    index.faults.always("/simple/*", reply_faults.status(503))
    watcher = RecordingWatcher()
    read_all(index, tmp_path / "cache", clock=clock, watcher=watcher)
    assert "using the page of p1 kept 60 minutes ago" in "\n".join(watcher.warnings)


@pytest.mark.parametrize("fault", [reply_faults.status(503), reply_faults.hang()], ids=["trouble", "silence"])
def test_whoever_asks_for_what_is_new_gets_nothing_that_was_kept(
    index: FakeIndex, tmp_path: Path, fault: Fault
) -> None:
    read_all(index, tmp_path / "cache")
    index.faults.always("/simple/*", fault)
    watcher = RecordingWatcher()
    hasty, impatient = Limits(silence=0.2), Patience(tries=1)
    with (
        opened(index, tmp_path / "cache", mode=Mode.REFRESH, watcher=watcher, limits=hasty, patience=impatient) as it,
        pytest.raises(IndexFailure),
    ):
        it.reader.versions("p1")
    assert watcher.warnings == []


def test_an_index_that_cannot_be_reached_is_told_once_and_tried_no_more(index: FakeIndex, tmp_path: Path) -> None:
    clock = Clock()
    read_all(index, tmp_path / "cache", clock=clock)
    clock.advance(3600)
    index.close()
    watcher = RecordingWatcher()
    with opened(index, tmp_path / "cache", clock=clock, watcher=watcher) as open_index:
        assert open_index.reader.versions("p0").summary.versions
        tries = open_index.client.requests
        for name in NAMES:
            assert open_index.reader.versions(name).summary.versions
        assert tries == open_index.client.requests
        # What is not kept has to be asked for all the same.
        with pytest.raises(Unreachable):
            open_index.reader.versions("unknown")
    assert ["p0 kept 60 minutes ago, and whatever else is kept of this index"] == [
        warning.partition("using the page of ")[2] for warning in watcher.warnings
    ]


def test_progress_tells_how_much_is_wanted_and_how_much_has_come(index: FakeIndex) -> None:
    watcher = RecordingWatcher()
    read_all(index, None, watcher=watcher)
    assert len(watcher.of_kind(Started)) == 1
    assert watcher.of_kind(Advanced)[-1].done == 2 * len(NAMES)
    assert [finished.note for finished in watcher.of_kind(Finished)] == ["24 pages and metadata"]


def test_waiting_ends_when_the_person_asks_to_stop(index: FakeIndex) -> None:
    index.faults.always("*", reply_faults.hang())
    watcher = RecordingWatcher(cancel_after=0)
    with opened(index, watcher=watcher) as open_index, pytest.raises(Cancelled):
        open_index.reader.versions("p1")


def test_an_index_of_find_links_is_one_request_for_all_packages(index: FakeIndex, tmp_path: Path) -> None:
    place = Place("links", index.find_links_url, shape=Shape.LINKS)
    with opened(place, tmp_path / "cache") as open_index:
        for name in NAMES:
            assert open_index.reader.versions(name).summary.versions == ("1.0", "2.0")
    assert index.counts["find-links"] == 1


def begin_and_interrupt(index: FakeIndex, cache: Path, futures: list[Future[Offers]]) -> None:
    with opened(index, cache) as open_index:
        futures += [open_index.reader.want_versions(name) for name in NAMES]
        while not index.requests:
            time.sleep(0.01)
        raise KeyboardInterrupt


def test_an_interrupt_drops_the_connections_and_does_not_wait_for_answers(index: FakeIndex, tmp_path: Path) -> None:
    index.faults.always("*", reply_faults.slow(30.0))
    before = time.monotonic()
    futures: list[Future[Offers]] = []
    with pytest.raises(KeyboardInterrupt):
        begin_and_interrupt(index, tmp_path / "cache", futures)
    assert time.monotonic() - before < 20.0
    assert any(isinstance(future.exception(timeout=1), Cancelled) for future in futures if not future.cancelled())


def test_a_locked_file_is_found_without_reading_its_page(index: FakeIndex, tmp_path: Path) -> None:
    (file,) = (file for file in index.files("p1") if "1.0" in file.filename)
    with opened(index, tmp_path / "cache") as open_index:
        reader = open_index.reader
        found = reader.release("P1", "1.0", (file.filename,))
        assert [(file.filename, file.sha256)] == [(one.filename, one.digest()) for one in found]
        assert [found] == [one.result() for one in reader.want_releases([("p1", "1.0", (file.filename,), None)])]
        assert 1 == index.counts["page"]
        # Nothing is known of the rest of the page, and whoever wants it asks for it.
        assert ("1.0", "2.0") == reader.versions("p1").summary.versions
    with opened(index, tmp_path / "cache") as open_index:
        assert found == open_index.reader.release("p1", "1.0", (file.filename,))
    assert 2 == index.counts["page"]


def test_a_page_of_a_locked_file_that_came_damaged_is_asked_for_again(index: FakeIndex) -> None:
    (file,) = (file for file in index.files("p1") if "1.0" in file.filename)
    index.faults.once("/simple/p1/", reply_faults.broken_gzip())
    with opened(index) as open_index:
        assert [file.sha256] == [one.digest() for one in open_index.reader.release("p1", "1.0", (file.filename,))]


def test_locked_files_of_many_pages_at_once_are_those_of_the_whole_pages(index: FakeIndex) -> None:
    index.serve("large", "1.0")
    for number in range(60):
        index.serve("large", f"2.{number}")
    names = ("large", *NAMES)
    with opened(index) as open_index:
        expected = [open_index.reader.files(name, "1.0") for name in names]
    wanted: list[WantedRelease] = [
        (name, "1.0", tuple(file.filename for file in files), None) for name, files in zip(names, expected, strict=True)
    ]
    with opened(index) as open_index:
        assert expected == [future.result(timeout=300) for future in open_index.reader.want_releases(wanted)]


def test_of_many_locked_files_only_those_are_asked_for_that_the_cache_does_not_know(
    index: FakeIndex, tmp_path: Path
) -> None:
    known, *others = NAMES
    with opened(index, tmp_path / "cache") as open_index:
        open_index.reader.versions(known)
    with opened(index, tmp_path / "cache") as open_index:
        wanted: list[WantedRelease] = [
            (name, "1.0", tuple(file.filename for file in index.files(name)), None) for name in NAMES
        ]
        wanted.append(("p1", "1.0", ("p1-1.0.tar.gz",), "nowhere"))
        *found, nowhere = open_index.reader.want_releases(wanted)
        assert all(future.result(timeout=300) for future in found)
        assert isinstance(nowhere.exception(timeout=300), SourceUnknown)
    assert 1 + len(others) == index.counts["page"]


def test_no_database_is_made_where_nothing_is_kept(index: FakeIndex, tmp_path: Path) -> None:
    (file,) = (file for file in index.files("p1") if "1.0" in file.filename)
    with opened(index, tmp_path / "cache") as open_index:
        assert open_index.reader.release("p1", "1.0", (file.filename,))
    assert [] == list(tmp_path.rglob("*.sqlite"))


def test_a_file_that_the_first_source_lacks_is_the_seconds(index: FakeIndex, tmp_path: Path) -> None:
    (file,) = (file for file in index.files("p1") if "1.0" in file.filename)
    with FakeIndex() as other:
        other.serve("p1", "3.0")
        both = Sources((index_place("other", other.url), index_place("index", index.url)))
        with opened(both, tmp_path / "cache") as open_index:
            found = open_index.reader.release("p1", "1.0", (file.filename,))
            assert [file.sha256] == [one.digest() for one in found]
            assert () == open_index.reader.release("p1", "9.0", ("p1-9.0.tar.gz",))
            with pytest.raises(PackageNotFound):
                open_index.reader.release("nothing", "1.0", ("nothing-1.0.tar.gz",))


def test_more_files_are_gone_than_there_are_threads_to_ask(index: FakeIndex) -> None:
    index.faults.always("*", reply_faults.slow(0.1))
    with opened(index) as open_index:
        futures = open_index.reader.want_releases((name, "1.0", (f"{name}-1.0.tar.xz",), None) for name in NAMES)
        assert len(NAMES) == len([future.result(timeout=300) for future in futures])


def test_without_a_network_a_locked_file_is_told_from_the_cache(index: FakeIndex, tmp_path: Path) -> None:
    (file,) = (file for file in index.files("p1") if "1.0" in file.filename)
    with opened(index, tmp_path / "cache") as open_index:
        open_index.reader.versions("p1")
    with opened(index, tmp_path / "cache", mode=Mode.OFFLINE) as open_index:
        assert [file.sha256] == [one.digest() for one in open_index.reader.release("p1", "1.0", (file.filename,))]
        with pytest.raises(NotCached):
            open_index.reader.release("p2", "1.0", ("p2-1.0-py3-none-any.whl",))
