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
    from typing import Self

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


class Way:
    """The way into a folder below a root, part by part and never through a link; what it has entered stays open.

    Who goes to many folders in the order of their names opens each of them once.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._parts: list[str] = []
        self._descriptors: list[int] = []
        self._folder: str | None = None
        """The one that was entered last, unless it was left."""

    def to(self, folder: str, *, is_made: bool = False) -> Folder:
        """Enter a folder, which is open until the next one is entered; raises InTheWay and FileNotFoundError."""
        if folder == self._folder:
            return Folder(f"{self.root}/{folder}", self._descriptors[-1])
        parts = [part for part in folder.split("/") if part]
        if ".." in parts:
            # Neither a wheel nor a journal that was checked leads there; what was spoilt in a cache may.
            raise InTheWay(self.root, folder, "it leads out of the folder")
        if not HAS_FOLDER_DESCRIPTORS:
            return Folder(str(_walked(self.root, parts, is_made=is_made)), None)
        if not self._descriptors:
            self._descriptors.append(os.open(self.root, os.O_RDONLY | os.O_DIRECTORY))
        common = 0
        for part, other in zip(parts, self._parts, strict=False):
            if part != other:
                break
            common += 1
        self._leave(common)
        for part in parts[common:]:
            self._descriptors.append(_entered(self.root, folder, part, self._descriptors[-1], is_made=is_made))
            self._parts.append(part)
        self._folder = folder
        return Folder(f"{self.root}/{folder}", self._descriptors[-1])

    def forget(self, path: str) -> None:
        """Leave a folder that has been moved: another one may come into its place."""
        parts = path.split("/")
        if self._parts[: len(parts)] == parts:
            self._leave(len(parts) - 1)

    def _leave(self, depth: int) -> None:
        self._folder = None
        while len(self._parts) > depth:
            self._parts.pop()
            os.close(self._descriptors.pop())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_problem: object) -> None:
        self._leave(0)
        while self._descriptors:
            os.close(self._descriptors.pop())


@contextmanager
def entered(root: Path, folder: str, *, is_made: bool = False) -> Iterator[Folder]:
    """Enter one folder below a root in the same way."""
    with Way(root) as way:
        yield way.to(folder, is_made=is_made)


def _entered(root: Path, folder: str, part: str, parent: int, *, is_made: bool) -> int:
    try:
        return _open(part, parent)
    except FileNotFoundError:
        if not is_made:
            raise
    except OSError as problem:
        if problem.errno in {errno.ELOOP, errno.ENOTDIR}:
            raise InTheWay(root, folder, f"`{part}` in it is a link or a file") from None
        raise
    with suppress(FileExistsError):
        os.mkdir(part, dir_fd=parent)
    return _entered(root, folder, part, parent, is_made=False)


def _open(part: str, parent: int) -> int:
    return os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=parent)


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
