"""NameFilter: which names fit words like `report and not slow`, as test runners read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.errors import UsageError
from chapbook_core.pattern import late_pattern

if TYPE_CHECKING:
    from collections.abc import Callable

    Fits = Callable[[str], bool]

_WORD = late_pattern(r"\(|\)|[^\s()]+")
_OPERATORS = frozenset({"and", "or", "not", "(", ")"})


def read_filter(text: str) -> Fits:
    """Return what tells whether a name fits; words are parts of names, in any case. Raises UsageError."""
    reading = _Reading(text)
    fits = reading.either()
    if reading.left:
        raise reading.mistake()
    return fits


class _Reading:
    """One pass over the words, by recursive descent: `or` binds loosest, `not` closest."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.left = _WORD.findall(text)

    def either(self) -> Fits:
        first = self._both()
        while self._took("or"):
            first = _either(first, self._both())
        return first

    def mistake(self) -> UsageError:
        """Return what to raise."""
        hints = ["write it as in `report`, `not slow` or `(model or data) and not slow`"]
        return UsageError(f"`-k`: `{self._text}` cannot be understood", hints=hints)

    def _both(self) -> Fits:
        first = self._one()
        while self._took("and"):
            first = _both(first, self._one())
        return first

    def _one(self) -> Fits:
        if self._took("not"):
            return _opposite(self._one())
        if self._took("("):
            inner = self.either()
            if not self._took(")"):
                raise self.mistake()
            return inner
        if not self.left or self.left[0] in _OPERATORS:
            raise self.mistake()
        word = self.left.pop(0).lower()
        return lambda name: word in name.lower()

    def _took(self, word: str) -> bool:
        if self.left[:1] != [word]:
            return False
        del self.left[0]
        return True


def _either(first: Fits, second: Fits) -> Fits:
    return lambda name: first(name) or second(name)


def _both(first: Fits, second: Fits) -> Fits:
    return lambda name: first(name) and second(name)


def _opposite(inner: Fits) -> Fits:
    return lambda name: not inner(name)
