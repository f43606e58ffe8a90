from __future__ import annotations

import pytest

from chapbook_core.commands.testing.name_filter import read_filter
from chapbook_core.errors import UsageError

NAMES = ("nbs/model.ipynb", "nbs/Slow-model.ipynb", "data.ipynb")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("model", "01"),
        ("MODEL", "01"),
        ("not slow", "02"),
        ("model and not slow", "0"),
        ("data or slow", "12"),
        ("not model or slow", "12"),
        ("not (model or data)", ""),
        ("(data or model) and nbs/", "01"),
        ("not not data", "2"),
    ],
)
def test_words_are_parts_of_names(text: str, expected: str) -> None:
    fits = read_filter(text)
    assert expected == "".join(str(number) for number, name in enumerate(NAMES) if fits(name))


@pytest.mark.parametrize("text", ["", "and", "a b", "a and", "(a", "a)", "not", "a or or b", "()"])
def test_what_cannot_be_understood_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="cannot be understood"):
        read_filter(text)
