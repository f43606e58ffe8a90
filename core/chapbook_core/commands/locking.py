"""Locks a project: puts its problem to the solver, and writes down the answer."""

from __future__ import annotations

from datetime import datetime
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from chapbook_core.commands.collector import without_collector
from chapbook_core.commands.elsewhere import ProjectElsewhere
from chapbook_core.commands.index_answers import IndexAnswers
from chapbook_core.commands.locked_details import LockedDetails
from chapbook_core.commands.newer_lock import warn_of_newer_lock
from chapbook_core.commands.own_release import OwnRelease
from chapbook_core.commands.policies import policies_of
from chapbook_core.commands.report import Message
from chapbook_core.commands.rival_groups import require_additions
from chapbook_core.commands.solving import solved
from chapbook_core.commands.sources_of_uv import warn_of_sources_of_uv
from chapbook_core.commands.speculation import Speculation
from chapbook_core.errors import ChapbookError, FileMistakes, Mistake
from chapbook_core.events import Committed
from chapbook_core.index.mode import Mode
from chapbook_core.lock.conflict import has_conflict
from chapbook_core.lock.continuity import continued
from chapbook_core.lock.poetry_format import format_lock
from chapbook_core.lock.poetry_reader import UnsupportedLock, read_lock
from chapbook_core.project.content_hash import content_hash
from chapbook_core.project.small_file import read_small
from chapbook_core.project.writing import write_file
from chapbook_core.requirements.marker import Marker, parse_marker, python_marker
from chapbook_core.requirements.origin import IndexOrigin
from chapbook_core.resolver.dependency import dependencies_of, root_requirements
from chapbook_core.resolver.locking import Frame, make_lock
from chapbook_core.resolver.path_words import RootDemand
from chapbook_core.resolver.problem import (
    ForkStrategy,
    LockedVersion,
    Policy,
    Prereleases,
    Problem,
    Resolution,
    Switch,
)
from chapbook_core.resolver.settling import Settling
from chapbook_core.value import frozen, replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from chapbook_core.commands.locked_hearsay import LockedHearsay
    from chapbook_core.commands.report import Block
    from chapbook_core.commands.session import Session
    from chapbook_core.index.opening import OpenIndex
    from chapbook_core.index.page_summary import PageSummary
    from chapbook_core.lock.lockfile import Lock, LockedPackage
    from chapbook_core.lock.merge import Decision
    from chapbook_core.project.manifest import Manifest
    from chapbook_core.requirements.requirement import Requirement
    from chapbook_core.resolver.facts import Dependency
    from chapbook_core.resolver.problem import Selected, Solution

_LONG = 365
"""Days after which a newer version that cannot be had is worth a word."""


@frozen
class LockRequest:
    """How one run of locking differs from what the project says."""

    keep: bool = True
    """Whether the versions of the present lock stay where they can."""
    anew: bool = False
    """Whether the present lock may be one that nobody can read."""
    unlocked: frozenset[str] = frozenset()
    """Packages whose locked versions do not stay."""
    pins: tuple[LockedVersion, ...] = ()
    """Versions from elsewhere, to be kept as those of the present lock, and before them."""
    prefer: tuple[str, ...] = ()
    resolution: Resolution | None = None
    fork_strategy: ForkStrategy | None = None
    prereleases: Prereleases | None = None
    mode: Mode = Mode.ONLINE
    may_build: bool = True
    """Whether code of other people may run to tell what a release requires, where nothing else does."""

    def keeps(self, name: str) -> bool:
        """Whether what the present lock has of a package stays, if it can."""
        return self.keep and name not in self.unlocked


@frozen
class HeldBack:
    """A package that is locked in a version long overtaken."""

    name: str
    version: str
    newest: str
    by: str
    """The package that stood in the way."""

    def block(self) -> Block:
        """Tell it, and what to do about it."""
        return Message(
            "note",
            f"`{self.name}` is locked at {self.version}, far behind {self.newest}, because of `{self.by}`",
            (f"run `chapbook lock --prefer {self.name}` to keep it new instead",),
        )


@frozen
class LockOutcome:
    """A lock that was made, and what it was made from."""

    lock: Lock
    text: str
    present: PresentLock
    held_back: tuple[HeldBack, ...] = ()

    @property
    def is_changed(self) -> bool:
        """Whether the file would change."""
        return self.text != self.present.text


@frozen
class PresentLock:
    """The lock there was before."""

    text: str | None = None
    lock: Lock | None = None
    """What it says; of an unfinished merge, both sides together."""
    decisions: tuple[Decision, ...] | None = None
    """What was decided to put the two sides of an unfinished merge together; None when there were no sides."""

    @property
    def line_ending(self) -> str:
        """How its lines end."""
        return "\r\n" if self.text is not None and "\r\n" in self.text[:4096] else "\n"


