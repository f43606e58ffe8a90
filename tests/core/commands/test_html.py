from __future__ import annotations

from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chapbook_core.commands.html import write_html
from chapbook_core.commands.report import (
    Blank,
    Change,
    Heading,
    Line,
    Message,
    Node,
    Paragraph,
    Span,
    Table,
    Tree,
    Verbatim,
)
from chapbook_core.commands.text import Writing

if TYPE_CHECKING:
    from chapbook_core.commands.report import Block

EVIL = '<script>alert(1)</script><img src=x onerror="y">&amp;\'\x1b[31m\u202e'
ELEMENTS = {
    *("div", "span", "code", "pre", "table", "thead", "tbody", "tr", "td", "th", "ul", "li", "details", "summary"),
}


class Page(HTMLParser):
    """What a browser would see."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.seen: list[str] = []
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.seen.append(tag)
        self.attributes |= {name for name, _ in attrs}
        assert not any("url(" in (value or "") or "expression" in (value or "") for _, value in attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def blocks_of(text: str) -> list[Block]:
    """Every kind of block, with the text wherever one can stand."""
    return [
        Line(text),
        Line((Span(text, "name"), text)),
        Paragraph(text),
        Heading(text),
        Message("error", text, (text,)),
        Message("warning", text),
        Message("note", text),
        Table(((text, Span(text, "version")),), columns=(text, text), indent=2),
        Tree((Node(text, (Node(Span(text, "dim")),)),)),
        Change("add", text, after=text, note=text),
        Verbatim(text),
        Blank(),
    ]


def test_no_text_becomes_markup() -> None:
    page = Page(write_html(blocks_of(EVIL)))
    assert set(page.seen) <= ELEMENTS
    assert page.attributes <= {"style", "class"}
    assert page.open == []
    assert page.text.count("<script>alert(1)</script>") == 19


def test_controls_are_shown_instead_of_obeyed() -> None:
    page = Page(write_html(blocks_of(EVIL)))
    assert "\x1b" not in page.text
    assert "\u202e" not in page.text
    assert "\\u001b[31m\\u202e" in page.text


@given(st.text())
@settings(max_examples=100, deadline=None)
def test_any_text_gives_a_whole_page_in_any_encoding_of_unicode(text: str) -> None:
    html = write_html(blocks_of(text))
    html.encode("utf-8")
    page = Page(html)
    assert page.open == []
    assert set(page.seen) <= ELEMENTS


def test_a_name_that_is_no_text_is_shown() -> None:
    assert "a\\udcffb" in write_html([Line("a\udcffb"), Verbatim("a\udcffb")])


def test_changes_in_a_row_are_one_table_with_words() -> None:
    changes = [
        Change("add", "pandas", after="2.2.0"),
        Change("update", "numpy", "1.26.0", "2.0.0"),
        Change("remove", "six", "1.16.0", note="nothing needs it"),
    ]
    html = write_html([Line("before"), *changes, Line("after")])
    assert html.count("<table") == 1
    text = Page(html).text
    assert "addedpandas2.2.0" in text
    assert "updatednumpy1.26.0 → 2.0.0" in text
    assert "removedsix1.16.0 (nothing needs it)" in text


def test_a_long_list_is_folded_and_complete() -> None:
    html = write_html([Change("add", f"p{number}", after="1") for number in range(100)])
    assert html.count("<tr") == 100
    assert "60 more" in html
    assert html.count("<details>") == 1


def test_backquoted_words_are_code_in_the_words_of_a_cell() -> None:
    html = write_html([Message("error", "no `x`", ("run `chapbook init` to make one",))])
    page = Page(html)
    assert "run %poetry init to make one" in page.text
    assert page.seen.count("code") == 2
    assert "chapbook init" in write_html([Line("`chapbook init`")], Writing())


def test_a_lone_backquote_stays() -> None:
    assert "a ` b" in Page(write_html([Line("a ` b")])).text


def test_calls_that_stand_by_themselves_are_those_of_a_cell() -> None:
    assert "%poetry add NAME" in write_html([Line((Span("chapbook add NAME", "name"),))])


def test_a_tree_is_nested_lists() -> None:
    page = Page(write_html([Tree((Node("a", (Node("b", (Node("c"),)), Node("d"))),))]))
    assert page.seen == ["div", "ul", "li", "ul", "li", "ul", "li", "li"]
    assert page.text == "abcd"


def test_a_message_names_its_level_and_each_hint_has_a_line() -> None:
    text = Page(write_html([Message("warning", "two\nlines", ("first", "second"))])).text
    assert text == "Warning: two\nlineshint: firsthint: second"


def test_details_are_for_those_who_ask() -> None:
    blocks: list[Block] = [Line("always"), Line("more", detail=1), Message("note", "most", detail=2)]
    assert Page(write_html(blocks)).text == "always"
    assert Page(write_html(blocks, Writing(verbosity=2))).text == "alwaysmoreNote: most"


@pytest.mark.parametrize("blocks", [[], [Verbatim("")], [Line("x", detail=1)]])
def test_nothing_to_show_is_nothing(blocks: list[Block]) -> None:
    assert write_html(blocks) == ""


def test_every_colour_is_the_pages_own_with_a_fallback() -> None:
    html = write_html(blocks_of("x"))
    for part in html.split("color:")[1:]:
        value = part.partition(";")[0].partition('"')[0]
        assert value.startswith("var(--") or value in {"inherit", "transparent"}
        assert value.count("(") == value.count(")")
