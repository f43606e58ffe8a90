"""The few forms of TOML that a lock file is written in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.pattern import late_pattern

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable

_SPECIAL = late_pattern(r'["\\\x00-\x1f\x7f]')
_SHORT = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}
_BARE_KEY = late_pattern(r"[A-Za-z0-9_-]+")


def string(text: str) -> str:
    """Write a basic string; non-ASCII letters stay as they are."""
    return f'"{_SPECIAL.sub(_escaped, text)}"' if _SPECIAL.search(text) else f'"{text}"'


def is_plain(text: str) -> bool:
    """Tell whether a string needs nothing but its quotes."""
    return not _SPECIAL.search(text)


def key(text: str) -> str:
    """Write a key, quoted only when TOML asks for it."""
    return text if _BARE_KEY.fullmatch(text) else string(text)


def array(texts: Iterable[str]) -> str:
    """Write an array of strings on one line."""
    return f"[{', '.join(map(string, texts))}]"


def boolean(value: bool) -> str:  # noqa: FBT001  # the value is what is written
    """Write `true` or `false`."""
    return "true" if value else "false"


def inline_table(items: Iterable[tuple[str, str]]) -> str:
    """Write an inline table; the values are written already."""
    return "{" + ", ".join(f"{key(name)} = {value}" for name, value in items) + "}"


def _escaped(match: re.Match[str]) -> str:
    character = match[0]
    return _SHORT.get(character) or f"\\u{ord(character):04X}"
