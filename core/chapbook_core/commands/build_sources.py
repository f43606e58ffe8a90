"""Build sources: where the source of a locked package is, by what it is known, and how it is laid out for one build."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from chapbook_core.builder.tree_fingerprint import tree_fingerprint
from chapbook_core.errors import ChapbookError
from chapbook_core.project.removal import remove_folder
from chapbook_core.requirements.origin import GitOrigin, UrlOrigin
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from chapbook_core.commands.session import Session
    from chapbook_core.commands.workbench import Workbench
    from chapbook_core.lock.lockfile import LockedPackage, LockedSource
    from chapbook_core.requirements.url import Userinfo


_FOLDER = "folder"


class SourceGone(ChapbookError):
    """The folder that a lock names is not there."""

    def __init__(self, name: str, folder: Path) -> None:
        super().__init__(
            f"`{name}` cannot be built: there is no folder `{folder}`",
            hints=["bring it back, or take the requirement out of the project"],
        )


@frozen
class BuildSource:
    """A source that can be built."""

    name: str
    version: str
    """The locked one; empty when whatever comes out is right."""
    identity: tuple[str, ...]
    """What its content is known by: a digest, a commit, a fingerprint."""
    tree: Callable[[], AbstractContextManager[Path]]
    """Lays the files out for one build."""

    @property
    def is_own(self) -> bool:
        """Whether it is a folder of the person's, who can mend it."""
        return self.identity[0] == _FOLDER

    @property
    def what(self) -> str:
        """What a person calls it."""
        return f"{self.name} {self.version}".rstrip()


@frozen
class Location:
    """Where a source archive is to be had."""

    url: str
    filename: str
    hashes: Mapping[str, str]


def archive_source(
    bench: Workbench, package: LockedPackage, locked_hash: str, locate: Callable[[], Location]
) -> BuildSource:
    """Return the source in an archive, which is located when it comes to a build."""
    subdirectory = package.source.subdirectory if package.source is not None else ""

    @contextmanager
    def tree() -> Iterator[Path]:
        from chapbook_core.builder.unpacking import unpack  # what was built before needs no source

        with bench.lookup_lock:
            location = locate()
        file, _digest = bench.archives.path(location.url, location.filename, location.hashes)
        with bench.room() as room:
            top = unpack(file, _kind(file, location.filename), room / "tree")
            yield _below(top, subdirectory, package.name)

    return BuildSource(package.name, package.version, archive_identity(locked_hash, subdirectory), tree)


def archive_identity(locked_hash: str, subdirectory: str) -> tuple[str, ...]:
    """Return what an archive is known by."""
    return ("archive", locked_hash.lower(), subdirectory)


def repository_source(bench: Workbench, package: LockedPackage, source: LockedSource) -> BuildSource:
    """Return the source at a commit."""
    commit = source.resolved_reference
    origin = GitOrigin(
        source.url, revision=commit, userinfo=login_of(bench.session, package.name, source.url, GitOrigin)
    )

    @contextmanager
    def tree() -> Iterator[Path]:
        with bench.git_lock:
            folder = bench.repositories.tree(origin, bench.repositories.commit(origin, commit))
        with copied(bench, folder) as own:
            yield _below(own, source.subdirectory, package.name)

    return BuildSource(
        package.name, package.version, repository_identity(source.url, commit, source.subdirectory), tree
    )


def repository_identity(url: str, commit: str, subdirectory: str) -> tuple[str, ...]:
    """Return what a tree of a repository is known by."""
    return ("git", url, commit, subdirectory)


def folder_source(bench: Workbench, package: LockedPackage, source: LockedSource) -> BuildSource:
    """Return the source in a folder; raises SourceGone.

    What is in the folder is what is wanted, whatever version the lock had found there.
    """
    folder = Path(os.path.normpath(bench.session.manifest.folder / source.url / source.subdirectory))
    if not folder.is_dir():
        raise SourceGone(package.name, folder)
    return BuildSource(package.name, "", folder_identity(folder), lambda: left_as_it_was(folder))


def folder_identity(folder: Path) -> tuple[str, ...]:
    """Return what the present content of a folder is known by."""
    return (_FOLDER, str(folder), tree_fingerprint(folder))


def login_of(session: Session, name: str, url: str, kind: type[GitOrigin | UrlOrigin]) -> Userinfo | None:
    """Return what the project file has to log in where a package comes from."""
    for group in session.manifest.groups:
        for requirement in group.requirements:
            origin = requirement.origin
            if requirement.name == name and isinstance(origin, kind) and origin.url == url:
                return origin.userinfo
    return None


def with_login(address: str, userinfo: Userinfo | None) -> str:
    """Return an address as it is asked for."""
    if userinfo is None:
        return address
    scheme, _, rest = address.partition("://")
    login = (quote(part, safe="") for part in (userinfo.username, userinfo.password))
    return f"{scheme}://{':'.join(login)}@{rest}"


@contextmanager
def copied(bench: Workbench, tree: Path) -> Iterator[Path]:
    """Provide a copy of a tree that others use as well; a build may write into its own."""
    with bench.room() as room:
        yield Path(shutil.copytree(tree, room / "tree", symlinks=True))


@contextmanager
def left_as_it_was(folder: Path) -> Iterator[Path]:
    """Provide a person's folder, and remove what a build has left beside the sources, were it not there before."""
    before = set(_left_by_builds(folder))
    try:
        yield folder
    finally:
        for path in _left_by_builds(folder):
            if path not in before and not path.is_symlink():
                remove_folder(path)


def _left_by_builds(folder: Path) -> Iterator[Path]:
    build = folder / "build"
    if build.is_dir():
        yield build
    for parent in (folder, folder / "src"):
        yield from parent.glob("*.egg-info")


def _below(top: Path, subdirectory: str, name: str) -> Path:
    wanted = top / subdirectory
    if not wanted.resolve().is_relative_to(top.resolve()) or not wanted.is_dir():
        raise ChapbookError(f"`{name}` cannot be built: its source has no folder `{subdirectory}`")
    return wanted


def _kind(file: Path, filename: str) -> str:
    """Return a name with the ending that tells how an archive is packed."""
    if filename.endswith((".zip", ".tar", ".gz", ".bz2", ".xz", ".tgz")):
        return filename
    with file.open("rb") as stream:
        return "archive.zip" if stream.read(4) == b"PK\x03\x04" else "archive.tar"
