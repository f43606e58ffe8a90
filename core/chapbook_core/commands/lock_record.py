"""Remembers from what a lock was made, so that locking again with nothing changed costs a look at two files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.digest import sha256
from chapbook_core.project.discovery import LOCK_FILE, PROJECT_FILE
from chapbook_core.project.own_cache import cache_place, is_own
from chapbook_core.project.writing import WriteFailed, write_file
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.project.settings import Settings

_VERSION = b"2"
"""Changes when the same input would be locked otherwise."""
_INDEX_VARIABLES = ("PIP_INDEX_URL", "PIP_CONFIG_FILE")
_LOCAL = (b'\ntype = "directory"', b'\ntype = "file"')


@frozen
class CurrentLock:
    """The content of a lock, and what is told from it alone."""

    content: bytes
    digest: bytes
    packages: int
    is_self_contained: bool
    """Whether no folder or file on this machine has a say in it."""


_MOST = 8
_looked_at: dict[Path, CurrentLock] = {}
"""The locks that this process looked at last: to compare a content takes a tenth of the time of looking through it."""


def look_at(file: Path) -> CurrentLock:
    """Read a lock; raises OSError."""
    content = file.read_bytes()
    known = _looked_at.get(file)
    if known is None or known.content != content:
        if len(_looked_at) >= _MOST:
            _looked_at.clear()
        known = _looked_at[file] = CurrentLock(
            content,
            sha256(content).digest(),
            content.count(b"[[package]]"),
            b"[package.source]" not in content or not any(mark in content for mark in _LOCAL),
        )
    return known


class LockRecord:
    """What is remembered of one project, in the cache: losing it costs time and nothing else."""

    def __init__(self, folder: Path, settings: Settings, surroundings: Surroundings, words: Iterable[str]) -> None:
        """`words` are the options of the command that have a say in the result."""
        self._project = folder / PROJECT_FILE
        self._lock = folder / LOCK_FILE
        self._settings = settings
        self._variables = surroundings.variables
        self._words = tuple(words)
        cache = cache_place(settings)
        name = sha256(str(folder.resolve()).encode("utf-8", "surrogateescape")).hexdigest()
        self._file = cache / "locked" / name[:32] if surroundings.cache and is_own(cache) else None

    def current(self) -> CurrentLock | None:
        """Return the lock that is there, if the last run of locking had the same input and left that very lock."""
        if self._file is None:
            return None
        try:
            lock = look_at(self._lock)
            # What a folder or a file on this machine says may have changed with it.
            is_kept = lock.is_self_contained and self._file.read_text("ascii") == self._key(lock)
        except (OSError, UnicodeDecodeError):
            return None
        return lock if is_kept else None

    def keep(self) -> None:
        """Remember that the lock that is there now is what this input leads to."""
        if self._file is None:
            return
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            write_file(self._file, self._key(look_at(self._lock)).encode(), is_durable=False)
        except (OSError, WriteFailed):
            # A cache that cannot be written only makes the next run slower.
            return

    def _key(self, lock: CurrentLock) -> str:
        digest = sha256(_VERSION)
        settings = (f"{setting.key.name}={setting.value}" for setting in self._settings.all() if not setting.is_default)
        parts = (*self._words, *_named(self._variables), *settings)
        for part in (*map(str.encode, parts), self._project.read_bytes(), lock.digest):
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
        return digest.hexdigest()


def _named(variables: Mapping[str, str]) -> Iterable[str]:
    """What of the environment chooses the default index; pip's own files may change behind our back for one run."""
    return (f"{name}={variables.get(name, '')}" for name in _INDEX_VARIABLES)
