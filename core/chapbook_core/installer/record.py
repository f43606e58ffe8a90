"""RECORD: the list of a distribution's files with their hashes, as read from a wheel and as written after placing."""

from __future__ import annotations

import re
from binascii import a2b_base64, b2a_base64
from typing import TYPE_CHECKING, NamedTuple

from chapbook_core.installer.bad_wheel import Refusal
from chapbook_core.installer.manifest import StoredFile
from chapbook_core.pattern import late_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

STRONG = {"sha256": 32, "sha384": 48, "sha512": 64}
"""The algorithms that a row may use, and the bytes of their digests."""
UNLISTED = frozenset({"RECORD", "RECORD.jws", "RECORD.p7s"})
"""Files of a dist-info folder that cannot hold their own hash."""
_QUOTED = late_pattern(r'"((?:[^"]|"")*)"|([^",]*)')
_PARTS = 3
_USUAL_DIGEST = late_pattern(r"sha256=[\w-]{43}=?", re.ASCII)
_USUAL_ROW = late_pattern(r'^([^",\r\n]+),(?:(sha256=[A-Za-z0-9_-]{43}),([0-9]+)|,)\r?\n', re.MULTILINE)
_URL_LETTERS = bytes.maketrans(b"+/", b"-_")
_PLAIN_LETTERS = bytes.maketrans(b"-_", b"+/")


class Row(NamedTuple):
    """A line of a RECORD: a path, and what is told of the file; both may be empty."""

    path: str
    digest: str = ""
    """As `sha256=<base64 without padding>`."""
    size: str = ""

    @property
    def text(self) -> str:
        """The line, without its end."""
        path = self.path
        if '"' in path or "," in path:
            path = '"' + path.replace('"', '""') + '"'
        return f"{path},{self.digest},{self.size}"


def read_rows(body: bytes) -> Iterator[Row]:
    """Give the rows of a RECORD; raises Refusal for what is no row."""
    try:
        # Who has written the mark of the encoding twice means no name that begins with it, either.
        text = body.decode().lstrip("\ufeff")
    except UnicodeDecodeError:
        raise Refusal("RECORD cannot be read: not UTF-8") from None
    # Other line ends than these may stand inside a name.
    for line in re.split(r"\r?\n", text):
        if not line:
            continue
        parts = line.split(",") if '"' not in line else _unquoted(line)
        if len(parts) != _PARTS:
            raise Refusal("RECORD cannot be read: not three fields in a row", line)
        yield Row(*parts)


def usual_rows(body: bytes) -> list[tuple[str, str, str]]:
    """Return path, digest and size of every row, when all are written as most are; else nothing."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return []
    rows: list[tuple[str, str, str]] = _USUAL_ROW.findall(text)
    return rows if len(rows) == text.count("\n") and text[-1:] == "\n" and text[0] != "\ufeff" else []


def _unquoted(line: str) -> list[str]:
    parts: list[str] = []
    place = 0
    while place <= len(line):
        match = _QUOTED.match(line, place)
        if match is None or line[match.end() : match.end() + 1] not in {"", ","}:
            raise Refusal("RECORD cannot be read: misplaced quotes in a row", line)
        parts.append(match[2] if match[1] is None else match[1].replace('""', '"'))
        place = match.end() + 1
    return parts


def file_rows(files: Iterable[StoredFile], start: str | None = None) -> str:
    """Return the lines for files that lie as they were stored, or in a folder that is written as `start`."""
    named = files if start is None else (StoredFile(start + file[0].rpartition("/")[2], *file[1:]) for file in files)
    return "".join(
        [
            f"{path},sha256={digest},{size}\n"
            if "," not in path and '"' not in path
            else f"{Row(path, f'sha256={digest}', str(size)).text}\n"
            for path, size, _mtime, digest, _is_executable, _is_text in named
        ]
    )


def record_text(rows: Iterable[Row]) -> bytes:
    """Return the bytes of a RECORD."""
    return "".join([f"{row.text}\n" for row in rows]).encode("utf-8", "surrogateescape")


def check_digest(row: Row) -> None:
    """Raise Refusal unless the row gives a hash, in its form, that proves something."""
    if not _USUAL_DIGEST.fullmatch(row.digest):
        expected_digest(row)


def expected_digest(row: Row) -> tuple[str, bytes]:
    """Return the algorithm and the digest of a row; raises Refusal when there is none, or one that proves nothing."""
    algorithm, equals, text = row.digest.partition("=")
    if not equals:
        raise Refusal("RECORD gives no hash of a file", row.path)
    if algorithm not in STRONG:
        raise Refusal(f"RECORD has a hash that proves nothing: {algorithm}", row.path)
    try:
        digest = _decoded(text.rstrip("="))
    except ValueError:
        digest = b""
    if len(digest) != STRONG[algorithm]:
        raise Refusal(f"RECORD has a malformed {algorithm}", row.path)
    return algorithm, digest


def base64_digest(digest: bytes) -> str:
    """Return a digest as a row writes it behind the name of its algorithm."""
    return b2a_base64(digest, newline=False).translate(_URL_LETTERS).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    """Return the bytes of a base64 text without padding; raises ValueError."""
    # Without `base64`, which takes longer to load than a small wheel to place.
    plain = text.encode("ascii").translate(_PLAIN_LETTERS) + b"=" * (-len(text) % 4)
    return a2b_base64(plain, strict_mode=True)