def lock_project(session: Session, request: LockRequest) -> LockOutcome:
    """Make the lock without writing it; raises NoSolution, or what an index failed with."""
    with without_collector():
        return _lock_project(session, request)


def _lock_project(session: Session, request: LockRequest) -> LockOutcome:
    present = read_present_lock(session.lock_file, anew=request.anew)
    if not request.anew:
        warn_of_newer_lock(present.lock, session.watcher)
    warn_of_sources_of_uv(session.manifest, session.watcher)
    settling = Settling(session.manifest.folder)
    problem = _problem(session, request, present.lock, settling)
    kept = [package for package in present.lock.packages if request.keeps(package.name)] if present.lock else []
    with (
        session.open_index(request.mode) as index,
        ProjectElsewhere(session, index, request.mode, settling, locked=kept, may_build=request.may_build) as elsewhere,
    ):
        keepsake = index.keepsake(session.manifest.folder)
        keepsake.unpack()
        keepsake.confirm(index.cache)
        own = OwnRelease(session.manifest)
        answers = IndexAnswers(
            index.reader,
            policies_of(session),
            session.watcher,
            elsewhere=elsewhere,
            environments=Marker(problem.environments),
            own=own,
        )
        hearsay = _hearsay(present.lock, kept, index) if request.mode is Mode.OFFLINE else None
        index.reader.follow(Speculation(index.reader, policies_of(session), problem))
        solution = own.left_out_of(solved(problem, answers, session.watcher))
        if hearsay is not None:
            hearsay.require_grounds(solution, index.reader.believed)
        lock = make_lock(solution, _frame(session), LockedDetails(index, answers))
        require_additions(lock, session.wishes.conflicts, python_marker(session.manifest.python))
        held_back = tuple(_held_back(solution, index))
        keepsake.renew(answers.used())
    if present.lock is not None:
        lock = continued(present.lock, lock, python_marker(session.manifest.python))
    return LockOutcome(lock, format_lock(lock, line_ending=present.line_ending), present, held_back)


def _hearsay(lock: Lock | None, packages: Sequence[LockedPackage], index: OpenIndex) -> LockedHearsay | None:
    """Let the index be known from the lock where nothing was kept of it."""
    if lock is None:
        return None
    from chapbook_core.commands.locked_hearsay import LockedHearsay  # nearly everybody may ask

    hearsay = LockedHearsay(lock, packages)
    index.reader.believe(hearsay)
    return hearsay


def belonging_to(manifest: Manifest, outcome: LockOutcome) -> LockOutcome:
    """Return a lock that was made for looser constraints as the lock of a project that it satisfies as well."""
    lock = replace(outcome.lock, content_hash=content_hash(manifest.data))
    return replace(outcome, lock=lock, text=format_lock(lock, line_ending=outcome.present.line_ending))


def write_lock(session: Session, outcome: LockOutcome) -> None:
    """Put the lock in its place, unless it is there already."""
    if outcome.is_changed:
        # First, lest an interrupt behind the writing is told to have come in time; there is nothing to wait for in it.
        session.watcher.emit(Committed())
        write_file(session.lock_file, outcome.text.encode())


def read_present_lock(file: Path, *, anew: bool = False) -> PresentLock:
    """Read the lock there is; the sides of an unfinished merge are put together. Raises FileMistakes.

    Of one that is to be made `anew` nothing is needed; where it cannot be understood, it is as if it were empty.
    """
    try:
        return _read_present_lock(file)
    except (FileMistakes, UnsupportedLock):
        if not anew or not file.is_file():
            raise
        return PresentLock("")


def _read_present_lock(file: Path) -> PresentLock:
    try:
        text = read_small(file).decode()
    except FileNotFoundError:
        return PresentLock()
    except OSError as error:
        hint = "check its permissions, or move it away and run `chapbook lock`"
        raise FileMistakes(file, [Mistake(f"it cannot be read: {error.strerror or error}", hint=hint)]) from error
    except UnicodeDecodeError as error:
        hint = "make it anew: `chapbook lock --regenerate`"
        raise FileMistakes(file, [Mistake(f"it is not UTF-8: {error}", hint=hint)]) from error
    if not has_conflict(text):
        return PresentLock(text, read_lock(text, file))
    # Imported here because hardly a lock has two sides.
    from chapbook_core.lock.conflict import split_conflict
    from chapbook_core.lock.merge import merge_locks

    sides = split_conflict(text, file)
    merge = merge_locks(read_lock(sides.ours, file), read_lock(sides.theirs, file))
    return PresentLock(text, merge.lock, merge.decisions)


