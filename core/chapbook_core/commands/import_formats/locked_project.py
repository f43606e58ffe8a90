"""Takes over a lock: which packages were asked for, and the versions of all of them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from chapbook_core.commands.import_formats.harvest import constraint_around
from chapbook_core.errors import FileMistakes
from chapbook_core.lock.poetry_reader import UnsupportedLock, read_lock
from chapbook_core.lock.pylock_reader import read_pylock
from chapbook_core.lock.selection import region_of
from chapbook_core.project.discovery import PROJECT_FILE, declares_project
from chapbook_core.project.groups import MAIN
from chapbook_core.project.manifest import inspect_manifest
from chapbook_core.project.source import Priority
from chapbook_core.requirements.marker import NEVER, Marker
from chapbook_core.requirements.name import canonical_name
from chapbook_core.requirements.origin import (
    DirectoryOrigin,
    FileOrigin,
    GitOrigin,
    IndexOrigin,
    Origin,
    UrlOrigin,
)
from chapbook_core.requirements.requirement import UNSTATED, Requirement
from chapbook_core.value import replace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chapbook_core.commands.import_formats.harvest import Harvest
    from chapbook_core.lock.lockfile import Lock, LockedPackage


def read_poetry_lock(text: str, file: Path, harvest: Harvest) -> None:
    """Fill the harvest with a `poetry.lock`; what was asked for is in the `pyproject.toml` beside it."""
    try:
        lock = read_lock(text, file)
    except FileMistakes as error:
        harvest.take_mistakes(error)
        return
    except UnsupportedLock as error:
        harvest.mistake(file, error.message, hint=error.hints[0])
        return
    _pin(lock, harvest)
    if not take_manifest(file.with_name(PROJECT_FILE), harvest):
        _take_roots(lock, file, harvest)


def read_pylock_file(text: str, file: Path, harvest: Harvest) -> None:
    """Fill the harvest with a `pylock.toml`."""
    try:
        lock = read_pylock(text, file)
    except FileMistakes as error:
        harvest.take_mistakes(error)
        return
    _pin(lock, harvest)
    _take_roots(lock, file, harvest)


def _pin(lock: Lock, harvest: Harvest) -> None:
    for package in lock.packages:
        if package.version and (package.source is None or package.source.type == "legacy"):
            hashes = (file.hash for file in package.files)
            harvest.pin(package.name, package.version, region_of(package).without_extras(), hashes)


def take_manifest(file: Path, harvest: Harvest) -> bool:
    """Take what a project file asks for; tell whether there is one."""
    if not file.is_file() or not declares_project(file.read_bytes()):
        return False
    manifest, mistakes = inspect_manifest(file)
    if manifest is None or mistakes:
        harvest.mistakes.setdefault(file, []).extend(mistakes)
        return True
    for source in manifest.sources:
        if source.url is not None:
            harvest.source(source.url, source.priority, file, name=source.name)
    for group in manifest.groups:
        for requirement in group.requirements:
            here = replace(requirement, origin=_moved(requirement.origin, file.parent), in_extras=frozenset())
            for extra in (*sorted(requirement.in_extras),) or (None,):
                harvest.wish(replace(here, optional=False), group=group.name, extra=extra)
    return True


def _moved(origin: Origin, folder: Path) -> Origin:
    """Return an origin whose path belongs to no folder in particular."""
    match origin:
        case FileOrigin(path=path) | DirectoryOrigin(path=path):
            return replace(origin, path=(folder / path).resolve())
        case _:
            return origin


def _take_roots(lock: Lock, file: Path, harvest: Harvest) -> None:
    """Take the packages that no other one asks for."""
    asked_for = {canonical_name(name) for package in lock.packages for name in package.dependencies}
    if lock.packages and not asked_for:
        harvest.remark(file, "it does not say which packages were asked for, so all of them are added")
    elif asked_for:
        harvest.remark(file, "no project file beside it says what was asked for; what nothing else asks for is added")
    by_name: defaultdict[str, list[LockedPackage]] = defaultdict(list)
    for package in lock.packages:
        if package.source is not None and package.source.type == "legacy":
            harvest.source(package.source.url, Priority.SUPPLEMENTAL, file, name=package.source.reference)
        if package.name not in asked_for:
            by_name[package.name].append(package)
    for packages in by_name.values():
        for group in dict.fromkeys(name for package in packages for name in package.groups or (MAIN,)):
            held = [package for package in packages if group in (package.groups or (MAIN,))]
            for extra, marker in _regions(held, group):
                harvest.wish(_requirement(held, marker, file.parent), group=group, extra=extra)


def _regions(packages: list[LockedPackage], group: str) -> Iterator[tuple[str | None, Marker]]:
    """Yield where the packages are needed: by the group itself, or by each extra."""
    region = NEVER
    for package in packages:
        region |= region_of(package, {group})
    plain = region
    for extra in region.extras():
        plain = plain.with_extra(extra, active=False)
    if not plain.is_never:
        yield None, plain
        return
    for extra in sorted(region.extras()):
        inside = region.with_extra(extra, active=True)
        for other in inside.extras():
            inside = inside.with_extra(other, active=False)
        if not inside.is_never:
            yield extra, inside


def _requirement(packages: list[LockedPackage], marker: Marker, folder: Path) -> Requirement:
    origin = _origin(packages[0], folder)
    versions = [package.version for package in packages if package.version]
    is_plain = isinstance(origin, IndexOrigin) and bool(versions)
    return Requirement(
        name=canonical_name(packages[0].name),
        pretty_name=packages[0].name,
        constraint=constraint_around(versions) if is_plain else UNSTATED,
        marker=marker,
        origin=origin,
    )


def _origin(package: LockedPackage, folder: Path) -> Origin:
    source = package.source
    if source is None or source.type == "legacy":
        return IndexOrigin()
    subdirectory = source.subdirectory or None
    match source.type:
        case "git":
            revision = source.reference if source.reference not in {"", "HEAD"} else source.resolved_reference
            return GitOrigin(source.url, revision=revision, subdirectory=subdirectory, develop=bool(package.develop))
        case "url":
            return UrlOrigin(source.url, subdirectory)
        case "file":
            return FileOrigin((folder / source.url).resolve(), subdirectory)
        case _:
            return DirectoryOrigin((folder / source.url).resolve(), subdirectory, develop=bool(package.develop))
