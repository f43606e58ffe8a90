"""FileTable: the files of a page, as rows that become values only for the releases somebody looks at."""

from __future__ import annotations

import marshal
import re
from typing import TYPE_CHECKING, TypeAlias, cast
from urllib.parse import urljoin

from chapbook_core.index.blob import StaleBlob, pack, unpack
from chapbook_core.index.file import File

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# File name, URL as written, hashes (`sha256=...;md5=...`), size, upload time, Requires-Python,
# reason for being yanked (None: it is not), metadata (None: not told, or whether, or its hash).
Row: TypeAlias = tuple[str, str, str, int | None, str | None, str | None, str | None, bool | str | None]

_KIND = b"F1"
_ABSOLUTE = ("https://", "http://")
_BETWEEN_HASHES = re.compile("[;&]")
_HEXADECIMAL = re.compile(r"[0-9a-f]+", re.ASCII)
_DIGITS = {"md5": 32, "sha1": 40, "sha224": 56, "sha256": 64, "sha384": 96, "sha512": 128, "blake2b": 128}


class FileTable:
    """Files by release; a release that came out of the cache is unpacked when it is asked for."""

    __slots__ = ("_base_url", "_releases")

    def __init__(self, base_url: str, releases: Mapping[str, Sequence[Row] | bytes]) -> None:
        self._base_url = base_url
        self._releases = releases

    def of(self, version: str) -> tuple[File, ...]:
        """Return the files of a release, by file name; none for a version the page does not have."""
        return tuple(_file(row, version, self._base_url) for row in self._rows(version))

    def versions(self) -> tuple[str, ...]:
        """Return every version with a file, in the order of the page's summary."""
        return tuple(self._releases)

    def blob(self) -> bytes:
        """Return the table as bytes for the cache; each release apart, so that reading one does not read all."""
        packed = {
            version: rows if isinstance(rows, bytes) else marshal.dumps(list(rows))
            for version, rows in self._releases.items()
        }
        return pack(_KIND, (self._base_url, packed))

    def _rows(self, version: str) -> Sequence[Row]:
        rows = self._releases.get(version, ())
        # The checksum of the whole blob was right, so these bytes are what `blob` wrote.
        return cast("list[Row]", marshal.loads(rows)) if isinstance(rows, bytes) else rows  # noqa: S302 as above


def files_from_blob(blob: bytes) -> FileTable:
    """Return a table out of the cache; raises StaleBlob."""
    try:
        base_url, releases = cast("tuple[str, dict[str, bytes]]", unpack(_KIND, blob))
    except (TypeError, ValueError) as error:
        raise StaleBlob("the cached files cannot be read") from error
    return FileTable(base_url, releases)


def absolute_url(base_url: str, url: str) -> str:
    """Return where a link leads, without its fragment."""
    target = url if url.startswith(_ABSOLUTE) else urljoin(base_url, url)
    return target.partition("#")[0]


def read_hashes(text: str) -> tuple[tuple[str, str], ...]:
    """Return the pairs of `sha256=...;md5=...` or of a URL's fragment; what is no digest is left out."""
    pairs = {}
    for part in _BETWEEN_HASHES.split(text):
        algorithm, _, digest = part.partition("=")
        algorithm, digest = algorithm.lower(), digest.lower()
        if _DIGITS.get(algorithm) == len(digest) and _HEXADECIMAL.fullmatch(digest):
            pairs[algorithm] = digest
    return tuple(sorted(pairs.items()))


def _file(row: Row, version: str, base_url: str) -> File:
    filename, url, hashes, size, upload_time, requires_python, yanked, metadata = row
    return File(
        filename=filename,
        version=version,
        url=absolute_url(base_url, url),
        hashes=read_hashes(hashes),
        size=size,
        upload_time=upload_time,
        requires_python=requires_python,
        yanked=yanked is not None,
        yanked_reason=yanked or "",
        metadata=True if isinstance(metadata, str) else metadata,
        metadata_hashes=read_hashes(metadata) if isinstance(metadata, str) else (),
    )
