"""FileTable: the files of a page, as rows that become values only for the releases somebody looks at."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol, TypeAlias, cast
from urllib.parse import urljoin

from chapbook_core.index.blob import FILES, StaleBlob, pack, unpack
from chapbook_core.index.file import File
from chapbook_core.pattern import late_pattern

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# File name, URL as written, hashes (`sha256=...;md5=...`), size, upload time, Requires-Python,
# reason for being yanked (None: it is not), metadata (None: not told, or whether, or its hash).
Row: TypeAlias = tuple[str, str, str, int | None, str | None, str | None, str | None, bool | str | None]

_ABSOLUTE = ("https://", "http://")
_BETWEEN_HASHES = late_pattern("[;&]")
_HEXADECIMAL = late_pattern(r"[0-9a-f]+", re.ASCII)
_USUAL_HASH = late_pattern(r"sha256=([0-9a-f]{64})", re.ASCII)
_USUAL_HASHES = late_pattern(r"(?:sha256=[0-9a-f]{64})+", re.ASCII)
_USUAL_LENGTH, _DIGEST = 71, 7
"""The length of such a text, and where the digest begins in it."""
_DIGITS = {"md5": 32, "sha1": 40, "sha224": 56, "sha256": 64, "sha384": 96, "sha512": 128, "blake2b": 128}
_LENGTH = 4
"""Bytes that hold the length of the directory, which comes after them."""


class Stream(Protocol):
    """What a blob is read from: a file in memory, or a value that stays in the database."""

    def read(self, length: int, /) -> bytes:
        """Read on."""

    def seek(self, offset: int, /) -> object:
        """Go to a place, counted from the beginning."""


class FileTable:
    """Files by release, as values only for the releases that somebody asks for."""

    __slots__ = ("_base_url", "_releases")

    def __init__(self, base_url: str, releases: Mapping[str, Sequence[Row]]) -> None:
        self._base_url = base_url
        self._releases = releases

    def of(self, version: str) -> tuple[File, ...]:
        """Return the files of a release, by file name; none for a version the page does not have."""
        return _files(self._releases.get(version, ()), version, self._base_url)

    def blob(self) -> bytes:
        """Return the table as bytes for the cache.

        A directory tells where each release is, and the newest, which is nearly always the one wanted, comes first: so
        hardly anything of the tens of thousands of files that a lock passes by is ever read.
        """
        directory: dict[str, tuple[int, int]] = {}
        parts = []
        start = 0
        for version in reversed(tuple(self._releases)):
            part = pack(FILES, list(self._releases[version]))
            directory[version] = start, len(part)
            start += len(part)
            parts.append(part)
        head = pack(FILES, (self._base_url, directory))
        return b"".join((len(head).to_bytes(_LENGTH, "big"), head, *parts))


def files_in(stream: Stream, version: str) -> tuple[File, ...]:
    """Read the files of one release out of a blob in the cache; raises StaleBlob."""
    length = int.from_bytes(stream.read(_LENGTH), "big")
    try:
        base_url, directory = cast("tuple[str, dict[str, tuple[int, int]]]", unpack(FILES, stream.read(length)))
        if version not in directory:
            return ()
        start, size = directory[version]
        stream.seek(_LENGTH + length + start)
        rows = cast("list[Row]", unpack(FILES, stream.read(size)))
    except (TypeError, ValueError, MemoryError) as error:
        raise StaleBlob("the cached files cannot be read") from error
    return _files(rows, version, base_url)


def absolute_url(base_url: str, url: str) -> str:
    """Return where a link leads, without its fragment."""
    target = url if url.startswith(_ABSOLUTE) else urljoin(base_url, url)
    return target.partition("#")[0]


def read_hashes(text: str) -> tuple[tuple[str, str], ...]:
    """Return the pairs of `sha256=...;md5=...` or of a URL's fragment; what is no digest is left out."""
    if usual := _USUAL_HASH.fullmatch(text):
        return (("sha256", usual[1]),)
    pairs = {}
    for part in _BETWEEN_HASHES.split(text):
        algorithm, _, digest = part.partition("=")
        algorithm, digest = algorithm.lower(), digest.lower()
        if _DIGITS.get(algorithm) == len(digest) and _HEXADECIMAL.fullmatch(digest):
            pairs[algorithm] = digest
    return tuple(sorted(pairs.items()))


def _files(rows: Sequence[Row], version: str, base_url: str) -> tuple[File, ...]:
    if _are_usual(rows):
        return tuple([_usual_file(row, version) for row in rows])
    return tuple([_file(row, version, base_url) for row in rows])


def _are_usual(rows: Sequence[Row]) -> bool:
    """Tell whether all rows have one SHA-256 each and an absolute URL; together that is told in half of the time."""
    hashes = [row[2] for row in rows] + [row[7] for row in rows if isinstance(row[7], str)]
    urls = [row[1] for row in rows]
    return (
        set(map(len, hashes)) == {_USUAL_LENGTH}
        and _USUAL_HASHES.fullmatch("".join(hashes)) is not None
        and "#" not in "".join(urls)
        and all(url.startswith(_ABSOLUTE) for url in urls)
    )


def _usual_file(row: Row, version: str) -> File:
    # A lock needs thousands of them; with the names of the fields they would take half as long again.
    filename, url, hashes, size, upload_time, requires_python, yanked, metadata = row
    return File(
        filename,
        version,
        url,
        (("sha256", hashes[_DIGEST:]),),
        size,
        upload_time,
        requires_python,
        yanked is not None,
        yanked or "",
        True if isinstance(metadata, str) else metadata,
        (("sha256", metadata[_DIGEST:]),) if isinstance(metadata, str) else (),
    )


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
