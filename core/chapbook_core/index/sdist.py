"""The files of a source archive that may tell its metadata, read without unpacking anything to the disk."""

from __future__ import annotations

import tarfile
import zipfile
import zlib
from functools import partial
from typing import TYPE_CHECKING

from chapbook_core.errors import ChapbookError
from chapbook_core.index.tar_archive import TarArchive
from chapbook_core.pattern import late_pattern
from chapbook_core.value import field, mutable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

_LARGEST = 16_000_000
_TOO_LARGE = "a file that tells its metadata is larger than 16 MB"
_MOST_UNPACKED = 1_000_000_000
_MOST_MEMBERS = 200_000
_DAMAGE = (OSError, EOFError, ValueError, zlib.error, tarfile.TarError, zipfile.BadZipFile, RuntimeError)
_AT_THE_TOP = frozenset({"PKG-INFO", "pyproject.toml", "setup.cfg", "setup.py"})
_EGG_INFO = late_pattern(r"(?:[^/]+/)?(?P<project>[^/]+)\.egg-info/(?P<file>PKG-INFO|requires\.txt|SOURCES\.txt)")


class UnreadableArchive(ChapbookError):
    """A source archive that is damaged, or larger than any honest one."""

    def __init__(self, filename: str, reason: str) -> None:
        super().__init__(f"{filename} cannot be read: {reason}", hints=["choose another version, or tell its owners"])


@mutable
class SourceFiles:
    """What was found; a file that is not there is missing."""

    top: dict[str, bytes] = field(default_factory=dict)
    """By name: PKG-INFO, pyproject.toml, setup.cfg and setup.py of the top folder."""
    egg_infos: dict[str, dict[str, bytes]] = field(default_factory=dict)
    """By the project they are named after: the files of the `.egg-info` folders near the top."""

    @property
    def information(self) -> bytes | None:
        """The PKG-INFO of the archive."""
        return self.top.get("PKG-INFO")

    def egg_info(self, is_wanted: Callable[[str], bool]) -> Mapping[str, bytes]:
        """Give the files of the first folder whose project is wanted."""
        return next((files for project, files in self.egg_infos.items() if is_wanted(project)), {})


def read_source_files(path: Path, filename: str, is_enough: Callable[[bytes], bool]) -> SourceFiles:
    """Read what may tell the metadata; nothing more once a PKG-INFO is enough. Raises UnreadableArchive."""
    found = SourceFiles()
    try:
        for name, read in _zip_members(path) if filename.endswith(".zip") else _tar_members(path):
            if _take(found, name, read) and is_enough(found.top["PKG-INFO"]):
                break
    except _DAMAGE as problem:
        raise UnreadableArchive(filename, str(problem) or "it is damaged") from None
    return found


def _take(found: SourceFiles, name: str, read: Callable[[], bytes]) -> bool:
    """Keep a member if it may tell something; say whether it was the PKG-INFO of the archive."""
    folder, slash, rest = name.removeprefix("./").partition("/")
    if not slash or folder in {"", ".."}:
        return False
    if rest in _AT_THE_TOP:
        # Of two members of one name, the first.
        if rest not in found.top:
            found.top[rest] = read()
        return rest == "PKG-INFO"
    if match := _EGG_INFO.fullmatch(rest):
        files = found.egg_infos.setdefault(match["project"], {})
        if match["file"] not in files:
            files[match["file"]] = read()
    return False


def _tar_members(path: Path) -> Iterator[tuple[str, Callable[[], bytes]]]:
    unpacked = 0
    with TarArchive.open(path, "r|*") as archive:
        for count, member in enumerate(archive):
            unpacked += member.size
            if unpacked > _MOST_UNPACKED or count > _MOST_MEMBERS:
                raise ValueError("it unpacks to more than 1 GB, or to more than 200,000 files")
            if member.isreg():
                yield member.name, partial(_tar_content, archive, member)


def _zip_members(path: Path) -> Iterator[tuple[str, Callable[[], bytes]]]:
    with zipfile.ZipFile(path) as archive:
        for count, member in enumerate(archive.infolist()):
            if count > _MOST_MEMBERS:
                raise ValueError("it holds more than 200,000 files")
            if not member.is_dir():
                yield member.filename, partial(_zip_content, archive, member)


def _tar_content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    if member.size > _LARGEST:
        raise ValueError(_TOO_LARGE)
    file = archive.extractfile(member)
    return file.read() if file is not None else b""


def _zip_content(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    with archive.open(member) as file:
        # What the directory says of the size need not be true.
        content = file.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise ValueError(_TOO_LARGE)
    return content
