"""Clashes: files that two distributions want in one place, found before anything is touched."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

from chapbook_core.environment.site_packages import scan_site_packages
from chapbook_core.errors import ChapbookError
from chapbook_core.installer.bad_wheel import Refusal, shown
from chapbook_core.installer.member_name import folded
from chapbook_core.installer.record import read_rows
from chapbook_core.pattern import late_pattern
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
    from pathlib import Path

    from chapbook_core.installer.arrangement import Arrangement
    from chapbook_core.installer.manifest import StoredFile
    from chapbook_core.installer.schemes import InstallPaths

_NAMESPACE = late_pattern(
    rb"pkgutil['\"]?\)?\s*\.\s*extend_path|extend_path\s*\(\s*__path__|declare_namespace\s*\(\s*__name__"
)
_LONGEST_NAMESPACE = 4096
_NOBODY = ""


class FileClash(ChapbookError):
    """Two distributions bring different files of one name."""

    def __init__(self, path: str, newcomer: str, owner: str) -> None:
        self.path = path
        self.newcomer = newcomer
        self.owner = owner
        if owner:
            message = f"{newcomer} and {owner} both bring `{shown(path)}`, and only one of them can have it"
            hints = [f"choose one of them, or versions that do without: `chapbook remove {owner}`"]
        else:
            message = f"{newcomer} brings `{shown(path)}`, which is there and belongs to no package"
            hints = ["look at what it is, move it away, and run the command again"]
        super().__init__(message, hints=hints)


class Sharing:
    """What several distributions have in common: the same file, or the file that makes a folder a namespace.

    A shared file stays as it is, and is in the RECORD of each.
    """

    def __init__(self) -> None:
        self.files: dict[tuple[str, str], tuple[str, int]] = {}
        """By the name of the newcomer and the path: digest and size of the file that stays."""

    def of(self, name: str) -> Mapping[str, tuple[str, int]]:
        """Return the files that one newcomer shares, by path."""
        return {path: facts for (newcomer, path), facts in self.files.items() if newcomer == name}


@frozen
class _Claim:
    """A newcomer's wish to have a file in a place."""

    name: str
    target: str
    tree: Path
    file: StoredFile | None
    """None when it is made for this environment."""


def find_sharing(
    arrangements: Iterable[tuple[Arrangement, Path]], paths: InstallPaths, leaving: Collection[str] = ()
) -> Sharing:
    """Hold distributions against each other and against what is there; raises FileClash.

    Each arrangement comes with the tree of its files. `leaving` are the files, below the top of the environment, that
    will be gone by then.
    """
    sharing = Sharing()
    key = folded if paths.platform in {"win32", "darwin"} else str
    wanted: dict[str, _Claim] = {}
    disk = _Disk(paths, frozenset(leaving))
    given = tuple(arrangements)
    alone = _alone([arrangement for arrangement, _tree in given], disk, key)
    for arrangement, tree in given:
        for target, file in arrangement.targets(alone):
            claim = _Claim(arrangement.manifest.name, target, tree, file)
            other = wanted.setdefault(key(target), claim)
            if other is not claim:
                _share(sharing, claim, other)
            elif disk.has(target):
                _share_with_disk(sharing, claim, disk)
    return sharing


def _alone(arrangements: Iterable[Arrangement], disk: _Disk, key: Callable[[str], str]) -> frozenset[str]:
    """Return the places in the folder for packages that only one newcomer puts something into, and nobody before."""
    claimed = [dict.fromkeys(arrangement.roots()) for arrangement in arrangements]
    claims = Counter(place for roots in claimed for place in {key(root) for root in roots})
    return frozenset(root for roots in claimed for root in roots if claims[key(root)] == 1 and not disk.holds(root))


def _share(sharing: Sharing, claim: _Claim, other: _Claim) -> None:
    if claim.file is None or other.file is None:
        raise FileClash(claim.target, claim.name, other.name)
    if claim.file.sha256 != other.file.sha256 and not (
        is_namespace(claim.tree / claim.file.path) and is_namespace(other.tree / other.file.path)
    ):
        raise FileClash(claim.target, claim.name, other.name)
    known = sharing.files.get((other.name, other.target))
    sharing.files[claim.name, claim.target] = known or (other.file.sha256, other.file.size)


