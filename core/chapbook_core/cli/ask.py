"""Questions put in a terminal, on the error stream so that the output stays the result's."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from chapbook_core.commands.visible import visible
from chapbook_core.errors import Cancelled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_YES = frozenset({"y", "yes"})
_NO = frozenset({"n", "no"})


class TerminalAsker:
    """Asks a line at a time; the end of the input cancels."""

    def __init__(self, answers: TextIO, questions: TextIO) -> None:
        self._answers = answers
        self._questions = questions

    def ask(self, question: str, default: str = "", check: Callable[[str], str | None] | None = None) -> str:
        """Return one line, or the default for an empty one."""
        while True:
            answer = self._read(f"{question} [{default}]: " if default else f"{question}: ") or default
            mistake = check(answer) if check is not None else None
            if mistake is None:
                return answer
            self.tell(mistake)

    def ask_secret(self, question: str) -> str:
        """Return one line that the terminal does not show."""
        # Imported here because hardly any question is about a secret.
        from getpass import getpass

        try:
            return getpass(f"{question}: ", self._questions)
        except EOFError:
            self._questions.write("\n")
            raise Cancelled from None

    def confirm(self, question: str, *, default: bool) -> bool:
        """Return whether the person agrees."""
        while True:
            answer = self._read(f"{question} [{'Y/n' if default else 'y/N'}]: ").lower()
            if not answer:
                return default
            if answer in _YES | _NO:
                return answer in _YES
            self.tell("please answer yes or no")

    def choose(self, question: str, choices: Sequence[str], chosen: Sequence[str] = ()) -> tuple[str, ...]:
        """Return the choices whose numbers or texts are given; `all` and `none` say so."""
        for number, choice in enumerate(choices, start=1):
            self.tell(f"  {'*' if choice in chosen else ' '} {number}. {choice}")
        while True:
            answer = self._read(f"{question} (numbers, `all` or `none`; * = picked): ")
            if not answer:
                return tuple(choice for choice in choices if choice in chosen)
            picked = _picked(answer, choices)
            if picked is not None:
                return picked
            self.tell(f"please give numbers from 1 to {len(choices)}")

    def tell(self, text: str) -> None:
        """Show something that the next question is about."""
        self._questions.write(f"{visible(text)}\n")
        self._questions.flush()

    def _read(self, prompt: str) -> str:
        self._questions.write(prompt)
        self._questions.flush()
        line = self._answers.readline()
        if not line:
            self._questions.write("\n")
            raise Cancelled
        return line.strip()


def _picked(answer: str, choices: Sequence[str]) -> tuple[str, ...] | None:
    words = answer.replace(",", " ").split()
    if words in (["all"], ["none"]):
        return tuple(choices) if words == ["all"] else ()
    wanted: set[str] = set()
    for word in words:
        if word in choices:
            wanted.add(word)
        elif word.isdecimal() and 1 <= int(word) <= len(choices):
            wanted.add(choices[int(word) - 1])
        else:
            return None
    return tuple(choice for choice in choices if choice in wanted)
