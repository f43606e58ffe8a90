"""The wheels that are kept for all projects: listed, cleared, pruned."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from chapbook_core.commands.cache import cache_folder_of, readable_size
from chapbook_core.commands.cache_contents import room
from chapbook_core.commands.cache_folders import STORE_FOLDER
from chapbook_core.commands.report import Block, Line, Message, Result, Span, Table
from chapbook_core.errors import UsageError
from chapbook_core.installer.bytecode import FOLDER as BYTECODE
from chapbook_core.installer.spare import FOLDER as SPARE
from chapbook_core.installer.store import Store
from chapbook_core.requirements.name import canonical_name
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from chapbook_core.commands.command import Invocation
    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.events import Watcher
    from chapbook_core.installer.store import Entry

_A_DAY = 24 * 3600.0
_DAYS = 30
_IN_USE = _A_DAY + 3600.0
"""A running command has looked at what it uses; that is noted once a day."""


@frozen
class KeptWheel:
    """A wheel of the store."""

    name: str
    version: str
    filename: str
    size: int
    used: str
    """The day on which it was last put into an environment."""


@frozen
class KeptWheels(Result):
    """The wheels of the store."""

    wheels: tuple[KeptWheel, ...]

    def report(self) -> tuple[Block, ...]:
        """Show them as a table."""
        if not self.wheels:
            return (Line((Span("no such wheel is kept", "dim"),)),)
        rows = tuple(
            ((Span(wheel.name, "name"),), wheel.version, readable_size(wheel.size), wheel.used) for wheel in self.wheels
        )
        return (Table(rows, ("name", "version", "size", "last used")),)


@frozen
class Freed(Result):
    """What was removed, or would be."""

    wheels: tuple[KeptWheel, ...]
    others: int
    size: int
    dry_run: bool
    is_shared: bool = False
    """Whether other commands were using the store, so that what was used lately stayed."""

    def report(self) -> tuple[Block, ...]:
        """Tell it."""
        blocks: list[Block] = []
        if self.is_shared:
            blocks.append(Message("note", "other commands are using the store: what was used lately stays"))
        if not self.wheels and not self.others:
            return (*blocks, Line("nothing can go"))
        rows = tuple(
            ((Span(wheel.name, "name"),), wheel.version, readable_size(wheel.size), wheel.used) for wheel in self.wheels
        )
        if rows:
            blocks.append(Table(rows, ("name", "version", "size", "last used")))
        count = f"{len(self.wheels)} wheel{'' if len(self.wheels) == 1 else 's'}"
        count += f" and {self.others} other thing{'' if self.others == 1 else 's'}" if self.others else ""
        freed = readable_size(self.size)
        blocks.append(Line(f"{count} would go, {freed}" if self.dry_run else f"{count} removed, {freed} freed"))
        return tuple(blocks)


def list_wheels(words: str, surroundings: Surroundings) -> KeptWheels:
    """List the wheels with a text in their name."""
    store = Store(cache_folder_of(surroundings) / STORE_FOLDER)
    return KeptWheels(tuple(_kept(entry) for entry in _sorted(store.entries()) if words in entry.name))


def clear_wheels(names: Sequence[str], surroundings: Surroundings) -> Freed:
    """Remove wheels, all or those of some names."""
    wanted = {canonical_name(name) for name in names}
    with Store(cache_folder_of(surroundings) / STORE_FOLDER) as store:
        return _removed(store, lambda entry: not wanted or entry.name in wanted, surroundings, dry_run=False)


def prune(invocation: Invocation, surroundings: Surroundings, _watcher: Watcher) -> Freed:
    """Remove what nobody has used for some time."""
    days = _days(invocation.text("days"))
    dry_run = invocation.flag("dry-run")
    cache = cache_folder_of(surroundings)
    limit = surroundings.now() - days * _A_DAY
    with Store(cache / STORE_FOLDER, now=surroundings.now) as store:
        freed = _removed(store, lambda entry: entry.used < limit, surroundings, dry_run=dry_run)
        gone = {wheel.filename for wheel in freed.wheels}
        others = list(_old_logs(cache / "builds", limit))
        others += _built_for_nothing(cache / "built", store, gone if dry_run else set())
        others += _unreadable(store)
        if invocation.flag("laid-out"):
            others += _laid_out(store)
        size = freed.size + sum(room(path, set()) if path.is_dir() else path.stat().st_size for path in others)
        if not dry_run:
            _remove(store, others)
    return Freed(freed.wheels, len(others), size, dry_run, freed.is_shared)


def _removed(store: Store, goes: Callable[[Entry], bool], surroundings: Surroundings, *, dry_run: bool) -> Freed:
    gone: list[Entry] = []
    size = 0
    with store.alone() as is_alone:
        lately = surroundings.now() - _IN_USE
        for entry in _sorted(store.entries()):
            if not goes(entry) or not (is_alone or entry.used < lately):
                continue
            room_taken = room(store.place(entry.sha256), set())
            if dry_run or store.discard(entry.sha256):
                gone.append(entry)
                size += room_taken
    return Freed(tuple(map(_kept, gone)), 0, size, dry_run, is_shared=not is_alone)


def _old_logs(folder: Path, limit: float) -> Iterator[Path]:
    for path in folder.glob("*.txt"):
        with suppress(OSError):
            if path.stat().st_mtime < limit:
                yield path


def _built_for_nothing(folder: Path, store: Store, leaving: set[str]) -> Iterator[Path]:
    """Give the entries whose wheel has gone."""
    for path in folder.glob("??/*"):
        with suppress(OSError, ValueError, AttributeError):
            entry = json.loads(path.read_bytes())
            digest = entry.get("sha256")
            if digest and (entry.get("filename") in leaving or not store.place(digest).is_dir()):
                yield path


def _unreadable(store: Store) -> Iterator[Path]:
    """Give what stands among the wheels and is none."""
    known = {entry.sha256 for entry in store.entries()}
    limit = time.time() - _A_DAY
    for folder in store.folder.glob("wheels/??/*"):
        with suppress(OSError):
            if folder.name not in known and folder.stat().st_mtime < limit:
                yield folder


def _laid_out(store: Store) -> Iterator[Path]:
    for kind in (BYTECODE, SPARE):
        yield from store.folder.glob(f"wheels/??/*/{kind}/*")


def _remove(store: Store, paths: Iterable[Path]) -> None:
    for path in paths:
        with suppress(OSError):
            if path.is_dir():
                store.throw_away(path)
            else:
                path.unlink(missing_ok=True)


def _sorted(entries: Iterable[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: (entry.name, entry.version, entry.filename))


def _kept(entry: Entry) -> KeptWheel:
    day = datetime.fromtimestamp(entry.used, UTC).date().isoformat()
    return KeptWheel(entry.name, entry.version, entry.filename, entry.size, day)


def _days(text: str | None) -> float:
    try:
        days = _DAYS if text is None else float(text)
    except ValueError:
        days = -1
    if not 0 <= days < float("inf"):
        raise UsageError(f"`--days` takes a number of days, not `{text}`")
    return days
