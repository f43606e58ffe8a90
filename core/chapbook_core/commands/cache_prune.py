"""Pruning: what nobody has used for some time, or nobody can use any more, leaves the cache."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

from chapbook_core.commands.cache import cache_folder_of
from chapbook_core.commands.cache_contents import FreedRoom, room
from chapbook_core.commands.cache_folders import STORE_FOLDER
from chapbook_core.commands.cache_kept import LEFT_BEHIND, Kept, everything_kept, let_go, told_of
from chapbook_core.commands.cache_store import Freed, FreedKind, KeptWheel, kept_wheel, sorted_entries
from chapbook_core.errors import UsageError
from chapbook_core.index.remains import DATABASE, remove_remains
from chapbook_core.installer.bytecode import FOLDER as BYTECODE
from chapbook_core.installer.spare import FOLDER as SPARE
from chapbook_core.installer.store import WHEELS, Store
from chapbook_core.installer.workshop import sweep

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from chapbook_core.commands.command import Invocation
    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.events import Watcher
    from chapbook_core.installer.store import Entry

_A_DAY = 24 * 3600.0
_DAYS = 30
_IN_USE = _A_DAY + 3600.0
"""A running command has looked at what it uses; that is noted once a day."""


def prune(invocation: Invocation, surroundings: Surroundings, _watcher: Watcher) -> Freed:
    """Remove what nobody has used for some time."""
    limit = surroundings.now() - _days(invocation.text("days")) * _A_DAY
    with Store(cache_folder_of(surroundings) / STORE_FOLDER, now=surroundings.now) as store:
        pruning = _Pruning(surroundings, store, is_dry=invocation.flag("dry-run"))
        with store.alone() as is_alone:
            pruning.is_alone = is_alone
            pruning.remove_wheels(lambda entry: entry.used < limit)
            pruning.remove(lambda kept: bool(kept.trouble) or (kept.used < limit and not kept.is_lasting))
            if invocation.flag("laid-out"):
                pruning.remove_laid_out()
        return pruning.freed()


def clear_wheels(names: Iterable[str], surroundings: Surroundings) -> Freed:
    """Remove wheels, all or those of some names."""
    wanted = set(names)
    with Store(cache_folder_of(surroundings) / STORE_FOLDER) as store:
        pruning = _Pruning(surroundings, store)
        with store.alone() as is_alone:
            pruning.is_alone = is_alone
            pruning.remove_wheels(lambda entry: not wanted or entry.name in wanted)
        return pruning.freed()


def clear_others(surroundings: Surroundings) -> Freed:
    """Remove everything but wheels and the answers of indexes, unless it is in use."""
    with Store(cache_folder_of(surroundings) / STORE_FOLDER) as store:
        pruning = _Pruning(surroundings, store)
        with store.alone() as is_alone:
            pruning.is_alone = is_alone
            pruning.remove(lambda _kept: True)
        return pruning.freed()


class _Pruning:
    """One turn of removing."""

    def __init__(self, surroundings: Surroundings, store: Store, *, is_dry: bool = False) -> None:
        self._cache = cache_folder_of(surroundings)
        self._store = store
        self._is_dry = is_dry
        self._lately = surroundings.now() - _IN_USE
        self.is_alone = False
        """Whether no other command has the store open."""
        self._wheels: list[KeptWheel] = []
        self._kinds: dict[str, list[int]] = {}
        self._leaving: set[str] = set()
        """Names of wheels that go, and paths of other things."""
        self._room = FreedRoom()

    def freed(self) -> Freed:
        """Return what was removed, or would be."""
        kinds = tuple(FreedKind(what, len(sizes), sum(sizes)) for what, sizes in self._kinds.items())
        others = sum(kind.count for kind in kinds)
        return Freed(
            tuple(self._wheels), others, self._room.size, self._is_dry, is_shared=not self.is_alone, kinds=kinds
        )

    def remove_wheels(self, goes: Callable[[Entry], bool]) -> None:
        """Remove some wheels of the store."""
        for entry in sorted_entries(self._store.entries()):
            if not goes(entry) or not (self.is_alone or entry.used < self._lately):
                continue
            taken = self._room.measured(self._store.place(entry.sha256))
            if self._is_dry or self._store.discard(entry.sha256):
                self._wheels.append(kept_wheel(entry))
                self._leaving.add(entry.filename)
                self._room.add(taken)
        for folder in _unreadable(self._store):
            self._take("what is no wheel", folder)

    def remove(self, goes: Callable[[Kept], bool]) -> None:
        """Remove some of the other things."""
        left: set[Path] = set()
        for kept in everything_kept(self._cache, self._store):
            with let_go(kept) as is_free:
                if goes(kept) and self._may_go(kept, is_free=is_free):
                    left.update({kept.path.parent} if kept.kind == LEFT_BEHIND else ())
                    self._take(kept.kind, kept.path)
        for kept in told_of(self._cache, self._store, self._leaving):
            if goes(kept):
                self._take(kept.kind, kept.path)
        if not self._is_dry:
            for yard in left:
                sweep(yard)

    def remove_laid_out(self) -> None:
        """Remove what stands beside the wheels."""
        for kind, what in ((BYTECODE, "bytecode"), (SPARE, "laid out ahead")):
            for path in self._store.folder.glob(f"{WHEELS}/??/*/{kind}/*"):
                self._take(what, path)

    def _may_go(self, kept: Kept, *, is_free: bool | None) -> bool:
        if is_free is False:
            return False
        if kept.trouble:
            return True
        if kept.is_for_commands:
            return self.is_alone or kept.used < self._lately
        # Where nobody can tell who holds it, it stays for as long as a kernel of today may.
        return kept.lock is None or is_free is True or kept.used < self._lately

    def _take(self, what: str, path: Path) -> None:
        if not self._is_ours(path):
            return
        size = room(path, set()) if path.is_dir() else _size(path)
        taken = self._room.measured(path)
        if not self._is_dry and not self._is_removed(path):
            return
        self._kinds.setdefault(what, []).append(size)
        self._leaving.update((str(path), path.name))
        self._room.add(taken)

    def _is_ours(self, path: Path) -> bool:
        """Tell whether no link leads from the cache, or from the store, to the folder of a path."""
        top = self._store.folder if path.is_relative_to(self._store.folder) else self._cache
        return path.parent.resolve() == top.resolve() / path.parent.relative_to(top)

    def _is_removed(self, path: Path) -> bool:
        try:
            if path.is_dir() and not path.is_symlink():
                self._store.throw_away(path)
            elif path.suffix == DATABASE:
                return remove_remains(path)
            else:
                path.unlink(missing_ok=True)
        except OSError:
            return False
        return True


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return 0


def _unreadable(store: Store) -> Iterator[Path]:
    """Give what stands among the wheels and is none."""
    known = {entry.sha256 for entry in store.entries()}
    limit = time.time() - _A_DAY
    for folder in store.folder.glob(f"{WHEELS}/??/*"):
        with suppress(OSError):
            if folder.name not in known and folder.stat().st_mtime < limit:
                yield folder


def _days(text: str | None) -> float:
    try:
        days = _DAYS if text is None else float(text)
    except ValueError:
        days = -1
    if not 0 <= days < float("inf"):
        raise UsageError(f"`--days` takes a number of days, not `{text}`")
    return days
