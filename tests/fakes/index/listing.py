"""What a page lists, before it is written as JSON or HTML; faults change it here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.fakes.index.world import File, Project, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One link of a page."""

    filename: str
    url: str
    hashes: Mapping[str, str] = field(default_factory=dict)
    python: str | None = None
    yanked: bool | str = False
    size: int | None = None
    uploaded: str | None = None
    metadata: bool | str = False
    """Whether a `.metadata` file is announced, with its SHA-256 where that is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One project's page as a value."""

    name: str
    entries: tuple[Entry, ...]
    versions: tuple[str, ...] = ()
    status: Status = "active"
    status_reason: str | None = None
    serial: int = 0


def list_project(project: Project, address: Callable[[File], str], has_metadata: Callable[[File], bool]) -> Listing:
    """Return the listing of a project; a quarantined one offers no files."""
    files = () if project.status == "quarantined" else project.files
    return Listing(
        name=project.canonical,
        entries=tuple(list_file(file, address(file), announced=has_metadata(file)) for file in files),
        versions=tuple(dict.fromkeys(file.version for file in files)),
        status=project.status,
        status_reason=project.status_reason,
        serial=project.serial,
    )


def list_file(file: File, url: str, *, announced: bool) -> Entry:
    """Return the link to a file."""
    return Entry(
        filename=file.filename,
        url=url,
        hashes={"sha256": file.sha256},
        python=file.python,
        yanked=file.yanked,
        size=file.size,
        uploaded=file.uploaded,
        metadata=(file.sidecar_sha256 or False) if announced else False,
    )
