from __future__ import annotations

import io

import pytest

from chapbook_core.cli.ask import TerminalAsker
from chapbook_core.errors import Cancelled


def asker(*lines: str) -> tuple[TerminalAsker, io.StringIO]:
    questions = io.StringIO()
    return TerminalAsker(io.StringIO("".join(f"{line}\n" for line in lines)), questions), questions


def test_an_empty_line_means_the_default() -> None:
    ask, questions = asker("", "  mine ")
    assert ask.ask("name", "theirs") == "theirs"
    assert ask.ask("name") == "mine"
    assert questions.getvalue() == "name [theirs]: name: "


def test_a_wrong_answer_is_asked_for_again() -> None:
    ask, questions = asker("x", "7")
    assert ask.ask("number", check=lambda answer: None if answer.isdigit() else f"{answer} is no number") == "7"
    assert "x is no number\n" in questions.getvalue()


def test_yes_and_no_have_short_forms() -> None:
    ask, questions = asker("Y", "no", "", "perhaps", "yes")
    assert [ask.confirm("go?", default=default) for default in (False, True, True, False)] == [True, False, True, True]
    assert "please answer yes or no\n" in questions.getvalue()


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["2 1"], ("a", "b")),
        (["c,1"], ("a", "c")),
        (["all"], ("a", "b", "c")),
        (["none"], ()),
        ([""], ("b",)),
        (["4", "x", "3"], ("c",)),
    ],
)
def test_choices_are_picked_by_number_or_name(lines: list[str], expected: tuple[str, ...]) -> None:
    ask, questions = asker(*lines)
    assert ask.choose("which?", ["a", "b", "c"], ["b"]) == expected
    assert "    1. a\n  * 2. b\n    3. c\n" in questions.getvalue()


def test_the_end_of_the_input_cancels() -> None:
    with pytest.raises(Cancelled):
        asker()[0].ask("name", "x")
