"""Build environments: resolved and filled by our own solver and installer, kept by what is in them.

    <folder>/<digest>/             a virtual environment; builds share it
    <folder>/<digest>.lock         held while it is made
    <folder>/<digest>/intact       the names, sizes and times of its packages' files, written last

One that a build has written into is made anew.
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from chapbook_core.builder.isolation import BuildEnvironment, BuildRequirementsFailed, NeedsItself
from chapbook_core.commands.cache_folders import INTACT
from chapbook_core.commands.index_answers import IndexAnswers
from chapbook_core.commands.locked_details import LockedDetails
from chapbook_core.commands.own_release import OwnRelease
from chapbook_core.commands.policies import policies_of
from chapbook_core.commands.solving import solved
from chapbook_core.commands.whole_store import with_whole_store
from chapbook_core.environment.maker import Recipe
from chapbook_core.environment.virtualenv import make_environment
from chapbook_core.errors import Cancelled, ChapbookError
from chapbook_core.installer.link import Linker
from chapbook_core.installer.placement import WheelArrival, place_wheels
from chapbook_core.installer.schemes import paths_of_environment
from chapbook_core.lock.lockfile import LockedPackage
from chapbook_core.project.kernel_lock import try_lock
from chapbook_core.project.removal import remove_folder
from chapbook_core.requirements.marker import Marker, parse_marker
from chapbook_core.requirements.requirement import parse_requirement
from chapbook_core.resolver.dependency import dependencies_of, root_requirements
from chapbook_core.resolver.problem import Policy, Prereleases, Problem
from chapbook_core.resolver.settling import Settling
from chapbook_core.value import frozen, replace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from chapbook_core.commands.index_answers import Elsewhere
    from chapbook_core.commands.wheel_building import Chain
    from chapbook_core.commands.workbench import Workbench
    from chapbook_core.environment.interpreter import Interpreter
    from chapbook_core.events import Event, Watcher
    from chapbook_core.installer.store import StoredWheel

_OURS = "chapbook"
_GLANCE = 0.05
_KEPT = 30 * 24 * 3600.0
_TOLD_BY_MARKERS = (
    "python_full_version", "implementation_name", "os_name", "platform_machine", "platform_system", "sys_platform",
)  # fmt: skip


class Helpers(Protocol):
    """What making an environment leaves to others, who may have to build something for it in turn."""

    def supplied(self, packages: Sequence[LockedPackage], chain: Chain, /) -> Mapping[str, StoredWheel]:
        """Bring packages into the store."""

    def elsewhere(self, settling: Settling, chain: Chain, /) -> Elsewhere:
        """Answer for what is on no index, or must be built to tell what it requires."""


@frozen
class SolvedEnvironments:
    """The environments for the build of one package."""

    bench: Workbench
    helpers: Helpers
    name: str
    chain: Chain
    known: dict[tuple[object, ...], BuildEnvironment]
    """Shared by the builds of one command."""

    def environment(self, requires: Sequence[str]) -> BuildEnvironment:
        """Return an environment with what a build requires; raises BuildRequirementsFailed and NeedsItself."""
        if (own := _own_environment(requires)) is not None:
            return own
        bench = self.bench
        constraints = bench.constraints(self.name)
        key = (frozenset(requires), constraints)
        with bench.environment_lock:
            if key in self.known:
                return self.known[key]
            try:
                found = self._made(requires)
            except (Cancelled, NeedsItself):
                raise
            except ChapbookError as problem:
                raise BuildRequirementsFailed(requires, problem) from problem
            self.known[key] = found
            return found

    def _made(self, requires: Sequence[str]) -> BuildEnvironment:
        packages = self._resolved(requires) if requires else ()
        bench = self.bench
        top = (bench.cache or bench.folder) / "build-environments"

        def provide() -> BuildEnvironment:
            stored = self.helpers.supplied(packages, self.chain) if packages else {}
            return _provided(bench, top, [stored[name] for name in sorted(stored)])

        return with_whole_store(bench.store, bench.mode, _Quiet(bench.watcher), provide)

    def _resolved(self, requires: Sequence[str]) -> tuple[LockedPackage, ...]:
        bench, session = self.bench, self.bench.session
        settling = Settling(session.manifest.folder)
        place = region_of(bench.interpreter)
        problem = Problem(
            requirements=tuple(
                root for text in requires for root in root_requirements(settling.settled(parse_requirement(text)))
            ),
            environments=place.node,
            name=f"the build of {self.name}",
            constraints=tuple(
                dependency for each in bench.constraints(self.name) for dependency in dependencies_of(each)
            ),
            policy=Policy(prereleases=Prereleases.WHEN_NEEDED),
        )
        quiet = _Quiet(bench.watcher)
        answers = IndexAnswers(
            bench.index.reader,
            policies_of(session),
            quiet,
            elsewhere=self.helpers.elsewhere(settling, self.chain),
            environments=place,
            # A build may well need the project's namesake, or an older release of it.
            own=OwnRelease(replace(session.manifest, name=None)),
        )
        solution = solved(problem, answers, quiet, is_advised=False)
        details = LockedDetails(bench.index, answers)
        found = ((selected, details(selected)) for selected in solution.packages)
        return tuple(
            LockedPackage(selected.name, selected.version, files=detail.files, source=detail.source)
            for selected, detail in found
        )


def _own_environment(requires: Sequence[str]) -> BuildEnvironment | None:
    """Return the environment that this very program runs in, for builds that require nothing but it."""
    wanted = [parse_requirement(text) for text in requires]
    if not wanted or any(requirement.name != _OURS for requirement in wanted):
        return None
    from importlib.metadata import PackageNotFoundError, version  # for the few projects that it builds

    try:
        own = version(_OURS)
    except PackageNotFoundError:
        return None
    environment = BuildEnvironment(Path(sys.prefix))
    is_allowed = all(requirement.constraint.allows(own) for requirement in wanted)
    return environment if is_allowed and environment.python.exists() else None


def region_of(interpreter: Interpreter) -> Marker:
    """Return the region that is one interpreter on one machine."""
    markers = interpreter.markers
    return parse_marker(" and ".join(f"{name} == '{markers[name]}'" for name in _TOLD_BY_MARKERS if name in markers))


def _provided(bench: Workbench, top: Path, wheels: Sequence[StoredWheel]) -> BuildEnvironment:
    """Return the environment that holds some wheels and nothing else, made when there is none that is intact."""
    interpreter = bench.interpreter
    facts = (1, str(interpreter.executable), interpreter.version, [wheel.manifest.sha256 for wheel in wheels])
    folder = top.absolute() / hashlib.sha256(repr(facts).encode("utf-8", "surrogateescape")).hexdigest()[:32]
    if _is_intact(folder):
        return BuildEnvironment(folder)
    top.mkdir(parents=True, exist_ok=True)
    with _held(folder.with_suffix(".lock"), bench.watcher):
        if not _is_intact(folder):
            _sweep(top)
            remove_folder(folder)
            cache = None if bench.cache is None else bench.cache / "environments"
            make_environment(folder, Recipe(interpreter, "build"), cache=cache)
            paths, linker = paths_of_environment(folder), Linker()
            place_wheels([WheelArrival(wheel, paths, linker) for wheel in wheels], _Quiet(bench.watcher))
            (folder / INTACT).write_text(_state(folder), "utf-8")
    return BuildEnvironment(folder)


def _is_intact(folder: Path) -> bool:
    """Tell whether an environment is as it was made, and note that it is used."""
    intact = folder / INTACT
    try:
        if intact.read_text("utf-8") != _state(folder):
            return False
        intact.touch()
    except (OSError, ChapbookError):
        return False
    return True


def _state(folder: Path) -> str:
    """Return the digest of what is installed; bytecode is no part of it."""
    paths = paths_of_environment(folder)
    rows = []
    folders = [str(folder / paths.purelib)]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    if entry.name != "__pycache__":
                        folders.append(entry.path)
                else:
                    status = entry.stat(follow_symlinks=False)
                    rows.append(f"{entry.path}\0{status.st_size}\0{status.st_mtime_ns}")
    return hashlib.sha256("\n".join(sorted(rows)).encode("utf-8", "surrogateescape")).hexdigest()


@contextmanager
def _held(lock: Path, watcher: Watcher) -> Iterator[None]:
    """Hold a lock that other processes wait for."""
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        while not _is_locked(descriptor):
            watcher.checkpoint()
            time.sleep(_GLANCE)
        yield
    finally:
        os.close(descriptor)


def _is_locked(descriptor: int) -> bool:
    try:
        return try_lock(descriptor)
    except OSError:
        # Some network file systems have no locks.
        return True


def _sweep(top: Path) -> None:
    """Forget environments that no build has used for a month."""
    limit = time.time() - _KEPT
    for intact in top.glob(f"*/{INTACT}"):
        with suppress(OSError):
            if intact.stat().st_mtime < limit:
                intact.unlink()
                remove_folder(intact.parent)


class _Quiet:
    """The watcher of work that a person need not hear of, and may stop."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher

    def emit(self, event: Event, /) -> None:
        """Pass nothing on."""

    def checkpoint(self) -> None:
        self._watcher.checkpoint()
