"""Arrangement: where each file of a stored wheel belongs in one environment, before anything is touched."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from chapbook_core.installer.bad_wheel import BadWheel
from chapbook_core.installer.member_name import folded
from chapbook_core.installer.record import UNLISTED
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

    @property
    def dist_info(self) -> str:
        """Where the dist-info folder belongs."""
        return f"{self.library}/{self.manifest.dist_info}"

    @cached_property
    def held(self) -> tuple[Group, ...]:
        """What goes below the folder for packages under its own name, in every environment."""
        return self.below_library(kept_files(self.manifest))

    def below_library(self, files: Iterable[StoredFile]) -> tuple[Group, ...]:
        """Return some of them as groups."""
        library = self.library
        return tuple(
            Group(folder, f"{library}/{folder}" if folder else library, tuple(held))
            for folder, held in _by_folder(files).items()
        )

    @cached_property
    def scattered(self) -> tuple[Group, ...]:
        """What goes where the scheme of its folder is in this environment."""
        manifest, paths = self.manifest, self.paths
        return tuple(
            Group(group.source, _target(group.source, manifest, paths), group.files)
            for group in scattered_groups(manifest)
        )

    @cached_property
    def adapted(self) -> tuple[StoredFile, ...]:
        """Scripts that may have to name the interpreter of this environment."""
        manifest = self.manifest
        return tuple(file for file in manifest.scattered if _is_script(manifest, file))

    def roots(self) -> Iterator[str]:
        """Give the places directly in a folder for packages that something goes to, more than once perhaps."""
        yield from (f"{self.library}/{root}" for root in self.manifest.outline.roots)
        for group in self.scattered:
            # All files of a folder have one root, but for those directly in a folder for packages.
            for file in group.files if group.target in (self.paths.purelib, self.paths.platlib) else group.files[:1]:
                if root := _root_of(f"{group.target}/{file.path.rpartition('/')[2]}", self.paths):
                    yield root
        for target in self.programs:
            if root := _root_of(target, self.paths):
                yield root

    def targets(self, without: Collection[str] = ()) -> Iterator[tuple[str, StoredFile | None]]:
        """Give every file that there will be and the stored one it comes from, if it is not made.

        What is below the roots `without` is left out.
        """
        if not all(f"{self.library}/{root}" in without for root in self.manifest.outline.roots):
            yield from _targets(self.held, self.paths, without)
        yield from self.elsewhere(without)

    def elsewhere(self, without: Collection[str] = ()) -> Iterator[tuple[str, StoredFile | None]]:
        """Give those of them that do not come out of the folder for packages of the wheel."""
        yield from _targets(self.scattered, self.paths, without)
        for target in self.programs:
            yield target, None

    @cached_property
    def programs(self) -> tuple[str, ...]:
        """Where what is made for this environment is put."""
        names = [file.path.rpartition("/")[2] for file in self.adapted]
        names += [f"{script.name}{self.paths.program_ending}" for script in self.manifest.scripts]
        return tuple([f"{self.paths.scripts}/{name}" for name in names])


def arrange(manifest: Manifest, paths: InstallPaths) -> Arrangement:
    """Lay a wheel out; raises BadWheel when it would replace a part of the environment itself."""
    arrangement = Arrangement(manifest, paths, paths.purelib if manifest.is_pure else paths.platlib)
    _check(arrangement)
    return arrangement


def kept_files(manifest: Manifest) -> tuple[StoredFile, ...]:
    """Return the files that go below the folder for packages under their own names."""
    replaced = {f"{manifest.dist_info}/{name}" for name in _REPLACED}
    # What is scattered comes last.
    files = manifest.files[: manifest.outline.total - manifest.outline.scattered]
    return tuple([file for file in files if file[0] not in replaced])


def groups_of(manifest: Manifest) -> tuple[Group, ...]:
    """Return these files as groups, with targets below that folder."""
    return tuple(Group(folder, folder, tuple(files)) for folder, files in _by_folder(kept_files(manifest)).items())


def scattered_groups(manifest: Manifest) -> tuple[Group, ...]:
    """Return the files that go elsewhere as they are, with targets below the folder of other schemes."""
    found = _by_folder(file for file in manifest.scattered if not _is_script(manifest, file))
    return tuple(Group(folder, folder.partition("/")[2], tuple(files)) for folder, files in found.items())


def _by_folder(files: Iterable[StoredFile]) -> dict[str, list[StoredFile]]:
    groups: dict[str, list[StoredFile]] = {}
    for file in files:
        groups.setdefault(file.path.rpartition("/")[0], []).append(file)
    return groups


def _is_script(manifest: Manifest, file: StoredFile) -> bool:
    return file.path.rpartition("/")[0] == f"{manifest.data}/scripts"


def _targets(
    groups: Iterable[Group], paths: InstallPaths, without: Collection[str]
) -> Iterator[tuple[str, StoredFile | None]]:
    for group in groups:
        if without and _root_of(group.target, paths) in without:
            continue
        folder = f"{group.target}/" if group.target else ""
        for file in group.files:
            yield folder + file.path.rpartition("/")[2], file


def _root_of(target: str, paths: InstallPaths) -> str:
    """Return the place directly in a folder for packages that a target is or is below; empty when it is elsewhere.

    Some systems have two of these folders, and a wheel may bring files for both.
    """
    for library in (paths.purelib, paths.platlib):
        if target.startswith(f"{library}/"):
            return f"{library}/{target[len(library) + 1 :].partition('/')[0]}"
    return ""


def _target(folder: str, manifest: Manifest, paths: InstallPaths) -> str:
    scheme, _, inner = folder.partition("/")[2].partition("/")
    return paths.target(scheme, inner, manifest.name).rstrip("/")


def _check(arrangement: Arrangement) -> None:
    """Look at what does not go below the folder for packages under its own name.

    Of the rest the names were compared in the archive, and there it meets nothing but what leads into that folder.
    """
    manifest, paths = arrangement.manifest, arrangement.paths
    library = f"{folded(arrangement.library)}/"
    made = {f"{arrangement.dist_info}/{name}".lower() for name in WRITTEN}
    seen: set[str] = set()
    for target, _file in arrangement.elsewhere():
        if paths.is_protected(target):
            raise BadWheel(manifest.filename, "it would replace a file of the environment itself", target)
        key = folded(target)
        if key.startswith(library) and library not in seen:
            seen |= {library, *(folded(held) for held, _its in _targets(arrangement.held, paths, ()))}
        if key in seen or key in made:
            raise BadWheel(manifest.filename, "two of its files belong to one place", target)
        seen.add(key)
