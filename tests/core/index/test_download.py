from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from chapbook_core.index.failure import NoSuchFile, WrongHash
from tests.fakes.index import FakeIndex, reply_faults
from tests.fakes.opened import opened

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def index() -> Iterator[FakeIndex]:
    with FakeIndex() as index:
        index.serve("a", "1.0", weight=100_000)
        yield index


def fetched(index: FakeIndex, start: bytes, *, continued: bool = True, sha256: str | None = None) -> bytes:
    (file,) = index.files("a")
    stream = io.BytesIO(start)
    hashes = {"sha256": sha256 or file.sha256}
    with opened(index) as open_index:
        open_index.client.download(index.url_of(file), stream, hashes=hashes, size=1_000_000, continued=continued)
    return stream.getvalue()


def body(index: FakeIndex) -> bytes:
    return fetched(index, b"", continued=False)


def test_a_download_goes_on_where_it_ended(index: FakeIndex) -> None:
    whole = body(index)
    assert whole == fetched(index, whole[:40_000])
    assert 1 == index.counts["range"]


def test_a_beginning_that_belongs_to_another_file_is_thrown_away(index: FakeIndex) -> None:
    whole = body(index)
    assert whole == fetched(index, b"x" * 40_000)


def test_a_file_that_is_all_there_is_not_asked_for(index: FakeIndex) -> None:
    whole = body(index)
    index.reset_counts()
    assert whole == fetched(index, whole)
    assert 0 == index.counts["file"]


def test_a_file_that_is_longer_than_it_should_be_is_fetched_again(index: FakeIndex) -> None:
    whole = body(index)
    assert whole == fetched(index, whole + b"more than there is")


def test_a_server_without_ranges_sends_all_of_it(index: FakeIndex) -> None:
    whole = body(index)
    index.ranges = "ignore"
    assert whole == fetched(index, whole[:40_000])


def test_what_a_broken_connection_has_brought_is_not_fetched_again(index: FakeIndex) -> None:
    whole = body(index)
    index.faults.once("/files/*", reply_faults.truncated(0.5))
    assert whole == fetched(index, b"")
    assert 1 == index.counts["range"]


def test_a_wrong_part_of_a_file_is_not_taken(index: FakeIndex) -> None:
    whole = body(index)
    index.faults.once("/files/*", reply_faults.wrong_content_range())
    assert whole == fetched(index, whole[:40_000])


def test_a_wrong_hash_is_told(index: FakeIndex) -> None:
    with pytest.raises(WrongHash):
        fetched(index, b"", sha256="0" * 64)


def test_a_missing_file_is_told_however_much_of_it_is_there(index: FakeIndex) -> None:
    whole = body(index)
    index.faults.always("/files/*", reply_faults.status(404))
    with pytest.raises(NoSuchFile):
        fetched(index, whole[:40_000])
