"""Arrangement: where each file of a stored wheel belongs in one environment, before anything is touched."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from chapbook_core.installer.bad_wheel import BadWheel
from chapbook_core.installer.member_name import folded
from chapbook_core.installer.wheel import UNLISTED
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from chapbook_core.installer.manifest import Manifest, StoredFile
    from chapbook_core.installer.schemes import InstallPaths

_REPLACED = UNLISTED | {"INSTALLER", "REQUESTED", "direct_url.json"}
"""Files of a dist-info folder that the installer writes; a wheel's own say nothing true of this environment."""
WRITTEN = ("INSTALLER", "REQUESTED", "direct_url.json", "RECORD")


class Group(NamedTuple):
    """The files of one folder of the tree, which all go to one folder."""

    source: str
    target: str
    """Below the top of the environment."""
    files: tuple[StoredFile, ...]


@frozen
class Arrangement:
    """A wheel laid out for an environment."""

    manifest: Manifest
    paths: InstallPaths
    library: str
    """The folder that the dist-info folder stands in, below the top."""
    groups: tuple[Group, ...]
    adapted: tuple[StoredFile, ...]
    """Scripts that may have to name the interpreter of this environment."""

    @property
    def dist_info(self) -> str:
        """Where the dist-info folder belongs."""
        return f"{self.library}/{self.manifest.dist_info}"

    def roots(self) -> Iterator[str]:
        """Give the places directly in the folder for packages that something goes to, more than once perhaps."""
        start = f"{self.library}/"
        for group in self.groups:
            if group.target == self.library:
                yield from (start + file.path.rpartition("/")[2] for file in group.files)
            elif group.target.startswith(start):
                yield start + group.target[len(start) :].partition("/")[0]

    def targets(self, without: Collection[str] = ()) -> Iterator[tuple[str, StoredFile | None]]:
        """Give every file that there will be and the stored one it comes from, if it is not made.

        What is below the roots `without` is left out.
        """
        start = len(self.library) + 1
        for group in self.groups:
            if group.target[start:] and self.library + "/" + group.target[start:].partition("/")[0] in without:
                continue
            for file in group.files:
                yield f"{group.target}/{file.path.rpartition('/')[2]}".lstrip("/"), file
        for file in self.adapted:
            yield f"{self.paths.scripts}/{file.path.rpartition('/')[2]}", None
        for script in self.manifest.scripts:
            yield f"{self.paths.scripts}/{script.name}{self.paths.program_ending}", None


def arrange(manifest: Manifest, paths: InstallPaths) -> Arrangement:
    """Lay a wheel out; raises BadWheel when it would replace a part of the environment itself."""
    library = paths.purelib if manifest.is_pure else paths.platlib
    groups: dict[str, list[StoredFile]] = {}
    adapted: list[StoredFile] = []
    for file in manifest.files:
        folder, _, name = file.path.rpartition("/")
        if folder == f"{manifest.data}/scripts":
            adapted.append(file)
        elif folder != manifest.dist_info or name not in _REPLACED:
            groups.setdefault(folder, []).append(file)
    arrangement = Arrangement(
        manifest=manifest,
        paths=paths,
        library=library,
        groups=tuple(
            Group(folder, _target(folder, manifest, paths, library), tuple(files)) for folder, files in groups.items()
        ),
        adapted=tuple(adapted),
    )
    _check(arrangement)
    return arrangement


def spare_groups(groups: Iterable[Group], manifest: Manifest) -> tuple[Group, ...]:
    """Return those that go below the folder for packages under their own names, in every environment."""
    return tuple(group for group in groups if group.source.partition("/")[0] != manifest.data)


def groups_of(manifest: Manifest) -> tuple[Group, ...]:
    """Return the files that go below the folder for packages, with targets below that."""
    groups: dict[str, list[StoredFile]] = {}
    for file in manifest.files:
        folder, _, name = file.path.rpartition("/")
        if folder.partition("/")[0] != manifest.data and (folder != manifest.dist_info or name not in _REPLACED):
            groups.setdefault(folder, []).append(file)
    return tuple(Group(folder, folder, tuple(files)) for folder, files in groups.items())


def _target(folder: str, manifest: Manifest, paths: InstallPaths, library: str) -> str:
    root, _, rest = folder.partition("/")
    if root != manifest.data:
        return f"{library}/{folder}" if folder else library
    scheme, _, inner = rest.partition("/")
    return paths.target(scheme, inner, manifest.name).rstrip("/")


def _check(arrangement: Arrangement) -> None:
    manifest, paths = arrangement.manifest, arrangement.paths
    if not arrangement.adapted and not manifest.scripts and not _has_data(arrangement):
        # Everything goes below the folder for packages under its own name, and names were compared in the archive.
        return
    seen: set[str] = set()
    made = {f"{arrangement.dist_info}/{name}".lower() for name in WRITTEN}
    for target, _file in arrangement.targets():
        if paths.is_protected(target):
            raise BadWheel(manifest.filename, "it would replace a file of the environment itself", target)
        key = folded(target)
        if key in seen or key in made:
            raise BadWheel(manifest.filename, "two of its files belong to one place", target)
        seen.add(key)


def _has_data(arrangement: Arrangement) -> bool:
    return any(group.source.partition("/")[0] == arrangement.manifest.data for group in arrangement.groups)
