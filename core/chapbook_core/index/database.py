"""The file behind the cache: opened, checked, replaced when damaged, done without when it cannot be used.

A damaged database is never deleted under the processes that hold it open (they would delete its successor's journal):
its successor has the next generation number in its name, everybody moves there, and the damaged files are then removed.

Its name tells the layout of all that is in it: versions of Chapbook that keep other things have a file each.
"""

from __future__ import annotations

import os
import re
import stat
import threading
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from chapbook_core.index.blob import FILES, METADATA, PAGE, layouts_of
from chapbook_core.pattern import late_pattern

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

_T = TypeVar("_T")

_APPLICATION = 0x43686170
_LAYOUT = 1
_MOST_GENERATIONS = 3
"""How many damaged databases one process leaves behind before it works without."""
_STEM = f"index-{_LAYOUT}-{layouts_of(PAGE, FILES, METADATA)}"
_NAME = late_pattern(re.escape(_STEM) + r"-(\d+)\.sqlite")

_SCHEMA = """
CREATE TABLE page (
    source TEXT NOT NULL, name TEXT NOT NULL,
    fetched REAL NOT NULL, lifetime REAL NOT NULL, etag TEXT NOT NULL, last_modified TEXT NOT NULL,
    used INTEGER NOT NULL, value BLOB NOT NULL, PRIMARY KEY (source, name)
);
CREATE TABLE files (source TEXT NOT NULL, name TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (source, name));
CREATE TABLE metadata (
    source TEXT NOT NULL, name TEXT NOT NULL, version TEXT NOT NULL, file TEXT NOT NULL,
    used INTEGER NOT NULL, value BLOB NOT NULL, PRIMARY KEY (source, name, version)
);
CREATE TABLE fact (source TEXT NOT NULL, subject TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (source, subject));
"""


class Trouble(Enum):
    """What an error of the database means for us."""

    BUSY = "another process held the database for too long"
    DAMAGED = "the file is not the database we wrote"
    UNWRITABLE = "it cannot be written"


def trouble_of(problem: Exception) -> Trouble:
    """Read SQLite's error code."""
    code = getattr(problem, "sqlite_errorcode", 0) & 0xFF
    match code:
        case 5 | 6:  # SQLITE_BUSY, SQLITE_LOCKED
            return Trouble.BUSY
        case 8 | 10 | 13 | 14 | 3 | 23:  # READONLY, IOERR, FULL, CANTOPEN, PERM, AUTH
            return Trouble.UNWRITABLE
        case _:
            return Trouble.DAMAGED


