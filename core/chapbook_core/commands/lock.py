"""Choose a version of every package, and write them down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.commands.lock_record import LockRecord
from chapbook_core.commands.lock_trouble import LockLacks, LockStale, NotLocked
from chapbook_core.commands.locked_versions import compare
from chapbook_core.commands.report import Block, Line, Result, Span
from chapbook_core.lock.freshness import is_fresh, read_fingerprint
from chapbook_core.project.discovery import LOCK_FILE, find_project
from chapbook_core.project.settings import read_settings
from chapbook_core.requirements.name import canonical_name
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chapbook_core.commands.command import Invocation
    from chapbook_core.commands.locking import HeldBack, LockOutcome, LockRequest
    from chapbook_core.commands.report import Change
    from chapbook_core.commands.session import Session
    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.events import Watcher
    from chapbook_core.lock.merge import Decision


@frozen
class Locked(Result):
    """What became of the lock."""

    packages: int
    changes: tuple[Change, ...]
    is_written: bool
    is_changed: bool
    decisions: tuple[Decision, ...] | None = None
    """What was decided to finish a merge; None when there was none."""
    held_back: tuple[HeldBack, ...] = ()

    def report(self) -> tuple[Block, ...]:
        """Tell what changed, then what a person may want to do about it."""
        blocks: list[Block] = list(self.changes)
        if self.decisions is not None:
            blocks.append(Line(f"Merged both sides of {LOCK_FILE}"))
            blocks += [Line(_told(decision)) for decision in self.decisions]
        count = f"{self.packages} package{'' if self.packages == 1 else 's'}"
        if not self.is_changed:
            blocks.append(Line(f"{LOCK_FILE} is up to date: {count}"))
        else:
            verb = "Wrote" if self.is_written else "Would write"
            blocks.append(Line((f"{verb} ", Span(LOCK_FILE, "strong"), f": {count}")))
        blocks += [held.block() for held in self.held_back]
        return tuple(blocks)


@frozen
class LockChecked(Result):
    """The lock belongs to the project file."""

    def report(self) -> tuple[Block, ...]:
        """Tell it."""
        return (Line(f"{LOCK_FILE} is up to date"),)


def run(invocation: Invocation, surroundings: Surroundings, watcher: Watcher) -> Result:
    """Lock, or check the lock."""
    folder = find_project(surroundings.start)
    settings = read_settings(folder, variables=surroundings.variables, home=surroundings.home)
    record = LockRecord(folder, settings, surroundings, _words(invocation))
    may_stay = not any(map(invocation.flag, ("check", "refresh", "regenerate")))
    if may_stay and (lock := record.current()) is not None:
        return Locked(lock.packages, (), is_written=False, is_changed=False)
    # What was not needed so far: what reads the project, and the solver.
    from chapbook_core.commands.former_dev_group import warn_of_former_dev_group
    from chapbook_core.commands.session import open_session

    session = open_session(surroundings, watcher)
    warn_of_former_dev_group(session.manifest, watcher)
    if invocation.flag("check"):
        check_lock(session)
        return LockChecked()
    from chapbook_core.commands.locking import lock_project, write_lock

    outcome = lock_project(session, _request(invocation))
    is_written = not invocation.flag("dry-run")
    if is_written:
        write_lock(session, outcome)
        record.keep()
    return Locked(
        packages=len(outcome.lock.packages),
        changes=tuple(changes(outcome)),
        is_written=is_written,
        is_changed=outcome.is_changed,
        decisions=outcome.present.decisions,
        held_back=outcome.held_back,
    )


def check_lock(session: Session) -> None:
    """Raise NotLocked, LockStale or LockLacks unless the lock belongs to the project file, and is whole."""
    # Only who asks for it reads what is locked.
    from chapbook_core.lock.completeness import lacking
    from chapbook_core.lock.poetry_reader import read_lock
    from chapbook_core.project.lock_terms import exempt_names, promised_environments

    try:
        text = session.lock_file.read_text("utf-8")
    except FileNotFoundError:
        raise NotLocked(session.lock_file) from None
    fingerprint = read_fingerprint(text)
    if fingerprint is None or not is_fresh(fingerprint, session.manifest.data):
        raise LockStale(session.lock_file)
    manifest, wishes = session.manifest, session.wishes
    lock = read_lock(text, session.lock_file)
    found = lacking(lock, manifest.groups, exempt_names(manifest, wishes), promised_environments(manifest, wishes))
    if found:
        raise LockLacks(session.lock_file, found)
    from chapbook_core.commands.folders_ahead import LockBehind, folders_ahead  # as above
    from chapbook_core.requirements.marker import python_marker

    ahead = tuple(folders_ahead(lock.packages, manifest.folder, python_marker(manifest.python)))
    if ahead:
        raise LockBehind(session.lock_file, ahead)


def changes(outcome: LockOutcome) -> list[Change]:
    """Compare the lock with the one before."""
    return compare(outcome.present.lock, outcome.lock)


def _told(decision: Decision) -> str:
    ours, theirs, kept = (", ".join(texts) or "none" for texts in (decision.ours, decision.theirs, decision.kept))
    return f"  {decision.name}: {ours} here, {theirs} there; took {kept}"


def _words(invocation: Invocation) -> Iterator[str]:
    """Yield the options that have a say in what is locked, `--regenerate` apart: it leads to a lock that stays."""
    for option in ("resolution", "fork-strategy"):
        yield f"{option}={invocation.text(option) or ''}"
    yield f"no-build={invocation.flag('no-build')}"
    yield from (f"prefer={name}" for name in invocation.texts("prefer"))


def _request(invocation: Invocation) -> LockRequest:
    from chapbook_core.commands.index_mode import index_mode
    from chapbook_core.commands.locking import LockRequest  # as above
    from chapbook_core.resolver.problem import ForkStrategy, Resolution

    resolution, fork_strategy = invocation.text("resolution"), invocation.text("fork-strategy")
    return LockRequest(
        keep=not invocation.flag("regenerate"),
        anew=invocation.flag("regenerate"),
        prefer=tuple(map(canonical_name, invocation.texts("prefer"))),
        resolution=Resolution(resolution) if resolution else None,
        fork_strategy=ForkStrategy(fork_strategy) if fork_strategy else None,
        mode=index_mode(invocation),
        may_build=not invocation.flag("no-build"),
    )
