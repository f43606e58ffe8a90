"""A change of a project: the edited project file and the lock that belongs to it, written together or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.commands.lock import changes
from chapbook_core.commands.locking import belonging_to, lock_project
from chapbook_core.commands.report import Block, Change, Line, Span
from chapbook_core.events import Committed
from chapbook_core.project.discovery import LOCK_FILE, PROJECT_FILE
from chapbook_core.project.journal import FileChange
from chapbook_core.project.pair_writing import PairWriter
from chapbook_core.requirements.constraint import Constraint, parse_constraint
from chapbook_core.requirements.version_key import version_key
from chapbook_core.value import frozen, replace

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from chapbook_core.commands.locking import LockOutcome, LockRequest
    from chapbook_core.commands.session import Session
    from chapbook_core.lock.lockfile import Lock
    from chapbook_core.project.document import Document
    from chapbook_core.project.groups import Group
    from chapbook_core.project.manifest import Manifest
    from chapbook_core.requirements.requirement import Requirement


@frozen
class Written:
    """What a change did to the files of the project, or would do."""

    is_written: bool
    project_file: bool
    """Whether it is another than before."""
    lock_file: bool
    packages: int
    """How many the lock holds."""

    def block(self) -> Block:
        """Tell it."""
        files = [PROJECT_FILE] if self.project_file else []
        files += [LOCK_FILE] if self.lock_file else []
        count = f"{self.packages} package{'' if self.packages == 1 else 's'}"
        if not files:
            return Line(f"{LOCK_FILE} is up to date: {count}")
        verb = "Wrote" if self.is_written else "Would write"
        return Line((f"{verb} ", Span(" and ".join(files), "strong"), f": {count} locked"))


@frozen
class Proposal:
    """A change that is computed and not written."""

    session: Session
    """The project as the edited file has it."""
    document: Document
    outcome: LockOutcome

    @property
    def changes(self) -> tuple[Change, ...]:
        """What becomes of each locked package."""
        return tuple(changes(self.outcome))

    def told(self, *, is_written: bool) -> Written:
        """Say which files are others than before."""
        return Written(
            is_written=is_written,
            project_file=self.document.is_changed,
            lock_file=self.outcome.is_changed,
            packages=len(self.outcome.lock.packages),
        )

    @property
    def files(self) -> tuple[FileChange, FileChange]:
        """The project file and the lock, before and after."""
        before = self.outcome.present.text
        return (
            FileChange(PROJECT_FILE, self.document.before, self.document.content()),
            FileChange(LOCK_FILE, None if before is None else before.encode(), self.outcome.text.encode()),
        )

    def write(self) -> None:
        """Put both files in their places, as one; raises ChangedMeanwhile and WriteFailed."""
        # First, lest an interrupt behind the writing is told to have come in time; there is nothing to wait for in it.
        self.session.watcher.emit(Committed())
        PairWriter(self.session.manifest.folder).replace(self.files)


def propose(session: Session, document: Document, request: LockRequest) -> Proposal:
    """Lock what the edited project file says."""
    edited = replace(session, manifest=document.manifest())
    return Proposal(edited, document, lock_project(edited, request))


def propose_newest(
    session: Session,
    document: Document,
    request: LockRequest,
    freed: Callable[[str, Requirement], Constraint],
    finish: Callable[[Lock], Document],
) -> Proposal:
    """Lock a project in which some constraints may follow what is possible, as those that nobody has stated.

    `freed` tells by group and requirement what may be chosen, and `finish` writes what it was, for a lock.
    """
    loose = replace(session, manifest=_loosened(document.manifest(), freed))
    outcome = lock_project(loose, request)
    finished = finish(outcome.lock)
    manifest = finished.manifest()
    return Proposal(replace(session, manifest=manifest), finished, belonging_to(manifest, outcome))


def locked_range(lock: Lock, name: str) -> tuple[str, ...]:
    """Return the versions of a package in a lock, oldest first."""
    versions = {package.version for package in lock.packages if package.name == name}
    return tuple(sorted(versions, key=version_key))


def following(versions: Collection[str]) -> Constraint:
    """Return what allows the versions that were chosen, and whatever is compatible with the newest of them."""
    ordered = sorted(versions, key=version_key)
    caret = Constraint.caret(ordered[-1])
    if len(ordered) == 1:
        return caret
    begin, end = parse_constraint(f">={ordered[0]}").cuts[0], caret.cuts[-1]
    return parse_constraint(Constraint("", (begin, end)).poetry_text())


def _loosened(manifest: Manifest, freed: Callable[[str, Requirement], Constraint]) -> Manifest:
    known = {group.name: group for group in manifest.groups}

    def loose(group: Group) -> tuple[Requirement, ...]:
        """Return its own requirements, and behind them those of the groups it includes, each as free as there."""
        below = [known[name] for name in group.includes]
        own = len(group.requirements) - sum(len(one.requirements) for one in below)
        return (
            *(replace(one, constraint=freed(group.name, one)) for one in group.requirements[:own]),
            *(requirement for one in below for requirement in loose(one)),
        )

    groups = tuple(replace(group, requirements=loose(group)) for group in manifest.groups)
    return replace(manifest, groups=groups)
