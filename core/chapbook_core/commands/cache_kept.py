"""Kept: one thing in the cache that was made for some project and is neither a wheel nor the answer of an index."""

from __future__ import annotations

import json
import os
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.commands.cache_folders import INTACT
from chapbook_core.commands.kernel_start import CACHE_FOLDER as KERNELS
from chapbook_core.commands.kernel_start import START_ENDING, read_start
from chapbook_core.commands.overlay_shelf import PACKAGES
from chapbook_core.environment.environment import read_environment
from chapbook_core.environment.pristine import MADE_IN, TEMPLATE
from chapbook_core.environment.probe import ENDING as INTERPRETER
from chapbook_core.events import Unwatched
from chapbook_core.index.opening import open_cache
from chapbook_core.index.remains import last_use
from chapbook_core.installer.bytecode import FOLDER as BYTECODE
from chapbook_core.installer.readying import YARD
from chapbook_core.installer.spare import FOLDER as SPARE
from chapbook_core.installer.store import MANIFEST, TREE, WHEELS
from chapbook_core.installer.workshop import left_behind
from chapbook_core.project.kernel_lock import try_lock
from chapbook_core.value import frozen, replace

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from chapbook_core.installer.store import Store

LEFT_BEHIND = "left by killed commands"
_PARTS = frozenset({MANIFEST, TREE, BYTECODE, SPARE})
"""What this version has in the folder of a wheel."""
_LOGS = "logs of failed builds"
_PYTHON_GONE = "its Python is gone"


@frozen
class Kept:
    """Something that can be made again."""

    kind: str
    """What a person calls it and others like it, in the plural."""
    path: Path
    used: float
    """When it was last of use."""
    trouble: str = ""
    """Why nobody can use it any more."""
    is_lasting: bool = False
    """Whether age is no reason for it to go: it is small, and tells of something that is there."""
    lock: Path | None = None
    """Held by whoever uses it, or makes it."""
    is_for_commands: bool = False
    """Whether commands use it without holding it."""


@contextmanager
def let_go(kept: Kept) -> Iterator[bool | None]:
    """Tell whether nobody holds a thing, and keep others from taking it meanwhile; None where that cannot be known."""
    if kept.lock is None:
        yield None
        return
    try:
        descriptor = os.open(kept.lock, os.O_RDONLY)
    except OSError:
        yield None
        return
    try:
        try:
            is_free: bool | None = try_lock(descriptor)
        except OSError:
            is_free = None
        yield is_free
    finally:
        os.close(descriptor)


def everything_kept(cache: Path, store: Store) -> Iterator[Kept]:
    """Give each thing there is; what stands beside it as a file, and only tells of it, comes by `told_of`."""
    kernels = cache / KERNELS
    for path in _entries(kernels / "overlays"):
        site = path / PACKAGES
        yield Kept("kernel overlays", path, _time(site), "" if site.is_dir() else "it is not whole", lock=site)
    for path in _entries(kernels / "magics"):
        yield Kept("magics of kernels", path, _time(path), lock=path)
    for path in _entries(cache / "environments"):
        if (path / TEMPLATE).is_file():
            trouble = _lost(path / MADE_IN)
            yield Kept("pristine environments", path, _time(path / TEMPLATE), trouble, is_for_commands=True)
    for path in _entries(cache / "build-environments"):
        if path.is_dir() and not path.name.startswith("."):
            yield Kept(
                "build environments",
                path,
                _time(path / INTACT, path),
                _lost(path),
                lock=path.with_suffix(".lock"),
                is_for_commands=True,
            )
    for kind, pattern in (
        ("sources of builds", "sources/??/*"),
        ("git repositories", "git/mirrors/*"),
        ("trees of git repositories", "git/trees/*/*"),
        (_LOGS, "logs/*.txt"),
    ):
        found = sorted(path for path in cache.glob(pattern) if path.suffix != ".part")
        yield from (Kept(kind, path, _time(path), is_for_commands=kind != _LOGS) for path in found)
    for path in sorted(cache.glob("interpreters/*.json")):
        is_ours = path.name.endswith(INTERPRETER)
        yield Kept("facts of Pythons", path, _time(path), _forgotten(path) if is_ours else "", is_lasting=is_ours)
    for yard in (kernels / "workshops", cache / "builds", store.folder / "workshops"):
        yield from (Kept(LEFT_BEHIND, path, 0, "nobody works in it") for path in left_behind(yard))
    yield from _of_other_versions(cache, store)


