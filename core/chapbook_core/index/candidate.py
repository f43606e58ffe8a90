"""Candidate: what an index offers of one project, as releases with their files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.index.file import File, Kind
from chapbook_core.index.page_summary import PageSummary
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from chapbook_core.index.file_table import FileTable
    from chapbook_core.index.status import ProjectStatus

__all__ = ["File", "Kind", "Page", "PageSummary", "Release", "Skipped"]


@frozen
class Skipped:
    """An entry of a page that cannot be used, and why; only whoever debugs an index wants to know."""

    filename: str
    reason: str


@frozen
class Release:
    """One version of a project with the files an index has of it."""

    name: str
    version: str
    files: tuple[File, ...]

    @property
    def is_yanked(self) -> bool:
        """Whether every file is yanked."""
        return all(file.yanked for file in self.files)

    @property
    def wheels(self) -> tuple[File, ...]:
        """The files that need no build."""
        return tuple(file for file in self.files if file.is_wheel)

    @property
    def sdists(self) -> tuple[File, ...]:
        """The source archives."""
        return tuple(file for file in self.files if not file.is_wheel)


@frozen
class Page:
    """What one page of an index says about a project."""

    summary: PageSummary
    files: FileTable
    skipped: tuple[Skipped, ...] = ()

    @property
    def name(self) -> str:
        """The project, canonical."""
        return self.summary.name

    @property
    def status(self) -> ProjectStatus:
        """What the index says about the whole project."""
        return self.summary.status

    @property
    def releases(self) -> tuple[Release, ...]:
        """Every release as a value, oldest first; for few versions, ask `release`."""
        return tuple(self.release(version) for version in self.summary.versions)

    def release(self, version: str) -> Release:
        """Return one release as a value."""
        return Release(self.name, version, self.files.of(version))

    def summary_blob(self) -> bytes:
        """Return what resolving reads, as bytes for the cache."""
        return self.summary.blob()

    def files_blob(self) -> bytes:
        """Return what only locking and installing read, as bytes for the cache."""
        return self.files.blob()
