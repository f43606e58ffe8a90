"""Lays the bytecode of a stored wheel beside its modules, wherever these have come."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from chapbook_core.installer.bytecode import CACHE
from chapbook_core.installer.link import Changed
from chapbook_core.installer.manifest import StoredFile
from chapbook_core.installer.relocation import Folder, Way

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from types import TracebackType
    from typing import Self

    from chapbook_core.installer.bytecode import Bytecode
    from chapbook_core.installer.link import Linker


class BytecodeLayer:
    """Knows the bytecode of one wheel, and opens the folder that it is kept in once."""

    def __init__(self, bytecode: Bytecode | None, linker: Linker, devices: tuple[int, int]) -> None:
        self._bytecode = bytecode
        self._linker = linker
        self._devices = devices
        self._way = None if bytecode is None else Way(bytecode.folder)

    def lay(self, modules: Iterable[StoredFile], folder: Folder, taken: Collection[str] = ()) -> None:
        """Put the bytecode of modules that have come into a folder beside them, where nothing is in its place.

        It can be done without: what was changed or cannot be linked is left out, and so is what would come after it.
        `taken` are names of files that are not to be made.
        """
        if self._bytecode is None or self._way is None:
            return
        known = self._bytecode.by_module
        found = [known[file.path] for file in modules if file.path in known]
        if not found:
            return
        files: list[tuple[StoredFile, str]] = []
        for compiled in found:
            name = self._bytecode.name(compiled.module.rpartition("/")[2])
            if name not in taken:
                stored = StoredFile(
                    compiled.file, compiled.size, compiled.mtime, "", is_executable=False, is_text=False
                )
                files.append((stored, name))
        with suppress(OSError, Changed), _cache_in(folder) as there:
            self._linker.bring_as(files, self._way.to(""), there, self._devices)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._way is not None:
            self._way.__exit__(kind, problem, trace)


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
