"""What an index holds: projects, and the files of their releases, as values that are replaced whole."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Literal, TypedDict, Unpack

from packaging.version import InvalidVersion, Version

from tests.fakes.index import core_metadata, names
from tests.fakes.index.core_metadata import as_bytes
from tests.fakes.index.release import Release
from tests.fakes.index.sdist import make_sdist, sdist_name
from tests.fakes.index.wheel import make_wheel, wheel_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tests.fakes.index.release import Content, Sdist, Sidecar

Status = Literal["active", "archived", "quarantined", "deprecated"]
Kind = Literal["wheel", "sdist", "other"]


@dataclass(frozen=True)
class File:
    """One file of a release; its bytes are made when they are first asked for."""

    filename: str
    project: str
    """The canonical name, as in addresses."""
    version: str
    kind: Kind
    make: Callable[[], bytes]
    make_sidecar: Callable[[], bytes] | None = None
    sidecar_mode: Sidecar = False
    python: str | None = None
    yanked: bool | str = False
    uploaded: str = "2024-01-01T00:00:00Z"
    release: Release | None = None
    """The description it was made from; uploaded and hand-made files have none."""

    @cached_property
    def body(self) -> bytes:
        """The file itself."""
        return self.make()

    @cached_property
    def sha256(self) -> str:
        """The digest of the file."""
        return hashlib.sha256(self.body).hexdigest()

    @property
    def size(self) -> int:
        """How many bytes the file has."""
        return len(self.body)

    @cached_property
    def sidecar(self) -> bytes | None:
        """The `.metadata` file beside this one, when there is one."""
        if self.make_sidecar is None or self.sidecar_mode in (False, "missing"):
            return None
        return self.make_sidecar()

    @cached_property
    def sidecar_sha256(self) -> str | None:
        """The digest of the `.metadata` file as pages tell it; nothing where pages do not mention one."""
        match self.sidecar_mode:
            case False | "unlisted":
                return None
            case "wrong-hash" | "missing":
                return hashlib.sha256(b"something else").hexdigest()
            case True | "lie":
                return hashlib.sha256(self.sidecar or b"").hexdigest()


@dataclass(frozen=True, slots=True)
class Project:
    """Everything published under one name."""

    name: str
    """As its owner spells it."""
    files: tuple[File, ...] = ()
    releases: tuple[Release, ...] = ()
    status: Status = "active"
    status_reason: str | None = None
    serial: int = 0
    """Grows with every change of this project."""

    @property
    def canonical(self) -> str:
        """The name in addresses."""
        return names.canonical(self.name)


class Description(TypedDict, total=False):
    """The fields of a release that `serve` takes as keywords; see `Release`."""

    requires: Iterable[str]
    python: str | None
    extras: Mapping[str, Iterable[str]]
    tags: Iterable[str]
    build: str
    sdist: Sdist
    yanked: bool | str
    uploaded: str
    files: Mapping[str, Content] | None
    scripts: Mapping[str, str]
    entry_points: Mapping[str, Mapping[str, str]]
    metadata: Sidecar
    metadata_text: Content | None
    record_text: Content | None
    summary: str
    description: str
    weight: int
    stem: str
    build_requires: Iterable[str]
    build_log: str


def describe(name: str, version: str, **description: Unpack[Description]) -> Release:
    """Return the release that the keywords of `serve` describe."""
    if "tags" in description:
        description["tags"] = tuple(description["tags"])
    for key in ("requires", "build_requires"):
        if key in description:
            description[key] = tuple(description[key])
    if "extras" in description:
        description["extras"] = {extra: tuple(requires) for extra, requires in description["extras"].items()}
    return Release(name=name, version=version, **description)  # type: ignore[arg-type]  # tuples since the lines above


def make_files(release: Release) -> tuple[File, ...]:
    """Return the files that the release publishes."""
    shared = partial(
        File,
        project=names.canonical(release.name),
        version=release.version,
        python=release.python,
        yanked=release.yanked,
        uploaded=release.uploaded,
        release=release,
    )
    files = []
    if release.sdist:
        files.append(shared(filename=sdist_name(release), kind="sdist", make=partial(make_sdist, release)))
    if release.has_wheels:
        text = core_metadata.lie if release.metadata == "lie" else core_metadata.metadata
        sidecar = partial(text, release)
        files.extend(
            shared(
                filename=wheel_name(release, tag),
                kind="wheel",
                make=partial(make_wheel, release, tag),
                make_sidecar=sidecar,
                sidecar_mode=release.metadata,
            )
            for tag in release.tags
        )
    return tuple(files)


class World:
    """The projects of an index; readers on other threads see every project before or after a change."""

    def __init__(self, lazily: Callable[[str], Project | None] | None = None, known: Iterable[str] = ()) -> None:
        self._projects: dict[str, Project | None] = {}
        """Nothing stands for a project that was taken away."""
        self._lazily = lazily
        self._known = list(known)
        self._lock = threading.RLock()
        self._serial = 0

    def serve(self, name: str, version: str, **description: Unpack[Description]) -> Release:
        """Publish a release; one of the same name and version is replaced with all its files."""
        release = describe(name, version, **description)
        self.add(release)
        return release

    def add(self, *releases: Release) -> None:
        """Publish releases that are described already."""
        for release in releases:
            with self._lock:
                project = self.project(release.name) or Project(release.name)
                files = [file for file in project.files if file.version != release.version]
                others = [other for other in project.releases if other.version != release.version]
                self._put(
                    replace(
                        project,
                        files=_in_order([*files, *make_files(release)]),
                        releases=tuple(sorted([*others, release], key=lambda one: _rank(one.version))),
                    )
                )

    def add_file(
        self,
        name: str,
        filename: str,
        body: Content,
        *,
        version: str = "",
        sidecar: Content | None = None,
        python: str | None = None,
        yanked: bool | str = False,
        uploaded: str = "2024-01-01T00:00:00Z",
    ) -> File:
        """Publish a file as it is: eggs, broken archives, names that no standard knows, uploads."""
        content = as_bytes(body)
        kind: Kind = "wheel" if filename.endswith(".whl") else "sdist" if filename.endswith(".tar.gz") else "other"
        file = File(
            filename,
            names.canonical(name),
            version or _version_in(filename),
            kind,
            lambda: content,
            None if sidecar is None else partial(as_bytes, sidecar),
            sidecar is not None,
            python,
            yanked,
            uploaded,
        )
        with self._lock:
            project = self.project(name) or Project(name)
            others = [other for other in project.files if other.filename != filename]
            self._put(replace(project, files=_in_order([*others, file])))
        return file

    def remove(self, name: str, version: str | None = None) -> None:
        """Take a release off the index, or the whole project."""
        with self._lock:
            project = self._existing(name)
            if version is None:
                self._projects[project.canonical] = None
                return
            files = tuple(file for file in project.files if file.version != version)
            releases = tuple(release for release in project.releases if release.version != version)
            self._put(replace(project, files=files, releases=releases))

    def yank(self, name: str, version: str, reason: bool | str = True) -> None:  # the page's value
        """Mark a release as yanked, with a reason where there is one; `False` takes it back."""
        with self._lock:
            project = self._existing(name)
            files = tuple(replace(file, yanked=reason) if file.version == version else file for file in project.files)
            self._put(replace(project, files=files))

    def set_status(self, name: str, status: Status, reason: str | None = None) -> None:
        """Say what PEP 792 says of a project."""
        with self._lock:
            self._put(replace(self._existing(name), status=status, status_reason=reason))

    def project(self, name: str) -> Project | None:
        """Return a project by any spelling of its name."""
        key = names.canonical(name)
        if key in self._projects or self._lazily is None:
            return self._projects.get(key)
        made = self._lazily(key)
        return None if made is None else self._projects.setdefault(key, made)

    def file(self, name: str, filename: str) -> File | None:
        """Return a file of a project by its name."""
        project = self.project(name)
        return next((file for file in project.files if file.filename == filename), None) if project else None

    def names(self) -> list[str]:
        """Return the canonical names of all projects."""
        with self._lock:
            gone = {name for name, project in self._projects.items() if project is None}
            return sorted({*self._projects, *self._known} - gone)

    def _existing(self, name: str) -> Project:
        project = self.project(name)
        if project is None:
            raise LookupError(f"no project `{name}` in this world")
        return project

    def _put(self, project: Project) -> None:
        self._serial += 1
        self._projects[project.canonical] = replace(project, serial=self._serial)


def _in_order(files: Iterable[File]) -> tuple[File, ...]:
    return tuple(sorted(files, key=lambda file: (_rank(file.version), file.filename)))


def _rank(version: str) -> Version:
    try:
        return Version(version)
    except InvalidVersion:
        return Version("0.dev0")


def _version_in(filename: str) -> str:
    parts = filename.removesuffix(".tar.gz").split("-")
    return parts[1] if len(parts) > 1 else "0"
