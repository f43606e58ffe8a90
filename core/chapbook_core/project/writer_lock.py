"""The lock of a project: whoever changes it holds the lock from before the first look until the last write."""

from __future__ import annotations

import os
import threading
import time
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.errors import ChapbookError
from chapbook_core.events import Notice
from chapbook_core.project.kernel_lock import try_lock, unlock
from chapbook_core.project.lock_holder import Holder, parse_holder, this_process
from chapbook_core.project.lock_place import LockPlace, OpenLock, place_elsewhere, project_place
from chapbook_core.project.removal import IS_STRICT
from chapbook_core.value import mutable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from chapbook_core.events import Watcher

PATIENCE = 600.0
"""Seconds after which a waiter gives up, unless told otherwise."""
_SECONDS_BEFORE_WORD = 0.3
"""Most writers have finished by then."""
_SECONDS_BETWEEN_LOOKS = 0.05


class ProjectBusy(ChapbookError):
    """Somebody else has held the project for longer than this command may wait."""

    def __init__(self, folder: Path, holder: Holder | None, waited: float) -> None:
        self.folder = folder
        self.holder = holder
        if holder is None:
            who, hint = "another process", "find the other program that works in this project, and end it"
        else:
            who = f"{holder.described()} since {holder.since_when()}"
            hint = f"wait for it, or end process {holder.pid} if it hangs: nothing that it has written gets lost"
        super().__init__(
            f"`{folder}` is held by {who}; gave up after {waited:.0f} s",
            hints=[hint, "set `CHAPBOOK_LOCK_TIMEOUT` to the number of seconds to wait"],
        )


class ProjectCannotBeLocked(ChapbookError):
    """No place can hold the lock of the project."""

    def __init__(self, folder: Path, reasons: Sequence[str]) -> None:
        self.folder = folder
        super().__init__(
            "\n".join([f"`{folder}` cannot be locked against other writers", *reasons]),
            hints=["let `TMPDIR` name a folder where you may write, on a disk of this machine"],
        )


@mutable
class _Claim:
    """The thread of this process that writes in a project, or waits until it may."""

    thread: int
    holder: Holder | None = None
    """Absent while it waits."""

    def seen(self) -> Holder | None:
        """Return the holder of this moment."""
        return self.holder


_claims: dict[str, _Claim] = {}
_claiming = threading.Lock()


@contextmanager
def hold_project(
    folder: Path, command: str, watcher: Watcher, *, patience: float = PATIENCE, elsewhere: Iterable[Path] = ()
) -> Iterator[None]:
    """Keep every other writer out of a project; its files must not be read before.

    Whoever has to wait is told for whom, and gives up after `patience` seconds; the lock of a process that has died is
    free. `elsewhere` are folders of this person for the lock of a project that cannot hold it. The thread that holds a
    project may hold it again. Raises ProjectBusy, LockRefused, ProjectCannotBeLocked and what the watcher raises.
    """
    project = os.path.realpath(folder)
    claim = _Claim(threading.get_ident())
    wait = _Wait(folder, watcher, patience)
    while (other := _claimed(project, claim)) is not claim:
        if other.thread == claim.thread:
            yield
            return
        wait.once(other.seen)
    try:
        lock = _acquired(_places(Path(project), elsewhere), wait)
        has_failed = True
        try:
            claim.holder = this_process(command)
            lock.write(claim.holder.text())
            yield
            has_failed = False
        finally:
            # Whatever fails leaves everything as it was. Where no open file can go, the lock goes once it is closed.
            is_to_go = has_failed and lock.made_folder
            if is_to_go and not IS_STRICT:
                lock.remove()
            _release(lock)
            if is_to_go and IS_STRICT:
                lock.remove()
    finally:
        with _claiming:
            del _claims[project]


class _Wait:
    """The patience of one who waits."""

    def __init__(self, folder: Path, watcher: Watcher, patience: float) -> None:
        self.folder = folder
        self.watcher = watcher
        self._patience = patience
        self._began = time.monotonic()
        self._has_told = False

    def once(self, find_holder: Callable[[], Holder | None]) -> None:
        """Wait a moment; raises ProjectBusy at the deadline."""
        self.watcher.checkpoint()
        waited = time.monotonic() - self._began
        if waited >= self._patience:
            raise ProjectBusy(self.folder, find_holder(), waited)
        if waited >= _SECONDS_BEFORE_WORD and not self._has_told:
            self._has_told = True
            self.watcher.emit(Notice("info", _word(find_holder()), is_waiting=True))
        time.sleep(min(_SECONDS_BETWEEN_LOOKS, self._patience - waited))


def _word(holder: Holder | None) -> str:
    if holder is None:
        return "waiting for another process, which holds the project"
    return f"waiting for {holder.described()}, which has held the project since {holder.since_when()}"


def _claimed(project: str, claim: _Claim) -> _Claim:
    """Return whose turn it is in this process; ours when it was nobody's.

    Threads are kept apart here, because on some network file systems a lock is the whole process's.
    """
    with _claiming:
        return _claims.setdefault(project, claim)


def _places(project: Path, elsewhere: Iterable[Path]) -> Iterator[LockPlace]:
    yield project_place(project)
    for folder in elsewhere:
        yield place_elsewhere(folder, project)


def _acquired(places: Iterable[LockPlace], wait: _Wait) -> OpenLock:
    """Take the lock in the first place that can hold one."""
    reasons: list[str] = []
    for place in places:
        try:
            lock = _taken(place, wait)
        except OSError as cause:
            reasons.append(f"`{place.folder}` cannot hold the lock: {cause.strerror or cause}")
            continue
        if reasons:
            message = f"{reasons[0]}; it is in `{lock.path.parent}`, where only this person's programs see it"
            wait.watcher.emit(Notice("info", message))
        return lock
    raise ProjectCannotBeLocked(wait.folder, reasons)


def _taken(place: LockPlace, wait: _Wait) -> OpenLock:
    """Wait until the lock is free, and take it."""
    while True:
        lock = place.open()
        try:
            while not try_lock(lock.descriptor):
                wait.once(partial(_holder, lock))
            if lock.is_in_place():
                return lock
        except BaseException:
            lock.close()
            raise
        lock.close()


def _holder(lock: OpenLock) -> Holder | None:
    try:
        holder = parse_holder(lock.read())
    except OSError:
        return None
    return None if holder is None or holder.is_gone() else holder


def _release(lock: OpenLock) -> None:
    lock.write("")
    try:
        unlock(lock.descriptor)
    finally:
        lock.close()
