"""The PKG-INFO of a source archive, read without unpacking anything to the disk."""

from __future__ import annotations

import tarfile
import zipfile
import zlib
from typing import TYPE_CHECKING

from chapbook_core.errors import ChapbookError

if TYPE_CHECKING:
    from pathlib import Path

_LARGEST = 16_000_000
_MOST_UNPACKED = 1_000_000_000
_DAMAGE = (OSError, EOFError, ValueError, zlib.error, tarfile.TarError, zipfile.BadZipFile)


class UnreadableArchive(ChapbookError):
    """A source archive that is damaged, or holds no PKG-INFO."""

    def __init__(self, filename: str, reason: str) -> None:
        super().__init__(f"{filename} cannot be read: {reason}", hints=["choose another version, or tell its owners"])


def package_information(path: Path, filename: str) -> bytes | None:
    """Give the PKG-INFO in the archive's top folder; nothing when it has none, as very old archives."""
    try:
        return _from_zip(path) if filename.endswith(".zip") else _from_tar(path)
    except _DAMAGE as problem:
        raise UnreadableArchive(filename, str(problem) or "it is damaged") from None


def _from_tar(path: Path) -> bytes | None:
    unpacked = 0
    with tarfile.open(path, "r|*") as archive:
        for member in archive:
            unpacked += member.size
            if unpacked > _MOST_UNPACKED:
                raise ValueError("it unpacks to more than 1 GB")
            if not _is_wanted(member.name) or not member.isreg():
                continue
            if member.size > _LARGEST:
                raise ValueError("its PKG-INFO is larger than 16 MB")
            file = archive.extractfile(member)
            return file.read() if file is not None else None
    return None


def _from_zip(path: Path) -> bytes | None:
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            if _is_wanted(member.filename):
                if member.file_size > _LARGEST:
                    raise ValueError("its PKG-INFO is larger than 16 MB")
                with archive.open(member) as file:
                    return file.read(_LARGEST)
    return None


def _is_wanted(name: str) -> bool:
    folder, slash, rest = name.removeprefix("./").partition("/")
    return bool(slash) and folder not in {"", ".."} and rest == "PKG-INFO"
