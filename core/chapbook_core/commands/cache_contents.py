"""What the folders of this person's cache hold, and how much room it takes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_FOLDERS = (
    ("environments", "pristine environments"),
    ("build-environments", "build environments"),
    ("built", "what was built"),
    ("sources", "sources of builds"),
    ("builds", "logs of failed builds"),
    ("kernels", "kernel overlays"),
)
_PARTS = (("tree", "wheels"), ("bytecode", "bytecode"), ("spare", "laid out ahead"))


@frozen
class Holding:
    """One kind of thing in the cache."""

    what: str
    path: Path
    count: int
    size: int


def holdings(cache: Path, store: Path) -> tuple[Holding, ...]:
    """Look at every folder; what has several names in it counts once."""
    seen: set[tuple[int, int]] = set()
    found = []
    for part, what in _PARTS:
        folders = list(store.glob(f"wheels/*/*/{part}"))
        found.append(Holding(what, store, len(folders), sum(room(folder, seen) for folder in folders)))
    for name, what in _FOLDERS:
        folder = cache / name
        found.append(Holding(what, folder, _count(folder), room(folder, set())))
    return tuple(holding for holding in found if holding.count)


def room(folder: Path, seen: set[tuple[int, int]]) -> int:
    """Return the bytes of the files below a folder; those in `seen`, to which they are added, count for nothing."""
    size = 0
    for status in _files(folder):
        if status.st_nlink == 1:
            size += status.st_size
        elif (status.st_dev, status.st_ino) not in seen:
            seen.add((status.st_dev, status.st_ino))
            size += status.st_size
    return size


def _files(folder: Path) -> Iterator[os.stat_result]:
    folders = [str(folder)]
    while folders:
        for entry in _entries(folders.pop()):
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry.path)
            else:
                # Somebody may be clearing at the same time.
                try:
                    yield entry.stat(follow_symlinks=False)
                except OSError:
                    continue


def _count(folder: Path) -> int:
    if folder.name == "built":
        return sum(1 for _entry in folder.glob("??/*"))
    if folder.name == "kernels":
        return sum(1 for _entry in folder.glob("overlays/*"))
    return sum(1 for entry in _entries(str(folder)) if not entry.name.endswith(".lock") and entry.name != "virtualenv")


def _entries(folder: str) -> Iterable[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return ()
