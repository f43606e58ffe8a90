from __future__ import annotations

from chapbook.magics import markup


def test_text_is_never_taken_for_markup() -> None:
    hostile = "<script>`<b>`"
    for html in (
        markup.paragraph(hostile),
        markup.notice("warning", hostile, hostile),
        markup.progress(hostile, hostile, 0.5),
    ):
        assert "<script" not in html
        assert "<b>" not in html


def test_backticks_become_code() -> None:
    html = markup.inline("run `%poetry add a`")
    assert ">%poetry add a</code>" in html


def test_progress_of_unknown_length_has_no_bar() -> None:
    assert "width:50%" in markup.progress("Fetching", "", 0.5)
    assert "width" not in markup.progress("Solving", "", None)
