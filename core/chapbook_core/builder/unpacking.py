"""Unpacks a source archive into an empty folder, and nowhere else."""

from __future__ import annotations

import os
import shutil
import stat
import tarfile
import zipfile
import zlib
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING

from chapbook_core.errors import ChapbookError
from chapbook_core.index.tar_archive import TarArchive
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_MOST_BYTES = 2_000_000_000
_MOST_MEMBERS = 200_000
_LONGEST_NAME = 255
_MOST_PARTS = 128
"""Of a name: what removes folders goes in a thousand deep."""
_DAMAGE = (OSError, EOFError, ValueError, zlib.error, tarfile.TarError, zipfile.BadZipFile, RuntimeError)
_PROJECT_FILES = ("pyproject.toml", "setup.py", "setup.cfg")


class UnsafeArchive(ChapbookError):
    """A source archive that is damaged, or would write where it has no business."""

    def __init__(self, filename: str, reason: str) -> None:
        super().__init__(f"{filename} cannot be unpacked: {reason}", hints=["do not use it, and tell its owners"])


@frozen
class _Member:
    """One thing in an archive."""

    name: str
    size: int = 0
    is_folder: bool = False
    is_runnable: bool = False
    target: str | None = None
    """What a link leads to, from the top of the archive."""
    open: Callable[[], IO[bytes] | None] = lambda: None


def unpack(archive: Path, filename: str, folder: Path) -> Path:
    """Unpack into a new folder and return the one that holds the project; raises UnsafeArchive.

    A name that leads out of the folder is refused, not mended. Links inside the archive become copies, so nothing can
    be written through one.
    """
    folder.mkdir()
    try:
        _write_all(_members_of_zip(archive) if filename.endswith(".zip") else _members_of_tar(archive), folder)
    except _DAMAGE as problem:
        raise UnsafeArchive(filename, _reason(problem)) from None
    tops = list(folder.iterdir())
    if len(tops) == 1 and tops[0].is_dir():
        return tops[0]
    if any((folder / name).is_file() for name in _PROJECT_FILES):
        return folder
    raise UnsafeArchive(filename, "it does not hold one folder with a project in it")


def _reason(problem: Exception) -> str:
    """Say it in one line; `tarfile` has a line for each kind of archive that it is not."""
    if isinstance(problem, tarfile.ReadError) and "\n" in str(problem):
        return "it is damaged, or no archive at all"
    return " ".join(str(problem).split()) or "it is damaged"


def _write_all(members: Iterator[_Member], folder: Path) -> None:
    left, count = _MOST_BYTES, 0
    links: list[tuple[_Member, Path]] = []
    for member in members:
        path = folder.joinpath(*_parts(member.name))
        count += 1
        _require_few(count, _MOST_BYTES - left)
        if member.target is not None:
            links.append((member, folder.joinpath(*_parts(member.target, "a link"))))
        elif member.is_folder:
            path.mkdir(parents=True, exist_ok=True)
        else:
            left -= _write(member, path, left)
    for member, target in links:
        # Each copy is more than the archive holds, and what is copied may hold copies.
        copied, size = _extent(target)
        count, left = count + copied, left - size
        _require_few(count, _MOST_BYTES - left)
        _copy(target, folder.joinpath(*_parts(member.name)))


def _require_few(count: int, size: int) -> None:
    if count > _MOST_MEMBERS:
        raise ValueError(f"it holds more than {_MOST_MEMBERS:,} files")
    if size > _MOST_BYTES:
        raise ValueError(f"it unpacks to more than {_MOST_BYTES:,} bytes")


def _extent(target: Path) -> tuple[int, int]:
    """Return how many files and folders, and how many bytes, a copy would be."""
    if not target.is_dir():
        return 1, target.stat().st_size if target.is_file() else 0
    count, size = 1, 0
    for top, folders, files in os.walk(target):
        count += len(folders) + len(files)
        size += sum(Path(top, name).stat().st_size for name in files)
    return count, size


