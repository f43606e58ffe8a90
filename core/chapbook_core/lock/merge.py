"""Merges the locks of two branches, package by package, so that what either side pinned stays pinned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.requirements.version_key import version_key
from chapbook_core.value import frozen, replace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chapbook_core.lock.lockfile import Lock, LockedPackage

Entries = tuple["LockedPackage", ...]


@frozen
class Decision:
    """A package that the two sides have in different versions, and which ones were kept."""

    name: str
    ours: tuple[str, ...]
    theirs: tuple[str, ...]
    kept: tuple[str, ...]


@frozen
class Merge:
    """A lock with the packages of both sides. It belongs to no project file, until it is locked again."""

    lock: Lock
    decisions: tuple[Decision, ...]


def merge_locks(ours: Lock, theirs: Lock, base: Lock | None = None) -> Merge:
    """Take what one side changed since `base`; where both did, or nobody knows, the newer version.

    A package that only one side has stays, unless the other side is known to have removed it: a pin that nothing needs
    any more does no harm, a lost one does.
    """
    sides = _by_name(ours), _by_name(theirs)
    before = _by_name(base) if base is not None else None
    packages: list[LockedPackage] = []
    decisions: list[Decision] = []
    for name in sorted(sides[0].keys() | sides[1].keys()):
        our_entries, their_entries = (side.get(name, ()) for side in sides)
        kept = _kept(our_entries, their_entries, before.get(name, ()) if before is not None else None)
        packages += kept
        if _versions(our_entries) != _versions(their_entries):
            decisions.append(Decision(name, *map(_versions, (our_entries, their_entries, kept))))
    # No project file has this fingerprint, so everybody sees that the lock has to be made anew.
    lock = replace(ours, packages=tuple(packages), content_hash="0" * 64, extras={**theirs.extras, **ours.extras})
    return Merge(lock, tuple(decisions))


def _kept(ours: Entries, theirs: Entries, before: Entries | None) -> Entries:
    if theirs in (ours, before):
        return ours
    if ours == before:
        return theirs
    if not ours or not theirs:
        return ours or theirs
    return theirs if _newest(theirs) > _newest(ours) else ours


def _by_name(lock: Lock) -> Mapping[str, Entries]:
    entries: dict[str, Entries] = {}
    for package in lock.packages:
        entries[package.name] = (*entries.get(package.name, ()), package)
    return entries


def _versions(entries: Entries) -> tuple[str, ...]:
    return tuple(entry.version for entry in entries)


def _newest(entries: Entries) -> bytes:
    return max(_keys(entries))


def _keys(entries: Entries) -> Iterator[bytes]:
    for entry in entries:
        try:
            yield version_key(entry.version)
        except ValueError:
            yield b""
