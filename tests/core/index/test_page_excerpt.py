from __future__ import annotations

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chapbook_core.index import page_excerpt
from chapbook_core.index.page import OtherApiVersion, parse_page
from chapbook_core.index.page_excerpt import excerpt
from tests.fakes.index import DIALECTS, FakeIndex
from tests.fakes.opened import opened

URL = "https://example.org/simple/a/"
NAMES = ["a-1.0-py3-none-any.whl", "a-1.0.tar.gz"]


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


@pytest.mark.parametrize("start", [b"<a title='", b"<base title='", b"<meta content='", b"<A title='"])
def test_a_tag_that_does_not_end_takes_the_rest_of_its_page_with_it(start: bytes) -> None:
    body = b"<a href='/good/a-1.0.tar.gz'>a</a>" + start + b'<a href="/bad/a-1.0-py3-none-any.whl">a</a>'
    part = excerpt(body, NAMES)
    assert part is not None
    found = [parse_page(page, "text/html", URL, "a").files.of("1.0") for page in (body, part)]
    assert ["https://example.org/good/a-1.0.tar.gz"] == [file.url for file in found[1]]
    assert found[0] == found[1]


def test_of_a_page_that_names_a_file_again_and_again_there_is_no_excerpt() -> None:
    entry = {"filename": "a-1.0.tar.gz", "url": "a", "hashes": {}}
    assert excerpt(page_of(*[entry] * 9), ["a-1.0.tar.gz"]) is not None
    assert excerpt(page_of(*[entry] * 99), ["a-1.0.tar.gz"]) is None


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (b"/a-1.0.tar.gz", b"<a "),
        (b"/a-1.0.tar.gz", b"<a x='"),
        (b"/a-1.0.tar.gz", b"<base "),
        (b"/a-1.0.tar.gz", b"<!-- "),
        (b'<a href="/a-1.0.tar.gz">a</a>', b'<a href="/a-1.0.tar.gz'),
        (b'<a href="/a-1.0.tar.gz">a</a>', b'<a href="/a-1.0.tar.gz">'),
        (b'<a href="/a-1.0.tar.gz">a</a>', b'<a href="/a-1.0.tar.gz">a</a><br '),
        (b'{"x": [', b'"a-1.0.tar.gz",'),
        (b'{"x": ' * 16 + b"[", b'"a-1.0.tar.gz",'),
    ],
)
def test_a_hostile_page_takes_no_longer_than_its_length_asks_for(start: bytes, piece: bytes) -> None:
    body = start + piece * (400_000 // len(piece))
    began = time.process_time()
    excerpt(body, ["a-1.0.tar.gz"])
    # As for `page_html`.
    assert time.process_time() - began < 5


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


FRAGMENTS = [
    '<a href="https://example.org/x/a-1.0.tar.gz#sha256=0">a-1.0.tar.gz</a><br />\n',
    '<a href="/x/a-1.0-py3-none-any.whl" data-requires-python="&gt;=3.9" data-yanked="">a-1.0-py3-none-any.whl</a>\n',
    '<a href="/x/b.whl" data-yanked="/a-1.0.tar.gz">b</a><br/>\n',
    '<a href="/x/b.whl">see /a-1.0.tar.gz</a>\n',
    '<a href="/x/b.whl" data-yanked="<a href=">/a-1.0.tar.gz</a>\n',
    "<A HREF='/y/a-1.0.tar.gz'>a</A>",
    '<a class="x" href="/z/a-1.0.tar.gz">a</a>',
    '<a href="/q/a-1.0.tar.gz"data-yanked>a</a>',
    "<!-- ",
    " -->",
    "<script>",
    "</script>",
    "<template>",
    "</template",
    '<p title="',
    '">',
    "<br />",
    "<a title='",
    "'",
    "<a ",
    ">",
    "<base href='/else/'>",
    '<meta name="pypi:project-status" content="archived">',
    "/a-1.0.tar.gz",
    "\n",
    "\u00e9",
]


@settings(deadline=None, max_examples=300)
@given(st.lists(st.sampled_from(FRAGMENTS), max_size=14), st.integers(0, 400), st.binary(max_size=30))
def test_a_run_of_usual_links_is_read_as_any_links(fragments: list[str], cut: int, rest: bytes) -> None:
    whole = "".join(["<html>", *fragments, FRAGMENTS[0] * 2]).encode()
    body = whole[: len(whole) - cut]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(page_excerpt, "_usual_run", lambda *_: 0)
        expected = excerpt(body, NAMES)
    assert expected == excerpt(body, NAMES)
    # What comes behind it is of another page.
    assert expected == excerpt(bytearray(body + rest + whole), NAMES, len(body))


def test_the_links_of_a_usual_page_are_read_as_a_run() -> None:
    names = [f"a-1.{number}.tar.gz" for number in range(300)]
    links = [f'<a href="../{name}" data-requires-python="&gt;=3">{name}</a><br />\n' for name in names]
    body = "".join(["<html><head><base href='/x/'></head><body>", *links, "</body></html><!--1-->"]).encode()
    links_found: list[bytes] = []
    others: list[bytes] = []
    end = page_excerpt._usual_run(body, len(body), [b"/a-1.7.tar.gz"], links_found, others)
    assert body[end:].startswith(b"</body>")
    assert ([b"<base href='/x/'>"], 1) == (others, len(links_found))


ENTRY = st.fixed_dictionaries(
    {"filename": st.sampled_from([*NAMES, "a-1.1.tar.gz", "b.whl"]), "url": st.sampled_from(["/a", "/b"])},
    optional={
        "hashes": st.dictionaries(st.sampled_from(["sha256", "md5"]), st.sampled_from(["0" * 64, "\u00e9", "{"])),
        "yanked": st.one_of(st.booleans(), st.sampled_from(["{", '"a-1.0.tar.gz"', "\u2028 \U0001f600", "}]"])),
        "core-metadata": st.one_of(st.booleans(), st.just({"sha256": "1" * 64})),
        "size": st.integers(0, 9),
    },
)


@settings(deadline=None, max_examples=200)
@given(st.lists(ENTRY, max_size=6), st.booleans(), st.binary(max_size=30))
def test_entries_cut_out_are_read_as_those_of_the_whole_page(
    entries: list[object], is_ascii: bool, rest: bytes
) -> None:
    document = {"meta": {"api-version": "1.1"}, "name": "a", "files": entries}
    body = json.dumps(document, ensure_ascii=is_ascii).encode()
    part = excerpt(bytearray(body + rest + body), NAMES, len(body))
    whole = parse_page(body, "application/json", URL, "a").files.of("1.0")
    found = parse_page(part or body, "application/json", URL, "a").files.of("1.0")
    assert whole == found
