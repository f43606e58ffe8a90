"""The part of YAML that `environment.yml` files are written in: keys, lists and lists in lists, by indentation."""

from __future__ import annotations

import re

from chapbook_core.pattern import late_pattern
from chapbook_core.value import frozen

_KEY = late_pattern(r"(?P<key>[A-Za-z_][\w-]*)\s*:(?:\s+(?P<value>.*))?")
_QUOTED = late_pattern(r"""(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^']|'')*')\s*(?:#.*)?""")
_COMMENT = late_pattern(r"(?:^|\s)#.*$")


class UnknownYaml(ValueError):
    """A line is in none of the known forms."""

    def __init__(self, line: int, reason: str) -> None:
        self.line = line
        super().__init__(reason)


@frozen
class Item:
    """A text in a list, or a list with a name in it."""

    line: int
    text: str
    items: tuple[Item, ...] = ()


@frozen
class _Line:
    number: int
    indent: int
    text: str


def read_plain_yaml(text: str) -> dict[str, Item]:
    """Return each key of the document with its text or its list; raises UnknownYaml."""
    lines = [
        _Line(number, len(raw) - len(raw.lstrip(" ")), raw.strip())
        for number, raw in enumerate(text.splitlines(), start=1)
        if _COMMENT.sub("", raw).strip() and raw.strip() not in {"---", "..."}
    ]
    found: dict[str, Item] = {}
    place = 0
    while place < len(lines):
        line = lines[place]
        match = _KEY.fullmatch(line.text)
        if line.indent or match is None:
            raise UnknownYaml(line.number, f"`{line.text}` is not a key with a value")
        value = _scalar(match["value"] or "", line.number)
        items: tuple[Item, ...] = ()
        place += 1
        if not value:
            items, place = _items(lines, place, line.indent)
            # What is no list, such as a table of variables, is passed over by its indentation.
            while place < len(lines) and lines[place].indent > line.indent:
                place += 1
        elif value.startswith("["):
            items = tuple(
                Item(line.number, part.strip(" '\"")) for part in value.strip("[]").split(",") if part.strip()
            )
        found[match["key"]] = Item(line.number, value, items)
    return found


def _items(lines: list[_Line], place: int, outer: int) -> tuple[tuple[Item, ...], int]:
    """Read the list that begins here, if one does."""
    items: list[Item] = []
    if place >= len(lines) or lines[place].indent < outer or not lines[place].text.startswith("-"):
        return (), place
    indent = lines[place].indent
    while place < len(lines) and lines[place].indent == indent and lines[place].text.startswith("-"):
        line = lines[place]
        text = line.text[1:].strip()
        place += 1
        match = _KEY.fullmatch(text)
        if match is not None and not match["value"]:
            nested, place = _items(lines, place, indent + 1)
            items.append(Item(line.number, match["key"], nested))
        else:
            items.append(Item(line.number, _scalar(text, line.number)))
    if place < len(lines) and lines[place].indent > outer and lines[place].indent != indent:
        raise UnknownYaml(lines[place].number, f"`{lines[place].text}` is indented in no known way")
    return tuple(items), place


def _scalar(text: str, line: int) -> str:
    if text[:1] in {"'", '"'}:
        match = _QUOTED.fullmatch(text)
        if match is None:
            raise UnknownYaml(line, f"the quotes of `{text}` do not pair up")
        inner = match["text"][1:-1]
        return inner.replace("''", "'") if text[0] == "'" else re.sub(r"\\(.)", r"\1", inner)
    if text[:1] in {"{", "&", "*", "|", ">"}:
        raise UnknownYaml(line, f"`{text}` is a form of YAML that environment files do without")
    return _COMMENT.sub("", text).strip()
