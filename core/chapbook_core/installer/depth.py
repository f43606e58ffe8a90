"""The order in which packages are put in: what others need comes before them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.project.recent import Recent
from chapbook_core.requirements.name import canonical_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chapbook_core.lock.lockfile import LockedPackage


_sorted: Recent[tuple[LockedPackage, ...]] = Recent()


def deepest_first(packages: Sequence[LockedPackage]) -> tuple[LockedPackage, ...]:
    """Sort packages by their distance from what nothing else needs, the farthest first, then by name."""
    # What a lock selects is the same tuple for one command after the other; a list may change.
    if isinstance(packages, tuple) and (known := _sorted.recall(packages)) is not None:
        return known
    depths = _depths({package.name: _needed(package) for package in packages})
    found = tuple(sorted(packages, key=lambda package: (-depths[package.name], package.name)))
    if isinstance(packages, tuple):
        _sorted.keep(found, packages)
    return found


def _needed(package: LockedPackage) -> tuple[str, ...]:
    return tuple(map(canonical_name, package.dependencies))


def _depths(needed: Mapping[str, tuple[str, ...]]) -> dict[str, int]:
    """Return the length of the longest way to each package; a way that closes a circle ends there."""
    depths = dict.fromkeys(needed, 0)
    for name in reversed(_after_their_needs(needed)):
        for other in needed[name]:
            if other in depths:
                depths[other] = max(depths[other], depths[name] + 1)
    return depths


def _after_their_needs(needed: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Return the names so that each stands behind what it needs, circles apart."""
    order: list[str] = []
    seen: set[str] = set()
    for start in sorted(needed):
        # A stack of its own, because chains may be longer than Python recurses.
        pending = [(start, False)]
        while pending:
            name, is_done = pending.pop()
            if is_done:
                order.append(name)
            elif name in needed and name not in seen:
                seen.add(name)
                pending.append((name, True))
                pending += [(other, False) for other in needed[name]]
    return order
