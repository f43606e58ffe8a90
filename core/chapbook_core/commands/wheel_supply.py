"""Brings the files of locked packages into the store: what it has already costs a look, the rest is downloaded."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.commands.policies import policies_of
from chapbook_core.errors import ChapbookError
from chapbook_core.index.policy import NoBinary, OnlyBinary
from chapbook_core.installer.choice import fitting_files, matching_file
from chapbook_core.installer.fetch import WORKERS, WantedWheel, fetch_wheels

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chapbook_core.commands.session import Session
    from chapbook_core.index.mode import Mode
    from chapbook_core.index.reader import IndexReader
    from chapbook_core.index.tags import TagOrder
    from chapbook_core.installer.store import Store, StoredWheel
    from chapbook_core.lock.lockfile import LockedFile, LockedPackage

_SHA256 = "sha256"


class MustBeBuilt(ChapbookError):
    """What is locked of a package is source alone."""

    def __init__(self, package: LockedPackage, what: str) -> None:
        self.name = package.name
        super().__init__(
            f"`{package.name}` {package.version} must be built, and cannot be installed yet: the lock has {what} of it",
            hints=["require a version that has a wheel for this Python, or install it into the environment with pip"],
        )


class FileGone(ChapbookError):
    """No index has a locked file any more."""

    def __init__(self, package: LockedPackage, file: str) -> None:
        super().__init__(
            f"no index has the locked file `{file}` of `{package.name}` {package.version}",
            hints=["run `chapbook lock` to lock the files there are"],
        )


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A file to be had, and how."""

    package: LockedPackage
    files: tuple[LockedFile, ...]
    """Those that fit, the best first."""


def supply_wheels(
    session: Session, store: Store, packages: Sequence[LockedPackage], tags: TagOrder, mode: Mode
) -> Mapping[str, StoredWheel]:
    """Return the stored wheel of each package, by name.

    Raises NoFittingFile, MustBeBuilt, FileGone, BadWheel, StoreFailed, and what an index failed with.
    """
    found: dict[str, StoredWheel] = {}
    missing: list[_Wanted] = []
    policies = tuple(policy for policy in policies_of(session) if isinstance(policy, NoBinary | OnlyBinary))
    for package in packages:
        wanted = _Wanted(package, _files(package, tags, policies))
        digest = _digest(wanted.files[0])
        stored = store.find(digest) if digest else None
        if stored is not None:
            found[package.name] = stored
        else:
            missing.append(wanted)
    if missing:
        found.update(_fetched(session, store, missing, mode))
    return found


def _files(
    package: LockedPackage, tags: TagOrder, policies: tuple[NoBinary | OnlyBinary, ...]
) -> tuple[LockedFile, ...]:
    source = package.source
    if source is not None and source.type in {"git", "directory"}:
        raise MustBeBuilt(package, "a repository" if source.type == "git" else "a folder")
    files = fitting_files(package, tags, policies)
    if not files[0].name.endswith(".whl"):
        raise MustBeBuilt(package, f"only the source `{files[0].name}` for this Python")
    return tuple(file for file in files if file.name.endswith(".whl"))


def _digest(file: LockedFile) -> str | None:
    algorithm, _, digest = file.hash.partition(":")
    return digest if algorithm == _SHA256 else None


def _fetched(session: Session, store: Store, missing: Sequence[_Wanted], mode: Mode) -> dict[str, StoredWheel]:
    with session.open_index(mode) as index:
        whereabouts = _Whereabouts(session, index.reader)
        for wanted in missing:
            whereabouts.want(wanted.package)
        wheels = {wanted.package.name: whereabouts.wheel(wanted) for wanted in missing}
        workers = (session.settings.number("installer.max-workers") or WORKERS) if _is_parallel(session) else 1
        stored = fetch_wheels(tuple(wheels.values()), store, index.client, session.watcher, workers=workers)
    return {name: stored[wheel] for name, wheel in wheels.items()}


def _is_parallel(session: Session) -> bool:
    return session.settings.flag("installer.parallel")


class _Whereabouts:
    """Tells where locked files are to be had."""

    def __init__(self, session: Session, reader: IndexReader) -> None:
        self._folder = session.manifest.folder
        self._reader = reader
        self._sources = {place.name for place in session.sources.places}

    def want(self, package: LockedPackage) -> None:
        """Begin to read what an index says of a package."""
        if package.source is None or package.source.type == "legacy":
            self._reader.want_versions(package.name, self._source(package))

    def wheel(self, wanted: _Wanted) -> WantedWheel:
        """Return the best file that is still there; raises FileGone."""
        package, source = wanted.package, wanted.package.source
        first = wanted.files[0]
        if source is not None and source.type == "file":
            url = Path(os.path.normpath(self._folder / source.url)).as_uri()
            return WantedWheel(first.name, url, (_hash(first),))
        if source is not None and source.type == "url":
            return WantedWheel(first.name, source.url, (_hash(first),))
        offered = self._reader.versions(package.name, self._source(package)).files(package.version)
        for locked in wanted.files:
            file = matching_file(locked, offered)
            if file is not None:
                hashes = tuple(sorted({**dict(file.hashes), **dict([_hash(locked)])}.items()))
                return WantedWheel(file.filename, file.url, hashes, file.size)
        raise FileGone(package, first.name)

    def _source(self, package: LockedPackage) -> str | None:
        """Return the source to ask; one that the project no longer names is looked for in all."""
        reference = package.source.reference if package.source is not None else ""
        return reference if reference in self._sources else None


def _hash(file: LockedFile) -> tuple[str, str]:
    algorithm, _, digest = file.hash.partition(":")
    return algorithm, digest
