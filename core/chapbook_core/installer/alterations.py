"""Alterations: the files of an installed distribution that are not as its RECORD says."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Literal, NamedTuple

from chapbook_core.installer.bad_wheel import Refusal
from chapbook_core.installer.record import STRONG, expected_digest, read_rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chapbook_core.environment.site_packages import Distribution
    from chapbook_core.installer.record import Row

_BYTECODE = ".pyc"
_CHUNK = 1 << 20


class Alteration(NamedTuple):
    """A file that is not as it was put in."""

    path: str
    """As RECORD writes it."""
    kind: Literal["missing", "changed", "unreadable"]

    @property
    def text(self) -> str:
        """Say so."""
        match self.kind:
            case "missing":
                return f"`{self.path}` is missing"
            case "changed":
                return f"`{self.path}` was changed"
            case "unreadable":
                return f"`{self.path}` cannot be read"


def alterations(distribution: Distribution, *, by_content: bool = False) -> Iterator[Alteration]:
    """Yield the files that are gone or of another size; with `by_content` also those with other bytes in them.

    Bytecode is Python's own to write and to remove.
    """
    library = distribution.folder.parent
    record = f"{distribution.folder.name}/{distribution.record.name}"
    try:
        for row in read_rows(distribution.record.read_bytes()):
            if not row.path.endswith(_BYTECODE) and (kind := _kind(library, row, by_content=by_content)) is not None:
                yield Alteration(row.path, kind)
    except FileNotFoundError:
        yield Alteration(record, "missing")
    except (OSError, Refusal):
        yield Alteration(record, "unreadable")


def _kind(library: Path, row: Row, *, by_content: bool) -> Literal["missing", "changed", "unreadable"] | None:
    path = f"{library}/{row.path}"
    try:
        status = os.stat(path)  # noqa: PTH116  a path object for each of twenty thousand files takes longer
    except (OSError, ValueError):
        return "missing"
    if not stat.S_ISREG(status.st_mode):
        return "changed"
    if row.size.isdigit() and int(row.size) != status.st_size:
        return "changed"
    if not by_content or row.digest.partition("=")[0] not in STRONG:
        return None
    try:
        return None if _is_expected(path, row) else "changed"
    except OSError:
        return "unreadable"


def _is_expected(path: str, row: Row) -> bool:
    import hashlib  # only who asks for the contents needs it

    algorithm, expected = expected_digest(row)
    digest = hashlib.new(algorithm)
    with open(path, "rb") as stream:  # noqa: PTH123  as above
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.digest() == expected
