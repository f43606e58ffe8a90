"""Easing: whether newer versions of what holds a package back would step aside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.commands.hold import Subject, allows, holds
from chapbook_core.commands.newest import is_from_index, read_listings, source_of
from chapbook_core.commands.show import latest_of
from chapbook_core.value import frozen, replace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chapbook_core.commands.hold import Hold
    from chapbook_core.commands.session import Session
    from chapbook_core.index.opening import OpenIndex
    from chapbook_core.lock.lockfile import LockedPackage


@frozen
class Easing:
    """A newer version of a package in the way, that allows what its locked version does not."""

    name: str
    version: str
    is_held: bool
    """Whether something holds this one back too."""


def eased(
    found: tuple[Hold, ...], subject: Subject, version: str, session: Session, index: OpenIndex
) -> tuple[Hold, ...]:
    """Return the holds, with a hint where a newer version of the package in the way allows a version of the subject."""
    known = {f"{package.name} {package.version}": package for package in subject.graph.packages}
    blocking = {hold.by: known[hold.by] for hold in found if hold.kind == "package" and hold.by in known}
    easings = dict(_easings(blocking, subject, version, session, index))
    is_free = all(hold.by in easings and not easings[hold.by].is_held for hold in found)
    names = " ".join([*(easing.name for easing in easings.values()), subject.name])
    advice = f": run `chapbook update {names}`" if is_free else ""
    return tuple(replace(hold, hint=_hint(easings[hold.by], advice)) if hold.by in easings else hold for hold in found)


def _hint(easing: Easing, advice: str) -> str:
    held = f", and is held back itself: see `chapbook why {easing.name}`" if easing.is_held else advice
    return f"`{easing.name} {easing.version}` allows it{held}"


def _easings(
    blocking: Mapping[str, LockedPackage], subject: Subject, version: str, session: Session, index: OpenIndex
) -> Iterator[tuple[str, Easing]]:
    packages = {by: package for by, package in blocking.items() if is_from_index(package)}
    listings = read_listings(packages.values(), session, index)
    newer = []
    for by, package in packages.items():
        source = source_of(package, session)
        listing = listings.get((package.name, source))
        newest = latest_of(package, listing, session)
        if listing is not None and newest != package.version:
            index.reader.want_metadata(package.name, newest, source)
            newer.append((by, package, source, listing.listed(newest)))
    for by, package, source, listed in newer:
        session.watcher.checkpoint()
        if allows(index.reader.metadata(package.name, listed.version, source), subject.name, version):
            is_held = bool(holds(replace(subject, package=package), listed))
            yield by, Easing(package.name, listed.version, is_held)
