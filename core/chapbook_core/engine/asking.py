"""Questions over the wire: put as events, answered by requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.commands.visible import visible
from chapbook_core.engine.messages import Question
from chapbook_core.errors import Cancelled
from chapbook_core.events import Notice

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from chapbook_core.commands.report import Data
    from chapbook_core.engine.outbox import Outbox
    from chapbook_core.engine.underway import Underway
    from chapbook_core.events import Watcher


class WireAsker:
    """Asks whoever has sent the request; no answer cancels it."""

    def __init__(self, underway: Underway, outbox: Outbox, watcher: Watcher) -> None:
        self._underway = underway
        self._outbox = outbox
        self._watcher = watcher

    def ask(self, question: str, default: str = "", check: Callable[[str], str | None] | None = None) -> str:
        """Return one line, or the default for an empty one."""
        mistake = ""
        while True:
            answer = self._text(Question(self._underway.id, 0, "ask", question, default, mistake=mistake)) or default
            wrong = check(answer) if check is not None else None
            if wrong is None:
                return answer
            mistake = wrong

    def ask_secret(self, question: str) -> str:
        """Return one line that the client does not show."""
        return self._text(Question(self._underway.id, 0, "secret", question))

    def confirm(self, question: str, *, default: bool) -> bool:
        """Return whether the person agrees."""
        asked = Question(self._underway.id, 0, "confirm", question, default)
        while True:
            match self._put(asked):
                case bool(answer):
                    return answer
                case _:
                    asked = _again(asked, "please answer yes or no")

    def choose(self, question: str, choices: Sequence[str], chosen: Sequence[str] = ()) -> tuple[str, ...]:
        """Return the picked choices, in their order."""
        default: list[Data] = [choice for choice in choices if choice in chosen]
        asked = Question(self._underway.id, 0, "choose", question, default, tuple(choices))
        while True:
            match self._put(asked):
                case list(picked) if all(one in choices for one in picked):
                    return tuple(choice for choice in choices if choice in picked)
                case _:
                    asked = _again(asked, "please choose among what there is")

    def tell(self, text: str) -> None:
        """Show something that the next question is about."""
        self._watcher.emit(Notice("info", text))

    def _text(self, asked: Question) -> str:
        while True:
            match self._put(asked):
                case str(answer):
                    return answer
                case _:
                    asked = _again(asked, "please answer with a text")

    def _put(self, asked: Question) -> Data:
        number = self._underway.next_question()
        self._outbox.put(
            Question(
                asked.id,
                number,
                asked.kind,
                visible(asked.text),
                asked.default,
                tuple(map(visible, asked.choices)),
                visible(asked.mistake),
            )
        )
        answer = self._underway.answer(number)
        if answer is None:
            raise Cancelled
        return answer


def _again(asked: Question, mistake: str) -> Question:
    return Question(asked.id, 0, asked.kind, asked.text, asked.default, asked.choices, mistake)
