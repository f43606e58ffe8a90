"""Remains: what other versions of Chapbook, or other Pythons, have left in the folder of the index cache.

They may well be in use, each by its own processes, and are none of ours to read. So what somebody has open stays: a
database that is removed under others would come again under the same name, and they delete its journal when they end.
"""

from __future__ import annotations

import os
from contextlib import closing, suppress
from typing import TYPE_CHECKING

from chapbook_core.index.keepsake import ENDING, FOLDER
from chapbook_core.pattern import late_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_DATABASE = late_pattern(r"(index-[\w.-]+)-(\d+)\.sqlite")
DATABASE = ".sqlite"
_JOURNALS = ("-wal", "-shm", "-journal")


def remains(database: Path) -> Iterator[Path]:
    """Give the databases and keepsakes that no process like this one will read; `database` is the one in use."""
    ours = _DATABASE.fullmatch(database.name)
    for name in _names(database.parent):
        found = _DATABASE.fullmatch(name)
        # A later one of ours is one that others have moved on to.
        if found and (ours is None or found[1] != ours[1] or int(found[2]) < int(ours[2])):
            yield database.parent / name
    for name in _names(database.parent / FOLDER):
        if not name.endswith(ENDING):
            yield database.parent / FOLDER / name


def last_use(path: Path) -> float:
    """Return when such a file was last written to, as whoever uses a database does every day."""
    times = []
    for part in (path, *_journals(path)):
        with suppress(OSError):
            times.append(part.stat().st_mtime)
    return max(times, default=0.0)


def remove_remains(path: Path) -> bool:
    """Remove such a file with its journals, unless a process has it open; tell whether it went."""
    if not _DATABASE.fullmatch(path.name):
        return _unlink(path)
    # Imported here because there is hardly ever one.
    import sqlite3

    try:
        place = f"{path.absolute().as_uri()}?mode=rw"
        with closing(sqlite3.connect(place, uri=True, timeout=0, isolation_level=None)) as found:
            # Where somebody else has it open, it cannot be changed to the kind of journal that is for one alone.
            if found.execute("PRAGMA journal_mode = DELETE").fetchone() != ("delete",):
                return False
            found.execute("BEGIN EXCLUSIVE")
            if os.name == "posix":
                return _unlink(path)
    except sqlite3.OperationalError:
        return False
    except sqlite3.DatabaseError:
        # It is damaged, and everybody moves on from such a one.
        return _unlink(path)
    # Windows removes no file that is open, not even here.
    return _unlink(path)


def _unlink(path: Path) -> bool:
    try:
        for part in (path, *_journals(path)):
            part.unlink(missing_ok=True)
    except OSError:
        return False
    return True


def _journals(path: Path) -> Iterator[Path]:
    return (path.with_name(path.name + ending) for ending in _JOURNALS)


def _names(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))  # noqa: PTH208  names suffice
    except OSError:
        return []
