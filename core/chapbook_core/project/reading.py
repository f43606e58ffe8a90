"""A TOML table read key by key, with every wrong type noted instead of raised."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from chapbook_core.errors import ChapbookError
from chapbook_core.value import field, frozen, mutable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from chapbook_core.project.layout import Path

T = TypeVar("T")

_NOUNS = {str: "a string", bool: "true or false", int: "a number", float: "a number", list: "an array", dict: "a table"}


@frozen
class Finding:
    """A mistake that knows its path, but not yet its line."""

    path: Path
    message: str
    hint: str = ""


@mutable
class Findings:
    """The mistakes of one file, in the order they were found."""

    found: list[Finding] = field(default_factory=list)

    def add(self, path: Path, message: str, hint: str = "") -> None:
        """Note one mistake; the same one is noted once."""
        finding = Finding(path, message, hint)
        if finding not in self.found:
            self.found.append(finding)

    def attempt(self, path: Path, parse: Callable[[str], T], text: str) -> T | None:
        """Return what `parse` makes of the text, or note the error that it raises for a person."""
        try:
            return parse(text)
        except ChapbookError as error:
            self.add(path, error.message, error.hints[0] if error.hints else "")
            return None


def place_text(path: Path) -> str:
    """Return a path as it is shown: `project.dependencies[2]`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            key = part if part and all(c.isalnum() or c in "-_" for c in part) else f'"{part}"'
            text += f".{key}" if text else key
    return text


@frozen
class Table:
    """A table, where it stands, and where its mistakes are noted."""

    data: Mapping[str, object]
    path: Path
    findings: Findings

    def __contains__(self, key: str) -> bool:
        return key in self.data

    def names(self) -> Iterator[str]:
        """Yield the keys in the order of the file."""
        yield from self.data

    def text(self, key: str) -> str | None:
        """Return a string, or None when it is absent or not one."""
        return self._typed(key, str)

    def required_text(self, key: str) -> str:
        """Return a string; its absence is noted."""
        if key not in self.data:
            self.findings.add(self.path, f"needs `{key}`")
        return self.text(key) or ""

    def flag(self, key: str, default: bool) -> bool:  # noqa: FBT001  # the default of a flag is a flag
        """Return a boolean, or the default when it is absent or not one."""
        value = self._typed(key, bool)
        return default if value is None else value

    def table(self, key: str) -> Table | None:
        """Return a table, or None when it is absent or not one."""
        value: dict[str, object] | None = self._typed(key, dict)
        return None if value is None else Table(value, (*self.path, key), self.findings)

    def texts(self, key: str) -> tuple[str, ...]:
        """Return an array of strings; entries that are none are noted and left out."""
        return tuple(text for _, text in self.numbered_texts(key))

    def numbered_texts(self, key: str) -> tuple[tuple[Path, str], ...]:
        """Return an array of strings, each with its path."""
        found = []
        for path, value in self.entries(key):
            if isinstance(value, str):
                found.append((path, value))
            else:
                self.wrong_type(path, value, "a string")
        return tuple(found)

    def subtable(self, key: str) -> Table:
        """Return a table; an empty one when it is absent or not one."""
        return self.table(key) or Table({}, (*self.path, key), self.findings)

    def text_table(self, key: str) -> dict[str, str]:
        """Return a table of strings."""
        table = self.subtable(key)
        return {name: text for name in table.names() if (text := table.text(name)) is not None}

    def tables(self, key: str) -> tuple[Table, ...]:
        """Return an array of tables."""
        found = []
        for path, value in self.entries(key):
            if isinstance(value, dict):
                found.append(Table(value, path, self.findings))
            else:
                self.wrong_type(path, value, "a table")
        return tuple(found)

    def entries(self, key: str) -> tuple[tuple[Path, object], ...]:
        """Return the entries of an array, each with its path."""
        values: list[object] = self._typed(key, list) or []
        return tuple(((*self.path, key, index), value) for index, value in enumerate(values))

    def wrong_type(self, path: Path, value: object, expected: str) -> None:
        """Note that a value has another type than it must have."""
        self.findings.add(path, f"expected {expected}, found {noun(value)}")

    def _typed(self, key: str, kind: type[T]) -> T | None:
        value = self.data.get(key)
        if value is None or type(value) is kind:
            return value
        self.wrong_type((*self.path, key), value, _NOUNS[kind])
        return None


def noun(value: object) -> str:
    """Return what a TOML value is, with its article."""
    return _NOUNS.get(type(value), "a date or time")