class Database:
    """Runs statements in one connection under a lock; what fails gives nothing, and is told once.

    Without a folder there is no database, and everything gives nothing.
    """

    def __init__(self, folder: Path | None, tell: Callable[[str], None]) -> None:
        self._folder = folder or Path()
        self._tell = tell
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._generation = 0
        self._damaged = 0
        self._gone = folder is None
        self._writable = True
        self._told = False

    @property
    def path(self) -> Path:
        """The file in use."""
        return self._folder / f"{_STEM}-{self._generation}.sqlite"

    def stamp(self) -> tuple[float, ...] | None:
        """Give what changes with every write, whoever writes; nothing while there is no database."""
        if self._gone:
            return None
        try:
            with self._lock:
                self._find_generation()
            file = self.path.stat()
        except OSError:
            return None
        numbers = (self._generation, file.st_ino, file.st_size, file.st_mtime_ns)
        try:
            journal = self.path.with_name(f"{self.path.name}-wal").stat()
        except OSError:
            return numbers
        # Those who only read leave an empty one.
        return (*numbers, journal.st_ino, journal.st_size, journal.st_mtime_ns) if journal.st_size else numbers

    def read(self, act: Callable[[sqlite3.Connection], _T], otherwise: _T) -> _T:
        """Give what `act` reads; `otherwise` when the database cannot be used, or there is none yet."""
        if self._connection is None and not self._gone and not self._is_there():
            return otherwise
        return self._run(act, otherwise)

    def _is_there(self) -> bool:
        """Tell whether there is anything to be read, or to be complained of: to make it takes a while."""
        try:
            with self._lock:
                self._find_generation()
            return self.path.exists()
        except FileNotFoundError:
            return False
        except OSError:
            return True

    def write(self, act: Callable[[sqlite3.Connection], None]) -> bool:
        """Let `act` write in one transaction; false when that was not possible."""

        def whole(connection: sqlite3.Connection) -> bool:
            connection.execute("BEGIN IMMEDIATE")
            try:
                act(connection)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            return True

        return self._writable and self._run(whole, otherwise=False)

    def _run(self, act: Callable[[sqlite3.Connection], _T], otherwise: _T) -> _T:
        # Imported here because commands that read no index need no database.
        import sqlite3

        with self._lock:
            while not self._gone:
                try:
                    return act(self._opened())
                except (sqlite3.Error, OSError) as problem:
                    match trouble_of(problem) if isinstance(problem, sqlite3.Error) else Trouble.UNWRITABLE:
                        case Trouble.BUSY:
                            return otherwise
                        case Trouble.DAMAGED:
                            self._move_on()
                        case Trouble.UNWRITABLE:
                            self._do_without(_reason(problem))
                            return otherwise
            return otherwise

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            self._check_folder()
            self._find_generation()
            self._connection = _connected(self.path)
        return self._connection

    def _find_generation(self) -> None:
        generations = (_NAME.fullmatch(entry) for entry in os.listdir(self._folder))  # noqa: PTH208  names suffice
        newest = max((int(match[1]) for match in generations if match), default=0)
        self._generation = max(self._generation, newest)

    def _check_folder(self) -> None:
        """Refuse a folder in which others could plant values: what is in the cache is believed."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not hasattr(os, "geteuid"):
            return
        status = self._folder.stat()
        if status.st_uid != os.geteuid() or status.st_mode & stat.S_IWOTH:
            raise PermissionError("it belongs to somebody else, or anybody may write there")

    def _move_on(self) -> None:
        damaged = self.path
        self._disconnect()
        self._damaged += 1
        self._generation += 1
        if self._damaged > _MOST_GENERATIONS:
            self._do_without("it is damaged again and again")
            return
        for ending in ("", "-wal", "-shm"):
            try:
                damaged.with_name(damaged.name + ending).unlink(missing_ok=True)
            except OSError:
                # Another process may hold it open (Windows); its number is never used again.
                continue

    def _do_without(self, reason: str) -> None:
        if self._connection is None:
            self._gone = True
        self._writable = False
        if not self._told:
            self._told = True
            missing = "used" if self._gone else "written"
            self._tell(f"the index cache in {self._folder} is not {missing}: {reason}")

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._disconnect()
            self._gone = True


def _connected(path: Path) -> sqlite3.Connection:
    import sqlite3  # here for the reason given in `Database._run`

    connection = sqlite3.connect(path, timeout=5.0, isolation_level=None, check_same_thread=False)
    try:
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (layout,) = connection.execute("PRAGMA user_version").fetchone()
        if (application, layout) != (_APPLICATION, _LAYOUT):
            _lay_out(connection)
        connection.execute("PRAGMA synchronous = NORMAL")
    except BaseException:
        connection.close()
        raise
    return connection


def _refuse_foreign(connection: sqlite3.Connection) -> None:
    import sqlite3  # here for the reason given in `Database._run`

    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if application != _APPLICATION and (tables or application):
        raise sqlite3.DatabaseError("a foreign database")


def _lay_out(connection: sqlite3.Connection) -> None:
    """Make the tables in an empty file; a file with foreign content counts as damaged and is not touched."""
    _refuse_foreign(connection)
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have made the tables while this one waited.
        _refuse_foreign(connection)
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        if application != _APPLICATION:
            for statement in _SCHEMA.split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {_APPLICATION}")
            connection.execute(f"PRAGMA user_version = {_LAYOUT}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _reason(problem: Exception) -> str:
    return problem.strerror or str(problem) if isinstance(problem, OSError) else str(problem)
