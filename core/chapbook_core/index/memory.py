"""Memory: what a long-lived process read of packages in former runs, so that it need not be read and decoded again.

It is never stale: whoever wants to use a remembered page asks the database first whether the page there is still that
very one. That takes a tenth of the time of reading the page, and is spared while nobody wrote to the database. What was
computed from a page is remembered beside it, and is forgotten with it.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping
    from pathlib import Path

    from chapbook_core.index.file import File
    from chapbook_core.index.http_cache import Validity
    from chapbook_core.index.metadata import Metadata
    from chapbook_core.index.page_summary import PageSummary

Note = tuple[str | bool, ...]
"""What a note is about."""
_PACKAGES = 2000
"""How many are remembered; the 300 of a large lock take some 30 megabytes."""


class Remembered:
    """One page of one source, and what was made of it."""

    __slots__ = ("_identity", "_seen", "derived", "files", "metadata", "notes", "summary")

    def __init__(self, summary: PageSummary, validity: Validity | None = None) -> None:
        self.summary = summary
        self._identity = _identity(validity)
        self._seen: tuple[Hashable, Validity] | None = None
        self.files: dict[str, tuple[File, ...]] = {}
        """By version."""
        self.metadata: dict[str, Metadata] = {}
        """By version; it cannot change while the page does not, because the page names the files and their hashes."""
        self.derived: dict[Hashable, object] = {}
        """What others computed from all this, under keys that say what and from what else."""
        self.notes: dict[Note, object] = {}
        """Likewise, but keys and values are of built-in types, so that a keepsake takes them along."""

    def is_of(self, validity: Validity) -> bool:
        """Whether it is the page that was kept with this."""
        return self._identity is not None and self._identity == _identity(validity)

    def note(self, stamp: Hashable, validity: Validity) -> None:
        """Take note that a database of this stamp, taken before, had the page with this validity."""
        self._seen = (stamp, validity) if stamp is not None else None

    @property
    def seen(self) -> tuple[Hashable, Validity] | None:
        """What was noted last."""
        return self._seen

    def validity_at(self, stamp: Hashable) -> Validity | None:
        """Give the validity that a database of this stamp has; nothing when that is not known."""
        return self._seen[1] if self._seen is not None and self._seen[0] == stamp else None


class Memory:
    """The packages read last; safe to use from many threads."""

    def __init__(self, bound: int = _PACKAGES) -> None:
        self._bound = bound
        self._lock = threading.Lock()
        self._packages: dict[tuple[str, str], Remembered] = {}
        self.keepsakes: dict[Path, Mapping[tuple[str, str], object]] = {}
        """What each file holds that was read, or written, on behalf of this memory; see `index.keepsake`."""

    def recall(self, source: str, name: str) -> Remembered | None:
        """Give what is remembered of a package; the caller checks that it still holds."""
        with self._lock:
            found = self._packages.pop((source, name), None)
            if found is not None:
                # The package used last stands last.
                self._packages[source, name] = found
        return found

    def keep(self, source: str, name: str, page: Remembered) -> None:
        """Remember a package, and forget what was not used for the longest time."""
        with self._lock:
            self._packages.pop((source, name), None)
            self._packages[source, name] = page
            while len(self._packages) > self._bound:
                del self._packages[next(iter(self._packages))]


def _identity(validity: Validity | None) -> tuple[float | str, str] | None:
    """Say which page it is: equal tags mean equal pages (RFC 9110, section 8.8.3), else the moment it was fetched."""
    if validity is None:
        return None
    return (validity.etag or validity.fetched), validity.last_modified