def _write(member: _Member, path: Path, most: int) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    source = member.open()
    written = 0
    # A second member of one name is refused: two readers could take different ones.
    with path.open("xb") as file:
        while source is not None and (piece := source.read(1 << 20)):
            written += len(piece)
            if written > most:
                raise ValueError(f"it unpacks to more than {_MOST_BYTES:,} bytes")
            file.write(piece)
    if member.is_runnable:
        path.chmod(0o755)
    return written


def _copy(target: Path, path: Path) -> None:
    if path.exists():
        raise ValueError(f"`{path.name}` is in it twice")
    path.parent.mkdir(parents=True, exist_ok=True)
    if target.is_dir() and not path.is_relative_to(target):
        shutil.copytree(target, path)
    elif target.is_file():
        shutil.copy(target, path)
    # A link that leads to nothing, or to itself, is of no use to a build.


def _parts(name: str, what: str = "a file") -> tuple[str, ...]:
    """Take a name apart; raises ValueError unless it stays below the top."""
    path = PurePosixPath(name)
    parts = path.parts
    is_strange = path.is_absolute() or "\\" in name or any(ord(letter) < ord(" ") for letter in name)
    if is_strange or not parts or ".." in parts or ":" in parts[0] or len(max(parts, key=len)) > _LONGEST_NAME:
        raise ValueError(f"{what} in it leads out of the archive: {name!r}")
    if len(parts) > _MOST_PARTS:
        raise ValueError(f"{what} in it lies more than {_MOST_PARTS} folders deep")
    return parts


def _members_of_tar(archive: Path) -> Iterator[_Member]:
    with TarArchive.open(archive, "r:*") as tar:
        for member in tar:
            if member.isdir():
                if PurePosixPath(member.name).parts:
                    yield _Member(member.name, is_folder=True)
            elif member.isreg():
                is_runnable = bool(member.mode & stat.S_IXUSR)
                yield _Member(member.name, member.size, is_runnable=is_runnable, open=partial(tar.extractfile, member))
            elif member.issym():
                yield _Member(member.name, target=_joined(member.name, member.linkname))
            elif member.islnk():
                yield _Member(member.name, target=member.linkname)
            else:
                raise ValueError(f"{member.name!r} in it is neither a file nor a folder")
        _require_end(tar)


def _require_end(tar: tarfile.TarFile) -> None:
    """Refuse an archive in which `tarfile` stopped at a header it could not read, which it takes for the end."""
    if tar.fileobj is not None:
        tar.fileobj.seek(tar.offset)
        if any(tar.fileobj.read(tarfile.BLOCKSIZE)):
            raise ValueError("it is damaged: what follows its last file is neither a file nor the end")


def _joined(name: str, target: str) -> str:
    """Return where a symbolic link leads, from the top of the archive; raises ValueError when that is outside."""
    parts = list(PurePosixPath(name).parent.parts)
    if PurePosixPath(target).is_absolute():
        raise ValueError(f"a link in it leads out of the archive: {target!r}")
    for part in PurePosixPath(target).parts:
        if part != "..":
            parts.append(part)
        elif parts:
            parts.pop()
        else:
            raise ValueError(f"a link in it leads out of the archive: {target!r}")
    return "/".join(parts)


def _members_of_zip(archive: Path) -> Iterator[_Member]:
    with zipfile.ZipFile(archive) as file:
        for member in file.infolist():
            mode = member.external_attr >> 16
            if member.is_dir():
                yield _Member(member.filename, is_folder=True)
            elif stat.S_ISLNK(mode):
                raise ValueError(f"{member.filename!r} in it is a link")
            else:
                is_runnable = bool(mode & stat.S_IXUSR)
                yield _Member(
                    member.filename, member.file_size, is_runnable=is_runnable, open=partial(file.open, member)
                )
