"""What is kept for all projects, each thing with its size: wheels, and whatever was made besides."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from chapbook_core.commands.cache import cache_folder_of, readable_size
from chapbook_core.commands.cache_contents import room
from chapbook_core.commands.cache_folders import STORE_FOLDER
from chapbook_core.commands.cache_kept import everything_kept, let_go, told_of
from chapbook_core.commands.report import Block, Line, Message, Result, Span, Table
from chapbook_core.installer.store import Store
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from chapbook_core.commands.cache_kept import Kept
    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.installer.store import Entry


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
class KeptOther:
    """Something that is no wheel."""

    what: str
    path: Path
    size: int
    used: str
    note: str
    """Why it stays whatever its age, or why nobody can use it any more."""


@frozen
class KeptOthers(Result):
    """What is neither a wheel nor the answer of an index."""

    others: tuple[KeptOther, ...]
    folder: Path

    def report(self) -> tuple[Block, ...]:
        """Show them as a table."""
        if not self.others:
            return (Line((Span("no such thing is kept", "dim"),)),)
        rows = tuple(
            (
                other.what,
                readable_size(other.size),
                other.used,
                other.path.relative_to(self.folder).as_posix(),
                Span(other.note, "dim"),
            )
            for other in self.others
        )
        return (Table(rows, ("kept", "size", "last used", "in the cache", "")),)


@frozen
class FreedKind:
    """Things of one kind that were removed, or would be."""

    what: str
    count: int
    size: int


@frozen
class Freed(Result):
    """What was removed, or would be."""

    wheels: tuple[KeptWheel, ...]
    others: int
    size: int
    """What the disk gets back: a file that an environment has, too, takes its room there still."""
    dry_run: bool
    is_shared: bool = False
    """Whether other commands were using the store, so that what was used lately stayed."""
    kinds: tuple[FreedKind, ...] = ()

    def report(self) -> tuple[Block, ...]:
        """Tell it."""
        blocks: list[Block] = []
        if self.is_shared:
            blocks.append(Message("note", "other commands are using the store: what was used lately stays"))
        if not self.wheels and not self.others:
            return (*blocks, Line("nothing can go"))
        if self.wheels:
            rows = tuple(
                ((Span(wheel.name, "name"),), wheel.version, readable_size(wheel.size), wheel.used)
                for wheel in self.wheels
            )
            blocks.append(Table(rows, ("name", "version", "size", "last used")))
        if self.kinds:
            kinds = tuple((kind.what, str(kind.count), readable_size(kind.size)) for kind in self.kinds)
            blocks.append(Table(kinds, ("besides", "count", "size")))
        count = f"{len(self.wheels)} wheel{'' if len(self.wheels) == 1 else 's'}"
        count += f" and {self.others} other thing{'' if self.others == 1 else 's'}" if self.others else ""
        freed = readable_size(self.size)
        blocks.append(Line(f"{count} would go, {freed}" if self.dry_run else f"{count} removed, {freed} freed"))
        return tuple(blocks)


def list_wheels(words: str, surroundings: Surroundings) -> KeptWheels:
    """List the wheels with a text in their name."""
    store = Store(cache_folder_of(surroundings) / STORE_FOLDER)
    return KeptWheels(tuple(kept_wheel(entry) for entry in sorted_entries(store.entries()) if words in entry.name))


def list_others(words: str, surroundings: Surroundings) -> KeptOthers:
    """List the other things with a text in what they are called."""
    cache = cache_folder_of(surroundings)
    store = Store(cache / STORE_FOLDER)
    found = (*everything_kept(cache, store), *told_of(cache, store))
    return KeptOthers(tuple(_other(kept) for kept in found if words.casefold() in kept.kind.casefold()), cache)


def sorted_entries(entries: Iterable[Entry]) -> list[Entry]:
    """Sort wheels for people."""
    return sorted(entries, key=lambda entry: (entry.name, entry.version, entry.filename))


def kept_wheel(entry: Entry) -> KeptWheel:
    """Return a wheel as lists show it."""
    return KeptWheel(entry.name, entry.version, entry.filename, entry.size, _day(entry.used))


def _other(kept: Kept) -> KeptOther:
    with let_go(kept) as is_free:
        note = "in use" if is_free is False else kept.trouble
    return KeptOther(kept.kind, kept.path, room(kept.path, set()), _day(kept.used), note)


def _day(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).date().isoformat() if time else ""
