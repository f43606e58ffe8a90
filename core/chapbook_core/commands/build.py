"""Build the distributions of a project, by our own builder or by the backend that the project declares."""

from __future__ import annotations

import os
import re
import shutil
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from chapbook_core.builder.build_system import BuildSystem, read_build_system
from chapbook_core.builder.cannot_build import CannotBuild, NotAPackage
from chapbook_core.commands.report import Block, Line, Message, Result, Span
from chapbook_core.errors import ChapbookError, UsageError
from chapbook_core.events import Advanced, Finished, Started
from chapbook_core.project.build_table import OWN_BACKENDS
from chapbook_core.project.discovery import find_project
from chapbook_core.project.lock_holder import Holder, this_host
from chapbook_core.project.manifest import read_manifest
from chapbook_core.project.removal import remove_folder
from chapbook_core.project.writing import WriteFailed
from chapbook_core.requirements.name import canonical_name
from chapbook_core.requirements.requirement import parse_requirement
from chapbook_core.value import field, frozen, replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from chapbook_core.commands.command import Invocation
    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.events import Watcher
    from chapbook_core.project.manifest import Manifest

Format = Literal["sdist", "wheel"]
Settings = dict[str, str | list[str]]

_TASK = "build"
_DISTRIBUTIONS = (".whl", ".tar.gz")
_OUR_PACKAGES = frozenset({"chapbook", "poetry-core", "poetry"})
_ROOM = ".building-"
"""Begins the names of folders in which distributions are made; who makes them comes next."""
_KILO, _MEGA = 1000, 1_000_000


@frozen
class BuiltFile:
    """One distribution."""

    path: Path
    format: Format
    size: int


@frozen
class BuildResult(Result):
    """The distributions that were built, and by what."""

    files: tuple[BuiltFile, ...]
    backend: str
    isolated: bool
    removed: tuple[Path, ...] = ()
    warnings: tuple[str, ...] = field(default=())

    def report(self) -> tuple[Block, ...]:
        """Name the files with their sizes."""
        how = f"with {self.backend} in an environment of its own" if self.isolated else "with Chapbook's own builder"
        blocks: list[Block] = [Line(f"Built {how}", detail=1)]
        blocks += [Line(f"Removed {path.name}") for path in self.removed]
        blocks += [Line(("Built ", Span(str(built.path), "strong"), f" ({_size(built.size)})")) for built in self.files]
        return (*blocks, *(Message("warning", warning) for warning in self.warnings))


@frozen
class Job:
    """One format to be built from a source tree into a folder."""

    tree: Path
    format: Format
    settings: Settings
    room: Path


def run(invocation: Invocation, surroundings: Surroundings, watcher: Watcher) -> BuildResult:
    """Build what is asked for into a passing folder, then give every file its place."""
    folder = find_project(surroundings.start)
    manifest = read_manifest(folder, only_built=True)
    if not manifest.package_mode:
        raise NotAPackage
    formats, settings = _formats(invocation), _settings(invocation)
    output = invocation.text("output")
    target = surroundings.folder / Path(output).expanduser() if output is not None else folder / "dist"
    system = _system(folder)
    is_isolated = invocation.flag("isolated") or not _is_ours(system, manifest)
    warnings: list[str] = []
    with _passing(target) as room, _builder(manifest, surroundings, watcher, warnings, isolated=is_isolated) as build:
        jobs = [Job(folder, kind, settings, room) for kind in formats]
        made = _built(build, jobs, watcher, from_sdist=invocation.flag("wheel-from-sdist"))
        removed = _clean(target, {path.name for _, path in made}) if invocation.flag("clean") else ()
        files = tuple(_placed(path, target, kind) for kind, path in made)
    return BuildResult(files, system.backend, is_isolated, removed, tuple(dict.fromkeys(warnings)))


@contextmanager
def _builder(
    manifest: Manifest, surroundings: Surroundings, watcher: Watcher, warnings: list[str], *, isolated: bool
) -> Iterator[Callable[[Job], Path]]:
    if not isolated:
        yield lambda job: _own(job, surroundings.variables, warnings)
        return
    # Environments for builds need an index, a resolver and an installer; most builds need none of them.
    from chapbook_core.commands.building import BuildShop
    from chapbook_core.commands.session import open_session
    from chapbook_core.commands.workbench import Workbench
    from chapbook_core.index.mode import Mode

    with Workbench(open_session(surroundings, watcher), Mode.ONLINE) as bench:
        shop = BuildShop(bench)
        name = canonical_name(manifest.name or manifest.folder.name)
        frontend = bench.frontend(shop.environments(name, (name,)), is_own=True)

        def build(job: Job) -> Path:
            made = frontend.wheel(job.tree, f"the {_noun(job.format)}", job.settings, kind=job.format)
            return Path(shutil.move(made, job.room / made.name))

        try:
            yield build
        finally:
            shop.close()