def _problem(session: Session, request: LockRequest, present: Lock | None, settling: Settling) -> Problem:
    manifest, wishes = session.manifest, session.wishes
    environments = python_marker(manifest.python)
    if wishes.environments:
        environments &= reduce(or_, wishes.environments)
    return Problem(
        requirements=tuple(
            root
            for group in manifest.groups
            for requirement in group.requirements
            for root in root_requirements(settling.settled(requirement), group.name)
        ),
        environments=environments.node,
        name=manifest.name or "",
        python_place=manifest.python_place,
        conflicts=tuple(_conflicts(session)),
        constraints=_dependencies(map(settling.settled, wishes.constraints)),
        overrides=_dependencies(map(settling.settled, wishes.overrides)),
        excludes=frozenset(wishes.exclude),
        locked=(*request.pins, *_present_versions(session, request, present)),
        prefer=(*request.prefer, *wishes.prefer),
        policy=Policy(
            resolution=request.resolution or Resolution(wishes.resolution),
            prereleases=request.prereleases or Prereleases(wishes.prereleases),
            fork_strategy=request.fork_strategy or ForkStrategy(wishes.fork_strategy),
        ),
    )


def _conflicts(session: Session) -> Iterator[frozenset[Switch]]:
    """Yield what the project declares to be in conflict; raises FileMistakes for an extra or group it does not have."""
    manifest = session.manifest
    extras, groups = frozenset(manifest.extras), frozenset(group.name for group in manifest.groups)
    mistakes = [
        Mistake(
            f"the project has no {'group' if rival.is_group else 'extra'} `{rival.name}`", "tool.chapbook.conflicts"
        )
        for rivals in session.wishes.conflicts
        for rival in sorted(rivals, key=lambda rival: rival.name)
        if rival.name not in (groups if rival.is_group else extras)
    ]
    if mistakes:
        raise FileMistakes(manifest.file, mistakes)
    for rivals in session.wishes.conflicts:
        yield frozenset(Switch(rival.name, is_group=rival.is_group) for rival in rivals)


def _dependencies(requirements: Iterable[Requirement]) -> tuple[Dependency, ...]:
    return tuple(dependency for requirement in requirements for dependency in dependencies_of(requirement))


def _present_versions(session: Session, request: LockRequest, lock: Lock | None) -> Iterator[LockedVersion]:
    """Yield the versions of the present lock that are to stay."""
    if lock is None or not request.keep:
        return
    unlocked = request.unlocked.union(pin.name for pin in request.pins)
    for package in lock.packages:
        source = package.source
        if package.name in unlocked or (source is not None and source.type != "legacy"):
            # A direct reference has but one version: the one that is there.
            continue
        is_pinned = source is not None and package.name in session.sources.pinned
        origin = IndexOrigin(source.reference) if source is not None and is_pinned else None
        yield LockedVersion(package.name, package.version, origin, _region(package).node)


def _region(package: LockedPackage) -> Marker:
    groups = package.groups or ("main",)
    try:
        return reduce(or_, (parse_marker(package.markers.get(group, "")) for group in groups))
    except ChapbookError:
        return parse_marker("")


def _frame(session: Session) -> Frame:
    manifest = session.manifest
    return Frame(
        python=python_marker(manifest.python),
        python_versions=manifest.python_text,
        content_hash=content_hash(manifest.data),
        extras=manifest.extras,
        roots=tuple(
            RootDemand(
                requirement, group.name, tuple(extra for extra in manifest.extras if extra in requirement.in_extras)
            )
            for group in manifest.groups
            for requirement in group.requirements
        ),
    )


def _held_back(solution: Solution, index: OpenIndex) -> Iterator[HeldBack]:
    """Name what is a year or a major version behind its newest release because something stood in its way."""
    oldest: dict[str, Selected] = {}
    for selected in reversed(solution.packages):
        oldest[selected.name] = selected
    for name, culprit in sorted(solution.held_back.items()):
        kept = oldest.get(name)
        if kept is None or not (kept.origin is None or isinstance(kept.origin, IndexOrigin)):
            continue
        summary = index.reader.versions(name, kept.origin.source if kept.origin else None).summary
        newest = (summary.every & ~summary.prereleases & ~summary.yanked).bit_length() - 1
        chosen = summary.versions.index(kept.version) if kept.version in summary.versions else newest
        if chosen < newest and _is_far(summary, chosen, newest):
            yield HeldBack(name, kept.version, summary.versions[newest], culprit)


def _is_far(summary: PageSummary, chosen: int, newest: int) -> bool:
    before, after = summary.upload_times[chosen], summary.upload_times[newest]
    if before and after:
        days = datetime.fromisoformat(after) - datetime.fromisoformat(before)
        return days.days >= _LONG
    return summary.versions[chosen].split(".")[0] != summary.versions[newest].split(".")[0]
