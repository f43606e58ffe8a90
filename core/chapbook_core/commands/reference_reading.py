"""Reads what is at the end of a direct reference: a repository, a folder, an archive here or at an address."""

from __future__ import annotations

import hashlib
import tempfile
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from chapbook_core.builder.git import GitRepositories
from chapbook_core.builder.source_tree import read_tree
from chapbook_core.builder.unpacking import unpack
from chapbook_core.commands.build_sources import (
    archive_identity,
    folder_identity,
    repository_identity,
    with_login,
)
from chapbook_core.errors import ChapbookError
from chapbook_core.index.blob import StaleBlob
from chapbook_core.index.cache import source_key
from chapbook_core.index.failure import NotCached
from chapbook_core.index.filename import SDIST_ENDINGS, UnusableName, read_wheel_name
from chapbook_core.index.metadata import Metadata, parse_metadata
from chapbook_core.index.mode import Mode
from chapbook_core.index.sdist import read_source_files
from chapbook_core.index.source_metadata import is_final, told_metadata
from chapbook_core.index.wheel_tail import metadata_of_wheel
from chapbook_core.lock.lockfile import LockedFile, LockedPackage, LockedSource
from chapbook_core.requirements.origin import DirectoryOrigin, FileOrigin, GitOrigin, IndexOrigin, UrlOrigin
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chapbook_core.commands.building import Builds
    from chapbook_core.commands.session import Session
    from chapbook_core.index.opening import OpenIndex
    from chapbook_core.project.manifest import Manifest
    from chapbook_core.requirements.origin import Origin

_LARGEST = 8_000_000_000
_ZIP = b"PK\x03\x04"
_HASHES = ("sha512", "sha384", "sha256", "sha224", "sha1", "md5")


class NothingThere(ChapbookError):
    """A direct reference leads to nothing that could be a package."""


@frozen
class Reading:
    """What was found, and how a lock names the place."""

    told: Manifest | Metadata
    source: LockedSource
    files: tuple[LockedFile, ...] = ()


