"""Work on stored wheels that goes on when somebody has written into the store: what was changed is made whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from chapbook_core.errors import ChapbookError
from chapbook_core.events import Notice
from chapbook_core.index.mode import Mode
from chapbook_core.installer.store import StoreDamaged

if TYPE_CHECKING:
    from collections.abc import Callable

    from chapbook_core.events import Watcher
    from chapbook_core.installer.store import Store

T = TypeVar("T")


class DamagedOffline(ChapbookError):
    """A stored wheel was changed, and nobody may be asked for it."""

    def __init__(self, damage: StoreDamaged) -> None:
        super().__init__(
            f"{damage.message}, and `--offline` forbids to fetch it anew",
            hints=["run the command again without `--offline`"],
        )


def with_whole_store(store: Store, mode: Mode, watcher: Watcher, work: Callable[[], T]) -> T:
    """Return what the work returns, which is done anew for each wheel that turns out to be damaged.

    A wheel whose files still hold what was stored only gets their times back; any other leaves the store, so that the
    work has to fetch it. Raises DamagedOffline, and StoreDamaged for a wheel that is damaged again at once.
    """
    seen: set[str] = set()
    while True:
        try:
            return work()
        except StoreDamaged as damage:
            digest = damage.stored.manifest.sha256
            if digest in seen:
                raise
            seen.add(digest)
            if store.mend(damage.stored):
                watcher.emit(
                    Notice("debug", f"{damage.stored.manifest.filename} was touched in the store, and is whole")
                )
                continue
            if mode is Mode.OFFLINE:
                raise DamagedOffline(damage) from damage
            watcher.emit(Notice("info", f"{damage.message}: it is fetched anew"))
            store.discard(digest)
