"""Edits of a TOML text by path, which leave every other byte alone.

A library that parses a document, changes it and prints it again has to remember everything its author did; this one
only looks up where a thing stands and puts text there. It also loads and runs several times faster.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import TYPE_CHECKING

from chapbook_core.project.array_edits import (
    fresh_array,
    indentation,
    is_fresh,
    line_end,
    line_start,
    with_entry,
    without_entry,
)
from chapbook_core.project.layout import Layout, Node, Path, Section, read_layout
from chapbook_core.project.toml_text import Value, is_literal, key_text, value_text

if TYPE_CHECKING:
    from collections.abc import Sequence


class TomlEditor:
    """A TOML text under edit; the text is valid before and after every method."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.data: Mapping[str, object] = tomllib.loads(text)
        self._layout: Layout | None = None

    @property
    def text(self) -> str:
        """The text as edited so far."""
        return self._text

    @property
    def layout(self) -> Layout:
        """The map of the text as edited so far."""
        if self._layout is None:
            self._layout = read_layout(self._text)
        return self._layout

    @property
    def newline(self) -> str:
        """The line ending of the first line, which new lines get too."""
        first = self._text.find("\n")
        return "\r\n" if first > 0 and self._text[first - 1] == "\r" else "\n"

    def get(self, path: Path) -> object:
        """Return the value at a path, or None."""
        value: object = self.data
        for part in path:
            match value, part:
                case dict(), str() if part in value:
                    value = value[part]
                case list(), int() if part < len(value):
                    value = value[part]
                case _:
                    return None
        return value

    def table(self, path: Path) -> Mapping[str, object]:
        """Return the table at a path; an empty one when there is none."""
        value = self.get(path)
        return value if isinstance(value, Mapping) else {}

    def set(self, path: Path, value: Value) -> None:
        """Write a value at a path: over the one that is there, or as a new key of its table."""
        node = self.layout.find(path)
        if node is None:
            if self.get(path) is not None:
                self.remove(path)
            self._insert(path, value_text(value, literal=self._literal_near(path)))
            return
        old = self._text[node.start : node.end]
        literal = is_literal(old) if isinstance(self.get(path), str) else self._literal_near(path)
        self._become(self._text[: node.start] + value_text(value, literal=literal) + self._text[node.end :])

    def append(self, path: Path, value: Value) -> None:
        """Add an entry to the array at a path, which is made when it is not there."""
        node = self.layout.find(path)
        if node is None:
            self._insert(path, fresh_array(value_text(value), self.newline), on_one_line=f"[{value_text(value)}]")
            return
        written = [self._text[child.start : child.end] for child in node.children]
        # A string with double quotes in it is in single ones for that reason alone.
        literal = any(is_literal(text) and '"' not in text for text in written)
        self._become(with_entry(self._text, node, value_text(value, literal=literal), self.newline))

    def remove_entry(self, path: Path, index: int) -> None:
        """Take one entry out of the array at a path."""
        node = self.layout.find(path)
        if node is not None:
            self._become(without_entry(self._text, node, index))

    def is_fresh(self, path: Path) -> bool:
        """Tell whether the array at a path looks as `append` makes one, with a single entry."""
        node = self.layout.find(path)
        return node is not None and is_fresh(self._text, node)

    def add_section(self, path: Path, pairs: Mapping[str, Value]) -> None:
        """Add an entry `[[path]]` to an array of tables, behind those that are there."""
        array = self.layout.find(path)
        if array is not None:
            self.append(path, pairs)
            return
        lines = [f"[[{'.'.join(key_text(str(part)) for part in path)}]]"]
        lines += [f"{key_text(key)} = {value_text(value)}" for key, value in pairs.items()]
        self._insert_section(path, lines)

    def remove(self, path: Path, *, prune: bool = False) -> None:
        """Remove whatever is written at a path or below it; with `prune`, also the table that it leaves empty."""
        node = self.layout.find(path)
        if node is not None and (parent := self._inline_parent(node)) is not None:
            self._remove_inline(parent, node)
        else:
            self._remove_lines(path, prune=prune)
        if prune and len(path) > 1:
            self.remove_if_empty(path[:-1])

    def remove_if_empty(self, path: Path) -> None:
        """Remove a table that says nothing, unless comments stand in it."""
        if self.get(path) == {}:
            self._remove_if_bare(path)

    def remove_table_entry(self, path: Path, index: int) -> None:
        """Remove one entry of an array of tables, and the array with its last one."""
        if self.layout.find(path) is None:
            self.remove((*path, index))
            return
        self.remove_entry(path, index)
        if self.get(path) == []:
            self.remove(path, prune=True)

    def _remove_lines(self, path: Path, *, prune: bool) -> None:
        stretches = []
        for section in self.layout.sections:
            if section is not self.layout.sections[0] and section.path[: len(path)] == path:
                stretches.append(self._section_stretch(section))
                continue
            doomed = [pair for pair in section.pairs if pair.path[: len(path)] == path]
            if prune and doomed and self._is_bare(section, doomed):
                stretches.append(self._section_stretch(section))
            else:
                stretches += [self._line_stretch(pair.key_start, pair.end) for pair in doomed]
        text = self._text
        for start, end in reversed(stretches):
            is_unended = end == len(text) and not text.endswith("\n")
            text = text[:start] + text[end:]
            if is_unended:
                text = text.removesuffix("\n").removesuffix("\r")
        self._become(text)

    def _remove_if_bare(self, path: Path) -> None:
        """Remove an empty table, unless comments stand in it."""
        section = self.layout.section(path)
        if section is not None:
            behind = line_end(self._text, section.header_end)
            if not self._text[behind : line_end(self._text, behind)].lstrip().startswith("#"):
                self.remove(path)
        elif self.layout.find(path) is not None:
            self.remove(path)

    def _is_bare(self, section: Section, doomed: Sequence[Node]) -> bool:
        """Tell whether a section has a header, and nothing but the given pairs."""
        first = section.pairs[0]
        between = self._text[line_end(self._text, section.header_end) : line_start(self._text, first.key_start)]
        return len(doomed) == len(section.pairs) and bool(section.path) and not between.strip()

    def _section_stretch(self, section: Section) -> tuple[int, int]:
        """Return the lines of a section, with the empty line before it unless that one parts other sections."""
        start, end = section.start, line_end(self._text, section.end)
        above = line_start(self._text, start - 1) if start else 0
        if start and not self._text[above:start].strip() and not self._text[end:].startswith("["):
            start = above
        return start, end

    def _line_stretch(self, start: int, end: int) -> tuple[int, int]:
        return line_start(self._text, start), line_end(self._text, end)

    def _inline_parent(self, node: Node) -> Node | None:
        """Return the inline table that holds a node as one of its pairs."""
        for candidate in self.layout.nodes():
            if candidate.kind == "table" and any(child is node for child in candidate.children):
                return candidate
        return None

    def _remove_inline(self, table: Node, pair: Node) -> None:
        index = next(index for index, child in enumerate(table.children) if child is pair)
        if index:
            start, end = table.children[index - 1].end, pair.end
        elif len(table.children) > 1:
            start, end = pair.key_start, table.children[1].key_start
        else:
            start, end = pair.key_start, pair.end
        self._become(self._text[:start] + self._text[end:])

    def _insert(self, path: Path, value: str, *, on_one_line: str | None = None) -> None:
        """Write a new key, wherever the table it belongs to is written; inline tables need it on one line."""
        table, key = path[:-1], key_text(str(path[-1]))
        node = self.layout.find(table) if table else None
        section = self.layout.section(table) if table else self.layout.sections[0]
        if node is not None and node.kind == "table":
            position = node.children[-1].end if node.children else node.start + 1
            pair = f"{', ' if node.children else ''}{key} = {on_one_line or value}"
            self._become(self._text[:position] + pair + self._text[position:])
        elif section is not None:
            self._insert_pair(section, section.pairs[-1] if section.pairs else None, f"{key} = {value}")
        elif (sibling := self._dotted_sibling(table)) is not None:
            section, pair_before, prefix = sibling
            self._insert_pair(section, pair_before, f"{prefix}{key} = {value}")
        elif any(self.layout.find(table[:length]) is not None for length in range(1, len(table))):
            # The table belongs into one that is written inline.
            self._insert(table, f"{{{key} = {on_one_line or value}}}")
        else:
            header = ".".join(key_text(str(part)) for part in table)
            self._insert_section(table, [f"[{header}]", f"{key} = {value}"])

    def _dotted_sibling(self, table: Path) -> tuple[Section, Node, str] | None:
        """Return the last dotted key of a table, its section, and how its prefix is written."""
        for section in reversed(self.layout.sections):
            for pair in reversed(section.pairs):
                if len(section.path) < len(table) < len(pair.path) and pair.path[: len(table)] == table:
                    if len(pair.path) == len(table) + 1:
                        return section, pair, self._text[pair.key_start : pair.key_prefix]
                    relative = table[len(section.path) :]
                    return section, pair, "".join(f"{key_text(str(part))}." for part in relative)
        return None

    def _insert_pair(self, section: Section, pair_before: Node | None, line: str) -> None:
        if pair_before is None:
            self._insert_lines(line_end(self._text, section.header_end) if section.path else 0, [line])
            return
        indent = indentation(self._text, pair_before.key_start)
        self._insert_lines(line_end(self._text, pair_before.end), [indent + line])

    def _insert_section(self, path: Path, lines: list[str]) -> None:
        """Write a section behind the last one that is about the same thing."""
        anchor = self.layout.sections[-1]
        kindred = [("project",)] if path[0] == "dependency-groups" else []
        for prefix in [*(path[:length] for length in range(len(path), 0, -1)), *kindred]:
            found = [s for s in self.layout.sections[1:] if s.path[: len(prefix)] == prefix]
            if found:
                anchor = found[-1]
                break
        position = line_end(self._text, anchor.end) if anchor.path or anchor.pairs else len(self._text)
        is_dense = self._text[position:].startswith("[")
        self._insert_lines(position, [*([] if is_dense or not self._text else [""]), *lines])

    def _insert_lines(self, position: int, lines: list[str]) -> None:
        block = self.newline.join(lines)
        if position and self._text[position - 1] != "\n":
            block = self.newline + block
        else:
            block += self.newline
        self._become(self._text[:position] + block + self._text[position:])

    def _literal_near(self, path: Path) -> bool:
        """Tell whether strings beside a path are in single quotes."""
        values = [self._text[n.start] for n in self.layout.nodes() if n.path[:-1] == path[:-1] and n.kind == "scalar"]
        quotes = [quote for quote in values if quote in "\"'"]
        return bool(quotes) and quotes[-1] == "'"

    def _become(self, text: str) -> None:
        self.data = tomllib.loads(text)
        self._text = text
        self._layout = None
