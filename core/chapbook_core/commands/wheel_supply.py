"""Brings locked packages into the store: what it has already costs a look, the rest is downloaded or built."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.commands.policies import policies_of
from chapbook_core.errors import ChapbookError
from chapbook_core.index.policy import NoBinary, OnlyBinary
from chapbook_core.installer.choice import NoFittingFile, fitting_files, matching_file
from chapbook_core.requirements.name import canonical_name
from chapbook_core.requirements.origin import ARCHIVE_SUFFIXES, UrlOrigin
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from queue import SimpleQueue

    from chapbook_core.commands.build_sources import BuildSource
    from chapbook_core.commands.session import Session
    from chapbook_core.commands.wheel_building import Chain, EnvironmentsFor
    from chapbook_core.commands.workbench import Workbench
    from chapbook_core.index.file import File
    from chapbook_core.index.mode import Mode
    from chapbook_core.index.opening import OpenIndex
    from chapbook_core.index.reader import IndexReader
    from chapbook_core.index.tags import TagOrder
    from chapbook_core.installer.fetch import WantedWheel
    from chapbook_core.installer.manifest import Manifest
    from chapbook_core.installer.store import Store, StoredWheel
    from chapbook_core.lock.lockfile import LockedFile, LockedPackage

_GLANCE = 0.25
"""Seconds between two looks at whether the person wants to stop."""
_SHA256 = "sha256"
_STRONG = {
    _SHA256: 64,
    "sha384": 96,
    "sha512": 128,
    "sha3_256": 64,
    "sha3_384": 96,
    "sha3_512": 128,
    "blake2b": 128,
    "blake2s": 64,
}
"""Algorithms by which nobody can make a second file for a digest, and how many hexadecimal digits such a one has."""
_DIGITS = frozenset("0123456789abcdef")


class FileGone(ChapbookError):
    """No index has a locked file any more."""

    def __init__(self, package: LockedPackage, file: str) -> None:
        super().__init__(
            f"no index has the locked file `{file}` of `{package.name}` {package.version}",
            hints=["run `chapbook lock` to lock the files there are"],
        )


class OtherContent(ChapbookError):
    """What an index has under the name of a locked file is not what was locked."""

    def __init__(self, package: LockedPackage, locked: LockedFile, offered: str) -> None:
        super().__init__(
            f"`{locked.name}` of `{package.name}` {package.version} is not what was locked: "
            f"the lock has {locked.hash}, the index {offered}",
            hints=[
                "find out whether the lock or the index was changed, and by whom, before you trust either",
                "run `chapbook lock` if what the index has is right",
            ],
        )


class OtherRelease(ChapbookError):
    """A locked file is of another release than the lock says."""

    def __init__(self, package: LockedPackage, manifest: Manifest) -> None:
        super().__init__(
            f"the lock gives `{manifest.filename}` as a file of `{package.name}` {package.version}, "
            f"and it is `{manifest.name}` {manifest.version}",
            hints=["bring back the lock as it was, or run `chapbook lock --regenerate`"],
        )


class HashProvesNothing(ChapbookError):
    """A locked file has no hash by which it could be known."""

    def __init__(self, package: LockedPackage, file: LockedFile) -> None:
        has = f"`{file.hash}`" if file.hash else "none"
        super().__init__(
            f"the lock has no hash that proves `{file.name}` to be a file of `{package.name}` {package.version}: {has}",
            hints=["run `chapbook lock --regenerate`, which takes the SHA-256 of each file"],
        )


@frozen
class _Wanted:
    """A package, and the files of it that fit, the best first; none where it comes from a folder or a repository."""

    package: LockedPackage
    files: tuple[LockedFile, ...]

    @property
    def wheels(self) -> tuple[LockedFile, ...]:
        """The files that need no build; none when the best that there is needs one."""
        if not self.files or not _is_wheel(self.files[0]):
            return ()
        return tuple(file for file in self.files if _is_wheel(file))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the files that will do."""
        return tuple(file.name for file in self.wheels or self.files)


def supply_wheels(
    session: Session, store: Store, packages: Sequence[LockedPackage], tags: TagOrder, mode: Mode
) -> Mapping[str, StoredWheel]:
    """Return the stored wheel of each package, by name, when all of them have one for these tags.

    Raises NoFittingFile, HashProvesNothing, FileGone, OtherContent, OtherRelease, BadWheel, StoreFailed, and what an
    index says.
    """
    found, missing = _looked_up(session, store, packages, tags)
    for wanted in missing:
        if not wanted.wheels:
            raise NoFittingFile(wanted.package, ("it has to be built",), ())
    if missing:
        with session.open_index(mode) as index:
            found.update(_fetched(session, store, index, missing))
    return found


