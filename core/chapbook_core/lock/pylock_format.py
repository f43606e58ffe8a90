"""Writes a lock as `pylock.toml` (PEP 751), for all groups and extras at once or for some."""

from __future__ import annotations

import os
from collections import defaultdict
from typing import TYPE_CHECKING

from chapbook_core.lock import toml_text
from chapbook_core.lock.condition import open_condition, packages_for
from chapbook_core.requirements.constraint import NoSpecifier, parse_constraint
from chapbook_core.requirements.name import canonical_name
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from chapbook_core.lock.lockfile import Lock, LockedDependency, LockedPackage, LockedSource
    from chapbook_core.lock.wanted import Wanted
    from chapbook_core.requirements.marker import Marker

LOCK_VERSION = "1.0"
CREATED_BY = "chapbook"


@frozen
class Artifact:
    """A file of a locked package, and where it can be had."""

    name: str
    url: str
    """Without credentials."""
    hash: str
    """`algorithm:digest`, from the lock."""
    size: int | None = None
    upload_time: str = ""
    """UTC, as `2024-04-11T03:34:41Z`."""

    @property
    def is_wheel(self) -> bool:
        """Whether it can be installed without a build."""
        return self.name.endswith(".whl")


@frozen
class Artifacts:
    """The files of a package from an index."""

    index: str
    files: tuple[Artifact, ...]


@frozen
class Pylock:
    """What a `pylock.toml` says besides its packages."""

    python: Marker
    """Where the lock works; markers say nothing of it."""
    requires_python: str = ""
    environments: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    wanted: Wanted | None = None
    """The one choice of groups and extras that the file is for; None leaves the choice to the installer."""
    folder: Path | None = None
    """Where the file will be, when that is not the project's folder."""


def format_pylock(lock: Lock, pylock: Pylock, artifacts: Callable[[LockedPackage], Artifacts], project: Path) -> str:
    """Write the whole file; `artifacts` tells the files of a package from an index, `project` is the lock's folder."""
    lines = [*_head(pylock)]
    packages = list(_packages(lock, pylock))
    by_name: defaultdict[str, list[LockedPackage]] = defaultdict(list)
    for package, _ in packages:
        by_name[package.name].append(package)
    for package, condition in packages:
        lines += ["", "[[packages]]", *_package(package, condition.text(pylock.python))]
        if names := _dependencies(package, by_name):
            lines.append(f"dependencies = [{', '.join(names)}]")
        lines += _origin(package, artifacts, _Paths(project, pylock.folder or project))
    if not packages:
        lines.append("packages = []")
    return "\n".join([*lines, ""])


def _packages(lock: Lock, pylock: Pylock) -> Iterator[tuple[LockedPackage, Marker]]:
    if pylock.wanted is not None:
        yield from packages_for(lock, pylock.wanted, pylock.python)
        return
    for package in sorted(lock.packages, key=lambda package: package.order()):
        condition = open_condition(package)
        if not condition.is_disjoint(pylock.python):
            yield package, condition


def _head(pylock: Pylock) -> Iterator[str]:
    yield f"lock-version = {toml_text.string(LOCK_VERSION)}"
    if pylock.environments:
        yield f"environments = {toml_text.array(pylock.environments)}"
    if pylock.requires_python:
        yield f"requires-python = {toml_text.string(pylock.requires_python)}"
    if pylock.wanted is None:
        if pylock.extras:
            yield f"extras = {toml_text.array(pylock.extras)}"
        if pylock.groups:
            yield f"dependency-groups = {toml_text.array(pylock.groups)}"
            # Nothing but what the project itself requires, unless somebody asks for more.
            yield "default-groups = []"
    yield f"created-by = {toml_text.string(CREATED_BY)}"


def _package(package: LockedPackage, marker: str) -> Iterator[str]:
    yield f"name = {toml_text.string(package.name)}"
    if package.source is None or package.source.type != "directory":
        # What is in a folder may have another version by the time it is installed.
        yield f"version = {toml_text.string(package.version)}"
    if marker:
        yield f"marker = {toml_text.string(marker)}"
    if python := requires_python_text(package.python_versions):
        yield f"requires-python = {toml_text.string(python)}"


