"""PageSummary: what a page says about each version, in columns, without its files.

This is all that resolving reads of a page, so it is small and its parts are what the resolver computes with: the sorted
keys are bisected, and a set of versions is an int in which bit `i` stands for `versions[i]`.
"""

from __future__ import annotations

from typing import Any, cast

from chapbook_core.index.blob import PAGE, StaleBlob, pack, unpack
from chapbook_core.index.status import ACTIVE, ProjectStatus, Status
from chapbook_core.value import frozen


@frozen
class PageSummary:
    """The versions of one project on one page, oldest first."""

    name: str
    versions: tuple[str, ...] = ()
    """In normal form."""
    keys: tuple[bytes, ...] = ()
    """`version_key` of each, ascending."""
    requires_python: tuple[tuple[str, ...], ...] = ()
    """For each the different demands of its files: one of them must hold; none at all when a file demands nothing."""
    upload_times: tuple[str | None, ...] = ()
    """For each when its first file came, as in `File.upload_time`."""
    yanked: int = 0
    """The versions of which every file is yanked."""
    wheels: int = 0
    """The versions that have a wheel."""
    sdists: int = 0
    """The versions that have a source archive."""
    prereleases: int = 0
    """The alpha, beta, release candidate and development versions."""
    status: ProjectStatus = ACTIVE

    @property
    def every(self) -> int:
        """The set of all versions."""
        return (1 << len(self.versions)) - 1

    def selected(self, mask: int) -> tuple[str, ...]:
        """Return the versions of a set, oldest first."""
        return tuple(version for index, version in enumerate(self.versions) if mask >> index & 1)

    def values(self) -> tuple[object, ...]:
        """Return the summary in built-in types."""
        return (
            self.name,
            self.versions,
            self.keys,
            self.requires_python,
            self.upload_times,
            self.yanked,
            self.wheels,
            self.sdists,
            self.prereleases,
            self.status.status.value,
            self.status.reason,
        )

    @classmethod
    def from_values(cls, values: object) -> PageSummary:
        """Return a summary that was told in built-in types; raises StaleBlob."""
        try:
            columns = list(cast("tuple[Any, ...]", values))
            columns[-2:] = [ProjectStatus(Status(columns[-2]), columns[-1])]
            return cls(*columns)
        except (TypeError, ValueError) as error:
            raise StaleBlob("the cached page cannot be read") from error

    def blob(self) -> bytes:
        """Return the summary as bytes for the cache."""
        return pack(PAGE, self.values())

    @classmethod
    def from_blob(cls, blob: bytes) -> PageSummary:
        """Return a summary out of the cache; raises StaleBlob."""
        return cls.from_values(unpack(PAGE, blob))
