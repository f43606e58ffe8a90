"""What indexes have said, kept between runs: parsed pages, their files, metadata; safe for many processes and kills."""

from __future__ import annotations

import hashlib
import threading
import time
from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING, TypeAlias, TypeVar, cast

from chapbook_core.events import Notice
from chapbook_core.index.address import split_login
from chapbook_core.index.database import Database
from chapbook_core.index.http_cache import Validity
from chapbook_core.index.keepsake import remove_keepsakes
from chapbook_core.index.remains import last_use, remains, remove_remains
from chapbook_core.value import frozen

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Collection, Hashable, Iterable
    from pathlib import Path

    from chapbook_core.events import Watcher
    from chapbook_core.index.file_table import Stream

    _PageRow: TypeAlias = tuple[bytes | int, float, float, str, str, int]

_T = TypeVar("_T")
_DAY = 86_400
_BATCH = 64
"""Writes that wait for each other, because a transaction costs more than a row."""
_LONGEST_WAIT = 0.3
_REMAIN = 30
"""Days for which what another version has left is kept."""
_FILES_ROW = "INSERT OR REPLACE INTO files VALUES (?, ?, ?)"
_LENGTH = "length(value)"
_KEPT_SHARE = 0.8
"""How much of the bound is still used after an eviction."""


@frozen
class KeptPage:
    """A page's value with what its server said about keeping it; an empty value stands for a 404."""

    value: bytes
    validity: Validity


@frozen
class CacheInfo:
    """What `chapbook cache info` tells."""

    path: Path
    size: int
    pages: int
    metadata: int


