"""Values as TOML text, in the quotes their neighbours wear."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chapbook_core.pattern import late_pattern

Value = str | bool | int | Sequence["Value"] | Mapping[str, "Value"]

_BARE = late_pattern(r"[A-Za-z0-9_-]+")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}


def value_text(value: Value, *, literal: bool = False) -> str:
    """Return a value on one line; strings in single quotes when `literal` and possible."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return string_text(value, literal=literal)
        case int():
            return str(value)
        case Mapping():
            pairs = [f"{key_text(key)} = {value_text(item, literal=literal)}" for key, item in value.items()]
            return f"{{{', '.join(pairs)}}}"
        case _:
            return f"[{', '.join(value_text(item, literal=literal) for item in value)}]"


def string_text(text: str, *, literal: bool = False) -> str:
    """Return a string; one that holds double quotes is easier to read in single ones."""
    plain = "'" not in text and text.isprintable()
    if plain and (literal or '"' in text):
        return f"'{text}'"
    return f'"{"".join(_escape(character) for character in text)}"'


def key_text(key: str) -> str:
    """Return a key, quoted only when it must be."""
    return key if _BARE.fullmatch(key) else string_text(key)


def is_literal(text: str) -> bool:
    """Tell whether a written string is in single quotes."""
    return text.startswith("'")


def _escape(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    return f"\\u{ord(character):04x}" if ord(character) < ord(" ") or character == "\x7f" else character
