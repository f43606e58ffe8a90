"""JSON, HTML with attributes and bare HTML say the same, as far as each can tell."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING
from urllib.parse import quote

from hypothesis import given, settings
from hypothesis import strategies as st

from chapbook_core.index.page import PageSummary, files_in, parse_page
from chapbook_core.index.project_json import with_facts
from tests.fakes.index.dialect import DIALECTS, Dialect
from tests.fakes.index.listing import Entry, Listing
from tests.fakes.index.pages import HTML, JSON, PLAIN_HTML, html_page, json_page

if TYPE_CHECKING:
    from chapbook_core.index.candidate import Page
    from chapbook_core.index.file import File

URL = "https://example.org/root/simple/foo-bar/"
digests = st.integers(0, 2**256 - 1).map(lambda number: f"{number:064x}")
versions = st.sampled_from(
    ["0.1", "1.0", "1.0.0", "1.0rc1", "1.0.post1", "2!0.1", "2.0.dev3", "2.0+cpu", "10.0", "01.5"]
)
spellings = st.sampled_from(["foo_bar", "Foo.Bar", "foo-bar"])
wheel_ends = st.sampled_from(["-py3-none-any.whl", "-1-py2.py3-none-any.whl", "-cp311-cp311-manylinux_2_17_x86_64.whl"])
source_ends = st.sampled_from([".tar.gz", ".zip", ".tar.bz2"])
odd_names = st.sampled_from(["foo_bar-1.0-py2.7.egg", "other-1.0.tar.gz", "foo-bar-nightly.tar.gz", "foo_bar-1.0.exe"])
# What attributes have to escape is what may go wrong.
texts = st.sampled_from(
    ["", "broken", "a & b < c > d", 'it\'s "bad"', "&lt; &amp;amp;", "größer ☃", " spaces ", "x=y;z"]
)
pythons = st.sampled_from([None, ">=3.9", ">=3.6, !=3.7.*", "<4,>=3.8", ">= 3.10"])
times = st.sampled_from([None, "2024-04-11T03:34:41.447563Z", "2019-01-01T00:00:00.000001Z"])
folders = st.sampled_from(["https://files.example.org/ab/cd/", "../../files/", "/files/", "//cdn.example.org/", ""])


@st.composite
def filenames(draw: st.DrawFn) -> str:
    ending = draw(st.one_of(wheel_ends, source_ends))
    name = draw(st.just("foo_bar") if ending.endswith(".whl") else spellings)
    return name + "-" + draw(versions) + ending


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    filename = draw(st.one_of(filenames(), filenames(), filenames(), odd_names))
    return Entry(
        filename=filename,
        url=draw(folders) + draw(st.sampled_from([filename, quote(filename)])),
        hashes={"sha256": draw(digests)},
        python=draw(pythons),
        yanked=draw(st.one_of(st.just(False), st.just(False), st.just(True), texts.filter(bool))),
        size=draw(st.none() | st.integers(0, 10**12)),
        uploaded=draw(times),
        metadata=draw(st.one_of(st.booleans(), digests)),
    )


listings = st.builds(
    Listing,
    name=st.just("foo-bar"),
    entries=st.lists(entries(), max_size=12, unique_by=lambda entry: entry.filename).map(tuple),
    status=st.sampled_from(["active", "archived", "deprecated"]),
    status_reason=st.none() | texts.filter(bool),
)


def as_json(listing: Listing, dialect: Dialect) -> Page:
    return parse_page(json_page(listing, dialect), JSON, URL, "Foo_Bar")


def as_html(listing: Listing, dialect: Dialect, content_type: str = HTML) -> Page:
    return parse_page(html_page(listing, dialect), content_type, URL, "Foo_Bar")


def told_by(page: Page, dialect: Dialect) -> list[tuple[str, File]]:
    """Return the files with only those fields that a dialect can tell."""
    return [(release.version, limited(file, dialect)) for release in page.releases for file in release.files]


def limited(file: File, dialect: Dialect) -> File:
    times = dialect.upload_times if dialect.json else dialect.html_upload_times
    announced = dialect.core_metadata or dialect.dist_info_metadata
    # HTML has no way to say that there is none.
    metadata = file.metadata if announced and (dialect.json or file.metadata) else None
    return replace(
        file,
        hashes=file.hashes if dialect.hashes else (),
        requires_python=file.requires_python if dialect.requires_python else None,
        yanked=file.yanked and dialect.yanked,
        yanked_reason=file.yanked_reason if dialect.yanked else "",
        size=file.size if dialect.json and dialect.sizes else None,
        upload_time=file.upload_time if times else None,
        metadata=metadata,
        metadata_hashes=file.metadata_hashes if announced else (),
    )


@settings(deadline=None, max_examples=150)
@given(listings)
def test_every_dialect_gives_the_same_files_as_far_as_it_tells(listing: Listing) -> None:
    full = as_json(listing, DIALECTS["json"])
    for name, dialect in DIALECTS.items():
        page = as_json(listing, dialect) if dialect.json else as_html(listing, dialect)
        assert told_by(page, dialect) == told_by(full, dialect), name
        assert (page.summary.versions, page.summary.keys) == (full.summary.versions, full.summary.keys)
        assert (page.summary.wheels, page.summary.sdists) == (full.summary.wheels, full.summary.sdists)
        if dialect.requires_python:
            assert page.summary.requires_python == full.summary.requires_python
        if dialect.yanked:
            assert page.summary.yanked == full.summary.yanked
        if dialect.status:
            assert page.status == full.status
        assert [skipped.filename for skipped in page.skipped] == [skipped.filename for skipped in full.skipped]


@settings(deadline=None, max_examples=100)
@given(listings, st.sampled_from(sorted(DIALECTS)))
def test_links_written_in_other_ways_are_the_same_links(listing: Listing, name: str) -> None:
    body = html_page(listing, replace(DIALECTS[name], json=False))
    expected = parse_page(body, HTML, URL, "foo-bar")
    # Another first attribute and another case: no link has the usual form any more.
    unusual = body.replace(b'<a href="', b'<A class=file\n HREF="')
    assert parse_page(unusual, PLAIN_HTML, URL, "foo-bar").releases == expected.releases


@settings(deadline=None, max_examples=100)
@given(listings)
def test_a_page_comes_back_from_the_cache_as_it_was(listing: Listing) -> None:
    page = as_json(listing, DIALECTS["json"])
    assert PageSummary.from_blob(page.summary_blob()) == page.summary
    blob = page.files_blob()
    for release in page.releases:
        assert files_in(BytesIO(blob), release.version) == release.files


@settings(deadline=None, max_examples=100)
@given(listings)
def test_a_bare_page_with_the_facts_of_another_dialect_says_what_that_one_says(listing: Listing) -> None:
    full = as_json(listing, DIALECTS["json"])
    told = with_facts(as_html(listing, DIALECTS["html-bare"]), full)
    assert told.releases == full.releases
    assert told.summary == replace(full.summary, status=told.status)


@settings(deadline=None, max_examples=100)
@given(listings, st.randoms())
def test_the_order_of_the_entries_does_not_matter(listing: Listing, chance: object) -> None:
    shuffled = list(listing.entries)
    chance.shuffle(shuffled)  # type: ignore[attr-defined] # hypothesis gives a Random without saying so
    page = as_json(listing, DIALECTS["json"])
    other = as_json(replace(listing, entries=tuple(shuffled)), DIALECTS["json"])
    assert (other.summary, other.releases) == (page.summary, page.releases)