class Cache:
    """The kept values by source, name and version; every one of them can be lost and is then fetched again."""

    def __init__(
        self, folder: Path | None, watcher: Watcher, *, bound: int = 1_000_000_000, now: Callable[[], float] = time.time
    ) -> None:
        self._database = Database(folder, lambda text: watcher.emit(Notice("warning", text)))
        self._folder = folder
        self._bound = bound
        self._now = now
        self._lock = threading.Lock()
        self._waiting: list[tuple[str, tuple[object, ...]]] = []
        self._unwritten: dict[tuple[str, str], bytes] = {}
        """The files of pages that are not in the database yet, or cannot be."""
        self._since = 0.0
        self._written = 0

    @property
    def folder(self) -> Path | None:
        """Where it is; nothing for a cache that keeps nothing."""
        return self._folder

    def page(self, source: str, name: str) -> KeptPage | None:
        """Give the page of a package."""
        row = self._page_row("value", source, name)
        return KeptPage(cast("bytes", row[0]), _validity(row)) if row is not None else None

    def validity(self, source: str, name: str) -> Validity | None:
        """Give what a package's page was kept with, but not the page; nothing when there is none."""
        row = self._page_row(_LENGTH, source, name)
        return _validity(row) if row is not None and row[0] else None

    def validities(self, pages: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Validity]:
        """Give the same of many pages, each by its source and name, for which the database is opened but once."""

        def act(connection: sqlite3.Connection) -> dict[tuple[str, str], _PageRow]:
            # Each statement of its own takes a lock of the file, and looks whether another process has written.
            connection.execute("BEGIN")
            try:
                found = {key: connection.execute(_page_statement(_LENGTH), key).fetchone() for key in pages}
            finally:
                connection.execute("ROLLBACK")
            return {key: row for key, row in found.items() if row is not None}

        none: dict[tuple[str, str], _PageRow] = {}
        rows = self._database.read(act, none)
        for key, row in rows.items():
            self._note_use(*key, row)
        return {key: _validity(row) for key, row in rows.items() if row[0]}

    def known(self, source: str, names: Collection[str]) -> frozenset[str]:
        """Give those of some packages that it knows anything of, or all while nobody can tell."""

        def act(connection: sqlite3.Connection) -> frozenset[str]:
            statement = "SELECT 1 FROM page WHERE source=? AND name=?"
            # As above. One by one: some SQLites know no JSON to pass many in, and what they lack looks like damage.
            connection.execute("BEGIN")
            try:
                return frozenset(name for name in names if connection.execute(statement, (source, name)).fetchone())
            finally:
                connection.execute("ROLLBACK")

        return self._database.read(act, frozenset(names)) if self._database.stamp() is not None else frozenset()

    def stamp(self) -> Hashable:
        """Give what stays the same as long as every page and its validity do; nothing when that cannot be told.

        A day's first look at a page is a write, because it tells what is in use; so the day belongs to it.
        """
        stamp = self._database.stamp()
        return None if stamp is None else (self._today(), str(self._database.path.parent), stamp)

    def _page_row(self, what: str, source: str, name: str) -> _PageRow | None:
        def act(connection: sqlite3.Connection) -> _PageRow | None:
            row: _PageRow | None = connection.execute(_page_statement(what), (source, name)).fetchone()
            return row

        row = self._database.read(act, None)
        if row is not None:
            self._note_use(source, name, row)
        return row

    def _note_use(self, source: str, name: str, row: _PageRow) -> None:
        if row[-1] != (today := self._today()):
            self._put("UPDATE page SET used=? WHERE source=? AND name=?", (today, source, name))

    def keep_page(self, source: str, name: str, page: KeptPage, files: bytes) -> None:
        """Keep a page, and the files it lists beside it, because only chosen versions' files are ever read."""
        validity = page.validity
        statement = "INSERT OR REPLACE INTO page VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        told = (validity.fetched, validity.lifetime, validity.etag, validity.last_modified)
        self._put(statement, (source, name, *told, self._today(), page.value))
        with self._lock:
            self._unwritten[source, name] = files
        self._put(_FILES_ROW, (source, name, files))

    def renew_page(self, source: str, name: str, validity: Validity) -> None:
        """Note that a page is still good."""
        statement = "UPDATE page SET fetched=?, lifetime=?, etag=?, last_modified=? WHERE source=? AND name=?"
        told = (validity.fetched, validity.lifetime, validity.etag, validity.last_modified)
        self._put(statement, (*told, source, name))

    def files(self, source: str, name: str, read: Callable[[Stream], _T]) -> _T | None:
        """Let `read` look into the files of a package's page; they stay in the database but for what it reads."""
        with self._lock:
            unwritten = self._unwritten.get((source, name))
        if unwritten is not None:
            return read(BytesIO(unwritten))

        def act(connection: sqlite3.Connection) -> _T | None:
            statement = "SELECT rowid FROM files WHERE source=? AND name=?"
            row: tuple[int] | None = connection.execute(statement, (source, name)).fetchone()
            if row is None:
                return None
            with connection.blobopen("files", "value", row[0], readonly=True) as stream:
                return read(stream)

        return self._database.read(act, None)

    def metadata(self, source: str, name: str, version: str) -> bytes | None:
        """Give the metadata of a version; it never grows stale, but goes when its file does."""
        statement = "SELECT value FROM metadata WHERE source=? AND name=? AND version=?"
        return self._value(statement, (source, name, version))

    def keep_metadata(self, source: str, name: str, version: str, file: str, value: bytes) -> None:
        """Keep metadata with the mark of the file it was read from."""
        statement = "INSERT OR REPLACE INTO metadata VALUES (?, ?, ?, ?, ?, ?)"
        self._put(statement, (source, name, version, file, self._today(), value))

    def metadata_files(self, source: str, name: str) -> list[tuple[str, str]]:
        """Give the versions whose metadata is kept, each with the mark of its file."""

        def act(connection: sqlite3.Connection) -> list[tuple[str, str]]:
            statement = "SELECT version, file FROM metadata WHERE source=? AND name=?"
            return [(version, file) for version, file in connection.execute(statement, (source, name))]

        none: list[tuple[str, str]] = []
        return self._database.read(act, none)

    def forget_metadata(self, source: str, name: str, version: str) -> None:
        """Drop the metadata of a version, at once: it must not be read any more."""
        self._put("DELETE FROM metadata WHERE source=? AND name=? AND version=?", (source, name, version))
        self.flush()

    def forget(self, source: str, name: str) -> None:
        """Drop all that is kept about a package."""
        with self._lock:
            self._unwritten.pop((source, name), None)
        for table in ("page", "files", "metadata"):
            self._put(f"DELETE FROM {table} WHERE source=? AND name=?", (source, name))  # noqa: S608  fixed names

    def fact(self, source: str, subject: str) -> str:
        """Give something learnt about an index as a whole; empty when unknown."""

        def act(connection: sqlite3.Connection) -> str:
            statement = "SELECT text FROM fact WHERE source=? AND subject=?"
            row: tuple[str] | None = connection.execute(statement, (source, subject)).fetchone()
            return row[0] if row else ""

        return self._database.read(act, "")

    def keep_fact(self, source: str, subject: str, text: str) -> None:
        """Keep something learnt about an index."""
        self._put("INSERT OR REPLACE INTO fact VALUES (?, ?, ?)", (source, subject, text))

    def names(self) -> list[str]:
        """Give every package known to exist, for guesses at what was meant."""

        def act(connection: sqlite3.Connection) -> list[str]:
            return [name for (name,) in connection.execute("SELECT DISTINCT name FROM page WHERE value != x''")]

        return self._database.read(act, [])

    def info(self) -> CacheInfo:
        """Count what is there."""

        def act(connection: sqlite3.Connection) -> tuple[int, int]:
            (pages,) = connection.execute("SELECT count(*) FROM page").fetchone()
            (metadata,) = connection.execute("SELECT count(*) FROM metadata").fetchone()
            return pages, metadata

        self.flush()
        pages, metadata = self._database.read(act, (0, 0))
        path = self._database.path
        size = sum(part.stat().st_size for part in path.parent.glob(f"{path.name}*")) if path.parent.is_dir() else 0
        return CacheInfo(path, size, pages, metadata)

    def clear(self, names: Collection[str] = ()) -> int:
        """Drop everything, or what is kept about some packages; give how many pages and metadata went."""
        self.flush()
        before = self.info()

        def act(connection: sqlite3.Connection) -> None:
            for table in ("page", "files", "metadata"):
                if names:
                    many = [(name,) for name in names]
                    connection.executemany(f"DELETE FROM {table} WHERE name=?", many)  # noqa: S608  fixed names
                else:
                    connection.execute(f"DELETE FROM {table}")  # noqa: S608  likewise
            if not names:
                connection.execute("DELETE FROM fact")

        self._database.write(act)
        self._database.read(_shrink, None)
        if not names:
            self.remove_remains(float("inf"))
            remove_keepsakes(self._database.path.parent)
        after = self.info()
        return before.pages + before.metadata - after.pages - after.metadata

    def remains(self) -> list[Path]:
        """Give the files that other versions of Chapbook, or other Pythons, keep in the same folder."""
        return list(remains(self._database.path)) if self._folder is not None else []

    def remove_remains(self, limit: float) -> None:
        """Remove those of them that nobody has used since, or has open."""
        for path in self.remains():
            if last_use(path) < limit:
                remove_remains(path)

    def flush(self) -> bool:
        """Write what waits; false when it could not be written, and is then lost."""
        with self._lock:
            waiting, self._waiting = self._waiting, []
        if not waiting:
            return True

        def act(connection: sqlite3.Connection) -> None:
            for statement, values in waiting:
                connection.execute(statement, values)

        written = self._database.write(act)
        if written:
            self._forget_written(waiting)
        self._written += len(waiting)
        return written

    def close(self) -> None:
        """Write what waits, keep within the bound, and close."""
        self.flush()
        if self._written:
            self._evict()
            # What another version has left takes room, and nobody else may ever look.
            self.remove_remains(self._now() - _REMAIN * _DAY)
        self._database.close()

    def _forget_written(self, written: Iterable[tuple[str, tuple[object, ...]]]) -> None:
        """Let go of the files that the database has: all pages of a large lock would take a hundred megabytes."""
        with self._lock:
            for statement, values in written:
                if statement is _FILES_ROW:
                    source, name, files = cast("tuple[str, str, bytes]", values)
                    if self._unwritten.get((source, name)) is files:
                        del self._unwritten[source, name]

    def _value(self, statement: str, values: tuple[str, ...]) -> bytes | None:
        def act(connection: sqlite3.Connection) -> bytes | None:
            row: tuple[bytes] | None = connection.execute(statement, values).fetchone()
            return row[0] if row else None

        return self._database.read(act, None)

    def _put(self, statement: str, values: tuple[object, ...]) -> None:
        now = time.monotonic()
        with self._lock:
            if not self._waiting:
                self._since = now
            self._waiting.append((statement, values))
            due = len(self._waiting) >= _BATCH or now - self._since > _LONGEST_WAIT
        if due:
            self.flush()
            if self._written >= 16 * _BATCH:
                self._evict()

    def _evict(self) -> None:
        """Drop what was not used for the longest time until the bound is kept."""
        self._written = 0
        size = self._database.read(_used_size, 0)
        if size <= self._bound:
            return
        excess = size - int(self._bound * _KEPT_SHARE)

        def act(connection: sqlite3.Connection) -> None:
            freed = 0
            oldest = connection.execute(
                "SELECT used, fetched, source, name FROM page ORDER BY used, fetched"
            ).fetchall()
            for _used, _fetched, source, name in oldest:
                if freed >= excess:
                    break
                for table in ("page", "files", "metadata"):
                    where = f"FROM {table} WHERE source=? AND name=?"
                    (bytes_,) = connection.execute(f"SELECT sum(length(value)) {where}", (source, name)).fetchone()
                    connection.execute(f"DELETE {where}", (source, name))
                    freed += bytes_ or 0

        self._database.write(act)
        self._database.read(_shrink, None)

    def _today(self) -> int:
        return int(self._now() // _DAY)


def _page_statement(what: str) -> str:
    # The value comes last in the table, so that it costs nothing to leave it alone.
    return f"SELECT {what}, fetched, lifetime, etag, last_modified, used FROM page WHERE source=? AND name=?"  # noqa: S608  fixed names


def _validity(row: _PageRow) -> Validity:
    _value, fetched, lifetime, etag, last_modified, _used = row
    return Validity(fetched, lifetime, etag, last_modified)


@lru_cache(maxsize=64)
def source_key(url: str) -> str:
    """Name a source in the cache: its URL without userinfo, and a digest in place of a query that may hold a token."""
    bare, _login = split_login(url)
    address, _, query = bare.partition("?")
    digest = hashlib.sha256(query.encode()).hexdigest()[:16] if query else ""
    return f"{address.rstrip('/')}/{digest}"


def _used_size(connection: sqlite3.Connection) -> int:
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    return int((pages - free) * size)


def _shrink(connection: sqlite3.Connection) -> None:
    # `execute` takes one step of a statement without columns, and that frees one page; a script runs to its end.
    connection.executescript("PRAGMA incremental_vacuum")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
