"""Adding and removing an entry of a TOML array, in the way the array is laid out.

Whatever `with_entry` adds, `without_entry` takes out again to the byte.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.pattern import late_pattern

if TYPE_CHECKING:
    from chapbook_core.project.layout import Node

_GAP = late_pattern(r"(?:[ \t\r\n]|#[^\n]*)*")


def line_start(text: str, position: int) -> int:
    """Return where the line of a position begins."""
    return text.rfind("\n", 0, position) + 1


def line_end(text: str, position: int) -> int:
    """Return where the next line begins, or the end of the text."""
    newline = text.find("\n", position)
    return len(text) if newline < 0 else newline + 1


def indentation(text: str, position: int) -> str:
    """Return the white space that the line of a position begins with."""
    line = text[line_start(text, position) : line_end(text, position)]
    return line[: len(line) - len(line.lstrip(" \t"))]


def with_entry(text: str, array: Node, entry: str, newline: str) -> str:
    """Return the text with an entry at the end of an array."""
    if not array.children:
        return _with_first_entry(text, array, entry, newline)
    last = array.children[-1]
    comma = _behind_comma(text, last)
    anchor = last.end if comma is None else comma
    if not _begins_line(text, last):
        added = f", {entry}" if comma is None else f" {entry},"
        return text[:anchor] + added + text[anchor:]
    line = f"{indentation(text, last.start)}{entry}{'' if comma is None else ','}"
    if array.end <= line_end(text, anchor):
        # The bracket closes on the line of the last entry.
        return f"{text[:anchor]}{',' if comma is None else ''}{newline}{line}{text[anchor:]}"
    following = line_end(text, anchor)
    head = text[:anchor] + ("," if comma is None else "") + text[anchor:following]
    return f"{head}{line}{newline}{text[following:]}"


def _with_first_entry(text: str, array: Node, entry: str, newline: str) -> str:
    closing = text.rfind("\n", array.start, array.end) + 1
    if closing <= array.start:
        return text[: array.start + 1] + entry + text[array.start + 1 :]
    comment = text.find("#", array.start, array.end)
    indent = indentation(text, array.end - 1) + "    " if comment < 0 else indentation(text, comment)
    return f"{text[:closing]}{indent}{entry}{newline}{text[closing:]}"


def without_entry(text: str, array: Node, index: int) -> str:
    """Return the text without one entry of an array, and without the comment on its line."""
    entry = array.children[index]
    comma = _behind_comma(text, entry)
    end = entry.end if comma is None else comma
    is_last = index == len(array.children) - 1
    previous = array.children[index - 1] if index else None
    if _begins_line(text, entry):
        start = line_start(text, entry.start)
        behind = text[end : line_end(text, end)].strip()
        if not behind or behind.startswith("#"):
            return _cut(text, start, line_end(text, end), previous if comma is None else None)
        if is_last:
            above = text[array.start + 1 if previous is None else previous.end : start].rstrip("\r\n")
            # A comment above would otherwise swallow the bracket.
            first = entry.start if "#" in above[above.rfind("\n") + 1 :] else _before_newline(text, start)
            return _cut(text, first, end, previous if comma is None else None)
    if not is_last:
        return _without_inner_entry(text, array, index, end)
    if comma is None:
        return _without_last_entry(text, entry, previous)
    start = entry.start if previous is None else _behind_comma(text, previous) or previous.end
    return text[:start] + text[end:]


def is_fresh(text: str, array: Node) -> bool:
    """Tell whether an array has the layout of `fresh_array` and no comments, so that it may go with its last entry."""
    if len(array.children) != 1 or "#" in text[array.children[0].end : array.end]:
        return False
    entry = array.children[0]
    before, behind = text[array.start : entry.start], text[entry.end : array.end]
    return before.strip() == "[" and "\n" in before and behind.startswith(",") and "\n" in behind


def fresh_array(entry: str, newline: str) -> str:
    """Return an array of one entry, ready for more."""
    return f"[{newline}    {entry},{newline}]"


def _without_inner_entry(text: str, array: Node, index: int, end: int) -> str:
    entry, following = array.children[index], array.children[index + 1]
    if not text[end : following.start].strip() and "\n" not in text[end : following.start]:
        return text[: entry.start] + text[following.start :]
    if index:
        start = _behind_comma(text, array.children[index - 1]) or entry.start
        return text[:start] + text[end:]
    return text[: entry.start] + text[end:].lstrip(" \t")


def _without_last_entry(text: str, entry: Node, previous: Node | None) -> str:
    if previous is None:
        return text[: entry.start] + text[entry.end :]
    gap = text[previous.end : entry.start]
    if "\n" not in gap or "#" not in gap:
        return text[: previous.end] + text[entry.end :]
    return _cut(text, len(text[: entry.start].rstrip(" \t")), entry.end, previous)


def _cut(text: str, start: int, end: int, previous: Node | None) -> str:
    """Take out a stretch, and the comma behind the previous entry when one is given."""
    rest = text[:start] + text[end:]
    if previous is None:
        return rest
    comma = _behind_comma(text, previous)
    return rest if comma is None else rest[: comma - 1] + rest[comma:]


def _begins_line(text: str, entry: Node) -> bool:
    return not text[line_start(text, entry.start) : entry.start].strip()


def _behind_comma(text: str, entry: Node) -> int | None:
    """Return the position behind the comma that follows an entry."""
    match = _GAP.match(text, entry.end)
    position = entry.end if match is None else match.end()
    return position + 1 if text.startswith(",", position) else None


def _before_newline(text: str, start: int) -> int:
    return start - 2 if text.endswith("\r\n", 0, start) else start - 1
