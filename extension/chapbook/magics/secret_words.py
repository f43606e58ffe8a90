"""Which words of a command are passwords or tokens, typed where a notebook keeps them."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterator, Sequence

MASK = "***"
_ADDRESS = re.compile(r"\b[a-zA-Z][\w.+-]*://(?:[^\s/@:]*:(?P<password>[^\s/@]+)|(?P<token>[^\s/@:]{16,}))@")
_OPTIONS = ("--password", "--token")
_KEYS = {"http-basic": 1, "pypi-token": 0, "bearer": 0}
"""Settings that hold a secret, and how many words stand before it."""
_SHORT = "-p"
"""Of `publish`; it may be joined to its value."""


def secret_texts(words: Sequence[str]) -> list[str]:
    """Return the secrets among the words, longest first; what names a variable is none."""
    found = {text for text in _secrets(words) if text and text != MASK and not _is_variable(text)}
    return sorted(found, key=lambda text: (-len(text), text))


def masked(text: str, secrets: Sequence[str]) -> str:
    """Return a text with the mask in place of each secret."""
    for secret in secrets:
        text = text.replace(secret, MASK)
    return text


def _secrets(words: Sequence[str]) -> Iterator[str]:
    command = next((word for word in words if not word.startswith("-")), "")
    for position, word in enumerate(words):
        following = words[position + 1] if position + 1 < len(words) else ""
        for match in _ADDRESS.finditer(word):
            yield match.group("password") or match.group("token")
        name, equals, value = word.partition("=")
        if name in _OPTIONS:
            yield value if equals else following
        elif command == "publish" and word.startswith(_SHORT):
            yield word[len(_SHORT) :].lstrip("=") or following
    if command == "config":
        yield from _in_settings([word for word in words if not word.startswith("-")][1:])


def _in_settings(words: Sequence[str]) -> Iterator[str]:
    """Yield the secret of `http-basic.NAME USER PASSWORD` or `pypi-token.NAME TOKEN`."""
    if not words:
        return
    before = _KEYS.get(words[0].partition(".")[0])
    if before is not None and len(words) > before + 1:
        yield words[before + 1]


def _is_variable(text: str) -> bool:
    return text.startswith(("$", "{"))
