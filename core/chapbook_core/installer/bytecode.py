"""Bytecode: what a Python has compiled of the modules of a stored wheel, kept beside it for further environments.

    <entry>/bytecode-1/<tag>/listing    which file holds the bytecode of which module
    <entry>/bytecode-1/<tag>/<n>.pyc    the files, read-only

It is compiled from the stored files themselves, never taken from an environment. Each file names the time and the size
of its module, so Python passes it over as soon as somebody edits the module in an environment.
"""

from __future__ import annotations

import json
import zlib
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from chapbook_core.value import frozen

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from chapbook_core.environment.interpreter import Interpreter
    from chapbook_core.installer.manifest import StoredFile

CACHE = "__pycache__"
_LAYOUT = 1
FOLDER = f"bytecode-{_LAYOUT}"
"""Versions of Chapbook that keep it in another way have theirs beside it."""
LISTING = "listing"
_HEAD = f"chapbook-bytecode {_LAYOUT} ".encode()
_UNLIKELY = frozenset({"tests", "test", "testing"})
_LARGEST = 2_000_000


class CompiledFile(NamedTuple):
    """The bytecode of one module."""

    module: str
    """The path of its source, below the tree of the wheel."""
    file: str
    """The name of the stored file."""
    size: int
    mtime: int


@frozen
class Bytecode:
    """The bytecode of one wheel for one Python."""

    folder: Path
    tag: str
    files: tuple[CompiledFile, ...]

    @cached_property
    def by_module(self) -> Mapping[str, CompiledFile]:
        """The files by the path of their module's source."""
        return {file.module: file for file in self.files}

    def target(self, module: str) -> str:
        """Return where Python looks for the bytecode of a module, below the same folder as the module."""
        folder, _, name = module.rpartition("/")
        return f"{folder}/{CACHE}/{self.name(name)}" if folder else f"{CACHE}/{self.name(name)}"

    def name(self, module: str) -> str:
        """Return how Python names the file with the bytecode of a module."""
        return f"{module[:-3]}.{self.tag}.pyc"


def bytecode_tag(interpreter: Interpreter) -> str | None:
    """Return what names bytecode that an interpreter takes; None for those whose bytecode may change unnoticed."""
    if interpreter.implementation != "cpython" or interpreter.is_prerelease or interpreter.build.is_free_threaded:
        return None
    return f"cpython-{interpreter.minor[0]}{interpreter.minor[1]}"


def read_bytecode(entry: Path, tag: str) -> Bytecode | None:
    """Return what is kept in the folder of a stored wheel; None when nothing is, or nothing that can be read."""
    folder = entry / FOLDER / tag
    try:
        blob = (folder / LISTING).read_bytes()
        start = len(_HEAD) + 9
        body = blob[start:]
        if blob[:start] != _HEAD + f"{zlib.crc32(body):08x}\n".encode():
            return None
        return Bytecode(folder, tag, tuple(map(CompiledFile._make, zip(*json.loads(body), strict=True))))
    except (OSError, ValueError, TypeError):
        return None


def write_listing(folder: Path, files: Iterable[CompiledFile]) -> None:
    """Write the list of what is in a folder, with a checksum before it."""
    columns = [list(column) for column in zip(*files, strict=True)]
    body = json.dumps(columns or [[], [], [], []], separators=(",", ":")).encode()
    (folder / LISTING).write_bytes(_HEAD + f"{zlib.crc32(body):08x}\n".encode() + body)


def worth_compiling(files: Iterable[StoredFile], data: str) -> Iterator[StoredFile]:
    """Give the modules of a wheel that somebody may import; those of its tests are compiled by whoever does.

    Some wheels bring bytecode along, which stays what it is.
    """
    files = tuple(files)
    brought = {_module_of(file.path) for file in files if file.path.endswith(".pyc")}
    for file in files:
        if not file.path.endswith(".py") or not 0 < file.size <= _LARGEST:
            continue
        folders = file.path.split("/")[:-1]
        if folders[:1] != [data] and not _UNLIKELY.intersection(folders) and file.path not in brought:
            yield file


def _module_of(path: str) -> str:
    """Return the source of a file with bytecode, which is in a folder beside it."""
    folder, _, name = path.rpartition("/")
    return f"{folder.removesuffix(CACHE)}{name.partition('.')[0]}.py"


def is_unchanged(status: os.stat_result, size: int, mtime: int) -> bool:
    """Tell whether a file is as it was noted."""
    return status.st_size == size and status.st_mtime_ns == mtime
