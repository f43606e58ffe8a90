"""Remembers from what a lock was made, so that locking again with nothing changed costs a look at two files."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.project.discovery import LOCK_FILE, PROJECT_FILE
from chapbook_core.project.writing import WriteFailed, write_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.project.settings import Settings

_VERSION = b"1"
"""Changes when the same input would be locked otherwise."""
_INDEX_VARIABLES = ("PIP_INDEX_URL", "PIP_CONFIG_FILE")
_LOCAL = (b'\ntype = "directory"', b'\ntype = "file"')


class LockRecord:
    """What is remembered of one project, in the cache: losing it costs time and nothing else."""

    def __init__(self, folder: Path, settings: Settings, surroundings: Surroundings, words: Iterable[str]) -> None:
        """`words` are the options of the command that have a say in the result."""
        self._project = folder / PROJECT_FILE
        self._lock = folder / LOCK_FILE
        self._settings = settings
        self._variables = surroundings.variables
        self._words = tuple(words)
        cache = settings.text("cache-dir")
        name = hashlib.sha256(str(folder.resolve()).encode("utf-8", "surrogateescape")).hexdigest()
        is_kept = surroundings.cache and cache
        self._file = Path(cache).expanduser() / "locked" / name[:32] if is_kept and cache else None

    def current(self) -> bytes | None:
        """Return the lock that is there, if the last run of locking had the same input and left that very lock."""
        if self._file is None:
            return None
        try:
            lock = self._lock.read_bytes()
            # What a folder or a file on this machine says may have changed with it.
            is_self_contained = b"[package.source]" not in lock or not any(mark in lock for mark in _LOCAL)
            return lock if is_self_contained and self._file.read_text("ascii") == self._key(lock) else None
        except (OSError, UnicodeDecodeError):
            return None

    def keep(self) -> None:
        """Remember that the lock that is there now is what this input leads to."""
        if self._file is None:
            return
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            write_file(self._file, self._key(self._lock.read_bytes()).encode(), is_durable=False)
        except (OSError, WriteFailed):
            # A cache that cannot be written only makes the next run slower.
            return

    def _key(self, lock: bytes) -> str:
        digest = hashlib.sha256(_VERSION)
        settings = (f"{setting.key.name}={setting.value}" for setting in self._settings.all() if not setting.is_default)
        parts = (*self._words, *_named(self._variables), *settings)
        for part in (*map(str.encode, parts), self._project.read_bytes(), lock):
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
        return digest.hexdigest()


def _named(variables: Mapping[str, str]) -> Iterable[str]:
    """What of the environment chooses the default index; pip's own files may change behind our back for one run."""
    return (f"{name}={variables.get(name, '')}" for name in _INDEX_VARIABLES)
