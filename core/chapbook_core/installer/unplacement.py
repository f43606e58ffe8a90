"""Unplacement: an installed distribution goes, with what Python has made of its modules, and nothing else does."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.environment.site_packages import scan_site_packages
from chapbook_core.errors import ChapbookError
from chapbook_core.events import Notice
from chapbook_core.installer.bad_wheel import Refusal
from chapbook_core.installer.carrying import carry_back, carry_forward
from chapbook_core.installer.clash import below_top
from chapbook_core.installer.placement import PlacementFailed, clear_own
from chapbook_core.installer.record import read_rows
from chapbook_core.installer.renames import leaving_moves
from chapbook_core.installer.traces import OWN_FOLDER
from chapbook_core.value import frozen, replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from chapbook_core.environment.site_packages import Distribution
    from chapbook_core.events import Watcher
    from chapbook_core.installer.relocation import Move
    from chapbook_core.installer.schemes import InstallPaths

_CACHE = "__pycache__"


class NoRecord(ChapbookError):
    """A distribution that does not tell which files are its own."""

    def __init__(self, distribution: Distribution) -> None:
        super().__init__(
            f"cannot take {distribution.name} {distribution.version} out: it has no list of its files",
            hints=[f"it was installed by {distribution.installer or 'an unknown program'}; take it out with that"],
        )


@frozen
class Belongings:
    """The files of a distribution, below the top of the environment."""

    name: str
    files: tuple[str, ...]
    """Those that go with it, the dist-info folder's last."""
    left: tuple[str, ...] = ()
    """Rows of its RECORD that are not its to take: outside of the environment, through a link, or a part of it."""


def where_it_is(distribution: Distribution) -> Distribution:
    """Return a distribution by the path that no link leads over, as the paths of its environment are."""
    real = Path(os.path.realpath(distribution.folder))
    return replace(distribution, library=real.parent, entry=real.name)


def belongings(paths: InstallPaths, distribution: Distribution) -> Belongings:
    """Return what belongs to a distribution alone; raises NoRecord."""
    library = os.path.relpath(distribution.folder.parent, paths.root).replace(os.sep, "/")
    try:
        rows = list(read_rows(distribution.record.read_bytes()))
    except (OSError, Refusal):
        raise NoRecord(distribution) from None
    files: dict[str, None] = {}
    left: list[str] = []
    safe: dict[str, bool] = {"": True}
    for row in rows:
        path = below_top(paths, library, row.path)
        if path is None or paths.is_protected(path) or not _is_reached_without_links(paths.root, path, safe):
            left.append(row.path)
        else:
            files[path] = None
    # What it has besides, such as a note that another tool has put beside METADATA.
    files.update(dict.fromkeys(_inside(paths.root, f"{library}/{distribution.folder.name}")))
    files.update(dict.fromkeys(_compiled(paths.root, tuple(files))))
    for shared in _claimed_by_others(paths, distribution, files):
        files.pop(shared, None)
    info = f"{library}/{distribution.folder.name}/"
    ordered = sorted(path for path in files if os.path.lexists(paths.root / path))
    return Belongings(distribution.name, tuple(sorted(ordered, key=lambda path: path.startswith(info))), tuple(left))


def take_out(distributions: Sequence[Distribution], paths: InstallPaths, watcher: Watcher) -> None:
    """Take distributions out, all or none, one after the other; raises NoRecord and PlacementFailed.

    Nothing but an exception undoes this; a change that has to survive a kill goes through a transaction.
    """
    trash = f"{OWN_FOLDER}/trash/{os.urandom(6).hex()}"
    moves: list[Move] = []
    files: list[str] = []
    try:
        for number, distribution in enumerate(map(where_it_is, distributions)):
            watcher.checkpoint()
            found = belongings(paths, distribution)
            for row in found.left:
                watcher.emit(Notice("warning", f"{found.name} claims `{row}`, which is not its own; it was left alone"))
            # One may leave a folder that the next one takes as a whole: each has a place of its own.
            added = leaving_moves(paths.root, found.files, fixed_folders(paths), f"{trash}/{number}")
            files.extend(found.files)
            moves.extend(added)
            carry_forward(paths.root, trash, added)
    except OSError as cause:
        carry_back(paths.root, trash, moves)
        raise PlacementFailed("what was asked for", cause) from cause
    except BaseException:
        carry_back(paths.root, trash, moves)
        raise
    else:
        remove_emptied(paths, files)
    finally:
        clear_own(paths.root, trash)


