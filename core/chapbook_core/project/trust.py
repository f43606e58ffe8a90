"""Which projects a person trusts: only there does a kernel that starts put anything in by itself.

A project is trusted from when this person made it, or changed its environment, or said so. The record is by folder and
by the mark in that folder: whatever comes into the place of a trusted project is not trusted by accident.
"""

from __future__ import annotations

import json
import os
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from chapbook_core.errors import ChapbookError
from chapbook_core.project.kernel_lock import try_lock, unlock
from chapbook_core.project.lock_place import LockPlace, LockRefused
from chapbook_core.project.small_file import read_small
from chapbook_core.project.trust_mark import read_mark, remove_mark, write_mark
from chapbook_core.project.writing import WriteFailed, write_file
from chapbook_core.value import frozen, members

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chapbook_core.project.locations import Locations

RECORD = "trusted.json"
"""In the person's data folder."""
_FORMAT = 1
_PRIVATE = 0o600
_PATIENCE = 10.0
"""Seconds; whoever writes the record holds it for a moment."""
_SECONDS_BETWEEN_LOOKS = 0.02

State = Literal["trusted", "replaced", "gone"]


class TrustNotRecorded(ChapbookError):
    """It could not be written down that a project is trusted, or no longer is."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        super().__init__(
            f"cannot record which projects are trusted in `{path}`: {reason}",
            hints=["give yourself permission to write there; if it is damaged, move it away"],
        )


@frozen
class TrustedProject:
    """A project on the record."""

    folder: Path
    state: State
    """`replaced` is where something else stands in its place by now."""
    since: float
    """In seconds since 1970."""


@frozen
class _Entry:
    mark: str
    since: float


def is_trusted(folder: Path, locations: Locations) -> bool:
    """Tell whether a project may be installed from unasked; whatever cannot be read is not trusted."""
    entry = _readable_entries(locations).get(_key(folder))
    return entry is not None and entry.mark == read_mark(folder)


def trust(folder: Path, locations: Locations) -> bool:
    """Trust a project, and tell whether it was not before; raises TrustNotRecorded."""
    if is_trusted(folder, locations):
        return False
    with _record(locations) as entries:
        try:
            mark = write_mark(folder)
        except OSError as cause:
            raise TrustNotRecorded(folder, cause.strerror or str(cause)) from cause
        entries[_key(folder)] = _Entry(mark, time.time())
    return True


def note_trust(folder: Path, locations: Locations) -> None:
    """Trust a project that the person works in; where nothing can be written down nothing is."""
    with suppress(TrustNotRecorded, LockRefused):
        trust(folder, locations)


def distrust(folder: Path, locations: Locations) -> bool:
    """Trust a project no more, and tell whether it was on the record; raises TrustNotRecorded."""
    key = _key(folder)
    if key not in _readable_entries(locations):
        return False
    with _record(locations) as entries:
        entries.pop(key, None)
    remove_mark(folder)
    return True


def trusted_projects(locations: Locations) -> tuple[TrustedProject, ...]:
    """Return the projects on the record, by folder; raises TrustNotRecorded when it is damaged."""
    entries = _entries(locations.data / RECORD)
    return tuple(
        TrustedProject(Path(key), _state(Path(key), entry), entry.since) for key, entry in sorted(entries.items())
    )


def _state(folder: Path, entry: _Entry) -> State:
    if entry.mark == read_mark(folder):
        return "trusted"
    return "replaced" if folder.is_dir() else "gone"


def _key(folder: Path) -> str:
    """Return a project's one name, however it is reached."""
    return os.path.realpath(folder)


def _readable_entries(locations: Locations) -> dict[str, _Entry]:
    try:
        return _entries(locations.data / RECORD)
    except TrustNotRecorded:
        return {}


def _entries(path: Path) -> dict[str, _Entry]:
    try:
        data = json.loads(read_small(path))
        return {key: _Entry(str(value["mark"]), float(value["since"])) for key, value in data["projects"].items()}
    except FileNotFoundError:
        return {}
    except OSError as cause:
        raise TrustNotRecorded(path, cause.strerror or str(cause)) from cause
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as cause:
        raise TrustNotRecorded(path, "it is damaged") from cause


@contextmanager
def _record(locations: Locations) -> Iterator[dict[str, _Entry]]:
    """Have the record for oneself while its entries are changed, and write what they are afterwards."""
    path = locations.data / RECORD
    try:
        with _held(LockPlace(locations.data, f"{RECORD}.lock", is_private=True), path):
            entries = _entries(path)
            yield entries
            entries = {key: entry for key, entry in entries.items() if not _is_deleted(Path(key))}
            content = {"format": _FORMAT, "projects": {key: members(entry) for key, entry in entries.items()}}
            write_file(path, json.dumps(content, indent=1).encode(), mode=_PRIVATE)
    except WriteFailed as cause:
        raise TrustNotRecorded(path, cause.message) from cause
    except OSError as cause:
        raise TrustNotRecorded(path, cause.strerror or str(cause)) from cause


def _is_deleted(folder: Path) -> bool:
    """Tell whether a project is no more; one whose whole disk is away may come back."""
    return not folder.exists() and folder.parent.exists()


@contextmanager
def _held(place: LockPlace, path: Path) -> Iterator[None]:
    deadline = time.monotonic() + _PATIENCE
    lock = place.open()
    try:
        while not try_lock(lock.descriptor):
            if time.monotonic() > deadline:
                raise TrustNotRecorded(path, "another process holds it")
            time.sleep(_SECONDS_BETWEEN_LOOKS)
        try:
            yield
        finally:
            unlock(lock.descriptor)
    finally:
        lock.close()
