"""Spare: a stored wheel laid out ahead of time, which the next environment takes with a few renames.

    <entry>/spare/<tag>/tree/    what is to stand in the folder for packages, with the bytecode for one Python
    <entry>/spare/<tag>/whole    whoever removes this has it

Files are as they would be brought into an environment: cloned, linked or copied. One environment takes them away; the
next spare is made when nobody waits.
"""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from chapbook_core.installer.bytecode import CACHE, is_unchanged, read_bytecode
from chapbook_core.installer.link import Changed, Linker
from chapbook_core.installer.manifest import StoredFile
from chapbook_core.installer.relocation import Folder, entered
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from chapbook_core.installer.arrangement import Group
    from chapbook_core.installer.bytecode import Bytecode
    from chapbook_core.installer.store import StoredWheel

FOLDER = "spare"
_MARK, _TREE = "whole", "tree"


@frozen
class Spare:
    """A spare that can be taken."""

    folder: Path
    names: tuple[str, ...]
    """What there is to be moved."""


def lay_spare(
    stored: StoredWheel, tag: str, groups: Iterable[Group], place: Path, checkpoint: Callable[[], None]
) -> None:
    """Fill an empty folder with the files of the groups, and the bytecode of their modules; raises OSError, Changed."""
    folder = place / _TREE
    folder.mkdir()
    linker = Linker()
    devices = (stored.tree.stat().st_dev, folder.stat().st_dev)
    bytecode = read_bytecode(stored.folder, tag)
    for group in groups:
        checkpoint()
        with entered(stored.tree, group.source) as source, entered(folder, group.source, is_made=True) as target:
            for file in group.files:
                linker.bring(file, file.path.rpartition("/")[2], source, target, devices)
            if bytecode is not None:
                lay_bytecode(bytecode, group.files, target, linker, devices)
    (place / _MARK).touch()


def lay_bytecode(
    bytecode: Bytecode,
    modules: Iterable[StoredFile],
    folder: Folder,
    linker: Linker,
    devices: tuple[int, int],
    *,
    is_free: Callable[[str], bool] = lambda _name: True,
) -> None:
    """Put the bytecode of modules that have come into a folder beside them, where nothing is in its place.

    It can be done without: what was changed or cannot be linked is left out. `is_free` is asked for names of files.
    """
    known = bytecode.by_module()
    files = [known[file.path] for file in modules if file.path in known]
    if not files:
        return
    with suppress(OSError, Changed), entered(bytecode.folder, "") as here, _cache_in(folder) as there:
        for file in files:
            name = bytecode.name(file.module.rpartition("/")[2])
            if is_free(name):
                with suppress(FileExistsError):
                    stored = StoredFile(file.file, file.size, file.mtime, "", is_executable=False, is_text=False)
                    linker.bring(stored, name, here, there, devices, source_name=file.file)


@contextmanager
def _cache_in(folder: Folder) -> Iterator[Folder]:
    """Enter the folder for bytecode in one that has been entered, made when there is none."""
    place = folder.at(CACHE)
    with suppress(FileExistsError):
        os.mkdir(place.name, dir_fd=place.folder)
    if place.folder is None:
        yield Folder(place.name, None)
        return
    descriptor = os.open(CACHE, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=place.folder)
    try:
        yield Folder(f"{folder.path}/{CACHE}", descriptor)
    finally:
        os.close(descriptor)


def find_spare(stored: StoredWheel, tag: str, groups: Sequence[Group]) -> Spare | None:
    """Return a spare in which every file is as it was stored; one that is not so is removed."""
    folder = stored.folder / FOLDER / tag
    if not (folder / _MARK).is_file():
        return None
    bytecode = read_bytecode(stored.folder, tag)
    top = f"{folder / _TREE}/"
    wanted = [(file.path, file.size, file.mtime) for group in groups for file in group.files]
    if bytecode is not None:
        wanted += [(bytecode.target(file.module), file.size, file.mtime) for file in bytecode.files]
    try:
        if all(is_unchanged(os.lstat(top + path), size, mtime) for path, size, mtime in wanted):
            return Spare(folder, tuple(sorted(os.listdir(top))))  # noqa: PTH208  names, not paths
    except OSError:
        pass
    drop_spare(folder)
    return None


def has_spare(stored: StoredWheel, tag: str) -> bool:
    """Tell whether there is one, whatever is in it."""
    return (stored.folder / FOLDER / tag / _MARK).is_file()


def take_spare(spare: Spare, target: Folder, is_free: Callable[[str], bool]) -> bool:
    """Move what is in a spare into a folder; tell whether that was done. Raises OSError when it was half done.

    `is_free` tells of the name of a file with bytecode whether its place is free. What is left of the spare goes when
    the next one is made.
    """
    if any(name != CACHE and target.at(name).status() is not None for name in spare.names):
        return False
    try:
        (spare.folder / _MARK).unlink()
    except OSError:
        # Another environment has it, or the store cannot be written to.
        return False
    for name in spare.names:
        place = target.at(name)
        if name == CACHE:
            _merge(spare.folder / _TREE / CACHE, target, is_free)
        else:
            os.rename(spare.folder / _TREE / name, place.name, dst_dir_fd=place.folder)
    return True


def _merge(cache: Path, target: Folder, is_free: Callable[[str], bool]) -> None:
    """Move the bytecode of modules that stand in no folder of their own."""
    place = target.at(CACHE)
    with suppress(FileExistsError):
        os.mkdir(place.name, dir_fd=place.folder)
    for name in os.listdir(cache):  # noqa: PTH208  names, not paths
        there = target.at(f"{CACHE}/{name}")
        if there.status() is None and is_free(name):
            os.rename(cache / name, there.name, dst_dir_fd=there.folder)


def drop_spare(folder: Path) -> None:
    """Remove a spare, or what is left of one."""
    shutil.rmtree(folder, ignore_errors=True)
