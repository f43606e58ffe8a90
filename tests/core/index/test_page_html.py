from __future__ import annotations

import time
from contextlib import suppress

import pytest

from chapbook_core.index.failure import NotAnIndex
from chapbook_core.index.page import OtherApiVersion, Page, parse_page
from chapbook_core.index.page_html import unescaped

URL = "https://example.org/simple/foo/"
DIGEST = "ab" * 32


def parse(body: str, url: str = URL, content_type: str = "text/html") -> Page:
    return parse_page(body.encode(), content_type, url, "foo")


def only_file(body: str, url: str = URL) -> object:
    (release,) = parse(body, url).releases
    (file,) = release.files
    return file


def test_a_bare_link_gives_name_version_and_hash() -> None:
    page = parse(
        f'<a href="https://example.org/f/foo-1.0-py3-none-any.whl#sha256={DIGEST}">foo-1.0-py3-none-any.whl</a>'
    )
    (file,) = page.release("1.0").files
    assert file.filename == "foo-1.0-py3-none-any.whl"
    assert file.url == "https://example.org/f/foo-1.0-py3-none-any.whl"
    assert file.hashes == (("sha256", DIGEST),)
    assert (file.metadata, file.requires_python, file.upload_time, file.yanked) == (None, None, None, False)


def test_every_attribute_is_read() -> None:
    page = parse(
        f'<a href="foo-1.0.tar.gz#sha256={DIGEST}" data-requires-python="&gt;=3.9,&lt;4" data-yanked="bad &amp; old" '
        f'data-upload-time="2024-04-11T03:34:41.447563Z" data-core-metadata="sha256={DIGEST}" data-gpg-sig="true">x</a>'
    )
    (file,) = page.release("1.0").files
    assert file.requires_python == ">=3.9,<4"
    assert (file.yanked, file.yanked_reason) == (True, "bad & old")
    assert file.upload_time == "2024-04-11T03:34:41.447563Z"
    assert (file.metadata, file.metadata_hashes) == (True, (("sha256", DIGEST),))
    assert page.summary.yanked == 0b1


@pytest.mark.parametrize(
    "tag",
    [
        "<A HREF='foo-1.0.tar.gz' DATA-REQUIRES-PYTHON='>=3.9'>",
        '<a class=link data-requires-python=">=3.9" href = "foo-1.0.tar.gz">',
        "<a\n  href=foo-1.0.tar.gz\n  data-requires-python=&gt;=3.9 >",
        '<a href="foo-1.0.tar.gz" data-requires-python=">=3.9"/>',
        '<a href="foo-1.0.tar.gz" disabled data-requires-python=">=3.9" title="it\'s">',
        '<a href="foo-1.0.tar.gz" title=it\'s data-requires-python="&#62;=3.9">',
        '<a href=" foo-1.0.tar.gz " data-requires-python="&#x3e;&equals;3.9">',
        '<a href="foo%2D1.0.tar.gz" data-requires-python=">=3.9" data-requires-python=">=3.1">',
        '<a href="foo-1.0.tar.gz?a=1&amp;b=/2" data-requires-python=">=3.9">',
    ],
)
def test_every_way_to_write_a_link_is_understood(tag: str) -> None:
    (file,) = parse(f"<p>{tag}some text</a></p>").release("1.0").files
    assert file.filename == "foo-1.0.tar.gz"
    assert file.requires_python == ">=3.9"
    assert file.url.startswith("https://example.org/simple/foo/foo")


def test_links_in_comments_and_scripts_are_none() -> None:
    page = parse(
        '<!-- <a href="foo-1.0.tar.gz">x</a> --><script>"<a href=\'foo-2.0.tar.gz\'>"</script>'
        '<style>/*<a href="foo-3.0.tar.gz">*/</style><a href="foo-4.0.tar.gz">x</a>'
    )
    assert page.summary.versions == ("4.0",)


