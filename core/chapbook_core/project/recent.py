"""Recent: the last few answers to one question, remembered by a process that runs many commands."""

from __future__ import annotations

from typing import Generic, TypeVar

Answer = TypeVar("Answer")
_MOST = 4


class Recent(Generic[Answer]):
    """Answers by what they were made from: values that never change and are the very same ones, or bytes.

    Any number of threads may use it: what is known is replaced as a whole, and what one of them overlooks is only made
    again.
    """

    def __init__(self) -> None:
        self._known: tuple[tuple[tuple[object, ...], Answer], ...] = ()

    def recall(self, *made_from: object) -> Answer | None:
        """Return the answer to these; None when it is not known, or not any more."""
        for known, answer in self._known:
            if len(known) == len(made_from) and all(map(_is_same, known, made_from)):
                return answer
        return None

    def keep(self, answer: Answer, *made_from: object) -> None:
        """Remember an answer in the place of the oldest."""
        # What it was made from is kept as well, lest another value comes to stand in its place.
        self._known = ((made_from, answer), *self._known[: _MOST - 1])


def _is_same(one: object, other: object) -> bool:
    # Equal values may differ all the same, as `1` and `True` do; bytes may not, and are read anew by each command.
    return one is other or (type(one) is type(other) is bytes and one == other)
