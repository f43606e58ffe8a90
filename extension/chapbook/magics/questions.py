"""Questions of a command, put to the person through the front end's own input line."""

from __future__ import annotations

import sys
from getpass import getpass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Sequence

_YES = frozenset(("y", "yes"))
_NO = frozenset(("n", "no"))


def answer(question: dict[str, Any]) -> Any:
    """Return the answer to a question of the engine; none when there is nobody to ask, which cancels the command."""
    try:
        return _asked(question)
    except EOFError:
        return None
    except Exception as problem:  # front ends without an input line raise their own errors
        if type(problem).__name__ != "StdinNotImplementedError":
            raise
        return question.get("default")


def _asked(question: dict[str, Any]) -> Any:
    text, kind = question.get("text", ""), question.get("kind")
    if question.get("mistake"):
        print(question["mistake"])
    if kind == "secret":
        return getpass(f"{text}: ")
    if kind == "confirm":
        return _confirmed(text, bool(question.get("default")))
    if kind == "choose":
        return _chosen(text, question.get("choices") or (), question.get("default") or ())
    default = question.get("default") or ""
    return _typed(f"{text} [{default}]: " if default else f"{text}: ") or default


def _confirmed(text: str, default: bool) -> bool:  # noqa: FBT001  # a value, not a switch
    while True:
        word = _typed(f"{text} [{'Y/n' if default else 'y/N'}]: ").lower()
        if not word:
            return default
        if word in _YES or word in _NO:
            return word in _YES
        print("please answer yes or no")


def _chosen(text: str, choices: Sequence[str], picked: Sequence[str]) -> list[str]:
    for number, choice in enumerate(choices, start=1):
        print(f"  {'*' if choice in picked else ' '} {number}. {choice}")
    while True:
        words = _typed(f"{text} (numbers, `all` or `none`; * = picked): ").replace(",", " ").split()
        if not words:
            return [choice for choice in choices if choice in picked]
        if words in (["all"], ["none"]):
            return list(choices) if words == ["all"] else []
        wanted = [_choice(word, choices) for word in words]
        if None not in wanted:
            return [choice for choice in choices if choice in wanted]
        print(f"please give numbers from 1 to {len(choices)}")


def _choice(word: str, choices: Sequence[str]) -> str | None:
    if word in choices:
        return word
    return choices[int(word) - 1] if word.isdecimal() and 1 <= int(word) <= len(choices) else None


def _typed(prompt: str) -> str:
    sys.stdout.flush()
    return input(prompt).strip()
