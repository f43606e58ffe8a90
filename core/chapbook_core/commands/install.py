"""Put what is locked into the environment, and take out the rest when asked to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.commands.dispatch import Seen, is_left_alone
from chapbook_core.commands.first_look import FirstLook
from chapbook_core.commands.nothing_to_do import NothingToDo, installing_words
from chapbook_core.commands.report import Block, Change, Data, Line, Message, Result, as_data
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chapbook_core.commands.command import Invocation
    from chapbook_core.commands.installing import Installation, InstallRequest
    from chapbook_core.commands.liveness import Live
    from chapbook_core.commands.session import Session
    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.events import Watcher
    from chapbook_core.installer.transaction import ProjectFile
    from chapbook_core.lock.lockfile import Lock


@frozen
class Installed(Result):
    """What became of the environment."""

    environment: Path
    changes: tuple[Change, ...]
    unchanged: int
    """How many packages were there already."""
    is_done: bool
    """False for what would have been done."""
    is_locked: bool = False
    """Whether the lock was made, because there was none."""
    live: Live | None = None
    """What it means for the kernel that the command was typed in; None without one."""

    def report(self) -> tuple[Block, ...]:
        """Tell what changed, then how much there is."""
        changed = sum(change.kind != "skip" for change in self.changes)
        there = _counted(self.unchanged, "package is", "packages are")
        live = () if self.live is None else self.live.blocks()
        is_postponed = self.live is not None and self.live.is_postponed
        if not changed:
            return (*self.changes, Line(f"Nothing to do: {there} installed"), *self._notes())
        verb = "Changed" if self.is_done else "Will change" if is_postponed else "Would change"
        total = f"{verb} {_counted(changed, 'package', 'packages')}; {there} as before"
        blocks: list[Block] = [*self.changes, Line(total if self.unchanged else total.partition(";")[0])]
        return (*blocks, *self._notes(), *live)

    def _notes(self) -> Iterator[Block]:
        if self.is_locked:
            is_written = self.is_done or (self.live is not None and self.live.is_postponed)
            word = "there was none" if is_written else "there is none"
            yield Message("note", f"{'wrote' if is_written else 'would write'} poetry.lock, because {word}")

    def data(self) -> Data:
        """Return it as JSON tells it."""
        return {
            "environment": str(self.environment),
            "done": self.is_done,
            "locked": self.is_locked,
            "unchanged": self.unchanged,
            "changes": as_data(self.changes),
            "live": None if self.live is None else self.live.data(),
        }


def at_a_glance(invocation: Invocation, surroundings: Surroundings) -> Seen:
    """Tell when an environment is as it should be, and nobody changes it."""
    question = (
        invocation.command.name,
        frozenset(invocation.values.items()),
        str(surroundings.start),
        surroundings.home,
    )
    sights, began = surroundings.sights, surroundings.now()
    if sights is not None and (seen := sights.recall(question, surroundings.variables)) is not None:
        return seen
    is_sync = invocation.command.name == "sync" or invocation.flag("sync")
    look = FirstLook(surroundings)
    if invocation.flag("compile") or invocation.flag("reinstall") or invocation.texts("reinstall-package"):
        return Seen(look.folder, None)
    nothing_to_do = NothingToDo(surroundings, tuple(installing_words(invocation.values, sync=is_sync)), look)
    found = nothing_to_do.found()
    if found is None or not is_left_alone(look.folder):
        return Seen(look.folder, None)
    is_done = not invocation.flag("dry-run")
    seen = Seen(look.folder, Installed(found.environment, (), found.packages, is_done=is_done))
    if sights is not None and found.places:
        sights.keep(
            question,
            surroundings.variables,
            places=found.places,
            environment=found.environment,
            seen=seen,
            since=began,
        )
    return seen


def install(invocation: Invocation, surroundings: Surroundings, watcher: Watcher) -> Result:
    """Put in what is locked."""
    return _run(invocation, surroundings, watcher, sync=invocation.flag("sync"))


def sync(invocation: Invocation, surroundings: Surroundings, watcher: Watcher) -> Result:
    """Put in what is locked, and take out the rest."""
    return _run(invocation, surroundings, watcher, sync=True)


def _run(invocation: Invocation, surroundings: Surroundings, watcher: Watcher, *, sync: bool) -> Result:
    look = FirstLook(surroundings)
    nothing_to_do = NothingToDo(surroundings, tuple(installing_words(invocation.values, sync=sync)), look)
    # What was not needed so far.
    from chapbook_core.commands.environment_changes import environment_changes
    from chapbook_core.commands.installing import install_lock
    from chapbook_core.commands.session import open_session

    session = open_session(surroundings, watcher, look)
    lock, files = _lock(session, invocation, look)
    request = _request(session, invocation, nothing_to_do, files, sync=sync)
    if files and not request.dry_run:
        from chapbook_core.commands.remembering import remembering  # a lock is seldom made here

        # Like every change of the files, it can be taken back.
        with remembering(session.manifest.folder, invocation, surroundings, watcher):
            installation = install_lock(session, lock, request)
    else:
        installation = install_lock(session, lock, request)
    return Installed(
        installation.environment,
        tuple(environment_changes(installation)),
        _unchanged(installation),
        is_done=installation.is_done,
        is_locked=bool(files),
        live=installation.live,
    )


def _lock(session: Session, invocation: Invocation, look: FirstLook) -> tuple[Lock, tuple[ProjectFile, ...]]:
    """Return the lock, and the file to be written when there is none yet; raises LockStale."""
    from chapbook_core.commands.index_mode import index_mode
    from chapbook_core.commands.lock_trouble import LockStale, NotLocked
    from chapbook_core.commands.open_lock import open_lock
    from chapbook_core.installer.transaction import ProjectFile  # as in `_run`

    try:
        opened = open_lock(session, look.content)
    except NotLocked:
        from chapbook_core.commands.locking import LockRequest, lock_project  # the solver, which a lock spares

        outcome = lock_project(session, LockRequest(mode=index_mode(invocation)))
        return outcome.lock, (ProjectFile(session.lock_file, None, outcome.text.encode()),)
    if not opened.is_fresh:
        raise LockStale(session.lock_file)
    return opened.lock, ()


def _request(
    session: Session,
    invocation: Invocation,
    nothing_to_do: NothingToDo,
    files: tuple[ProjectFile, ...],
    *,
    sync: bool,
) -> InstallRequest:
    from chapbook_core.commands.anew import Anew
    from chapbook_core.commands.index_mode import index_mode
    from chapbook_core.commands.installing import InstallRequest
    from chapbook_core.commands.liveness import read_timing
    from chapbook_core.commands.wanted import read_wanted
    from chapbook_core.requirements.name import canonical_name  # as in `_run`

    names = frozenset(map(canonical_name, invocation.texts("reinstall-package")))
    return InstallRequest(
        wanted=read_wanted(invocation, session.manifest, session.watcher),
        sync=sync,
        anew=Anew(invocation.flag("reinstall"), names),
        root=not invocation.flag("no-root"),
        packages=not invocation.flag("only-root"),
        directories=not invocation.flag("no-directory"),
        compile=invocation.flag("compile"),
        dry_run=invocation.flag("dry-run"),
        mode=index_mode(invocation),
        files=files,
        fingerprint=nothing_to_do.fingerprint,
        timing=read_timing(invocation),
    )


def _unchanged(installation: Installation) -> int:
    from chapbook_core.installer.plan import Keep  # as in `_run`

    is_root_there = installation.root is not None and not installation.root.is_needed
    return sum(isinstance(step, Keep) for step in installation.plan.steps) + is_root_there


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"
