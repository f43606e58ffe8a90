from __future__ import annotations

from pathlib import Path

import pytest

from chapbook_core.errors import FileMistakes
from chapbook_core.lock.conflict import Sides, has_conflict, split_conflict

FILE = Path("poetry.lock")


def test_the_two_sides_share_what_is_outside_the_marks() -> None:
    text = "head\n<<<<<<< HEAD\nours\n=======\ntheirs\n>>>>>>> branch\ntail\n"

    assert Sides("head\nours\ntail\n", "head\ntheirs\ntail\n") == split_conflict(text, FILE)


def test_the_common_ancestor_of_a_three_way_conflict_is_on_no_side() -> None:
    text = "<<<<<<< HEAD\nours\n||||||| base\nbase\n=======\ntheirs\n>>>>>>> branch\n"

    assert Sides("ours\n", "theirs\n") == split_conflict(text, FILE)


def test_a_text_without_marks_is_the_same_on_both_sides() -> None:
    assert not has_conflict('name = "<<<<<<< x"\n')
    assert Sides("a\r\n", "a\r\n") == split_conflict("a\r\n", FILE)


@pytest.mark.parametrize(
    "text", ["=======\n", "<<<<<<< HEAD\n", "<<<<<<< a\n<<<<<<< b\n", "<<<<<<< a\n>>>>>>> b\n", ">>>>>>> b\n"]
)
def test_marks_that_do_not_pair_up_are_refused(text: str) -> None:
    with pytest.raises(FileMistakes, match="do not pair up"):
        split_conflict(text, FILE)
