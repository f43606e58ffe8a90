"""What is checked: a project as it lies on the disk, however wrong it may be."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING

from chapbook_core.project.discovery import PROJECT_FILE
from chapbook_core.project.layout import read_layout
from chapbook_core.project.reading import place_text
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from pathlib import Path

    from chapbook_core.project.layout import Path as Place
    from chapbook_core.project.manifest import Manifest


class Severity(Enum):
    """How bad a finding is."""

    ERROR = "error"
    """Some command will fail."""
    WARNING = "warning"
    """It works, but not for long or not as meant; fails with `--strict`."""
    REMARK = "note"
    """Worth knowing; shown to the verbose."""


@frozen
class Finding:
    """One thing that is not as it should be."""

    severity: Severity
    message: str
    place: Place = ()
    """The key in pyproject.toml."""
    hint: str = ""
    file: str = PROJECT_FILE
    """Relative to the project."""
    line: int | None = None

    def text(self) -> str:
        """Return it with where it is, as other tools print it too."""
        where = f"{self.file}:{self.line}" if self.line is not None else self.file
        place = place_text(self.place)
        return f"{where}: {place}: {self.message}" if place else f"{where}: {self.message}"


@frozen
class Subject:
    """A project that could be read as TOML."""

    manifest: Manifest
    """As far as it could be understood."""
    text: str
    """Of the project file."""
    lock_needed: bool
    """Whether the lack of a lock is an error."""
    deep: bool = False
    """Whether the lock is held against every kind of environment."""

    @property
    def folder(self) -> Path:
        """The project's folder."""
        return self.manifest.folder

    def value(self, *place: str) -> object:
        """Return what stands at a key of the project file, whatever it is."""
        value: object = self.manifest.data
        for key in place:
            value = value.get(key) if isinstance(value, Mapping) else None
        return value

    def table(self, *place: str) -> Mapping[str, object]:
        """Return the table at a key, empty when there is none."""
        value = self.value(*place)
        return value if isinstance(value, Mapping) else {}

    def texts(self, *place: str) -> tuple[tuple[Place, str], ...]:
        """Return the strings of the array at a key, each with its place."""
        value = self.value(*place)
        entries = value if isinstance(value, list) else []
        return tuple(((*place, index), entry) for index, entry in enumerate(entries) if isinstance(entry, str))

    def tables(self, *place: str) -> tuple[tuple[Place, Mapping[str, object]], ...]:
        """Return the tables of the array at a key, each with its place."""
        value = self.value(*place)
        entries = value if isinstance(value, list) else []
        return tuple(((*place, index), entry) for index, entry in enumerate(entries) if isinstance(entry, Mapping))

    def line(self, place: Place) -> int | None:
        """Return the line where a key is written."""
        return read_layout(self.text).line(place) if place else None
