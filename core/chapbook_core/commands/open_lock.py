"""The lock of a project, opened to be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.commands.lock_trouble import NotLocked
from chapbook_core.commands.newer_lock import warn_of_newer_lock
from chapbook_core.commands.report import Message
from chapbook_core.errors import ChapbookError
from chapbook_core.lock.freshness import is_fresh, read_fingerprint
from chapbook_core.lock.poetry_reader import read_lock
from chapbook_core.project.discovery import LOCK_FILE
from chapbook_core.project.recent import Recent
from chapbook_core.project.small_file import read_small
from chapbook_core.requirements.name import canonical_name
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from chapbook_core.commands.session import Session
    from chapbook_core.lock.freshness import Fingerprint
    from chapbook_core.lock.lockfile import Lock, LockedPackage


@frozen
class OpenLock:
    """What a lock says, and whether it still belongs to the project file."""

    lock: Lock
    is_fresh: bool

    @property
    def messages(self) -> tuple[Message, ...]:
        """What a person should know who reads the answer."""
        if self.is_fresh:
            return ()
        return (Message("warning", f"{LOCK_FILE} does not belong to this pyproject.toml", ("run `chapbook lock`",)),)


_understood: Recent[tuple[Fingerprint | None, Lock]] = Recent()
"""By the content of the file."""
_opened: Recent[OpenLock] = Recent()
"""By the lock and the project file, as they were parsed."""


def open_lock(session: Session, read: Callable[[Path], bytes] = read_small) -> OpenLock:
    """Read the lock; raises NotLocked when there is none, and FileMistakes when it is not one.

    `read` is for who has read the file.
    """
    try:
        content = read(session.lock_file)
    except FileNotFoundError:
        raise NotLocked(session.lock_file) from None
    fingerprint, lock = _understood.recall(content) or _understanding(content, session.lock_file)
    opened = _opened.recall(lock, session.manifest.data)
    if opened is None:
        opened = OpenLock(lock, fingerprint is not None and is_fresh(fingerprint, session.manifest.data))
        _opened.keep(opened, lock, session.manifest.data)
    warn_of_newer_lock(lock, session.watcher)
    return opened


def _understanding(content: bytes, file: Path) -> tuple[Fingerprint | None, Lock]:
    text = content.decode()
    understood = read_fingerprint(text), read_lock(text, file)
    _understood.keep(understood, content)
    return understood


class PackageNotLocked(ChapbookError):
    """The lock does not hold a package of that name."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        # Only a mistake needs this.
        from chapbook_core.index.names import did_you_mean

        near = did_you_mean(canonical_name(name), known)
        hint = f"did you mean {' or '.join(f'`{one}`' for one in near)}?" if near else f"run `chapbook add {name}`"
        super().__init__(f"the lock does not hold `{name}`", hints=[hint])


def locked_versions(lock: Lock, name: str) -> tuple[LockedPackage, ...]:
    """Return every locked version of a package; raises PackageNotLocked."""
    found = tuple(package for package in lock.packages if canonical_name(package.name) == canonical_name(name))
    if not found:
        raise PackageNotLocked(name, {package.name for package in lock.packages})
    return found
