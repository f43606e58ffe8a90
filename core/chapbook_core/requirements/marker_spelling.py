"""A marker in the order its author gave it, spelled as Poetry spells it: for the parts of a lock that repeat metadata.

The algebra of `marker` would say the same in words of its own; here the text has to stay the one that Poetry finds.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TypeAlias

from chapbook_core.pattern import late_pattern

_TOKEN = late_pattern(
    r"""\s*(?:(?P<parenthesis>[()])|(?P<logic>and\b|or\b)|(?P<operator>===|==|~=|!=|<=|>=|<|>|not\s+in\b|in\b)"""
    r"""|(?P<text>"[^"\\]*"|'[^'\\]*')|(?P<name>[a-z_]+))""",
)
_MIRRORED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}

Expression: TypeAlias = 'tuple[str, tuple["Expression", ...]] | str'
"""`and` or `or` with its parts, or the text of a comparison."""


class _Unusual(Exception):
    """A form that only the algebra reads."""


@lru_cache(maxsize=4096)
def spelled(marker: str, *, extras: bool) -> str | None:
    """Return the marker in Poetry's spelling, with or without its `extra`; None when its form is no ordinary one."""
    expression = expression_of(marker)
    if expression is None:
        return None
    try:
        return _text(expression if extras else _without_extras(expression))
    except _Unusual:
        return None


def expression_of(marker: str) -> Expression | None:
    """Return a marker as its comparisons and what joins them; None when its form is no ordinary one."""
    tokens = _tokens(marker)
    try:
        expression, end = _alternatives(tokens, 0)
    except _Unusual:
        return None
    return expression if end == len(tokens) else None


def _tokens(marker: str) -> list[tuple[str, str]]:
    tokens: list[tuple[str, str]] = []
    position = 0
    marker = marker.rstrip()
    while position < len(marker):
        match = _TOKEN.match(marker, position)
        if match is None or match.lastgroup is None:
            return []
        tokens.append((match.lastgroup, match[match.lastgroup]))
        position = match.end()
    return tokens


def _alternatives(tokens: list[tuple[str, str]], start: int) -> tuple[Expression, int]:
    parts, end = [], start - 1
    while end < start or (end < len(tokens) and tokens[end] == ("logic", "or")):
        part, end = _joined(tokens, end + 1)
        parts.append(part)
    return _combined("or", parts), end


def _joined(tokens: list[tuple[str, str]], start: int) -> tuple[Expression, int]:
    parts, end = [], start - 1
    while end < start or (end < len(tokens) and tokens[end] == ("logic", "and")):
        part, end = _one(tokens, end + 1)
        parts.append(part)
    return _combined("and", parts), end


def _one(tokens: list[tuple[str, str]], start: int) -> tuple[Expression, int]:
    if start < len(tokens) and tokens[start] == ("parenthesis", "("):
        inner, end = _alternatives(tokens, start + 1)
        if end >= len(tokens) or tokens[end] != ("parenthesis", ")"):
            raise _Unusual
        return inner, end + 1
    kinds = [kind for kind, _ in tokens[start : start + 3]]
    words = [word for _, word in tokens[start : start + 3]]
    match kinds:
        case ["name", "operator", "text"]:
            return _comparison(words[0], words[1], words[2][1:-1]), start + 3
        case ["text", "operator", "name"] if "in" not in words[1]:
            return _comparison(words[2], _MIRRORED.get(words[1], words[1]), words[0][1:-1]), start + 3
        case ["text", "operator", "name"]:
            return f'"{words[0][1:-1]}" {" ".join(words[1].split())} {words[2]}', start + 3
        case _:
            raise _Unusual


def _comparison(name: str, operator: str, value: str) -> str:
    return f'{name} {" ".join(operator.split())} "{value}"'


def _combined(word: str, parts: list[Expression]) -> Expression:
    """Join parts, each once; a part of the same kind is dissolved."""
    flat: dict[Expression, None] = {}
    for part in parts:
        flat |= dict.fromkeys(part[1]) if isinstance(part, tuple) and part[0] == word else {part: None}
    return next(iter(flat)) if len(flat) == 1 else (word, tuple(flat))


def _without_extras(expression: Expression) -> Expression:
    match expression:
        case str() if expression.startswith("extra "):
            return ""
        case ("and", parts):
            kept = [part for part in map(_without_extras, parts) if part != ""]
            return _combined("and", kept) if kept else ""
        case ("or", parts):
            bare = [_without_extras(part) for part in parts]
            if "" in bare and any(bare):
                # One way asks for an extra alone, another for more: there is no one text for what is left.
                raise _Unusual
            return "" if not any(bare) else _combined("or", bare)
        case _:
            return expression


def _text(expression: Expression, *, inside: bool = False) -> str:
    if isinstance(expression, str):
        return expression
    word, parts = expression
    text = f" {word} ".join(_text(part, inside=word == "and") for part in parts)
    return f"({text})" if inside and word == "or" else text
