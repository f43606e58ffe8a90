"""The versions of locked packages as a person is told them, and what became of them from one lock to another."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from chapbook_core.commands.report import Change

if TYPE_CHECKING:
    from chapbook_core.commands.report import ChangeKind
    from chapbook_core.lock.lockfile import Lock, LockedPackage

_SHORT_REVISION = 7


def version_text(package: LockedPackage) -> str:
    """Return the version, with the place it comes from when that is no index."""
    source = package.source
    if source is None or source.type == "legacy":
        return package.version
    if source.type == "git":
        return f"{package.version} {source.resolved_reference[:_SHORT_REVISION]}".rstrip()
    return f"{package.version} {source.url}"


def compare(before: Lock | None, after: Lock | None) -> list[Change]:
    """Compare two locks: each package with all its versions.

    Where a version comes from is told where that alone has changed, and that files have been exchanged for others: an
    index never does that to what it has once had.
    """
    old, new = _versions(before), _versions(after)
    exchanged = _exchanged(before, after)
    changes: list[Change] = []
    for name in sorted(old.keys() | new.keys()):
        was, comes = old.get(name, {}), new.get(name, {})
        if was == comes:
            if name in exchanged:
                version = ", ".join(comes)
                changes.append(Change("update", name, version, version, "other content under the same file name"))
            continue
        texts = [", ".join(versions) for versions in (was, comes)]
        if texts[0] == texts[1]:
            texts = [", ".join(versions.values()) for versions in (was, comes)]
        changes.append(Change(_kind(was, comes), name, *texts))
    return changes


def _versions(lock: Lock | None) -> dict[str, dict[str, str]]:
    """Return how each version of each package is told in full."""
    versions: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for package in lock.packages if lock is not None else ():
        versions[package.name][package.version] = version_text(package)
    return versions


def _exchanged(before: Lock | None, after: Lock | None) -> set[str]:
    """Return the packages of which a file has another hash than it had."""
    known = {(one.name, one.version): one.files for one in before.packages} if before is not None else {}
    exchanged: set[str] = set()
    for package in after.packages if after is not None else ():
        files = known.get((package.name, package.version), ())
        # Nearly always the files are the same, which is seen at once.
        if files and files != package.files:
            had = {(file.name, file.hash.partition(":")[0]): file.hash for file in files}
            if any(had.get((file.name, file.hash.partition(":")[0]), file.hash) != file.hash for file in package.files):
                exchanged.add(package.name)
    return exchanged


def _kind(before: dict[str, str], after: dict[str, str]) -> ChangeKind:
    if not before:
        return "add"
    return "update" if after else "remove"
