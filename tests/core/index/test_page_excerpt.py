from __future__ import annotations

import json

import pytest

from chapbook_core.index.page import OtherApiVersion, parse_page
from chapbook_core.index.page_excerpt import excerpt
from tests.fakes.index import DIALECTS, FakeIndex
from tests.fakes.opened import opened

URL = "https://example.org/simple/a/"


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_what_is_cut_out_says_of_a_file_what_the_whole_page_says(dialect: str) -> None:
    with FakeIndex() as index:
        index.dialect = DIALECTS[dialect]
        for number in range(30):
            index.serve("a", f"1.{number}", python=">=3.9", metadata=True)
        with opened(index) as open_index:
            answer = open_index.client.get(f"{index.url}a/", headers={"Accept": "*/*"})
        names = [file.filename for file in index.files("a") if "1.7" in file.filename]
    body, content_type = answer.body, answer.headers["content-type"]
    part = excerpt(body, names)
    assert part is not None
    assert len(part) < len(body) / 4
    whole = parse_page(body, content_type, answer.base_url, "a")
    page = parse_page(part, content_type, answer.base_url, "a")
    assert ("1.7",) == page.summary.versions
    assert names
    assert page.files.of("1.7") == whole.files.of("1.7")


def page_of(*entries: object, version: str = "1.1") -> bytes:
    return json.dumps({"meta": {"api-version": version}, "name": "a", "files": entries}).encode()


def test_an_entry_is_found_whatever_stands_before_the_name_of_its_file() -> None:
    nested = {str(number): {"deep": {"deeper": number}} for number in range(3)}
    entry = {"a": nested, "yanked": 'quotes " and { braces', "filename": "a-1.0.tar.gz", "url": "a", "hashes": {}}
    part = excerpt(page_of({"filename": "b", "url": "a-1.0.tar.gz"}, entry), ["a-1.0.tar.gz"])
    assert part is not None
    assert [entry] == json.loads(part)["files"]


def test_a_name_that_only_stands_in_a_text_is_no_entry() -> None:
    body = page_of({"filename": "b-1.0.tar.gz", "url": "b", "yanked": 'see "filename": "a-1.0.tar.gz"'})
    assert excerpt(body, ["a-1.0.tar.gz"]) is None


def test_of_two_entries_of_one_file_both_are_there() -> None:
    entries: list[object] = [{"filename": "a-1.0.tar.gz", "url": url, "hashes": {}} for url in ("old", "new")]
    assert entries == json.loads(excerpt(page_of(*entries), ["a-1.0.tar.gz"]) or b"")["files"]


@pytest.mark.parametrize(
    "around",
    [
        b"<!-- <a href='/b'>b</a> %s -->",
        b"<a href='/b-1.0.tar.gz' data-yanked=\"see </a> > %s\">b</a>",
        b'<script>link = "%s"</script>',
        b"<template>%s</template>",
    ],
)
def test_what_is_no_link_of_the_page_is_none_of_the_excerpt(around: bytes) -> None:
    other = b"<a href='https://elsewhere.example/a-1.0.tar.gz'>a</a>"
    body = b"<html><body>" + around % other + b"\n<a href='/good/a-1.0.tar.gz'>a</a></body></html>"
    part = excerpt(body, ["a-1.0.tar.gz"])
    assert part is not None
    (file,) = parse_page(part, "text/html", URL, "a").files.of("1.0")
    assert "https://example.org/good/a-1.0.tar.gz" == file.url


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"{}", b'{"files": ["a-1.0.tar.gz"]}', b"<a href=/a-1.0.tar.gz", b"<p>"]
)
def test_of_a_page_that_is_none_there_is_no_excerpt(body: bytes) -> None:
    assert excerpt(body, ["a-1.0.tar.gz"]) is None


def test_a_page_of_a_later_version_is_refused_as_ever() -> None:
    part = excerpt(page_of({"filename": "a-1.0.tar.gz", "url": "a-1.0.tar.gz"}, version="2.0"), ["a-1.0.tar.gz"])
    assert part is not None
    with pytest.raises(OtherApiVersion):
        parse_page(part, "application/json", URL, "a")


@pytest.mark.parametrize("page", [b'{"meta": %s, "files": [%s]}', b'{"files": [%s], "meta": %s}'])
def test_the_version_is_found_wherever_a_page_says_it(page: bytes) -> None:
    files = b", ".join(b'{"filename": "a-%d.tar.gz", "url": "a"}' % number for number in range(999))
    meta = b'{"api-version": "1.4"}'
    body = page % ((meta, files) if page.startswith(b'{"meta') else (files, meta))
    part = excerpt(body, ["a-500.tar.gz"])
    assert part is not None
    assert {"meta": {"api-version": "1.4"}, "files": [{"filename": "a-500.tar.gz", "url": "a"}]} == json.loads(part)


def test_a_link_counts_from_the_base_of_its_page() -> None:
    body = b'<html><head><base href="/files/"></head><body><A\nhref="x/a-1.0.tar.gz#sha256=%s">a</A></body></html>'
    part = excerpt(body % (b"0" * 64), ["a-1.0.tar.gz"])
    assert part is not None
    (file,) = parse_page(part, "text/html", URL, "a").files.of("1.0")
    assert "https://example.org/files/x/a-1.0.tar.gz" == file.url
    assert "0" * 64 == file.digest()
