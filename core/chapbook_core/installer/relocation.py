"""Relocation: renames within one environment, each of which can be done again and undone.

Paths are relative to the top of the environment. Folders are entered one after the other and never through a link, and
nothing is ever put where something is.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple

from chapbook_core.errors import ChapbookError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

HAS_FOLDER_DESCRIPTORS = os.open in os.supports_dir_fd and hasattr(os, "O_DIRECTORY")
_NO_LINKS_HERE = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EMLINK, errno.ENOSYS})


class InTheWay(ChapbookError):
    """Something stands where a file belongs, and nobody has said that it may go."""

    def __init__(self, root: Path, path: str, what: str) -> None:
        self.path = path
        super().__init__(
            f"{root / path} is in the way: {what}",
            hints=["look at what it is, move it away, and run the command again"],
        )


class Move(NamedTuple):
    """A file or folder, and where it goes."""

    source: str
    target: str

    @property
    def back(self) -> Move:
        """The move that undoes this one."""
        return Move(self.target, self.source)


def apply_moves(root: Path, moves: Iterable[Move]) -> None:
    """Do moves in their order; one that has been done is passed over. Raises InTheWay and OSError."""
    for move in moves:
        _move(root, move)


def undo_moves(root: Path, moves: Iterable[Move]) -> None:
    """Undo moves, the last first; one that has not been done is passed over."""
    for move in reversed(tuple(moves)):
        _move(root, move.back)


def merge_moves(root: Path, folder: str, last: Collection[str]) -> tuple[Move, ...]:
    """Return the moves that bring what is in a folder to the same places below the top, whole folders where possible.

    `last` are the paths whose moves come after all others. It depends on what is there at this moment.
    """
    moves = list(_merged(root, folder, ""))
    return tuple(sorted(moves, key=lambda move: move.target in last))


def _merged(root: Path, stage: str, folder: str) -> Iterator[Move]:
    for entry in sorted(os.scandir(root / stage / folder), key=lambda entry: entry.name):
        target = f"{folder}/{entry.name}" if folder else entry.name
        status = _status(root / target)
        if status is None:
            yield Move(f"{stage}/{target}", target)
        elif stat.S_ISLNK(status.st_mode):
            raise InTheWay(root, target, "it is a link")
        elif stat.S_ISDIR(status.st_mode) and entry.is_dir(follow_symlinks=False):
            yield from _merged(root, stage, target)
        else:
            raise InTheWay(root, target, "it belongs to no package that is being replaced")


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None


def _move(root: Path, move: Move) -> None:
    source_folder, _, source = move.source.rpartition("/")
    target_folder, _, target = move.target.rpartition("/")
    try:
        with entered(root, source_folder) as from_folder, entered(root, target_folder, is_made=True) as to_folder:
            _rename(from_folder.at(source), to_folder.at(target), root, move)
    except FileNotFoundError:
        if _status(root / move.target) is None:
            raise


def _rename(source: Place, target: Place, root: Path, move: Move) -> None:
    before, there = source.status(), target.status()
    if before is None:
        if there is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(root / move.source))
        return
    if there is not None:
        if not os.path.samestat(before, there):
            raise InTheWay(root, move.target, "it was not there a moment ago")
        # Killed between the two steps below.
        os.unlink(source.name, dir_fd=source.folder)
        return
    if stat.S_ISREG(before.st_mode) and HAS_FOLDER_DESCRIPTORS:
        try:
            # Unlike a rename, a link never replaces anything, however fast somebody else is.
            os.link(source.name, target.name, src_dir_fd=source.folder, dst_dir_fd=target.folder, follow_symlinks=False)
        except FileExistsError:
            raise InTheWay(root, move.target, "it was not there a moment ago") from None
        except OSError as problem:
            if problem.errno not in _NO_LINKS_HERE:
                raise
        else:
            os.unlink(source.name, dir_fd=source.folder)
            return
    os.rename(source.name, target.name, src_dir_fd=source.folder, dst_dir_fd=target.folder)


class Place(NamedTuple):
    """A name in an open folder; a whole path where folders cannot be opened."""

    name: str
    folder: int | None

    def status(self) -> os.stat_result | None:
        """Return what is there; a link is not followed."""
        try:
            return os.stat(self.name, dir_fd=self.folder, follow_symlinks=False)
        except FileNotFoundError:
            return None


class Folder(NamedTuple):
    """A folder that has been entered."""

    path: str
    descriptor: int | None

    def at(self, name: str) -> Place:
        """Return the place of a name in it."""
        return Place(name, self.descriptor) if self.descriptor is not None else Place(f"{self.path}/{name}", None)


@contextmanager
def entered(root: Path, folder: str, *, is_made: bool = False) -> Iterator[Folder]:
    """Enter a folder below the root, part by part, and never through a link; raises InTheWay and FileNotFoundError."""
    parts = [part for part in folder.split("/") if part]
    if not HAS_FOLDER_DESCRIPTORS:
        yield Folder(str(_walked(root, parts, is_made=is_made)), None)
        return
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in parts:
            deeper = _entered(root, folder, part, descriptor, is_made=is_made)
            os.close(descriptor)
            descriptor = deeper
        yield Folder(str(root / folder), descriptor)
    finally:
        os.close(descriptor)


def _entered(root: Path, folder: str, part: str, parent: int, *, is_made: bool) -> int:
    if is_made:
        with suppress(FileExistsError):
            os.mkdir(part, dir_fd=parent)
    try:
        return os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=parent)
    except OSError as problem:
        if problem.errno in {errno.ELOOP, errno.ENOTDIR}:
            raise InTheWay(root, folder, f"`{part}` in it is a link or a file") from None
        raise


def _walked(root: Path, parts: list[str], *, is_made: bool) -> Path:
    path = root
    for part in parts:
        path /= part
        if is_made:
            path.mkdir(exist_ok=True)
        if path.is_symlink() or not path.is_dir():
            if not path.exists():
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
            raise InTheWay(root, path.relative_to(root).as_posix(), "it is a link or a file")
    return path
