from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import pytest

from chapbook_core.index.blob import StaleBlob
from chapbook_core.index.file_table import FileTable, Row, absolute_url, files_in
from chapbook_core.index.page_rows import build_page
from chapbook_core.index.page_summary import PageSummary
from chapbook_core.index.status import ProjectStatus, Status
from chapbook_core.requirements.version_key import version_key

if TYPE_CHECKING:
    from chapbook_core.index.candidate import Page

BASE = "https://example.org/simple/foo/"


def row(filename: str, *, time: str | None = None, python: str | None = None, yanked: str | None = None) -> Row:
    return (filename, filename, "", None, time, python, yanked, None)


def build(*rows: Row, status: ProjectStatus = ProjectStatus()) -> Page:  # noqa: B008 a frozen value
    return build_page("foo", rows, BASE, status=status)


def test_versions_are_sorted_as_versions_with_their_keys() -> None:
    page = build(
        *(
            row(f"foo-{version}.tar.gz")
            for version in ("1.10", "1.9", "2.0rc1", "2.0", "1!0.1", "2.0.post1", "1.9.dev3")
        )
    )
    assert page.summary.versions == ("1.9.dev3", "1.9", "1.10", "2.0rc1", "2.0", "2.0.post1", "1!0.1")
    assert page.summary.keys == tuple(version_key(version) for version in page.summary.versions)
    assert page.summary.selected(page.summary.prereleases) == ("1.9.dev3", "2.0rc1")


def test_spellings_of_one_version_are_one_release() -> None:
    page = build(row("foo-1.0.tar.gz"), row("foo-1.0.0-py3-none-any.whl"), row("foo-01.0.zip"), row("foo-1.0-1.tar.gz"))
    assert page.summary.versions == ("1.0.0", "1.0.post1")
    assert [file.filename for file in page.release("1.0.0").files] == [
        "foo-01.0.zip",
        "foo-1.0.0-py3-none-any.whl",
        "foo-1.0.tar.gz",
    ]
    assert {file.version for file in page.release("1.0.0").files} == {"1.0.0"}


def test_a_version_is_yanked_when_all_its_files_are() -> None:
    page = build(
        row("foo-1.0.tar.gz", yanked=""),
        row("foo-1.0-py3-none-any.whl"),
        row("foo-2.0.tar.gz", yanked="why"),
        row("foo-3.0.tar.gz"),
    )
    assert page.summary.selected(page.summary.yanked) == ("2.0",)
    assert page.release("2.0").is_yanked
    assert not page.release("1.0").is_yanked


def test_wheels_and_source_archives_are_told_apart() -> None:
    page = build(
        row("foo-1.0.tar.gz"), row("foo-2.0.tar.gz"), row("foo-2.0-py3-none-any.whl"), row("foo-3.0-py3-none-any.whl")
    )
    assert page.summary.wheels == 0b110
    assert page.summary.sdists == 0b011
    assert page.summary.every == 0b111


def test_a_version_demands_what_one_of_its_files_demands() -> None:
    page = build(
        row("foo-1.0.tar.gz", python=">=3.8"),
        row("foo-1.0-py3-none-any.whl", python=">=3.9"),
        row("foo-1.0-py2-none-any.whl", python=">=3.9"),
        row("foo-2.0.tar.gz", python=">=3.9"),
        row("foo-2.0-py3-none-any.whl"),
    )
    assert page.summary.requires_python == ((">=3.8", ">=3.9"), ())


def test_a_version_came_with_its_first_file() -> None:
    page = build(
        row("foo-1.0.tar.gz", time="2024-02-01T00:00:00.000000Z"),
        row("foo-1.0-py3-none-any.whl", time="2024-01-01T00:00:00.000000Z"),
        row("foo-2.0.tar.gz"),
    )
    assert page.summary.upload_times == ("2024-01-01T00:00:00.000000Z", None)


def test_both_parts_come_back_from_their_blobs() -> None:
    page = build(
        row("foo-1.0.tar.gz", python=">=3.8"),
        row("foo-2.0a1-py3-none-any.whl", yanked="why"),
        status=ProjectStatus(Status.ARCHIVED, "done"),
    )
    assert PageSummary.from_blob(page.summary_blob()) == page.summary
    blob = page.files_blob()
    assert [files_in(BytesIO(blob), version) for version in ("1.0", "2.0a1")] == [
        release.files for release in page.releases
    ]
    assert files_in(BytesIO(blob), "9") == ()


def test_an_empty_page_comes_back_from_its_blobs() -> None:
    page = build()
    assert PageSummary.from_blob(page.summary_blob()) == page.summary
    assert files_in(BytesIO(page.files_blob()), "1.0") == ()


def test_reading_the_newest_release_reads_the_beginning_alone() -> None:
    page = build(*(row(f"foo-{number}.0.tar.gz", python=f">=3.{number}") for number in range(50)))
    blob = page.files_blob()
    stream = BytesIO(blob)
    assert files_in(stream, "49.0") == page.release("49.0").files
    assert stream.tell() < len(blob) / 3


def test_a_damaged_blob_is_stale_and_nothing_worse() -> None:
    page = build(row("foo-1.0.tar.gz"))

    def files(blob: bytes) -> object:
        return files_in(BytesIO(blob), "1.0")

    for blob, read in ((page.summary_blob(), PageSummary.from_blob), (page.files_blob(), files)):
        for place in range(len(blob)):
            damaged = blob[:place] + bytes([blob[place] ^ 0x55]) + blob[place + 1 :]
            for bad in (damaged, blob[:place]):
                with pytest.raises(StaleBlob):
                    read(bad)


def test_a_blob_of_another_kind_is_stale() -> None:
    with pytest.raises(StaleBlob):
        PageSummary.from_blob(build().files_blob())


def test_a_file_is_the_same_beside_usual_ones_and_beside_others() -> None:
    one, other = "sha256=" + "1" * 64, "sha256=" + "2" * 64
    usual: list[Row] = [
        ("a-1-py3-none-any.whl", "https://example.org/a.whl", one, 1, None, ">=3.8", None, other),
        ("a-1.tar.gz", "https://example.org/a.tar.gz", other, None, "2024-01-01T00:00:00Z", None, "", True),
    ]
    others: list[Row] = [
        ("b", "b.whl#md5=1", one, 1, None, None, None, None),
        ("b", "https://example.org/b", "md5=" + "1" * 32, 1, None, None, None, False),
        ("b", "https://example.org/b", "sha256=" + "x" * 64, 1, None, None, None, None),
        ("b", "https://example.org/b", one + ";", 1, None, None, None, ""),
    ]
    alone = FileTable("https://example.org/", {"1": usual}).of("1")
    assert alone[0].hashes == (("sha256", "1" * 64),)
    assert alone[0].metadata_hashes == (("sha256", "2" * 64),)
    for odd in others:
        assert FileTable("https://example.org/", {"1": [*usual, odd]}).of("1")[:2] == alone


def test_a_link_loses_its_fragment_when_it_is_made_absolute() -> None:
    assert absolute_url(BASE, "../a-1.tar.gz#sha256=1") == "https://example.org/simple/a-1.tar.gz"
    assert absolute_url(BASE, "https://example.org/a-1.tar.gz?x=1#y") == "https://example.org/a-1.tar.gz?x=1"