def fetch_wheels(bench: Workbench, packages: Sequence[LockedPackage]) -> None:
    """Bring into the store what packages have wheels of; raises what `supply_wheels` raises."""
    _found, missing = _looked_up(bench.session, bench.store, packages, bench.tags)
    ready = [wanted for wanted in missing if wanted.wheels]
    if ready:
        _fetched(bench.session, bench.store, bench.index, ready)


def supply(
    bench: Workbench, packages: Sequence[LockedPackage], environments: Callable[[], EnvironmentsFor], chain: Chain = ()
) -> Mapping[str, StoredWheel]:
    """Return the stored wheel of each package, by name; those that have none are built.

    `environments` is called when it comes to a build. Raises what `supply_wheels` raises, and BuildFailed.
    """
    session = bench.session
    found, missing = _looked_up(session, bench.store, packages, bench.tags)
    ready = [wanted for wanted in missing if wanted.wheels]
    sources: list[BuildSource] = []
    for wanted in missing:
        if not wanted.wheels:
            source = _source(bench, wanted)
            stored = bench.kept(source)
            if stored is None:
                sources.append(source)
            else:
                found[wanted.package.name] = stored
    if ready:
        found.update(_fetched(session, bench.store, bench.index, ready))
    if sources:
        from chapbook_core.commands.wheel_building import build_wheels  # hardly a command builds

        found.update(build_wheels(bench, sources, environments(), chain))
    return found


def _looked_up(
    session: Session, store: Store, packages: Sequence[LockedPackage], tags: TagOrder
) -> tuple[dict[str, StoredWheel], list[_Wanted]]:
    """Return what the store has, and what is missing."""
    found: dict[str, StoredWheel] = {}
    missing: list[_Wanted] = []
    policies = tuple(policy for policy in policies_of(session) if isinstance(policy, NoBinary | OnlyBinary))
    for package in packages:
        wanted = _Wanted(package, _files(package, tags, policies))
        digest = _digest(wanted.files[0]) if wanted.wheels else None
        stored = store.find(digest) if digest else None
        if stored is not None:
            _require_locked(package, stored)
            found[package.name] = stored
        else:
            for file in wanted.files:
                if not _is_proof(file.hash):
                    raise HashProvesNothing(package, file)
            missing.append(wanted)
    return found, missing


def _files(
    package: LockedPackage, tags: TagOrder, policies: tuple[NoBinary | OnlyBinary, ...]
) -> tuple[LockedFile, ...]:
    source = package.source
    if source is not None and source.type in {"git", "directory"}:
        return ()
    if source is not None and source.type == "url" and not package.files[0].name.endswith(ARCHIVE_SUFFIXES):
        # An address need not end as its file does.
        return package.files
    return fitting_files(package, tags, policies)


def _is_wheel(file: LockedFile) -> bool:
    return file.name.endswith(".whl")


def _digest(file: LockedFile) -> str | None:
    algorithm, _, digest = file.hash.partition(":")
    return digest if algorithm == _SHA256 and _is_proof(file.hash) else None


def _is_proof(text: str) -> bool:
    """Tell whether a locked hash is one that only one file has."""
    algorithm, _, digest = text.partition(":")
    return _STRONG.get(algorithm) == len(digest) and _DIGITS.issuperset(digest.lower())


def _source(bench: Workbench, wanted: _Wanted) -> BuildSource:
    """Return where a package is built from; an index is asked only when it comes to a build."""
    from chapbook_core.commands.build_sources import (  # hardly a command builds
        Location,
        archive_source,
        folder_source,
        repository_source,
    )

    package, source = wanted.package, wanted.package.source
    if source is not None and source.type == "git":
        return repository_source(bench, package, source)
    if source is not None and source.type == "directory":
        return folder_source(bench, package, source)

    def location() -> Location:
        place = _Whereabouts(bench.session, bench.index.reader).wheel(wanted)
        return Location(place.url, place.filename, dict(place.hashes))

    return archive_source(bench, package, wanted.files[0].hash, location)


def _fetched(session: Session, store: Store, index: OpenIndex, missing: Sequence[_Wanted]) -> dict[str, StoredWheel]:
    # Most commands find in the store all that they need.
    from chapbook_core.installer.fetch import WORKERS, Fetching

    whereabouts = _Whereabouts(session, index.reader)
    workers = (session.settings.number("installer.max-workers") or WORKERS) if _is_parallel(session) else 1
    wheels: dict[str, WantedWheel] = {}
    with Fetching(
        len(missing),
        store,
        index.client,
        session.watcher,
        workers=workers,
        companion=session.surroundings.companion,
    ) as fetching:
        for wanted in whereabouts.arriving(missing, fetching.checkpoint):
            wheel = wheels[wanted.package.name] = whereabouts.wheel(wanted)
            fetching.want(wheel)
        stored = fetching.stored()
    for wanted in missing:
        _require_locked(wanted.package, stored[wheels[wanted.package.name]])
    return {name: stored[wheel] for name, wheel in wheels.items()}


