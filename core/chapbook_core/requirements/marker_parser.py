"""Reads a marker of PEP 508 into a decision diagram, without packaging's parser and its start-up time."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chapbook_core.errors import ChapbookError
from chapbook_core.pattern import late_pattern
from chapbook_core.requirements.diagram import TRUE, conjunction, disjunction
from chapbook_core.requirements.marker_variable import VARIABLES, Uncomparable, comparison

if TYPE_CHECKING:
    from collections.abc import Iterable

_TOKEN = late_pattern(
    r"""\s*(?:
        (?P<operator> ===|==|~=|!=|<=|>=|<|>|not\s+in\b|in\b)
      | (?P<logic> and\b|or\b)
      | (?P<name> [A-Za-z_][A-Za-z0-9_.]*)
      | (?P<text> "[^"]*"|'[^']*')
      | (?P<parenthesis> [()])
      | (?P<end> \Z)
    )""",
    re.VERBOSE,
)
_ALIASES = {
    "os.name": "os_name",
    "sys.platform": "sys_platform",
    "platform.version": "platform_version",
    "platform.machine": "platform_machine",
    "platform.python_implementation": "platform_python_implementation",
    "python_implementation": "platform_python_implementation",
}


class InvalidMarker(ChapbookError):
    """A text that is no marker."""

    def __init__(self, text: str, position: int, problem: str, hints: Iterable[str] = ()) -> None:
        self.text = text
        self.position = position
        self.problem = problem
        super().__init__(f"`{text}` is not a marker: {problem} (character {position + 1})", hints=hints)


class _Level:
    """What was read inside one pair of parentheses: finished alternatives, and the one being read."""

    __slots__ = ("alternatives", "current", "opened_at")

    def __init__(self, opened_at: int) -> None:
        self.opened_at = opened_at
        self.alternatives: list[int] = []
        self.current = TRUE

    def result(self) -> int:
        """Return the alternatives joined in pairs of like size, so that a long list does not grow one tall diagram."""
        nodes = [*self.alternatives, self.current]
        while len(nodes) > 1:
            joined = [disjunction(a, b) for a, b in zip(nodes[::2], nodes[1::2], strict=False)]
            nodes = joined + nodes[2 * len(joined) :]
        return nodes[0]


class _Reader:
    """The tokens of one text."""

    __slots__ = ("kind", "position", "start", "text", "word")

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.advance()

    def advance(self) -> None:
        """Move to the next token."""
        match = _TOKEN.match(self.text, self.position)
        if match is None or match.lastgroup is None:
            rest = self.text[self.position :]
            self.start = self.position + len(rest) - len(rest.lstrip())
            raise self._unreadable(self.text[self.start])
        self.kind = match.lastgroup
        self.word = match[self.kind]
        self.start = match.start(self.kind)
        self.position = match.end()

    def _unreadable(self, character: str) -> InvalidMarker:
        match character:
            case "=":
                return self.mistake("unexpected `=`", "texts and versions are compared with `==`")
            case '"' | "'":
                return self.mistake("a text in quotes that never ends")
            case _:
                return self.mistake(f"unexpected `{character}`")

    def mistake(self, problem: str, *hints: str, at: int | None = None) -> InvalidMarker:
        """Return the error to raise for what stands here."""
        return InvalidMarker(self.text, self.start if at is None else at, problem, hints)


def read_marker(text: str) -> int:
    """Return the diagram node that a marker means; raises InvalidMarker.

    Parentheses are kept on a list, not in calls, so no depth of nesting meets the recursion limit.
    """
    reader = _Reader(text)
    levels = [_Level(0)]
    while True:
        while reader.word == "(" and reader.kind == "parenthesis":
            levels.append(_Level(reader.start))
            reader.advance()
        level = levels[-1]
        level.current = conjunction(level.current, _comparison(reader))
        while reader.word == ")" and reader.kind == "parenthesis":
            if len(levels) == 1:
                raise reader.mistake("a closing parenthesis that nothing opened")
            inner = levels.pop().result()
            level = levels[-1]
            level.current = conjunction(level.current, inner)
            reader.advance()
        if reader.kind == "end":
            break
        if reader.kind != "logic":
            raise reader.mistake(f"expected `and` or `or`, not {_shown(reader.word)}")
        if reader.word == "or":
            level.alternatives.append(level.current)
            level.current = TRUE
        reader.advance()
    if len(levels) > 1:
        raise reader.mistake("a parenthesis that is never closed", at=levels[-1].opened_at)
    return levels[0].result()


def _comparison(reader: _Reader) -> int:
    start = reader.start
    left_kind, left = _operand(reader)
    if reader.kind != "operator":
        raise reader.mistake(
            f"expected a comparison, not {_shown(reader.word)}",
            "compare with one of `==`, `!=`, `<`, `<=`, `>`, `>=`, `~=`, `===`, `in`, `not in`",
        )
    operator = reader.word
    reader.advance()
    right_kind, right = _operand(reader)
    if left_kind == right_kind:
        what = "two texts are" if left_kind == "text" else "two variables are"
        raise reader.mistake(f"{what} compared", "compare a variable with a text in quotes", at=start)
    name, literal = (left, right) if left_kind == "name" else (right, left)
    try:
        return comparison(name, operator, literal, literal_first=left_kind == "text")
    except Uncomparable as problem:
        raise reader.mistake(str(problem), at=start) from None


def _operand(reader: _Reader) -> tuple[str, str]:
    kind, word = reader.kind, reader.word
    if kind == "name":
        word = _ALIASES.get(word, word)
        if word not in VARIABLES:
            raise _unknown_variable(reader)
    elif kind == "text":
        word = _unquoted(reader)
    else:
        raise reader.mistake(
            f"expected a variable or a text in quotes, not {_shown(word)}", 'a marker reads `python_version >= "3.11"`'
        )
    reader.advance()
    return kind, word


def _unquoted(reader: _Reader) -> str:
    if "\\" not in reader.word:
        return reader.word[1:-1]
    # Hardly any text has an escape, and the import costs start-up time.
    import ast

    try:
        return str(ast.literal_eval(reader.word))
    except (SyntaxError, ValueError):
        raise reader.mistake("a text with a broken escape") from None


def _unknown_variable(reader: _Reader) -> InvalidMarker:
    # Only a mistake pays for this import.
    from difflib import get_close_matches

    near = get_close_matches(reader.word, sorted(VARIABLES), n=1)
    hint = f"did you mean `{near[0]}`?" if near else f'a text needs quotes: `"{reader.word}"`'
    return reader.mistake(f"no variable is called `{reader.word}`", hint)


def _shown(word: str) -> str:
    return f"`{word}`" if word else "the end"