def _of_other_versions(cache: Path, store: Store) -> Iterator[Kept]:
    """Give what only other versions of Chapbook would find: it is theirs for as long as they use it."""

    def kept(what: str, path: Path, used: float) -> Kept:
        return Kept(f"{what} of other versions", path, used, is_for_commands=True)

    for shelf in sorted(store.folder.glob("wheels*")):
        for path in sorted(shelf.glob("??/*")):
            if shelf.name != WHEELS:
                yield kept("wheels", path, _time(path / MANIFEST, path))
                continue
            for part in _entries(path):
                if part.name not in _PARTS:
                    yield kept("things beside wheels", part, _time(part))
    for path in sorted(store.folder.glob("readying*")):
        if path.name != YARD:
            yield kept("requests", path, _time(path))
    with closing(open_cache(cache, Unwatched())) as index:
        for path in index.remains():
            yield kept("answers of indexes", path, last_use(path))


def told_of(cache: Path, store: Store, leaving: Collection[str] = ()) -> Iterator[Kept]:
    """Give what only tells of something, and tell whether that is there; `leaving` are names and paths of what goes."""
    kernels = cache / KERNELS

    def is_there(path: Path) -> bool:
        return str(path) not in leaving and path.exists()

    for path in sorted(kernels.glob("starts/*.json")):
        is_ours = path.name.endswith(START_ENDING)
        trouble = _start_trouble(path, leaving, is_there) if is_ours else ""
        yield Kept("prepared kernels", path, _time(path), trouble, is_lasting=is_ours)
    for path in sorted(kernels.glob("resolutions/*.json")):
        name = _read(path).get("overlay")
        trouble = "" if isinstance(name, str) and is_there(kernels / "overlays" / name) else "its overlay is gone"
        yield Kept("resolutions of overlays", path, _time(path), trouble, is_lasting=True)
    for path in sorted(cache.glob("built/??/*")):
        entry = _read(path)
        digest, filename = entry.get("sha256"), entry.get("filename")
        kept = Kept("notes of builds", path, _time(path), is_lasting=bool(digest))
        if isinstance(digest, str) and (filename in leaving or not any(store.everywhere(digest))):
            kept = replace(kept, trouble="its wheel is gone")
        yield kept


def _start_trouble(path: Path, leaving: Collection[str], is_there: Callable[[Path], bool]) -> str:
    try:
        fields = _read(path)["start"]
        start = read_start(fields if isinstance(fields, dict) else {})
    except (KeyError, TypeError, ValueError):
        return "it cannot be read"
    if not Path(start.python).exists():
        return "its environment is gone"
    folders = (Path(folder) for folder in start.folders)
    is_whole = all(is_there(folder) and str(folder.parent) not in leaving for folder in folders)
    return "" if is_whole else "its overlay is gone"


def _lost(path: Path) -> str:
    environment = read_environment(path)
    if environment is None:
        return "it is not whole"
    return "" if environment.base_program().exists() else _PYTHON_GONE


def _forgotten(path: Path) -> str:
    """Compare with what the program is: other facts are asked for under the same name."""
    key = _read(path).get("key")
    if not isinstance(key, list) or len(key) < len(("format", "path", "time", "size")):
        return "it cannot be read"
    try:
        status = Path(str(key[1])).stat()
    except OSError:
        return _PYTHON_GONE
    return "" if key[2:4] == [status.st_mtime_ns, status.st_size] else "its Python is another one"


def _read(path: Path) -> dict[str, object]:
    try:
        data = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _time(*paths: Path) -> float:
    """Return the time of the first that is there."""
    for path in paths:
        with suppress(OSError):
            return path.stat().st_mtime
    return 0.0
