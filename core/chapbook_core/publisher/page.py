"""What a repository has already, as its simple pages tell; one without pages knows nothing."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from chapbook_core.errors import Cancelled
from chapbook_core.events import Notice
from chapbook_core.index.failure import IndexFailure
from chapbook_core.index.page import ACCEPT, OtherApiVersion, parse_page
from chapbook_core.requirements.name import canonical_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chapbook_core.events import Watcher
    from chapbook_core.index.client import Client
    from chapbook_core.publisher.package_file import PackageFile

_FOUND, _NOT_FOUND = 200, 404
_ALGORITHMS = ("sha256", "md5")
_LARGEST = 100_000_000


class Presence(Enum):
    """What a repository has under the name of a file."""

    UNKNOWN = "unknown"
    ABSENT = "absent"
    SAME = "same"
    """This very file."""
    OTHER = "other"
    """One with other content."""
    UNCOMPARED = "uncompared"
    """One whose digest the repository does not tell."""


class RepositoryPages:
    """Looks at pages anew each time it is asked."""

    def __init__(self, client: Client, root: str, watcher: Watcher) -> None:
        self._client = client
        self._root = root
        self._watcher = watcher

    def presence(self, file: PackageFile) -> Presence:
        """Tell whether the repository has a file."""
        files = self.files(file.name)
        if files is None:
            return Presence.UNKNOWN
        hashes = files.get(file.path.name)
        return Presence.ABSENT if hashes is None else compared(hashes, file)

    def files(self, name: str) -> Mapping[str, Mapping[str, str]] | None:
        """Return the digests of all files of a project by name, or nothing where that cannot be told."""
        name = canonical_name(name)
        url = f"{self._root}{name}/"
        try:
            answer = self._client.get(url, headers={"Accept": ACCEPT, "Cache-Control": "no-cache"}, size=_LARGEST)
            if answer.status == _NOT_FOUND:
                return {}
            if answer.status != _FOUND:
                return None
            page = parse_page(answer.body, answer.headers.get("content-type", ""), answer.base_url, name)
        except Cancelled:
            raise
        except (IndexFailure, OtherApiVersion) as problem:
            self._watcher.emit(Notice("debug", f"what is there already cannot be told: {problem.message}"))
            return None
        return {file.filename: dict(file.hashes) for release in page.releases for file in release.files}


def compared(hashes: Mapping[str, str], file: PackageFile) -> Presence:
    """Compare digests with those of a file."""
    for algorithm in _ALGORITHMS:
        if algorithm in hashes:
            return Presence.SAME if hashes[algorithm].lower() == file.digests[algorithm] else Presence.OTHER
    return Presence.UNCOMPARED
