"""The metadata of a notebook, changed in the text of its file so that every other byte stays."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from chapbook_core.errors import ChapbookError
from chapbook_core.pattern import late_pattern
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

OWN = "chapbook"
"""The key of what is Chapbook's."""
_SPACE = late_pattern(r"[ \t\r\n]*")


class NoNotebook(ChapbookError):
    """A file that is no notebook of a format that can hold what is to be written."""

    def __init__(self, file: Path, reason: str) -> None:
        super().__init__(f"`{file}` is not a notebook: {reason}", hints=["save it anew with Jupyter"])


class NotebookNotFound(NoNotebook):
    """There is no such file."""

    def __init__(self, file: Path) -> None:
        ChapbookError.__init__(
            self, f"there is no `{file}`", hints=["look how the notebook is called, and where it is"]
        )


@frozen
class _Member:
    """A key and its value, by their places in the text."""

    key: str
    key_start: int
    start: int
    end: int
    value: object


def read_notebook_file(file: Path) -> str:
    """Return the text of a notebook; raises NoNotebook."""
    try:
        return file.read_bytes().decode()
    except FileNotFoundError:
        raise NotebookNotFound(file) from None
    except OSError as error:
        raise NoNotebook(file, f"it cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise NoNotebook(file, "it is not UTF-8") from None


def own_metadata(text: str, file: Path) -> dict[str, object]:
    """Return what a notebook holds of Chapbook; raises NoNotebook."""
    found = next((member.value for member in _members_of(text, _metadata(text, file).start) if member.key == OWN), {})
    return dict(found) if isinstance(found, dict) else {}


def with_own_metadata(text: str, own: Mapping[str, object], file: Path) -> str:
    """Return the text with what it shall hold of Chapbook, and nothing of it when that is empty; raises NoNotebook."""
    metadata = _metadata(text, file)
    members = list(_members_of(text, metadata.start))
    present = next((place for place, member in enumerate(members) if member.key == OWN), None)
    if not own:
        return text if present is None else _without(text, metadata, members, present)
    style = _Style(text, metadata)
    if present is not None:
        member = members[present]
        return text[: member.start] + style.value(own) + text[member.end :]
    entry = json.dumps(OWN) + style.colon + style.value(own)
    if not members:
        return text[: metadata.start] + style.around(entry) + text[metadata.end :]
    after = next((member for member in members if member.key > OWN), None)
    if after is not None:
        # Jupyter sorts what it saves.
        return text[: after.key_start] + entry + style.comma + text[after.key_start :]
    return text[: members[-1].end] + style.comma + entry + text[members[-1].end :]


def with_first_cell(text: str, cell: Mapping[str, object], file: Path) -> str:
    """Return the text with another cell before the first one; raises NoNotebook."""
    metadata, cells = _metadata(text, file), _cells(text, file)
    entry = _Style(text, metadata).value(cell)
    elements = list(_elements_of(text, cells.start))
    if not elements:
        return text[: cells.start] + _Style(text, metadata).around(entry, ("[", "]")) + text[cells.end :]
    begin = elements[0][0]
    return text[:begin] + entry + _Style(text, metadata).comma + text[begin:]


def first_cell_removed(text: str, identity: str, file: Path) -> str:
    """Return the text without the first cell, if it has this `id`; raises NoNotebook."""
    _metadata(text, file)
    cells = _cells(text, file)
    elements = list(_elements_of(text, cells.start))
    match cells.value:
        case [{"id": found}, *_] if found == identity:
            if len(elements) == 1:
                return text[: cells.start] + "[]" + text[cells.end :]
            return text[: elements[0][0]] + text[elements[1][0] :]
        case _:
            return text


def _without(text: str, metadata: _Member, members: list[_Member], place: int) -> str:
    if len(members) == 1:
        return text[: metadata.start] + "{}" + text[metadata.end :]
    if place + 1 < len(members):
        return text[: members[place].key_start] + text[members[place + 1].key_start :]
    return text[: members[place - 1].end] + text[members[place].end :]


class _Style:
    """How a notebook is laid out."""

    def __init__(self, text: str, metadata: _Member) -> None:
        self._ending = "\r\n" if "\r\n" in text else "\n"
        indent = re.search(r"[\r\n]([ \t]*)$", text[: metadata.key_start])
        self._unit = indent[1] if indent else None
        is_narrow = self._unit is None and '":' in text and '": ' not in text
        self.colon = ":" if is_narrow else ": "
        self.comma = ("," if is_narrow else ", ") if self._unit is None else f",{self._ending}{self._unit * 2}"
        self._is_ascii = text.isascii() and "\\u" in text

    def value(self, value: object) -> str:
        """Return a value as it stands two levels deep."""
        separators = (self.comma, self.colon) if self._unit is None else None
        dumped = json.dumps(
            value, indent=self._unit, sort_keys=True, ensure_ascii=self._is_ascii, separators=separators
        )
        return dumped if self._unit is None else dumped.replace("\n", f"{self._ending}{self._unit * 2}")

    def around(self, entry: str, brackets: tuple[str, str] = ("{", "}")) -> str:
        """Return an object, or an array, with one entry."""
        opening, closing = brackets
        if self._unit is None:
            return f"{opening}{entry}{closing}"
        return f"{opening}{self._ending}{self._unit * 2}{entry}{self._ending}{self._unit}{closing}"


def _metadata(text: str, file: Path) -> _Member:
    try:
        start = _space(text, 0)
        members = list(_members_of(text, start)) if text[start : start + 1] == "{" else []
    except (ValueError, IndexError, RecursionError):
        raise NoNotebook(file, "it is not JSON") from None
    if members and text[members[-1].end :].strip(" \t\r\n") != "}":
        # A comma too many, or something behind the end: whoever reads it whole refuses it.
        raise NoNotebook(file, "it is not JSON")
    found = [member for member in members if member.key == "metadata" and isinstance(member.value, dict)]
    if not found or not any(member.key == "cells" for member in members):
        raise NoNotebook(file, "it has no cells with metadata beside them, as format 4 has")
    return found[-1]


def _cells(text: str, file: Path) -> _Member:
    found = [member for member in _members_of(text, _space(text, 0)) if member.key == "cells"]
    if not isinstance(found[-1].value, list):
        raise NoNotebook(file, "its cells are no list")
    return found[-1]


def _elements_of(text: str, start: int) -> Iterator[tuple[int, int]]:
    """Yield the places of the elements of the array that begins at a place."""
    decoder = json.JSONDecoder()
    place = _space(text, start + 1)
    while text[place] != "]":
        _value, end = decoder.raw_decode(text, place)
        yield place, end
        place = _space(text, end)
        if text[place] == ",":
            place = _space(text, place + 1)


def _members_of(text: str, start: int) -> Iterator[_Member]:
    """Yield the members of the object that begins at a place."""
    decoder = json.JSONDecoder()
    place = _space(text, start + 1)
    while text[place] != "}":
        key, after = decoder.raw_decode(text, place)
        colon = _space(text, after)
        if not isinstance(key, str) or text[colon] != ":":
            raise ValueError(colon)
        begin = _space(text, colon + 1)
        value, end = decoder.raw_decode(text, begin)
        yield _Member(key, place, begin, end, value)
        place = _space(text, end)
        if text[place] == ",":
            place = _space(text, place + 1)
        elif text[place] != "}":
            raise ValueError(place)


def _space(text: str, place: int) -> int:
    match = _SPACE.match(text, place)
    return place if match is None else match.end()
