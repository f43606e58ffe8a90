"""Where the metadata of a release comes from, against a loopback index."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chapbook_core.index.failure import NoSuchFile
from chapbook_core.index.metadata import Metadata
from chapbook_core.index.metadata_fetch import NeedBuild, in_order_of_cost
from tests.fakes.clock import Clock
from tests.fakes.index import DIALECTS, FakeIndex, reply_faults
from tests.fakes.opened import opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAMES = [f"p{number}" for number in range(12)]


@pytest.fixture
def index() -> Iterator[FakeIndex]:
    with FakeIndex() as index:
        for name in NAMES:
            index.serve(name, "1.0", requires=["b>=1"], python=">=3.9", metadata=True)
            index.serve(name, "2.0", requires=["b>=2"], python=">=3.10", metadata=True)
        yield index


def test_metadata_that_nobody_promised_is_tried_and_then_cut_out_of_the_wheel(index: FakeIndex) -> None:
    index.dialect = DIALECTS["html-plain"]
    index.metadata_for = lambda _file: False
    with opened(index) as open_index:
        found = open_index.reader.metadata("p1", "2.0")
    assert isinstance(found, Metadata)
    assert found.requires_dist == ("b>=2",)
    assert (index.counts["range"], index.counts["file"]) == (1, 0)


def test_an_index_that_never_has_metadata_files_is_soon_not_asked_for_them(index: FakeIndex) -> None:
    index.dialect = DIALECTS["html-plain"]
    index.metadata_for = lambda _file: False
    with opened(index) as open_index:
        for name in NAMES:
            open_index.reader.metadata(name, "2.0")
    assert index.counts["not-found"] < len(NAMES)


def test_an_index_without_ranges_gives_the_whole_wheel(index: FakeIndex) -> None:
    index.metadata_for = lambda _file: False
    index.ranges = "ignore"
    with opened(index) as open_index:
        found = open_index.reader.metadata("p1", "2.0")
    assert isinstance(found, Metadata)
    assert index.counts["file"] == 1


@pytest.mark.parametrize("metadata", [True, False])
def test_a_wheel_that_the_index_has_lost_leaves_the_word_to_the_others_of_the_release(
    index: FakeIndex, metadata: bool
) -> None:
    index.serve("lost", "1.0", requires=["b>=7"], tags=("py3-none-any", "py310-none-any"), metadata=metadata)
    index.faults.always("*/lost-1.0-py3-none-any.whl*", reply_faults.status(404))
    with opened(index, None) as open_index:
        found = open_index.reader.want_metadata("lost", "1.0").result(timeout=300)
        assert isinstance(found, Metadata)
        assert found.requires_dist == ("b>=7",)


def test_a_release_of_which_the_index_has_lost_all_files_is_named_with_the_address(index: FakeIndex) -> None:
    index.serve("lost", "1.0", metadata=False)
    index.faults.always("*/lost-1.0-*", reply_faults.status(404))
    with opened(index, None) as open_index, pytest.raises(NoSuchFile, match=r"lost-1\.0.* \(HTTP 404\)"):
        open_index.reader.want_metadata("lost", "1.0").result(timeout=300)


def test_a_wheel_for_python_2_alone_is_asked_after_the_others(index: FakeIndex) -> None:
    tags = ("py27-none-any", "py3-none-any", "cp27.cp26-none-any", "py2.py3-none-any", "cp310-cp310-win32")
    index.serve("old", "1.0", tags=tags, metadata=True)
    with opened(index, None) as open_index:
        offer = open_index.reader.versions("old").offer_of("1.0")
        assert offer is not None
        ends = [file.filename.removeprefix("old-1.0-") for file in in_order_of_cost(offer.files("1.0"))]
    assert ends[-2:] == ["cp27.cp26-none-any.whl", "py27-none-any.whl"]


def test_a_static_source_archive_is_read_and_not_built(index: FakeIndex) -> None:
    index.serve("source", "1.0", requires=["c>=3"], sdist="only")
    with opened(index) as open_index:
        found = open_index.reader.metadata("source", "1.0")
    assert isinstance(found, Metadata)
    assert found.requires_dist == ("c>=3",)


def test_a_dynamic_source_archive_needs_a_build_and_what_it_told_is_kept(index: FakeIndex, tmp_path: Path) -> None:
    index.serve("source", "1.0", requires=["c>=3"], sdist="dynamic-only")
    with opened(index, tmp_path / "cache") as open_index:
        need = open_index.reader.metadata("source", "1.0")
        assert isinstance(need, NeedBuild)
        assert need.file.filename == "source-1.0.tar.gz"
    index.reset_counts()
    with opened(index, tmp_path / "cache") as open_index:
        # That a build is needed is remembered as well: the archive is not fetched again.
        need = open_index.reader.metadata("source", "1.0")
        assert isinstance(need, NeedBuild)
        assert index.counts["file"] == 0
        built = Metadata("source", "1.0", ("c>=3",))
        open_index.reader.learn(need, built)
        assert open_index.reader.metadata("source", "1.0") == built
    with opened(index, tmp_path / "cache") as open_index:
        assert open_index.reader.metadata("source", "1.0") == built


def test_a_changed_page_drops_the_metadata_of_files_that_were_replaced(index: FakeIndex, tmp_path: Path) -> None:
    clock = Clock()
    with opened(index, tmp_path / "cache", clock=clock) as open_index:
        open_index.reader.metadata("p1", "1.0")
        open_index.reader.metadata("p1", "2.0")
    index.serve("p1", "1.0", requires=["other>=1"], metadata=True)
    clock.advance(601)
    index.reset_counts()
    with opened(index, tmp_path / "cache", clock=clock) as open_index:
        open_index.reader.versions("p1")
        found = open_index.reader.metadata("p1", "1.0")
        assert isinstance(found, Metadata)
        assert found.requires_dist == ("other>=1",)
        open_index.reader.metadata("p1", "2.0")
    assert index.counts["metadata"] == 1
