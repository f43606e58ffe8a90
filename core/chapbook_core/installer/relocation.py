"""Relocation: things of one environment under other names, reached part by part and never through a link."""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple

from chapbook_core.errors import ChapbookError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HAS_FOLDER_DESCRIPTORS = os.open in os.supports_dir_fd and hasattr(os, "O_DIRECTORY")


class InTheWay(ChapbookError):
    """Something stands where a file belongs, and nobody has said that it may go."""

    def __init__(self, root: Path, path: str, what: str) -> None:
        self.root = root
        self.path = path
        super().__init__(
            f"{root / path} is in the way: {what}",
            hints=["look at what it is, move it away, and run the command again"],
        )


class Move(NamedTuple):
    """A file or folder and where it goes, both below the top of the environment, with `/` between parts."""

    source: str
    target: str

    @property
    def back(self) -> Move:
        """The move that undoes this one."""
        return Move(self.target, self.source)


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
