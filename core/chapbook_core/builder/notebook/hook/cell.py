"""Cell: one cell of a notebook, with what its author says about it."""

from __future__ import annotations

import re
from typing import NamedTuple

_DIRECTIVE = re.compile(r"\s*#\s*\|(?P<words>.*)")
_CELL_MAGIC = re.compile(r"\s*%%\w+")
_FORMER_DIRECTIVE = re.compile(r"#\s*(?:default_exp|exports?i?|hide)\b[^=(]*$")


class Cell(NamedTuple):
    """A cell as its author wrote it."""

    number: int
    """From 1, cells of every kind counted."""
    kind: str
    """`code`, `markdown` or `raw`."""
    source: str
    tags: frozenset[str]
    directives: dict[str, tuple[str, ...]]
    """What nbdev's `#| name words` say, by name."""
    line: int = 1
    """The line of the file on which the source begins; 1 in a notebook, whose lines are counted by cell."""

    def says(self, name: str) -> bool:
        """Tell whether a tag or directive of that name is there and is not taken back by `false`."""
        words = self.directives.get(name)
        return name in self.tags or (words is not None and words[:1] != ("false",))

    @property
    def is_public(self) -> bool:
        """Whether its names are for those who use the module."""
        return self._is_told and (self.says("export") or self.says("exports"))

    @property
    def is_exported(self) -> bool:
        """Whether it belongs into a module."""
        return self.is_public or (self._is_told and (self.says("exporti") or self.says("exportd")))

    @property
    def is_test(self) -> bool:
        """Whether its author calls it a test."""
        return "test" in self.tags

    @property
    def is_skipped(self) -> bool:
        """Whether nothing is to be done with it: neither exported nor run."""
        return "skip" in self.tags or self.directives.get("eval", ())[:1] == ("false",)

    @property
    def may_raise(self) -> bool:
        """Whether an error is what its author wants to show."""
        return "raises-exception" in self.tags

    @property
    def target(self) -> str:
        """The module that an export names; empty for the one of the notebook."""
        for name in ("export", "exports", "exporti", "exportd"):
            words = self.directives.get(name, ())
            if words and words[0] not in {"true", "false"}:
                return words[0]
        return ""

    @property
    def body_start(self) -> int:
        """How many lines of the source are directives, and blank lines among these."""
        lines = self.source.split("\n")
        told = [number for number, line in enumerate(lines[: _head_length(lines)], 1) if _DIRECTIVE.match(line)]
        return told[-1] if told else 0

    @property
    def former_directive(self) -> str:
        """The directive of old nbdev that it begins with, which nothing reads any longer; mostly empty."""
        first = next((line for line in self.source.split("\n") if line.strip()), "")
        return first.strip() if self.kind == "code" and _FORMER_DIRECTIVE.match(first) else ""

    @property
    def _is_told(self) -> bool:
        return "skip" not in self.tags


def make_cell(number: int, kind: str, source: str, metadata: dict[str, object], line: int = 1) -> Cell:
    """Return a cell with what its source and its metadata say of it."""
    # Python knows no other ends of lines, and no other part of this needs to know these two.
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    tags = metadata.get("tags")
    told = frozenset(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, (list, tuple)) else frozenset()
    directives = {**_of_metadata(metadata.get("nbdev")), **_of_source(source)}
    return Cell(number, kind, source, told, directives, line)


def _of_source(source: str) -> dict[str, tuple[str, ...]]:
    lines = source.split("\n")
    found = {}
    for line in lines[: _head_length(lines)]:
        match = _DIRECTIVE.match(line)
        # Quarto's form ends the name with a colon.
        words = match["words"].replace(":", " ", 1).split() if match else ()
        if words:
            found[words[0]] = tuple(words[1:])
    return found


def _of_metadata(table: object) -> dict[str, tuple[str, ...]]:
    if not isinstance(table, dict):
        return {}
    return {str(name): _words(value) for name, value in table.items()}


def _words(value: object) -> tuple[str, ...]:
    if isinstance(value, bool):
        return () if value else ("false",)
    words = tuple(value.split()) if isinstance(value, str) else ()
    return () if words == ("true",) else words


def _head_length(lines: list[str]) -> int:
    """Return how many lines come before the first that is neither blank nor a directive nor a cell magic."""
    for number, line in enumerate(lines):
        if line.strip() and not _DIRECTIVE.match(line) and not _CELL_MAGIC.match(line):
            return number
    return len(lines)