class ReferenceReader:
    """Reads direct references for one command; `locked` are the packages of the present lock that are to stay."""

    def __init__(
        self, session: Session, index: OpenIndex, mode: Mode, builds: Builds, locked: Iterable[LockedPackage]
    ) -> None:
        self._session = session
        self._index = index
        self._mode = mode
        self._builds = builds
        self._locked = [(package, package.source) for package in locked if package.source is not None]
        self._temporary: tempfile.TemporaryDirectory[str] | None = None

    def read(self, name: str, origin: Origin) -> Reading:
        """Return what a reference leads to; raises ChapbookError and OSError."""
        match origin:
            case GitOrigin():
                return self._of_repository(name, origin)
            case UrlOrigin():
                return self._of_address(name, origin)
            case FileOrigin(path=path) | DirectoryOrigin(path=path):
                place = self._session.manifest.folder / path
                if place.is_dir():
                    return self._of_folder(name, path)
                if place.is_file():
                    return self._of_file(name, path, origin.subdirectory)
                hint = "bring it back, or correct the path in `pyproject.toml`"
                raise NothingThere("there is no such file or folder", hints=[hint])
            case IndexOrigin():
                raise LookupError("an index is no direct reference")

    def close(self) -> None:
        """Remove what is not kept for the next command."""
        if self._temporary is not None:
            self._temporary.cleanup()

    # Kinds of places.

    def _of_folder(self, name: str, path: Path) -> Reading:
        folder = self._session.manifest.folder / path
        told = _told(folder) or self._builds.of_tree(folder.resolve(), name, folder_identity(folder.resolve()))
        return Reading(told, LockedSource("directory", path.as_posix()))

    def _of_repository(self, name: str, origin: GitOrigin) -> Reading:
        reference = origin.reference or "HEAD"
        before = next(
            (
                source.resolved_reference
                for package, source in self._locked
                if (package.name, source.type, source.url, source.reference) == (name, "git", origin.url, reference)
            ),
            "",
        )
        commit = self._repositories.commit(origin, before)
        tree = self._repositories.tree(origin, commit)
        identity = repository_identity(origin.url, commit, origin.subdirectory or "")
        told = _told(tree) or self._builds.of_tree(tree.resolve(), name, identity, is_shared=True)
        source = LockedSource("git", origin.url, reference, commit, origin.subdirectory or "")
        return Reading(told, source)

    def _of_file(self, name: str, path: Path, subdirectory: str | None) -> Reading:
        whole = self._session.manifest.folder / path
        with whole.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        told = self._of_archive(whole, path.name, name, subdirectory, digest)
        source = LockedSource("file", path.as_posix(), subdirectory=subdirectory or "")
        return Reading(told, source, (LockedFile(path.name, f"sha256:{digest}"),))

    def _of_address(self, name: str, origin: UrlOrigin) -> Reading:
        address = origin.url.partition("#")[0]
        filename = unquote(urlsplit(address).path.rpartition("/")[2])
        source = LockedSource("url", origin.url, subdirectory=origin.subdirectory or "")
        if kept := self._kept(name, source):
            digest, told = kept
            return Reading(told, source, (LockedFile(filename, f"sha256:{digest}"),))
        if self._mode is Mode.OFFLINE:
            raise NotCached(address, f"what `{name}` requires")
        with tempfile.TemporaryDirectory(prefix="chapbook-") as folder:
            path = Path(folder, "archive")
            with path.open("w+b") as stream:
                self._index.client.download(
                    with_login(address, origin.userinfo), stream, hashes=_hashes(origin), size=_LARGEST
                )
                stream.seek(0)
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
            found = self._of_archive(path, filename, name, origin.subdirectory, digest)
        if isinstance(found, Metadata):
            self._index.cache.keep_metadata(_key(source), name, _DIRECT, digest, found.blob())
        return Reading(found, source, (LockedFile(filename, f"sha256:{digest}"),))

    def _kept(self, name: str, source: LockedSource) -> tuple[str, Metadata] | None:
        """Return digest and metadata from the cache: of a locked archive, and offline of any."""
        kept = dict(self._index.cache.metadata_files(_key(source), name)).get(_DIRECT)
        locked = {
            file.hash
            for package, its_source in self._locked
            if (package.name, its_source) == (name, source)
            for file in package.files
        }
        if kept is None or not (self._mode is Mode.OFFLINE or f"sha256:{kept}" in locked):
            return None
        try:
            return kept, Metadata.from_blob(self._index.cache.metadata(_key(source), name, _DIRECT) or b"")
        except StaleBlob:
            return None

    # What they hold.

    def _of_archive(
        self, path: Path, filename: str, name: str, subdirectory: str | None, digest: str
    ) -> Manifest | Metadata:
        if filename.endswith(".whl"):
            try:
                wheel = read_wheel_name(filename)
            except UnusableName as problem:
                raise NothingThere(f"`{filename}` is {problem}") from None
            return parse_metadata(metadata_of_wheel(path, wheel.name, wheel.version), filename)
        kind = filename if filename.endswith(SDIST_ENDINGS) else _kind(path)
        if not subdirectory:
            told = told_metadata(read_source_files(path, kind, is_final))
            if told is not None:
                return told
        with tempfile.TemporaryDirectory(prefix="chapbook-") as folder:
            tree = unpack(path, kind, Path(folder).resolve() / "tree")
            wanted = tree / (subdirectory or "")
            if not wanted.resolve().is_relative_to(tree) or not wanted.is_dir():
                raise NothingThere(f"it has no folder `{subdirectory}`")
            identity = archive_identity(f"sha256:{digest}", subdirectory or "")
            return _told(wanted) or self._builds.of_tree(wanted.resolve(), name, identity)

    @cached_property
    def _repositories(self) -> GitRepositories:
        session = self._session
        folder = session.cache
        if folder is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="chapbook-git-", ignore_cleanup_errors=True)
            folder = Path(self._temporary.name)
        variables = session.surroundings.variables
        return GitRepositories(
            folder.resolve() / "git", variables, session.watcher, is_offline=self._mode is Mode.OFFLINE
        )


_DIRECT = "direct"
"""What stands in the cache where releases have their version."""


def _key(source: LockedSource) -> str:
    return f"{source_key(source.url.partition('#')[0])}#{source.subdirectory}"


def _told(tree: Path) -> Manifest | Metadata | None:
    """Read a source tree that is to be a package; nothing when it must be built."""
    told = read_tree(tree)
    if told is not None and not isinstance(told, Metadata) and not told.package_mode:
        raise NothingThere("it is no package: its `package-mode` is false")
    return told


def _kind(path: Path) -> str:
    """Return a name with the ending that an archive should have had; raises NothingThere for what is none."""
    with path.open("rb") as stream:
        if stream.read(len(_ZIP)) == _ZIP:
            return "archive.zip"
    # Archives have the endings of archives, nearly all of them.
    from tarfile import is_tarfile

    if not is_tarfile(path):
        raise NothingThere("it is neither a wheel nor an archive of sources")
    return "archive.tar"


def _hashes(origin: UrlOrigin) -> dict[str, str]:
    """Return the hashes that stand in the fragment of an address."""
    parts = (part.partition("=") for part in origin.url.partition("#")[2].split("&"))
    return {key: value.lower() for key, _, value in parts if key in _HASHES}