@pytest.mark.parametrize(
    ("base", "href", "url"),
    [
        ("", "../../files/foo-1.0.tar.gz", "https://example.org/files/foo-1.0.tar.gz"),
        ("", "/f/foo-1.0.tar.gz", "https://example.org/f/foo-1.0.tar.gz"),
        ("", "//other.example/foo-1.0.tar.gz", "https://other.example/foo-1.0.tar.gz"),
        ("", "HTTP://other.example/foo-1.0.tar.gz", "HTTP://other.example/foo-1.0.tar.gz"),
        ('<base href="https://cdn.example/x/">', "foo-1.0.tar.gz", "https://cdn.example/x/foo-1.0.tar.gz"),
        ('<base href="../../y/"><base href="z">', "foo-1.0.tar.gz", "https://example.org/y/foo-1.0.tar.gz"),
    ],
)
def test_links_are_joined_to_the_page_or_its_base(base: str, href: str, url: str) -> None:
    (file,) = parse(f'{base}<a href="{href}">x</a>').release("1.0").files
    assert file.url == url


def test_passwords_in_links_and_bases_are_not_kept() -> None:
    body = '<a href="foo-1.0.tar.gz">x</a><a href="https://user:hush@example.org/foo-2.0.tar.gz">x</a>'
    page = parse(body, "https://user:hush@example.org/simple/foo/")
    assert [file.url for release in page.releases for file in release.files] == [
        "https://example.org/simple/foo/foo-1.0.tar.gz",
        "https://example.org/foo-2.0.tar.gz",
    ]
    assert b"hush" not in page.files_blob() + page.summary_blob()


@pytest.mark.parametrize(
    "body",
    [
        '<a href="file:///etc/foo-1.0.tar.gz">x</a>',
        '<a href="FILE:/foo-1.0.tar.gz">x</a>',
        '<a href="javascript:x/foo-1.0.tar.gz">x</a>',
        '<base href="file:///etc/"><a href="foo-1.0.tar.gz">x</a>',
        '<base href="file:///etc/"><a href="//host/foo-1.0.tar.gz">x</a>',
    ],
)
def test_a_page_of_the_web_cannot_point_at_files_of_this_machine(body: str) -> None:
    page = parse(body)
    assert page.summary.versions == ()
    assert [(entry.filename, entry.reason) for entry in page.skipped] == [("foo-1.0.tar.gz", "its link leaves the web")]


def test_a_page_on_disk_can_point_at_files_beside_it_and_at_the_web() -> None:
    page = parse(
        '<a href="../f/foo-1.0.tar.gz">x</a><a href="https://example.org/foo-2.tar.gz">x</a>', "file:///i/foo/"
    )
    assert page.release("1.0").files[0].url == "file:///i/f/foo-1.0.tar.gz"
    assert page.summary.versions == ("1.0", "2")


@pytest.mark.parametrize(
    "href", ["..%252f..%252ffoo-1.0.tar.gz", "%252e%252e%252ffoo-1.0-py3-none-any.whl", "..%2f..%2ffoo-1.0.tar.gz"]
)
def test_a_name_that_hides_a_path_is_skipped(href: str) -> None:
    page = parse(f'<a href="https://example.org/{href}">x</a>')
    assert page.summary.versions == ()
    assert [entry.reason for entry in page.skipped] == ["its name hides a path"]


def test_hash_fragments_with_more_in_them_and_with_nonsense_are_understood() -> None:
    page = parse(
        f'<a href="foo-1.tar.gz#sha256={DIGEST.upper()}&egg=foo">x</a><a href="foo-2.tar.gz#md5=xyz">x</a>'
        f'<a href="foo-3.tar.gz#egg=foo-3">x</a><a href="foo-4.tar.gz#top">x</a>'
    )
    assert [page.release(str(number)).files[0].hashes for number in (1, 2, 3, 4)] == [(("sha256", DIGEST),), (), (), ()]


