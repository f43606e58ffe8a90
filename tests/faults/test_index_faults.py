"""Every fault of an index: the correct fallback, or an error that names URL, cause and what to do."""

from __future__ import annotations

import io
import time
from typing import TYPE_CHECKING

import pytest

from chapbook_core.index.failure import (
    AccessDenied,
    IndexFailure,
    NotAnIndex,
    PackageNotFound,
    RedirectRefused,
    ServerTrouble,
    TooLarge,
    TooSlow,
    Truncated,
    UnexpectedStatus,
    Unreachable,
    WrongHash,
)
from chapbook_core.index.metadata import Metadata
from chapbook_core.index.retry import Patience
from chapbook_core.index.sources import index_place
from chapbook_core.index.transport import Limits
from tests.fakes.index import DIALECTS, FakeIndex, page_faults, reply_faults
from tests.fakes.opened import opened
from tests.fakes.watcher import RecordingWatcher

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fakes.index.faults import Fault

PAGE = "/simple/a/"
SHORT = Limits(connect=0.5, silence=0.6, size=1_000_000)
SHORT_PATIENCE = Patience(tries=2, total=2.0, first_wait=0.01, longest_wait=0.02)
UNHURRIED = Limits(connect=60, silence=60, size=1_000_000)
UNHURRIED_PATIENCE = Patience(tries=2, total=60.0, first_wait=0.01, longest_wait=0.02)


@pytest.fixture
def index() -> Iterator[FakeIndex]:
    with FakeIndex() as index:
        index.serve("a", "1.0", requires=["b>=1"], python=">=3.9")
        yield index


def versions(index: FakeIndex, **options: object) -> tuple[str, ...]:
    with opened(index, **options) as open_index:  # type: ignore[arg-type]  # named by each test
        return open_index.reader.versions("a").summary.versions


def metadata(index: FakeIndex, **options: object) -> tuple[str, ...]:
    with opened(index, **options) as open_index:  # type: ignore[arg-type]  # named by each test
        found = open_index.reader.metadata("a", "1.0")
    assert isinstance(found, Metadata)
    return found.requires_dist


def download(index: FakeIndex, **options: object) -> bytes:
    stream = io.BytesIO()
    with opened(index, **options) as open_index:  # type: ignore[arg-type]  # named by each test
        (file,) = open_index.reader.files("a", "1.0")
        open_index.client.download(file.url, stream, hashes=dict(file.hashes), size=10_000_000)
    return stream.getvalue()


def is_complete(failure: IndexFailure, index: FakeIndex) -> bool:
    """Whether an error says where, what and what to do."""
    return failure.message.startswith(index.origin) and len(failure.cause) > 5 and len(failure.hints) > 0


@pytest.mark.parametrize(
    "fault",
    [
        reply_faults.status(500),
        reply_faults.status(502),
        reply_faults.status(503, retry_after=0),
        reply_faults.status(429, retry_after=0),
        reply_faults.reset(),
        reply_faults.reset(after=40),
        reply_faults.truncated(),
        reply_faults.truncated(length=False),
        reply_faults.broken_gzip(),
        reply_faults.not_http(),
    ],
    ids=lambda fault: fault.name,
)
def test_passing_trouble_is_borne(index: FakeIndex, fault: Fault) -> None:
    index.faults.times(2, PAGE, fault)
    assert versions(index) == ("1.0",)
    assert index.faults.waiting == 0


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        (reply_faults.status(500), ServerTrouble, "the server has trouble (HTTP 500)"),
        (reply_faults.status(429), ServerTrouble, "the server limits requests (HTTP 429)"),
        (reply_faults.status(503, retry_after=3600), ServerTrouble, "(HTTP 503)"),
        (reply_faults.status(401), AccessDenied, "the server wants credentials, and none are known (HTTP 401)"),
        (reply_faults.status(403), AccessDenied, "(HTTP 403)"),
        (reply_faults.status(418), UnexpectedStatus, "unexpected answer (HTTP 418)"),
        (reply_faults.reset(), Truncated, "connection"),
        (reply_faults.truncated(), Truncated, "in the middle of the answer"),
        (reply_faults.truncated(length=False), Truncated, "in the middle of the answer"),
        (reply_faults.broken_gzip(), Truncated, "the packed body"),
        (reply_faults.not_http(), Truncated, "does not speak HTTP"),
        (reply_faults.captive_portal(), NotAnIndex, ""),
        (reply_faults.wrong_content_type("image/png"), NotAnIndex, "image/png"),
        (reply_faults.replaced(b"{}", "application/vnd.pypi.simple.v1+json"), NotAnIndex, "lists no files"),
        (reply_faults.replaced(b"{", "application/vnd.pypi.simple.v1+json"), NotAnIndex, "malformed"),
        (reply_faults.gzip_bomb(64), TooLarge, "1,000,000 bytes"),
        (reply_faults.endless_page(), TooLarge, "1,000,000 bytes"),
        (reply_faults.hang(), TooSlow, "no answer for"),
        (reply_faults.hang_in_body(), TooSlow, "no answer for"),
        (reply_faults.slow_drip(1, 0.2), TooSlow, "within the time allowed"),
        (reply_faults.redirect(""), RedirectRefused, "round in a circle"),
        (reply_faults.redirect("file:///etc/passwd"), RedirectRefused, "not the web"),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_lasting_trouble_is_an_error_that_names_url_and_cause(
    index: FakeIndex, fault: Fault, kind: type[IndexFailure], words: str
) -> None:
    index.faults.always(PAGE, fault)
    began = time.monotonic()
    # On a machine that is busy every answer is slow, which is no trouble but for those that are about it.
    limits, patience = (SHORT, SHORT_PATIENCE) if kind is TooSlow else (UNHURRIED, UNHURRIED_PATIENCE)
    with pytest.raises(kind) as failure:
        versions(index, limits=limits, patience=patience)
    assert words in failure.value.message
    assert is_complete(failure.value, index)
    assert time.monotonic() - began < 30


