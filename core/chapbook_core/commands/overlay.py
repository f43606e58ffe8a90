"""The overlay of an environment without ipykernel: what it lacks, resolved beside what it has, in a folder of its own.

The environment stays as it is. Its packages are givens: the solver chooses an ipykernel, if need be an older one, that
works with them, and whatever that needs and the environment lacks. The result is shared by all projects that it fits.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from chapbook_core.commands.cache_folders import open_store
from chapbook_core.commands.elsewhere import ProjectElsewhere
from chapbook_core.commands.kernel_start import CACHE_FOLDER
from chapbook_core.commands.locked_details import LockedDetails
from chapbook_core.commands.overlay_answers import OverlayAnswers
from chapbook_core.commands.overlay_shelf import PACKAGES, Overlay, OverlayShelf
from chapbook_core.commands.own_release import OwnRelease
from chapbook_core.commands.policies import policies_of
from chapbook_core.commands.solving import solved
from chapbook_core.commands.thin_magics import publish
from chapbook_core.commands.wheel_supply import supply_wheels
from chapbook_core.commands.whole_store import with_whole_store
from chapbook_core.environment.wheel_tags import wheel_tags
from chapbook_core.errors import ChapbookError
from chapbook_core.events import Finished, Started
from chapbook_core.index.failure import IndexFailure
from chapbook_core.index.mode import Mode
from chapbook_core.index.policy import OnlyBinary, read_projects
from chapbook_core.index.tags import TagOrder
from chapbook_core.installer.link import Linker
from chapbook_core.installer.placement import WheelArrival, place_wheels
from chapbook_core.installer.schemes import InstallPaths
from chapbook_core.installer.workshop import Workshop
from chapbook_core.lock.lockfile import LockedPackage
from chapbook_core.project.own_cache import cache_place, make_own
from chapbook_core.requirements.marker import parse_marker
from chapbook_core.resolver.explain import NoSolution
from chapbook_core.resolver.facts import Dependency
from chapbook_core.resolver.problem import LockedVersion, Policy, Prereleases, Problem, RootRequirement
from chapbook_core.resolver.settling import Settling
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import TypeAlias

    from chapbook_core.commands.session import Session
    from chapbook_core.environment.interpreter import Interpreter
    from chapbook_core.events import Event, Watcher
    from chapbook_core.installer.store import StoredWheel
    from chapbook_core.lock.lockfile import Lock
    from chapbook_core.requirements.marker import Marker

    _Answering: TypeAlias = Callable[[Mapping[str, str]], OverlayAnswers]

KERNEL = "ipykernel"
_OLDEST = "5.5"
"""What came before knows no Python of today."""
_TASK = "overlay"
_TOLD_BY_MARKERS = (
    "python_full_version", "implementation_name", "os_name", "platform_machine", "platform_system", "sys_platform",
)  # fmt: skip


class NoOverlay(ChapbookError):
    """There is no ipykernel that works beside what the project locks."""

    def __init__(self, blockers: Sequence[tuple[str, str]], failure: NoSolution) -> None:
        self.blockers = tuple(blockers)
        self.story = failure.message
        if blockers:
            named = " and ".join(f"`{name}` {version}" for name, version in blockers)
            message = f"no ipykernel works beside {named}, which this project locks"
            first = blockers[0][0]
            hints = [
                f"run `chapbook add -G dev ipykernel`, which tells what `{first}` would have to be",
                f"or let the project take another version of `{first}`",
            ]
        else:
            message = "no ipykernel works beside what this project locks"
            hints = ["run `chapbook add -G dev ipykernel`, which tells what is in the way"]
        super().__init__(f"{message}\n{failure.message}", hints=hints)


@frozen
class Resolution:
    """What the solver found."""

    packages: tuple[LockedPackage, ...]
    """What the environment lacks."""
    considered: Mapping[str, str | None]
    """The packages that had a say, and their installed versions."""


def overlay_shelf(session: Session, interpreter: Interpreter) -> OverlayShelf:
    """Return where this person's overlays for an interpreter are."""
    return OverlayShelf(kernel_cache(session), interpreter)


def kernel_cache(session: Session) -> Path:
    """Return the folder of everything that kernels share, in the person's cache; raises ForeignCache."""
    cache = cache_place(session.settings)
    make_own(cache)
    return cache / CACHE_FOLDER


def find_overlay(
    session: Session, lock: Lock, interpreter: Interpreter, given: Mapping[str, str], mode: Mode = Mode.ONLINE
) -> Overlay:
    """Return the overlay of an environment, made when there is none that fits.

    `given` are the installed versions by name. Raises NoOverlay, and what an index or the store failed with.
    """
    shelf = overlay_shelf(session, interpreter)
    # Whoever wants to hear from the indexes is not served from a shelf.
    found = shelf.find(given) if mode is not Mode.REFRESH else None
    if found is not None:
        return found
    try:
        return _made(session, lock, interpreter, given, mode)
    except IndexFailure:
        if mode is not Mode.REFRESH and (old := shelf.find(given, even_old=True)) is not None:
            return old
        raise