@pytest.mark.parametrize(
    "body",
    [
        "<html><head><title>Links for foo</title></head><body><h1>Links for foo</h1></body></html>",
        '<meta name="pypi:repository-version" content="1.0"><title>foo</title>',
        "<!DOCTYPE html><html><body></body></html>",
        "",
        '<title>Index of /simple/foo</title><a href="../">Parent Directory</a>',
    ],
)
def test_a_project_without_files_has_an_empty_page(body: str) -> None:
    assert parse(body).summary.versions == ()


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (
            "<title>Sign in &middot; Example</title><form action=/login><input name=password></form>",
            "Sign in · Example",
        ),
        ('<title>Portal\x1b[31m\n  free  wifi</title><a href="/terms">Terms</a>', "Portal[31m free wifi"),
        ("<html><body><script>location = '/login'</script></body></html>", "without files"),
        ('<a href="/login">Log in</a>', "that says `Log in`"),
        (
            "<html><body><!-- x -->You are\n<b>offline</b>: pay &amp; go</body></html>",
            "says `You are offline : pay & go`",
        ),
    ],
)
def test_a_page_of_something_else_is_named(body: str, told: str) -> None:
    with pytest.raises(NotAnIndex) as caught:
        parse(body, "https://user:hush@example.org/simple/foo/")
    assert told in caught.value.message
    assert "hush" not in caught.value.message


def test_a_later_version_of_the_api_is_refused() -> None:
    with pytest.raises(OtherApiVersion, match=r"version 2\.0"):
        parse('<meta name="pypi:repository-version" content="2.0"><a href="foo-1.0.tar.gz">x</a>')
    assert parse('<meta content="1.9" name="pypi:repository-version">').summary.versions == ()


def test_the_status_of_the_project_is_read_from_metas() -> None:
    page = parse(
        '<meta name="pypi:repository-version" content="1.4"><meta name="pypi:project-status" content="deprecated">'
        '<meta name="pypi:project-status-reason" content="use bar &amp; baz">'
    )
    assert page.status.notice == "is deprecated by its owners (use bar & baz)"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ('<a href="foo-1.tar.gz" data-yanked="größer">'.encode("latin-1"), "text/html; charset=ISO-8859-1"),
        ('<meta charset="latin-1"><a href="foo-1.tar.gz" data-yanked="größer">'.encode("latin-1"), "text/html"),
        ('\ufeff<a href="foo-1.tar.gz" data-yanked="größer">'.encode(), "text/html"),
        ('<a href="foo-1.tar.gz" data-yanked="größer">'.encode(), "text/html; charset=no-such-charset"),
    ],
)
def test_the_charset_is_found(body: bytes, content_type: str) -> None:
    (file,) = parse_page(body, content_type, URL, "foo").release("1").files
    assert file.yanked_reason == "größer"


def test_character_references_are_replaced_once() -> None:
    assert unescaped("&amp;lt; &lt; &#62; &hearts; a&b") == "&lt; < > ♥ a&b"


def test_entities_of_a_document_type_are_not_expanded() -> None:
    bomb = '<!DOCTYPE html [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    (file,) = parse(bomb + '<a href="foo-1.tar.gz" data-yanked="&b;">x</a>').release("1").files
    assert file.yanked_reason == "&b;"


@pytest.mark.parametrize(
    "piece",
    [
        "<a ",
        '<a href="',
        "<a href='x' ",
        "<!--",
        "<script",
        "<script>",
        '<a "',
        "<a =",
        "<a href=",
        "<",
        '"',
        "<meta ",
        "<a x=\"'>",
        "<title ",
    ],
)
def test_a_hostile_page_takes_no_longer_than_its_length_asks_for(piece: str) -> None:
    body = piece * (400_000 // len(piece))
    started = time.process_time()
    with suppress(NotAnIndex):
        parse(body)
    # Far above what the slowest machine needs, far below what quadratic reading takes.
    assert time.process_time() - started < 5
