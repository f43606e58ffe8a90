"""Tests of outline.py."""

from __future__ import annotations

import pytest

from chapbook_core.index.blob import StaleBlob, pack
from chapbook_core.index.dependency import UnreadableDependency
from chapbook_core.index.metadata import Metadata
from chapbook_core.index.outline import outline_of

LINES = (
    "b ; extra == 'x'",
    "a>=1",
    "c ; extra == 'y' and python_version < '3.9'",
    "b>=2 ; extra != 'x'",
    "d ; python_version < '3'  or extra == 'x'",
)


def test_a_line_for_an_extra_is_read_only_where_that_extra_is_on() -> None:
    outline = outline_of(LINES)
    assert outline.in_force(()) == (1, 3, 4)
    assert outline.in_force({"x"}) == (0, 1, 3, 4)
    assert outline.in_force({"y", "z"}) == (1, 2, 3, 4)


def test_a_lock_words_lines_that_name_no_extra_or_one_that_is_on_package_by_package() -> None:
    outline = outline_of(LINES)
    assert list(outline.worded(())) == [1]
    assert list(outline.worded({"x"})) == [0, 3, 1, 4]


def test_what_extras_add_is_in_the_words_of_a_lock() -> None:
    assert outline_of(LINES[:3]).added == {"x": ("b",), "y": ('c ; python_version < "3.9"',)}


def test_a_line_that_nobody_ever_needs_is_left_out() -> None:
    assert outline_of(("a ; python_version < '0'",)).in_force(()) == ()


def test_direct_references_are_told() -> None:
    assert outline_of(("a @ https://example.org/a.zip",)).leads_elsewhere
    assert not outline_of(LINES).leads_elsewhere


def test_the_outline_comes_back_with_the_metadata_from_the_cache() -> None:
    metadata = Metadata("a", "1", LINES)
    kept = Metadata.from_blob(metadata.blob())
    assert kept.outline_values is not None
    assert kept.outline() == metadata.outline() == outline_of(LINES)


def test_metadata_with_a_line_that_cannot_be_read_is_kept_and_still_complains() -> None:
    metadata = Metadata("a", "1", ("b (>=",))
    kept = Metadata.from_blob(metadata.blob())
    assert kept == metadata
    with pytest.raises(UnreadableDependency):
        kept.outline()


def test_metadata_of_the_layout_without_outlines_is_refused() -> None:

    with pytest.raises(StaleBlob):
        Metadata.from_blob(pack(b"M2", ("a", "1", (), None, (), "", (), "")))
