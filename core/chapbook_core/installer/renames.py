"""Renames: the fewest moves by which files leave an environment and others come, whole folders if possible."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from chapbook_core.installer.relocation import InTheWay, Move

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

_DIST_INFO = ".dist-info"


def leaving_moves(root: Path, files: Collection[str], fixed: Collection[str], trash: str) -> tuple[Move, ...]:
    """Return the moves that bring files to the trash; the dist-info folders go first.

    A folder moves as a whole when nothing else is in it, unless it is one of the `fixed`. All paths are below the root.
    """
    gone = frozenset(files)
    folders = {folder for path in gone for folder in _above(path)}
    moves = [Move(path, f"{trash}/{path}") for path in _leaving(root, "", gone, folders, frozenset(fixed))]
    return tuple(sorted(moves, key=lambda move: (not _is_dist_info(move.source), move.source)))


def arriving_moves(root: Path, stage: str, leaving: Collection[str]) -> tuple[Move, ...]:
    """Return the moves that bring what is staged into place once others have left; the dist-info folders last.

    Raises InTheWay when something else stands where a file belongs.
    """
    moves = list(_arriving(root, stage, "", frozenset(leaving)))
    return tuple(sorted(moves, key=lambda move: (_is_dist_info(move.target), move.target)))


def _leaving(
    root: Path, folder: str, gone: frozenset[str], folders: Collection[str], fixed: Collection[str]
) -> Iterator[str]:
    for entry in _entries(root / folder):
        path = f"{folder}/{entry.name}" if folder else entry.name
        if not entry.is_dir(follow_symlinks=False):
            if path in gone:
                yield path
        elif path in folders:
            if path not in fixed and _is_all_gone(root, path, gone):
                yield path
            else:
                yield from _leaving(root, path, gone, folders, fixed)


def _is_all_gone(root: Path, folder: str, gone: frozenset[str]) -> bool:
    for entry in _entries(root / folder):
        path = f"{folder}/{entry.name}"
        if not (_is_all_gone(root, path, gone) if entry.is_dir(follow_symlinks=False) else path in gone):
            return False
    return True


def _arriving(root: Path, stage: str, folder: str, leaving: frozenset[str]) -> Iterator[Move]:
    for entry in _entries(f"{root}/{stage}/{folder}"):
        path = f"{folder}/{entry.name}" if folder else entry.name
        present = None if path in leaving else _kind(f"{root}/{path}")
        if present is None:
            yield Move(f"{stage}/{path}", path)
        elif stat.S_ISLNK(present):
            raise InTheWay(root, path, "it is a link")
        elif entry.is_dir(follow_symlinks=False) and stat.S_ISDIR(present):
            yield from _arriving(root, stage, path, leaving)
        else:
            raise InTheWay(root, path, "it belongs to no package that is being replaced")


def _kind(path: str) -> int | None:
    """Return what stands in a place; None for nothing."""
    try:
        return os.lstat(path).st_mode
    except OSError:
        return None


def _is_dist_info(path: str) -> bool:
    return _DIST_INFO in path


def _above(path: str) -> Iterator[str]:
    while path:
        path = path.rpartition("/")[0]
        yield path


def _entries(folder: str | Path) -> list[os.DirEntry[str]]:
    """Return what is in a folder, named by a text where there are hundreds: a path is dearer than the look."""
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except (FileNotFoundError, NotADirectoryError):
        return []
