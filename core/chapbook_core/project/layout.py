"""Where every key, value and entry of a TOML text stands: the map by which it is edited without touching the rest."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Literal

from chapbook_core.pattern import late_pattern
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator

Path = tuple[str | int, ...]
"""From the top of the document: `("tool", "poetry", "source", 0, "name")`."""

Kind = Literal["scalar", "array", "table"]

_BLANK = late_pattern(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = late_pattern(r"[ \t]*")
_BARE_KEY = late_pattern(r"[A-Za-z0-9_-]+")
_BASIC = late_pattern(r'"(?:[^"\\]|\\.)*"')
_LITERAL = late_pattern(r"'[^']*'")
# Up to two quotes may stand before the closing three, and belong to the text.
_LONG_BASIC = late_pattern(r'"""(?:[^\\]|\\.)*?"""(?:"{1,2}(?!"))?', re.DOTALL)
_LONG_LITERAL = late_pattern(r"'''.*?'''(?:'{1,2}(?!'))?", re.DOTALL)
_PLAIN = late_pattern(r"[^,\]}#\r\n]+")


@frozen
class Node:
    """A value: the characters from `start` to `end`, and what is inside it."""

    path: Path
    kind: Kind
    start: int
    end: int
    key_start: int
    """Where its key begins; for an entry of an array, where the entry begins."""
    key_prefix: int
    """Where the last part of a dotted key begins; the same as `key_start` for a simple key."""
    children: tuple[Node, ...] = ()

    def walk(self) -> Iterator[Node]:
        """Yield this value, then everything inside it."""
        yield self
        for child in self.children:
            yield from child.walk()


@frozen
class Section:
    """A `[header]` and the pairs under it; the first section of a text has no header."""

    path: Path
    start: int
    """Where the line of the header begins."""
    header_end: int
    """Behind the closing bracket; for the first section, the start of the text."""
    is_entry: bool
    """Whether it is an entry of an array of tables, `[[header]]`."""
    pairs: tuple[Node, ...]

    @property
    def end(self) -> int:
        """Where its last value ends; comments behind that line belong to whatever follows."""
        return self.pairs[-1].end if self.pairs else self.header_end


@frozen
class Layout:
    """The map of a valid TOML text."""

    text: str
    sections: tuple[Section, ...]

    def nodes(self) -> Iterator[Node]:
        """Yield every value in the order of the text."""
        for section in self.sections:
            for pair in section.pairs:
                yield from pair.walk()

    def find(self, path: Path) -> Node | None:
        """Return the value written at a path, unless it is spread over sections or dotted keys."""
        return next((node for node in self.nodes() if node.path == path), None)

    def section(self, path: Path) -> Section | None:
        """Return the section whose header says this path."""
        return next((section for section in self.sections[1:] if section.path == path), None)

    def line(self, path: Path) -> int | None:
        """Return the line, from 1, where a path is written, or else the nearest thing around it."""
        while path:
            starts = [node.key_start for node in self.nodes() if node.path[: len(path)] == path]
            starts += [section.header_end for section in self.sections[1:] if section.path[: len(path)] == path]
            if starts:
                return self.text.count("\n", 0, min(starts)) + 1
            path = path[:-1]
        return None


def read_layout(text: str) -> Layout:
    """Map a text that `tomllib` accepts; what it makes of any other is unspecified."""
    return _Scanner(text).layout()


class _Scanner:
    """Walks the text once; `position` is where it stands."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.entries: dict[Path, int] = {}

    def layout(self) -> Layout:
        sections = []
        path: Path = ()
        start, header_end, is_entry = 0, 0, False
        pairs: list[Node] = []
        while True:
            self._skip(_BLANK)
            if self.position >= len(self.text) or self.text[self.position] == "[":
                sections.append(Section(path, start, header_end, is_entry, tuple(pairs)))
                if self.position >= len(self.text):
                    return Layout(self.text, tuple(sections))
                start = self.text.rfind("\n", 0, self.position) + 1
                path, is_entry = self._header()
                header_end, pairs = self.position, []
            else:
                pairs.append(self._pair(path))

    def _header(self) -> tuple[Path, bool]:
        is_entry = self.text.startswith("[[", self.position)
        self.position += 2 if is_entry else 1
        keys, _ = self._key()
        self.position += 2 if is_entry else 1
        path: Path = ()
        for index, key in enumerate(keys):
            path = (*path, key)
            if is_entry and index == len(keys) - 1:
                self.entries[path] = self.entries.get(path, -1) + 1
            if path in self.entries:
                path = (*path, self.entries[path])
        return path, is_entry

    def _pair(self, table: Path) -> Node:
        key_start = self.position
        keys, key_prefix = self._key()
        self.position += 1  # the equals sign
        self._skip(_SPACE)
        return self._value((*table, *keys), key_start, key_prefix)

    def _key(self) -> tuple[tuple[str, ...], int]:
        """Read a dotted key, and stop at what follows it."""
        keys = []
        while True:
            self._skip(_SPACE)
            last = self.position
            for pattern in (_BARE_KEY, _BASIC, _LITERAL):
                if match := pattern.match(self.text, self.position):
                    keys.append(_key_text(match.group()))
                    self.position = match.end()
                    break
            self._skip(_SPACE)
            if self.text[self.position] != ".":
                return tuple(keys), last
            self.position += 1

    def _value(self, path: Path, key_start: int, key_prefix: int) -> Node:
        start = self.position
        kind: Kind = "scalar"
        children: tuple[Node, ...] = ()
        match self.text[start]:
            case "[":
                kind, children = "array", self._entries(path)
            case "{":
                kind, children = "table", self._inline_pairs(path)
            case _:
                self._scalar()
        return Node(path, kind, start, self.position, key_start, key_prefix, children)

    def _entries(self, path: Path) -> tuple[Node, ...]:
        entries: list[Node] = []
        for _ in self._between("]"):
            entries.append(self._value((*path, len(entries)), self.position, self.position))
        return tuple(entries)

    def _inline_pairs(self, path: Path) -> tuple[Node, ...]:
        return tuple(self._pair(path) for _ in self._between("}"))

    def _between(self, closing: str) -> Iterator[None]:
        """Stop before each entry up to the closing bracket, and behind it at the end."""
        self.position += 1
        while True:
            self._skip(_BLANK)
            if self.text[self.position] == closing:
                self.position += 1
                return
            if self.text[self.position] == ",":
                self.position += 1
                continue
            yield

    def _scalar(self) -> None:
        for opening, pattern in (('"""', _LONG_BASIC), ("'''", _LONG_LITERAL), ('"', _BASIC), ("'", _LITERAL)):
            if self.text.startswith(opening, self.position):
                self._skip(pattern)
                return
        match = _PLAIN.match(self.text, self.position)
        if match is None:
            raise ValueError(f"not valid TOML at character {self.position}")
        self.position += len(match.group().rstrip())

    def _skip(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self.text, self.position)
        if match is None:
            raise ValueError(f"not valid TOML at character {self.position}")
        self.position = match.end()


def _key_text(key: str) -> str:
    if key[0] not in "\"'":
        return key
    return next(iter(tomllib.loads(f"{key} = 0")))
