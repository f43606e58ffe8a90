"""What the folders of this person's cache hold, and how much room it takes."""

from __future__ import annotations

import os
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING

from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_FOLDERS = (
    ("environments", "pristine environments", "*", ("virtualenv",)),
    ("build-environments", "build environments", "*", (".chapbook",)),
    ("built", "notes of builds", "??/*", ()),
    ("builds", "builds under way", "*", ()),
    ("sources", "sources of builds", "??/*", ()),
    ("git", "git repositories", "mirrors/*", ()),
    ("logs", "logs of failed builds", "*.txt", ()),
    ("kernels", "kernel overlays", "overlays/*", ()),
    ("interpreters", "facts of Pythons", "*.json", ()),
    ("virtualenvs", "environments of projects", "*", ("envs.toml",)),
)
"""The folder, what is in it, where one thing of that is, and what does not count."""
_PARTS = (("tree", "wheels"), ("bytecode*", "bytecode"), ("spare*", "laid out ahead"))
"""Of whatever version of Chapbook."""


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
        folders = list(store.glob(f"wheels*/*/*/{part}"))
        found.append(Holding(what, store, len(folders), sum(room(folder, seen) for folder in folders)))
    for name, what, pattern, others in _FOLDERS:
        folder = cache / name
        count = sum(1 for path in folder.glob(pattern) if path.suffix != ".lock" and path.name not in others)
        found.append(Holding(what, folder, count, room(folder, seen)))
    return tuple(holding for holding in found if holding.count or holding.size)


class FreedRoom:
    """What the disk gets back for what goes: a file that has a name elsewhere gives nothing back."""

    def __init__(self) -> None:
        self._names: Counter[tuple[int, int]] = Counter()
        self._files: dict[tuple[int, int], os.stat_result] = {}

    def measured(self, path: Path) -> tuple[os.stat_result, ...]:
        """Look at the files of something before it goes."""
        return tuple(_files(path))

    def add(self, files: Iterable[os.stat_result]) -> None:
        """Count what has gone."""
        for status in files:
            key = (status.st_dev, status.st_ino)
            self._names[key] += 1
            self._files[key] = status

    @property
    def size(self) -> int:
        """The bytes of all files of which every name has gone."""
        return sum(status.st_size for key, status in self._files.items() if self._names[key] >= status.st_nlink)


def room(folder: Path, seen: set[tuple[int, int]]) -> int:
    """Return the bytes of the files below a path; those in `seen`, to which they are added, count for nothing."""
    size = 0
    for status in _files(folder):
        if status.st_nlink == 1:
            size += status.st_size
        elif (status.st_dev, status.st_ino) not in seen:
            seen.add((status.st_dev, status.st_ino))
            size += status.st_size
    return size


def _files(folder: Path) -> Iterator[os.stat_result]:
    if not folder.is_dir() or folder.is_symlink():
        with suppress(OSError):
            yield folder.lstat()
        return
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


def _entries(folder: str) -> Iterable[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return ()