def _share_with_disk(sharing: Sharing, claim: _Claim, disk: _Disk) -> None:
    path = disk.paths.root / claim.target
    owner = disk.owner(claim.target)
    if claim.file is None or owner == _NOBODY or path.is_symlink() or not path.is_file():
        raise FileClash(claim.target, claim.name, owner)
    from chapbook_core.installer.unpacking import file_digest  # hardly two wheels have a file in common

    digest = file_digest(path, is_record=True)
    if digest != claim.file.sha256 and not (is_namespace(claim.tree / claim.file.path) and is_namespace(path)):
        raise FileClash(claim.target, claim.name, owner)
    sharing.files[claim.name, claim.target] = (digest, path.stat().st_size)


def is_namespace(path: Path) -> bool:
    """Tell whether a file only makes its folder one that several distributions put modules into."""
    if path.name != "__init__.py":
        return False
    content = path.read_bytes()
    return not content.strip() or (len(content) <= _LONGEST_NAMESPACE and _NAMESPACE.search(content) is not None)


class _Disk:
    """What is in the environment; each folder is listed once, each RECORD read only when there is a clash."""

    def __init__(self, paths: InstallPaths, leaving: frozenset[str]) -> None:
        self.paths = paths
        self._leaving = leaving
        self._names: dict[str, frozenset[str]] = {}
        self._owners: dict[str, str] | None = None

    def has(self, target: str) -> bool:
        folder, _, name = target.rpartition("/")
        return name in self._listed(folder) and target not in self._leaving

    def holds(self, target: str) -> bool:
        """Tell whether something stands in a place, even if it is about to go."""
        folder, _, name = target.rpartition("/")
        return name in self._listed(folder)

    def owner(self, target: str) -> str:
        if self._owners is None:
            self._owners = {}
            for library in dict.fromkeys((self.paths.purelib, self.paths.platlib)):
                for name, path in recorded_files(self.paths, library):
                    self._owners.setdefault(path, name)
        return self._owners.get(target, _NOBODY)

    def _listed(self, folder: str) -> frozenset[str]:
        if folder not in self._names:
            above, _, name = folder.rpartition("/")
            # What is below a folder that is not there need not be looked for.
            if folder and name not in self._listed(above):
                self._names[folder] = frozenset()
            else:
                self._names[folder] = _names_in(f"{self.paths.root}/{folder}")
        return self._names[folder]


def _names_in(folder: str) -> frozenset[str]:
    try:
        return frozenset(os.listdir(folder))  # noqa: PTH208  names, not paths
    except (FileNotFoundError, NotADirectoryError):
        return frozenset()


def recorded_files(paths: InstallPaths, library: str) -> Iterator[tuple[str, str]]:
    """Give every file, below the top, that a distribution in a folder of packages claims, with that one's name."""
    for distribution in scan_site_packages(paths.root / library):
        try:
            body = distribution.record.read_bytes()
            for row in read_rows(body):
                path = below_top(paths, library, row.path)
                if path is not None:
                    yield distribution.name, path
        except (OSError, Refusal):
            # Of what cannot be read nothing is known to be owned.
            continue


def below_top(paths: InstallPaths, library: str, path: str) -> str | None:
    """Return where a row of a RECORD leads, below the top of the environment; None when that is elsewhere."""
    if os.sep == "\\" or paths.platform == "win32":
        path = path.replace("\\", "/")
    if ".." not in path and not path.startswith("/") and "//" not in path and "./" not in path:
        return f"{library}/{path}"
    joined = os.path.normpath(os.path.join(paths.root, library, path))  # noqa: PTH118  `..` is to be folded here
    relative = os.path.relpath(joined, paths.root).replace(os.sep, "/")
    return None if relative == "." or relative.startswith("../") or relative == ".." else relative
