"""Putting what was locked into the environment of the project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.commands.liveness import Live, Timing
from chapbook_core.commands.report import Block, Change, Data, Line, as_data
from chapbook_core.errors import Cancelled, ChapbookError
from chapbook_core.events import Notice
from chapbook_core.index.mode import Mode
from chapbook_core.lock.wanted import Wanted, choose_groups
from chapbook_core.project.pair_writing import PairWriter
from chapbook_core.value import field, frozen

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from chapbook_core.commands.changing import Proposal
    from chapbook_core.commands.installing import Installation, InstallRequest
    from chapbook_core.commands.report import Result
    from chapbook_core.commands.session import Session
    from chapbook_core.installer.transaction import ProjectFile
    from chapbook_core.lock.lockfile import Lock
    from chapbook_core.project.journal import FileChange


@frozen
class Applied:
    """What became of the environment."""

    environment: str = ""
    """Where it is; empty when nothing was done to it."""
    installed: int = 0
    removed: int = 0
    live: Live | None = field(default=None, repr=False)
    """What it means for the kernel that the command was typed in; None without one."""
    would_change: tuple[Change, ...] = ()
    """What would become of the packages in it, had it not been a dry run."""
    besides: tuple[Change, ...] = ()
    """What became of packages in it with which nothing happened in the lock."""

    def blocks(self) -> tuple[Block, ...]:
        """Tell it."""
        live = () if self.live is None else self.live.blocks()
        if self.would_change:
            return (Line("In the environment:"), *self.would_change, *live)
        if not self.environment:
            return live
        counts = [f"{self.installed} installed"] if self.installed else []
        counts += [f"{self.removed} removed"] if self.removed else []
        besides: tuple[Block, ...] = (Line("In the environment besides:"), *self.besides) if self.besides else ()
        return (*besides, Line(f"The environment matches: {', '.join(counts) or 'nothing had to be done'}"), *live)


UNAPPLIED = Applied()
"""Of a command that leaves the environment alone."""


def data_with_live(result: Result, applied: Applied) -> Data:
    """Return the fields of a result as JSON tells them, and beside them what it means for the running kernel."""
    data = as_data(result)
    live = None if applied.live is None else applied.live.data()
    return {**data, "live": live} if isinstance(data, dict) else data


def apply_lock(
    proposal: Proposal,
    *,
    lock_only: bool,
    timing: Timing = Timing.ASK,
    wanted: Wanted | None = None,
    sync: bool = False,
    mode: Mode = Mode.ONLINE,
    words: tuple[str, ...] | None = None,
    dry_run: bool = False,
) -> Applied:
    """Write a change, and bring the environment to what it locks, as one: on failure nothing is written.

    `wanted` are the groups and extras to install, by default every group that is not optional. What left the lock
    leaves the environment; with `sync` everything goes that is not wanted. `words` are the options of an `install` that
    has nothing left to do after it, by default those of a plain one. A `dry_run` only tells what would become of it.
    """
    if lock_only and dry_run:
        return UNAPPLIED
    if lock_only:
        proposal.write()
        return UNAPPLIED
    # The installer, which `--lock` spares.
    from chapbook_core.commands.installing import InstallRequest, install_lock
    from chapbook_core.commands.nothing_to_do import PLAIN, NothingToDo

    session, outcome = proposal.session, proposal.outcome
    folder = session.manifest.folder
    if not dry_run:
        PairWriter(folder).require_unchanged(proposal.files)
    before = outcome.present.lock
    locked = {package.name for package in outcome.lock.packages}
    request = InstallRequest(
        wanted=wanted or Wanted(choose_groups(session.manifest.groups)),
        sync=sync,
        gone=frozenset(package.name for package in before.packages) - locked if before is not None else frozenset(),
        mode=mode,
        timing=timing,
        dry_run=dry_run,
        fingerprint=NothingToDo(session.surroundings, PLAIN if words is None else words).fingerprint,
        files=project_files(folder, proposal.files),
    )
    if dry_run:
        return _foretold(session, outcome.lock, request)
    return applied(install_lock(session, outcome.lock, request), proposal.changes)


def project_files(folder: Path, files: Sequence[FileChange]) -> Sequence[ProjectFile]:
    """Return what an environment is changed together with; nothing when all files stay as they are."""
    from chapbook_core.installer.transaction import ProjectFile  # as above

    if all(file.before == file.after for file in files):
        return ()
    return tuple(ProjectFile(folder / file.name, file.before, file.after) for file in files)


def _foretold(session: Session, lock: Lock, request: InstallRequest) -> Applied:
    """Tell what installing a lock would do; what stands against it takes nothing away from what else is told."""
    from chapbook_core.commands.environment_changes import environment_changes
    from chapbook_core.commands.installing import install_lock  # as above

    try:
        installation = install_lock(session, lock, request)
    except Cancelled:
        raise
    except ChapbookError as problem:
        session.watcher.emit(
            Notice("warning", f"the environment would stay as it is: {problem.message}", problem.hints)
        )
        return UNAPPLIED
    return Applied(live=installation.live, would_change=tuple(environment_changes(installation)))


def applied(installation: Installation, told: Sequence[Change] | None = None) -> Applied:
    """Count what was done to an environment; what was `told` already as changes of the lock is not told again."""
    # The installer, as above.
    from chapbook_core.commands.environment_changes import environment_changes

    if not installation.is_done:
        return Applied(live=installation.live)
    arriving = {package.name for package in installation.plan.arriving}
    removed = [name for name in installation.plan.leaving if name not in arriving]
    names = None if told is None else {change.name for change in told}
    besides = [change for change in environment_changes(installation) if names is not None and change.name not in names]
    environment = installation.environment.as_posix()
    return Applied(environment, len(arriving), len(removed), installation.live, besides=tuple(besides))
