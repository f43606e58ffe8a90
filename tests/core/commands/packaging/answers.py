"""A person with answers at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Answers:
    """Gives them one after the other; what is told and asked is kept."""

    def __init__(self, *answers: str) -> None:
        self.left = list(answers)
        self.asked: list[tuple[str, str]] = []
        self.told: list[str] = []

    def ask(self, question: str, default: str = "", check: Callable[[str], str | None] | None = None) -> str:
        self.asked.append((question, default))
        answer = self.left.pop(0) or default
        assert check is None or check(answer) is None
        return answer

    def ask_secret(self, question: str) -> str:
        raise AssertionError(question)

    def confirm(self, question: str, *, default: bool) -> bool:
        self.asked.append((question, "yes" if default else "no"))
        return self.left.pop(0) != "no"

    def choose(self, question: str, choices: Sequence[str], chosen: Sequence[str] = ()) -> tuple[str, ...]:
        raise AssertionError(question, choices, chosen)

    def tell(self, text: str) -> None:
        self.told.append(text)