def _own(job: Job, variables: Mapping[str, str], warnings: list[str]) -> Path:
    from chapbook_core.builder.distribution import read_distribution  # a foreign backend does without our builder
    from chapbook_core.builder.sdist import build_sdist
    from chapbook_core.builder.wheel import build_wheel

    label = job.settings.get("local-version")
    local = label if isinstance(label, str) else None
    distribution = read_distribution(job.tree, variables, local_version=local, warn=warnings.append)
    return (build_wheel if job.format == "wheel" else build_sdist)(distribution, job.room)


def _built(
    build: Callable[[Job], Path], jobs: Sequence[Job], watcher: Watcher, *, from_sdist: bool
) -> list[tuple[Format, Path]]:
    began = time.monotonic()
    watcher.emit(Started(_TASK, "Building", len(jobs)))
    made: list[tuple[Format, Path]] = []
    try:
        for done, job in enumerate(jobs):
            watcher.checkpoint()
            watcher.emit(Advanced(_TASK, done, len(jobs), _noun(job.format)))
            if job.format == "wheel" and from_sdist:
                sdist = next((path for known, path in made if known == "sdist"), None)
                tree = _unpacked(sdist or build(replace(job, format="sdist")), job.room)
                made.append((job.format, build(replace(job, tree=tree))))
            else:
                made.append((job.format, build(job)))
    finally:
        watcher.emit(Finished(_TASK, time.monotonic() - began))
    return made


def _unpacked(sdist: Path, room: Path) -> Path:
    from chapbook_core.builder.unpacking import unpack  # reads archives, which other builds do not

    return unpack(sdist, sdist.name, room / "tree")


def _formats(invocation: Invocation) -> tuple[Format, ...]:
    """Return the formats in the order of building; the source distribution comes first."""
    asked = {*invocation.texts("format"), *(kind for kind in ("sdist", "wheel") if invocation.flag(kind))}
    if not asked or "all" in asked:
        return ("sdist", "wheel")
    kinds: tuple[Format, ...] = ("sdist", "wheel")
    return tuple(kind for kind in kinds if kind in asked)


def _settings(invocation: Invocation) -> Settings:
    settings: Settings = {}
    for text in invocation.texts("config-settings"):
        key, separator, value = text.partition("=")
        if not key or not separator:
            raise UsageError(f"`{text}` is no setting", hints=["write it like `--config-settings key=value`"])
        known = settings.get(key)
        settings[key] = value if known is None else [*([known] if isinstance(known, str) else known), value]
    local = invocation.text("local-version")
    return settings if local is None else {**settings, "local-version": local}


def _system(folder: Path) -> BuildSystem:
    try:
        return read_build_system(folder)
    except ValueError as problem:
        raise CannotBuild(f"the project cannot be built: {problem}") from None


def _is_ours(system: BuildSystem, manifest: Manifest) -> bool:
    """Tell whether our builder makes what the declared backend would: one that reads the same, with nothing besides.

    A project that declares none is built as Poetry builds it.
    """
    if manifest.poetry.build_script is not None:
        return False
    if "build-system" not in manifest.data:
        return True
    names = {parse_requirement(text).name for text in system.requires}
    return system.backend in OWN_BACKENDS and (names <= _OUR_PACKAGES or bool(system.path))


@contextmanager
def _passing(target: Path) -> Iterator[Path]:
    """Make a folder beside the files to come, on the same disk; those of builds that were killed go."""
    host = re.sub(r"[^A-Za-z0-9-]", "-", this_host())
    room = target / f"{_ROOM}{os.getpid()}.{host}.{os.urandom(4).hex()}"
    is_new = not target.exists()
    for left in target.glob(f"{_ROOM}*.{host}.*"):
        pid = left.name.removeprefix(_ROOM).partition(".")[0]
        if pid.isdecimal() and Holder(int(pid), this_host(), "chapbook build", 0.0).is_gone():
            remove_folder(left)
    try:
        room.mkdir(parents=True)
    except OSError as problem:
        raise WriteFailed(target, problem) from None
    try:
        yield room
    finally:
        remove_folder(room)
        if is_new and not any(target.iterdir()):
            target.rmdir()


def _clean(target: Path, kept: set[str]) -> tuple[Path, ...]:
    """Remove former distributions and nothing else: the folder may be one with other things in it."""
    removed = []
    for path in sorted(target.iterdir()):
        if path.is_file() and path.name.endswith(_DISTRIBUTIONS) and path.name not in kept:
            try:
                path.unlink()
            except OSError as problem:
                raise ChapbookError(f"`{path}` cannot be removed: {problem.strerror or problem}") from None
            removed.append(path)
    return tuple(removed)


def _placed(path: Path, target: Path, kind: Format) -> BuiltFile:
    final = target / path.name
    try:
        path.replace(final)
        return BuiltFile(final, kind, final.stat().st_size)
    except OSError as problem:
        raise WriteFailed(final, problem) from None


def _noun(kind: Format) -> str:
    return "source distribution" if kind == "sdist" else "wheel"


def _size(size: int) -> str:
    if size < _KILO:
        return f"{size} bytes"
    return f"{size / _KILO:.1f} kB" if size < _MEGA else f"{size / _MEGA:.1f} MB"