def remove_emptied(paths: InstallPaths, files: Iterable[str]) -> None:
    """Remove the folders that are empty now that these files have gone, but none that makes the environment."""
    fixed = fixed_folders(paths)
    folders = {path.rpartition("/")[0] for path in files}
    for folder in sorted(folders, key=len, reverse=True):
        inner = folder
        while inner and inner not in fixed:
            try:
                (paths.root / inner).rmdir()
            except FileNotFoundError:
                pass
            except OSError:
                break
            inner = inner.rpartition("/")[0]


def fixed_folders(paths: InstallPaths) -> frozenset[str]:
    """Return the folders that belong to the environment itself, below its top."""
    fixed = {"", "include", "Include", "lib64", OWN_FOLDER, *paths.kept}
    for folder in (paths.purelib, paths.platlib, paths.scripts, *((paths.headers,) if paths.kept else ())):
        parts = folder.split("/")
        fixed.update("/".join(parts[:count]) for count in range(1, len(parts) + 1))
    return frozenset(fixed)


def _is_reached_without_links(root: Path, path: str, safe: dict[str, bool]) -> bool:
    """Tell whether no folder on the way is a link, which would lead elsewhere."""
    folder = path.rpartition("/")[0]
    if folder not in safe:
        safe[folder] = _is_reached_without_links(root, folder, safe) and not os.path.islink(root / folder)  # noqa: PTH114  texts are faster
    return safe[folder]


def _inside(root: Path, folder: str) -> Iterator[str]:
    with suppress(FileNotFoundError):
        for entry in os.scandir(root / folder):
            if entry.is_dir(follow_symlinks=False):
                yield from _inside(root, f"{folder}/{entry.name}")
            else:
                yield f"{folder}/{entry.name}"


def _compiled(root: Path, files: tuple[str, ...]) -> Iterator[str]:
    """Give the bytecode of modules, whichever Python has made it."""
    modules: dict[str, set[str]] = {}
    for path in files:
        if path.endswith(".py"):
            folder, _, name = path.rpartition("/")
            modules.setdefault(folder, set()).add(name[:-3])
    for folder, stems in modules.items():
        cache = f"{folder}/{_CACHE}" if folder else _CACHE
        if os.path.islink(root / cache):  # noqa: PTH114  texts are faster
            continue
        for name in _listed(root / cache):
            if name.partition(".")[0] in stems or any(name.startswith(f"{stem}.") for stem in stems if "." in stem):
                yield f"{cache}/{name}"


def _listed(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208  names, not paths
    except (FileNotFoundError, NotADirectoryError):
        return []


def _claimed_by_others(paths: InstallPaths, distribution: Distribution, files: Iterable[str]) -> Iterator[str]:
    """Give the files that another distribution lists as well; lists that cannot hold one of them are not read."""
    wanted = set(files)
    for library in dict.fromkeys((paths.purelib, paths.platlib)):
        start = len(library) + 1
        roots = {
            path[start:].partition("/")[0] if path.startswith(f"{library}/") else path.rpartition("/")[2]
            for path in wanted
        } - {distribution.folder.name, _CACHE}
        marks = [root.encode() for root in roots]
        for other in scan_site_packages(paths.root / library):
            if other.folder == distribution.folder:
                continue
            with suppress(OSError, Refusal):
                body = other.record.read_bytes()
                if any(mark in body for mark in marks):
                    rows = (below_top(paths, library, row.path) for row in read_rows(body))
                    yield from [path for path in rows if path in wanted]