def _dependencies(package: LockedPackage, packages: Mapping[str, Sequence[LockedPackage]]) -> list[str]:
    """Return the entries of this file that a package asks for, by name, and by version where a name has several."""
    entries: dict[str, None] = {}
    for name, dependencies in package.dependencies.items():
        candidates = packages.get(canonical_name(name), ())
        for candidate in candidates:
            items = [("name", toml_text.string(candidate.name))]
            if len(candidates) > 1:
                if not any(_allows(dependency, candidate) for dependency in dependencies):
                    continue
                items.append(("version", toml_text.string(candidate.version)))
            entries[toml_text.inline_table(items)] = None
    return list(entries)


def _allows(dependency: LockedDependency, package: LockedPackage) -> bool:
    return dependency.constraint is None or parse_constraint(dependency.constraint).allows(package.version)


def requires_python_text(text: str) -> str:
    """Return a range of Python versions as PEP 440 has it, or nothing where it cannot."""
    try:
        return parse_constraint(text).specifier_text()
    except NoSpecifier:
        return ""


class _Paths:
    """Turns paths that belong to the lock into such that belong to the file."""

    def __init__(self, project: Path, folder: Path) -> None:
        self._project = project
        self._folder = folder

    def text(self, path: str) -> str:
        absolute = self._project / path
        try:
            return os.path.relpath(absolute, self._folder).replace(os.sep, "/")
        except ValueError:
            # Another drive of Windows has no relative path.
            return absolute.as_posix()


def _origin(package: LockedPackage, artifacts: Callable[[LockedPackage], Artifacts], paths: _Paths) -> Iterator[str]:
    source = package.source
    if source is None or source.type == "legacy":
        yield from _index_lines(artifacts(package))
        return
    match source.type:
        case "git":
            yield f"vcs = {toml_text.inline_table(_git_items(source))}"
        case "directory":
            yield f"directory = {toml_text.inline_table(_directory_items(package, source, paths))}"
        case "url":
            where = [("url", toml_text.string(source.url.partition("#")[0]))]
            yield f"archive = {toml_text.inline_table([*where, *_archive_items(package, source)])}"
        case "file":
            where = [("path", toml_text.string(paths.text(source.url)))]
            yield f"archive = {toml_text.inline_table([*where, *_archive_items(package, source)])}"


def _git_items(source: LockedSource) -> Iterator[tuple[str, str]]:
    yield "type", toml_text.string("git")
    yield "url", toml_text.string(source.url)
    if source.reference and source.reference != source.resolved_reference:
        yield "requested-revision", toml_text.string(source.reference)
    yield "commit-id", toml_text.string(source.resolved_reference)
    yield from _subdirectory(source)


def _directory_items(package: LockedPackage, source: LockedSource, paths: _Paths) -> Iterator[tuple[str, str]]:
    yield "path", toml_text.string(paths.text(source.url))
    if package.develop:
        yield "editable", "true"
    yield from _subdirectory(source)


def _archive_items(package: LockedPackage, source: LockedSource) -> Iterator[tuple[str, str]]:
    yield "hashes", _hashes([file.hash for file in package.files])
    yield from _subdirectory(source)


def _subdirectory(source: LockedSource) -> Iterator[tuple[str, str]]:
    if source.subdirectory:
        yield "subdirectory", toml_text.string(source.subdirectory)


def _index_lines(artifacts: Artifacts) -> Iterator[str]:
    if artifacts.index:
        yield f"index = {toml_text.string(artifacts.index)}"
    files = sorted(artifacts.files, key=lambda file: file.name)
    sdists = [file for file in files if not file.is_wheel]
    if sdists:
        # Where there are several, all hold the same; the one that every tool can open is enough.
        best = min(sdists, key=lambda file: not file.name.endswith(".tar.gz"))
        yield f"sdist = {_artifact(best)}"
    wheels = [file for file in files if file.is_wheel]
    if wheels:
        yield "wheels = ["
        yield from (f"    {_artifact(wheel)}," for wheel in wheels)
        yield "]"


def _artifact(file: Artifact) -> str:
    items = [("name", toml_text.string(file.name))]
    if file.upload_time:
        # A moment is a value of its own in TOML.
        items.append(("upload-time", file.upload_time))
    items.append(("url", toml_text.string(file.url)))
    if file.size is not None:
        items.append(("size", str(file.size)))
    return toml_text.inline_table([*items, ("hashes", _hashes([file.hash]))])


def _hashes(hashes: Sequence[str]) -> str:
    pairs = (text.partition(":") for text in hashes)
    return toml_text.inline_table((algorithm, toml_text.string(digest)) for algorithm, _, digest in pairs)
