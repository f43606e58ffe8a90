"""A cache that is a person's own: what is in it is believed, and much of it is run.

Whoever else may write there could put other files into the wheels that are kept. So a cache that belongs to another
person is not used, as pip does it and uv does not; nor is one where everybody may write. One that belongs to the
administrator is, who can do anything anyway, and so is one where a group may write: on many systems each person has a
group of their own, and any other was let in on purpose. What is made here is closed to everybody else.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.errors import ChapbookError
from chapbook_core.events import Notice

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chapbook_core.events import Watcher
    from chapbook_core.project.settings import Settings

_ROOT = 0
_CLOSED = 0o700


class ForeignCache(ChapbookError):
    """Somebody else may have put something into a cache."""

    def __init__(self, folder: Path, reason: str, hints: Iterable[str]) -> None:
        self.folder = folder
        super().__init__(f"the cache `{folder}` is not used: {reason}", hints=hints)


def cache_place(settings: Settings) -> Path:
    """Return where the settings want the folder of all caches, whosoever it is."""
    folder = settings.text("cache-dir")
    return Path(folder).expanduser() if folder else settings.locations.cache


def own_cache(folder: Path, watcher: Watcher) -> Path | None:
    """Return the folder, made if it is not there; None when it is not to be used, of which the person is told."""
    try:
        make_own(folder)
    except ForeignCache as problem:
        watcher.emit(Notice("warning", problem.message, problem.hints))
        return None
    return folder


def make_own(folder: Path) -> None:
    """Make a cache for this person alone, unless there is one already; raises ForeignCache.

    Where it cannot be made, whoever writes to it says so.
    """
    require_own(folder)
    with suppress(OSError):
        folder.mkdir(_CLOSED, parents=True, exist_ok=True)


def is_own(folder: Path) -> bool:
    """Tell whether nobody else can have put anything into a cache."""
    try:
        require_own(folder)
    except ForeignCache:
        return False
    return True


def require_own(folder: Path) -> None:
    """Raise ForeignCache when somebody else may have put something into a cache, or would have to live with what we do.

    The latter is so with the home of another person, which the administrator finds under `sudo`.
    """
    if not hasattr(os, "geteuid"):
        return
    here, status = folder, _status(folder)
    while status is None and here != here.parent:
        here = here.parent
        status = _status(here)
    me = os.geteuid()
    if status is None or (here != folder and me != _ROOT):
        return
    if status.st_uid not in {me, _ROOT}:
        whose = f"`{here}` belongs to {_name(status.st_uid)}"
        sudo = ["under `sudo`, the option `-H` gives the administrator a home"] if me == _ROOT else []
        raise ForeignCache(folder, whose, [*sudo, "let `CHAPBOOK_CACHE_DIR` name a folder of your own"])
    if here == folder and status.st_mode & stat.S_IWOTH:
        raise ForeignCache(folder, "everybody may write there", [f"take that right away: `chmod o-w {folder}`"])


def _status(folder: Path) -> os.stat_result | None:
    try:
        return folder.stat()
    except OSError:
        return None


def _name(number: int) -> str:
    # Hardly ever needed, and not there on every system.
    import pwd

    try:
        return f"`{pwd.getpwuid(number).pw_name}`"
    except KeyError:
        return f"user {number}"