def _require_locked(package: LockedPackage, stored: StoredWheel) -> None:
    """Raise OtherRelease for a wheel of another name or version; its hash says nothing of these."""
    manifest = stored.manifest
    if manifest.name != canonical_name(package.name):
        raise OtherRelease(package, manifest)
    if manifest.version != package.version:
        from chapbook_core.requirements.version_key import version_key  # nearly all are written alike

        if version_key(manifest.version) != version_key(package.version):
            raise OtherRelease(package, manifest)


def _is_parallel(session: Session) -> bool:
    return session.settings.flag("installer.parallel")


class _Whereabouts:
    """Tells where locked files are to be had."""

    def __init__(self, session: Session, reader: IndexReader) -> None:
        self._session = session
        self._folder = session.manifest.folder
        self._reader = reader
        self._sources = {place.name for place in session.sources.places}

    def arriving(self, missing: Sequence[_Wanted], checkpoint: Callable[[], None]) -> Iterator[_Wanted]:
        """Give each package as soon as what the index says of it is here, in whatever order it comes."""
        from queue import Empty, SimpleQueue  # as in `_fetched`

        come: SimpleQueue[_Wanted] = SimpleQueue()
        asked: list[_Wanted] = []
        for wanted in missing:
            source = wanted.package.source
            if source is None or source.type == "legacy":
                asked.append(wanted)
            else:
                come.put(wanted)
        asked.sort(key=_rank)
        places = self._reader.want_releases(
            (wanted.package.name, wanted.package.version, wanted.names, self._source(wanted.package))
            for wanted in asked
        )
        for place, wanted in zip(places, asked, strict=True):
            place.add_done_callback(partial(_put, come, wanted))
        for _ in missing:
            while True:
                try:
                    yield come.get(timeout=_GLANCE)
                    break
                except Empty:
                    checkpoint()

    def wheel(self, wanted: _Wanted) -> WantedWheel:
        """Return the best file that is still there; raises FileGone and OtherContent.

        Of what has to be built it is the source archive.
        """
        from chapbook_core.installer.fetch import WantedWheel  # as in `_fetched`

        package, source = wanted.package, wanted.package.source
        first = wanted.files[0]
        if source is not None and source.type == "file":
            url = Path(os.path.normpath(self._folder / source.url)).as_uri()
            return WantedWheel(first.name, url, (_hash(first),))
        if source is not None and source.type == "url":
            from chapbook_core.commands.build_sources import login_of, with_login  # few packages are at an address

            userinfo = login_of(self._session, package.name, source.url, UrlOrigin)
            address = with_login(source.url.partition("#")[0], userinfo)
            return WantedWheel(first.name, address, (_hash(first),))
        offered = self._reader.release(package.name, package.version, wanted.names, self._source(package))
        for locked in wanted.wheels or wanted.files:
            file = matching_file(locked, offered)
            if file is not None:
                hashes = tuple(sorted({**dict(file.hashes), **dict([_hash(locked)])}.items()))
                return WantedWheel(file.filename, file.url, hashes, file.size)
        raise _not_had(wanted, offered)

    def _source(self, package: LockedPackage) -> str | None:
        """Return the source to ask; one that the project no longer names is looked for in all."""
        reference = package.source.reference if package.source is not None else ""
        return reference if reference in self._sources else None


def _not_had(wanted: _Wanted, offered: Sequence[File]) -> ChapbookError:
    """Return why no locked file can be had, when an index has none of that name or none of that content."""
    for locked in wanted.wheels or wanted.files:
        algorithm = locked.hash.partition(":")[0]
        for file in offered:
            if file.filename == locked.name:
                return OtherContent(wanted.package, locked, f"{algorithm}:{file.digest(algorithm)}")
    return FileGone(wanted.package, wanted.files[0].name)


def _rank(wanted: _Wanted) -> tuple[bool, int]:
    """Put first what is probably large, as no lock tells: what is compiled, and what requires many others."""
    return wanted.files[0].name.endswith("-any.whl"), -len(wanted.package.dependencies)


def _put(come: SimpleQueue[_Wanted], wanted: _Wanted, _page: object) -> None:
    come.put(wanted)


def _hash(file: LockedFile) -> tuple[str, str]:
    algorithm, _, digest = file.hash.partition(":")
    return algorithm, digest
