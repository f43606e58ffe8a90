"""Reads a `pylock.toml` (PEP 751) into the values of a lock."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

from chapbook_core.errors import FileMistakes, Mistake
from chapbook_core.lock.lockfile import Lock, LockedDependency, LockedFile, LockedPackage, LockedSource
from chapbook_core.project.groups import MAIN
from chapbook_core.project.toml_mistake import UNREADABLE, toml_mistake
from chapbook_core.requirements.diagram import cofactor
from chapbook_core.requirements.marker import Marker, parse_marker
from chapbook_core.requirements.marker_variable import EXTRAS, GROUPS
from chapbook_core.requirements.name import canonical_name
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from packaging.pylock import Package


def read_pylock(text: str, file: Path) -> Lock:
    """Read the text of a file; `file` is only named in errors. Raises FileMistakes."""
    # Few commands read such files, and this costs a start 60 ms.
    from packaging.pylock import Pylock, PylockValidationError

    try:
        document = tomllib.loads(text)
    except UNREADABLE as error:
        raise FileMistakes(file, [toml_mistake(error, text.encode())]) from None
    try:
        pylock = Pylock.from_dict(document)
    except PylockValidationError as error:
        mistake = Mistake(_lower(error.message), error.context or "", hint="make it anew with the tool it came from")
        raise FileMistakes(file, [mistake]) from None
    switches = _Switches(
        groups=tuple(dict.fromkeys(map(canonical_name, pylock.dependency_groups or ()))),
        extras=tuple(map(canonical_name, pylock.extras or ())),
    )
    return Lock(
        packages=tuple(_package(package, switches) for package in pylock.packages),
        python_versions=str(pylock.requires_python or "*"),
        content_hash="",
        extras=dict.fromkeys(switches.extras, ()),
        generator=pylock.created_by,
    )


@frozen
class _Switches:
    """What an installer can be asked for."""

    groups: tuple[str, ...]
    extras: tuple[str, ...]


def _package(package: Package, switches: _Switches) -> LockedPackage:
    regions = _regions(parse_marker(str(package.marker or "")), switches)
    return LockedPackage(
        name=package.name,
        version=str(package.version or ""),
        optional=bool(regions) and all(_needs_an_extra(region) for region in regions.values()),
        python_versions=str(package.requires_python or "*"),
        groups=tuple(regions),
        markers={group: str(region) for group, region in regions.items() if not region.is_always},
        files=tuple(_files(package)),
        develop=bool(package.directory.editable) if package.directory is not None else None,
        dependencies=dict(_dependencies(package)),
        source=_source(package),
    )


def _regions(marker: Marker, switches: _Switches) -> Mapping[str, Marker]:
    """Return for each group where it needs the package; a group that adds nothing to the main one is left out."""
    extras = {name: parse_marker(f'extra == "{name}"') for name in switches.extras}
    regions: dict[str, Marker] = {}
    for group in (MAIN, *switches.groups):
        region = marker
        for name in switches.groups:
            region = Marker(cofactor(region.node, GROUPS + name, int(name == group)))
        for name, is_asked_for in extras.items():
            on, off = (Marker(cofactor(region.node, EXTRAS + name, value)) for value in (1, 0))
            region = (is_asked_for & on) | (~is_asked_for & off)
        if not region.is_never and (group == MAIN or region != regions.get(MAIN)):
            regions[group] = region
    return regions


def _needs_an_extra(region: Marker) -> bool:
    for extra in region.extras():
        region = region.with_extra(extra, active=False)
    return region.is_never


def _files(package: Package) -> Iterator[LockedFile]:
    for wheel in package.wheels or ():
        yield LockedFile(wheel.filename, _hash(wheel.hashes))
    if package.sdist is not None:
        yield LockedFile(package.sdist.filename, _hash(package.sdist.hashes))
    if package.archive is not None:
        place = package.archive.url or package.archive.path or ""
        yield LockedFile(place.rpartition("/")[2].partition("#")[0], _hash(package.archive.hashes))


def _hash(hashes: Mapping[str, str]) -> str:
    algorithm = next((name for name in ("sha256", "sha384", "sha512") if name in hashes), next(iter(hashes)))
    return f"{algorithm}:{hashes[algorithm]}"


def _dependencies(package: Package) -> Iterator[tuple[str, tuple[LockedDependency, ...]]]:
    for dependency in package.dependencies or ():
        if isinstance(name := dependency.get("name"), str):
            yield name, (LockedDependency(),)


def _source(package: Package) -> LockedSource | None:
    """Return where the package comes from; of an index only its address is known, and not what a project calls it."""
    if (vcs := package.vcs) is not None:
        address = vcs.url or vcs.path or ""
        return LockedSource("git", address, vcs.requested_revision or "", vcs.commit_id, vcs.subdirectory or "")
    if (directory := package.directory) is not None:
        return LockedSource("directory", directory.path, subdirectory=directory.subdirectory or "")
    if (archive := package.archive) is not None:
        subdirectory = archive.subdirectory or ""
        if archive.url is not None:
            return LockedSource("url", archive.url, subdirectory=subdirectory)
        return LockedSource("file", archive.path or "", subdirectory=subdirectory)
    return LockedSource("legacy", package.index.rstrip("/")) if package.index else None


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