def _made(session: Session, lock: Lock, interpreter: Interpreter, given: Mapping[str, str], mode: Mode) -> Overlay:
    began = session.surroundings.now()
    session.watcher.emit(Started(_TASK, "Finding an ipykernel that works beside what is locked"))
    try:
        resolution = _resolved(session, lock, interpreter, given, mode)
        return _placed(session, interpreter, resolution, mode)
    finally:
        session.watcher.emit(Finished(_TASK, max(session.surroundings.now() - began, 0.0)))


def _resolved(
    session: Session, lock: Lock, interpreter: Interpreter, given: Mapping[str, str], mode: Mode
) -> Resolution:
    with TemporaryDirectory(prefix="chapbook-") as folder, session.open_index(mode) as index:
        # Nothing of a kernel is a direct reference, so this folder stays empty.
        settling = Settling(Path(folder))
        with ProjectElsewhere(session, index, mode, settling, locked=(), may_build=False) as elsewhere:
            place = _region(interpreter)
            problem = _problem(lock, place)

            def answers(installed: Mapping[str, str]) -> OverlayAnswers:
                return OverlayAnswers(
                    index.reader,
                    (*policies_of(session), OnlyBinary(read_projects(True))),  # noqa: FBT003  the setting's own value
                    session.watcher,
                    elsewhere=elsewhere,
                    environments=place,
                    own=OwnRelease(session.manifest),
                    given=installed,
                )

            first = answers(given)
            try:
                solution = solved(problem, first, session.watcher, is_advised=False)
            except NoSolution as failure:
                raise NoOverlay(tuple(_blockers(problem, first, given, answers, session)), failure) from failure
            details = LockedDetails(index, first)
            lacking = [selected for selected in solution.packages if selected.name not in given]
            packages = []
            for selected in lacking:
                detail = details(selected)
                packages.append(
                    LockedPackage(selected.name, selected.version, files=detail.files, source=detail.source)
                )
            return Resolution(tuple(packages), first.considered)


def _blockers(
    problem: Problem, failed: OverlayAnswers, given: Mapping[str, str], answers: _Answering, session: Session
) -> Iterator[tuple[str, str]]:
    """Yield the installed packages of which each, if it were free to change, would let a kernel in."""
    # In any order: those who were asked about first stand nearest to the kernel.
    for name, version in list(failed.considered.items()):
        if version is None:
            continue
        without = {other: there for other, there in given.items() if other != name}
        try:
            solved(problem, answers(without), session.watcher, is_advised=False)
        except NoSolution:
            continue
        yield name, version


def _problem(lock: Lock, place: Marker) -> Problem:
    return Problem(
        requirements=(RootRequirement(Dependency(KERNEL, f">={_OLDEST}")),),
        environments=place.node,
        name="the kernel",
        # What is locked and not installed, because its group is not wanted, would better not be another version here.
        locked=tuple(LockedVersion(package.name, package.version) for package in lock.packages if not package.source),
        policy=Policy(prereleases=Prereleases.EXPLICIT),
    )


def _region(interpreter: Interpreter) -> Marker:
    """Return the region that is this very interpreter."""
    markers = interpreter.markers
    return parse_marker(" and ".join(f"{name} == '{markers[name]}'" for name in _TOLD_BY_MARKERS if name in markers))


def _placed(session: Session, interpreter: Interpreter, resolution: Resolution, mode: Mode) -> Overlay:
    shelf = overlay_shelf(session, interpreter)
    tags = TagOrder.of(wheel_tags(interpreter))

    def fill(stored: Mapping[str, StoredWheel]) -> Path:
        return _filled(stored, shelf, interpreter, session.watcher)

    with open_store(session) as store:
        place = with_whole_store(
            store,
            mode,
            session.watcher,
            lambda: fill(supply_wheels(session, store, resolution.packages, tags, mode)),
        )
    versions = {package.name: package.version for package in resolution.packages}
    return shelf.note(resolution.considered, place, versions)


class _Quiet:
    """Passes on when to stop, and no warnings: nothing in an overlay runs when a Python starts."""

    def __init__(self, watcher: Watcher) -> None:
        self.checkpoint = watcher.checkpoint

    def emit(self, event: Event, /) -> None:
        """Forget the event."""


def _filled(stored: Mapping[str, StoredWheel], shelf: OverlayShelf, interpreter: Interpreter, watcher: Watcher) -> Path:
    place = shelf.place({name: wheel.manifest.sha256 for name, wheel in stored.items()})
    if (place / PACKAGES).is_dir():
        return place
    workshop = Workshop(shelf.folder / "workshops")
    try:
        folder = workshop.new_folder().resolve()
        (folder / PACKAGES).mkdir()
        paths = InstallPaths(folder, PACKAGES, PACKAGES, "bin", "include", interpreter.executable)
        linker = Linker(is_edited=False)
        place_wheels([WheelArrival(wheel, paths, linker) for wheel in stored.values()], _Quiet(watcher))
        publish(folder, place)
    finally:
        workshop.close()
    return place