def test_a_server_that_asks_to_wait_for_an_hour_is_not_waited_for(index: FakeIndex) -> None:
    index.faults.always(PAGE, reply_faults.status(503, retry_after=3600))
    began = time.monotonic()
    with pytest.raises(ServerTrouble):
        versions(index)
    assert time.monotonic() - began < 60
    assert index.counts["server-error"] == 1


def test_retry_after_is_waited_for(index: FakeIndex) -> None:
    index.faults.once(PAGE, reply_faults.status(503, retry_after=1))
    began = time.monotonic()
    assert versions(index) == ("1.0",)
    assert 1 <= time.monotonic() - began


@pytest.mark.parametrize("fault", [reply_faults.chunked(), reply_faults.without_length()], ids=lambda fault: fault.name)
def test_the_ways_to_end_a_body_are_all_read(index: FakeIndex, fault: Fault) -> None:
    index.faults.always("*", fault)
    assert versions(index) == ("1.0",)
    assert metadata(index) == ("b>=1",)


def test_a_slow_host_is_named_once(index: FakeIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chapbook_core.index.client.SLOW_AFTER", 0.4)
    index.faults.always("*", reply_faults.slow(1.1))
    watcher = RecordingWatcher()
    assert metadata(index, watcher=watcher) == ("b>=1",)
    assert [message for message in watcher.messages if "slow" in message] == [
        "waiting for 127.0.0.1, which is slow to answer, for 5 s at most"
    ]


def test_a_drip_in_a_download_ends_by_its_rate(index: FakeIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chapbook_core.index.connection._RATE_GRACE", 0.5)
    index.faults.always("*.whl", reply_faults.slow_drip(1, 0.1))
    with pytest.raises(TooSlow, match="slower than 1000 bytes a second"):
        download(index, patience=Patience(tries=1))


def test_nobody_listening_is_told(index: FakeIndex) -> None:
    index.close()
    with pytest.raises(Unreachable, match=r"no connection to 127\.0\.0\.1") as failure:
        versions(index)
    assert is_complete(failure.value, index)


def test_an_unknown_host_is_told() -> None:
    place = index_place("gone", "https://chapbook.invalid/simple/")
    with opened(place) as open_index, pytest.raises(Unreachable, match=r"the name chapbook\.invalid is not known"):
        open_index.reader.versions("a")


def test_a_changed_page_behind_a_stale_etag_is_found_by_refresh_only(index: FakeIndex) -> None:
    # Without a cache there is nothing that a stale ETag could keep.
    index.faults.always(PAGE, reply_faults.stale_etag())
    assert versions(index) == ("1.0",)


def test_a_damaged_wheel_is_refused(index: FakeIndex) -> None:
    index.faults.always("*.whl", reply_faults.flipped_byte())
    with pytest.raises(WrongHash, match="wrong sha256") as failure:
        download(index)
    assert is_complete(failure.value, index)


def test_a_wheel_damaged_on_the_way_once_is_fetched_again(index: FakeIndex) -> None:
    index.faults.once("*.whl", reply_faults.flipped_byte())
    assert download(index) == index.files("a")[0].body


@pytest.mark.parametrize(
    "fault", [reply_faults.truncated(), reply_faults.reset(after=600)], ids=lambda fault: fault.name
)
def test_a_download_that_breaks_begins_anew(index: FakeIndex, fault: Fault) -> None:
    index.faults.times(2, "*.whl", fault)
    assert download(index) == index.files("a")[0].body


def test_a_truncated_download_without_length_is_found_by_its_hash(index: FakeIndex) -> None:
    index.faults.always("*.whl", reply_faults.truncated_without_length())
    with pytest.raises(WrongHash):
        download(index)


def test_a_wheel_whose_announced_hash_is_wrong_is_refused(index: FakeIndex) -> None:
    index.faults.always(PAGE, page_faults.wrong_hash())
    with pytest.raises(WrongHash):
        download(index)


def test_an_endless_download_ends_at_its_size(index: FakeIndex) -> None:
    index.faults.always("*.whl", reply_faults.endless_page(b"x" * 65536))
    with pytest.raises(TooLarge):
        download(index)


@pytest.mark.parametrize(
    "fault",
    [page_faults.no_hash(), page_faults.wrong_size(), page_faults.metadata_without_hash()],
    ids=lambda fault: fault.name,
)
def test_what_a_page_does_not_tell_or_tells_wrongly_harms_nothing(index: FakeIndex, fault: Fault) -> None:
    index.faults.always(PAGE, fault)
    assert metadata(index) == ("b>=1",)


def test_a_weak_hash_is_checked_where_there_is_no_other(index: FakeIndex) -> None:
    index.faults.always(PAGE, page_faults.weak_hash())
    with pytest.raises(WrongHash, match="wrong md5"):
        download(index)


def test_metadata_that_is_not_what_the_page_announced_is_refused(index: FakeIndex) -> None:
    index.faults.always(PAGE, page_faults.wrong_metadata_hash())
    with pytest.raises(WrongHash) as failure:
        metadata(index)
    assert failure.value.url.endswith(".whl.metadata")


def test_metadata_damaged_on_the_way_is_refused(index: FakeIndex) -> None:
    index.faults.always("*.metadata", reply_faults.flipped_byte())
    with pytest.raises(WrongHash):
        metadata(index)


def test_metadata_that_was_promised_and_is_missing_is_cut_out_of_the_wheel(index: FakeIndex) -> None:
    index.serve("a", "1.0", requires=["b>=1"], metadata="missing")
    watcher = RecordingWatcher()
    assert metadata(index, watcher=watcher) == ("b>=1",)
    assert index.counts["range"] == 1
    assert any("promises its metadata" in message for message in watcher.messages)


@pytest.mark.parametrize("dialect", ["json-bare", "html-plain"])
@pytest.mark.parametrize(
    "fault",
    [reply_faults.wrong_content_range(), reply_faults.truncated()],
    ids=lambda fault: fault.name,
)
def test_ranges_that_lie_lead_to_the_whole_wheel(index: FakeIndex, fault: Fault, dialect: str) -> None:
    index.dialect = DIALECTS[dialect]
    index.serve("a", "1.0", requires=["b>=1"], metadata=False, weight=200_000)
    index.faults.times(2, "*.whl", fault)
    assert metadata(index) == ("b>=1",)


def test_a_portal_in_place_of_unpromised_metadata_is_not_believed(index: FakeIndex) -> None:
    index.dialect = DIALECTS["html-plain"]
    index.faults.always("*.metadata", reply_faults.captive_portal())
    assert metadata(index) == ("b>=1",)


@pytest.mark.parametrize(
    "fault",
    [
        page_faults.link_to("file:///etc/passwd"),
        page_faults.double_encoded_href(),
        page_faults.escaping_filename(),
        page_faults.foreign_name("b"),
    ],
    ids=lambda fault: fault.name,
)
@pytest.mark.parametrize("dialect", ["json", "html"])
def test_entries_that_lead_elsewhere_are_left_out_or_harmless(index: FakeIndex, fault: Fault, dialect: str) -> None:
    index.dialect = DIALECTS[dialect]
    index.faults.always(PAGE, fault)
    with opened(index) as open_index:
        try:
            found = open_index.reader.versions("a")
        except PackageNotFound:
            # Every entry was left out.
            return
        for release in found.summary.versions:
            for file in found.files(release):
                assert file.url.startswith(index.origin)
                assert "/" not in file.filename
                assert "%2" not in file.filename


def test_a_malformed_requires_python_is_handed_on_as_written(index: FakeIndex) -> None:
    index.faults.always(PAGE, page_faults.wrong_python())
    with opened(index) as open_index:
        assert open_index.reader.versions("a").summary.requires_python == (("not a version range",),)


def test_a_page_of_a_hundred_thousand_links_is_read(index: FakeIndex) -> None:
    index.faults.always(PAGE, page_faults.many_links(20_000))
    assert len(versions(index)) >= 1


def test_after_any_error_the_next_request_is_answered(index: FakeIndex) -> None:
    with opened(index, limits=SHORT, patience=Patience(tries=1)) as open_index:
        for fault in (reply_faults.truncated(), reply_faults.gzip_bomb(64), reply_faults.hang_in_body()):
            index.faults.once(PAGE, fault)
            with pytest.raises(IndexFailure):
                open_index.client.get(f"{index.url}a/")
            assert open_index.client.get(f"{index.url}a/").status == 200
