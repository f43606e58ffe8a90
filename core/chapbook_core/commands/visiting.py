"""Bringing a project to what it was at another time: its files and, with them, its environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.commands.applying import UNAPPLIED, applied
from chapbook_core.commands.project_environment import present_condition
from chapbook_core.commands.session import Session
from chapbook_core.environment.condition import Sound
from chapbook_core.events import Committed
from chapbook_core.lock.wanted import Wanted, choose_groups
from chapbook_core.project.content_hash import content_hash
from chapbook_core.project.discovery import PROJECT_FILE
from chapbook_core.project.manifest import parse_manifest
from chapbook_core.project.pair_writing import PairWriter
from chapbook_core.project.settings import read_settings
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from pathlib import Path

    from chapbook_core.commands.applying import Applied
    from chapbook_core.commands.liveness import Timing
    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.environment.environment import Environment
    from chapbook_core.events import Watcher
    from chapbook_core.index.mode import Mode
    from chapbook_core.lock.lockfile import Lock
    from chapbook_core.project.journal import FileChange


@frozen
class Visit:
    """What the files of a project are to hold, and the locks of now and then."""

    folder: Path
    files: tuple[FileChange, ...]
    before: Lock | None
    after: Lock | None
    timing: Timing
    mode: Mode
    lock_only: bool = False

    def write(self) -> None:
        """Give the files their contents, and nothing else."""
        PairWriter(self.folder).replace(self.files)


def visit_project(visit: Visit, surroundings: Surroundings, watcher: Watcher) -> Applied:
    """Give the files of a project what they held, and bring its environment along, as one.

    Without an environment, or when the project file of that time cannot be read, only the files change.
    """
    session = None if visit.lock_only else _session(visit, surroundings, watcher)
    if session is None or not isinstance(present_condition(session), Sound):
        visit.write()
        watcher.emit(Committed())
        return UNAPPLIED
    # The installer, which `--lock` spares.
    from chapbook_core.commands.installing import InstallRequest, install_lock
    from chapbook_core.commands.nothing_to_do import PLAIN, NothingToDo
    from chapbook_core.installer.transaction import ProjectFile
    from chapbook_core.lock.lockfile import Lock

    PairWriter(visit.folder).require_unchanged(visit.files)
    nothing = Lock((), "*", "")
    before, after = visit.before or nothing, visit.after or nothing
    # There may have been no lock, or one that somebody was yet to bring up to date.
    is_stale = after.content_hash != content_hash(session.manifest.data)
    request = InstallRequest(
        wanted=Wanted(choose_groups(session.manifest.groups)),
        gone=frozenset(one.name for one in before.packages) - {one.name for one in after.packages},
        mode=visit.mode,
        timing=visit.timing,
        fingerprint=NothingToDo(surroundings, PLAIN).fingerprint if not is_stale else _nothing_to_remember,
        files=[ProjectFile(visit.folder / one.name, one.after) for one in visit.files if one.before != one.after],
        is_stale=is_stale,
    )
    return applied(install_lock(session, after, request))


def _nothing_to_remember(_environment: Environment) -> None:
    """Let the next `install` look, and refuse a lock that is none or stale."""


def _session(visit: Visit, surroundings: Surroundings, watcher: Watcher) -> Session | None:
    """Open the project as it will be."""
    content = next(change.after for change in visit.files if change.name == PROJECT_FILE)
    if content is None:
        return None
    manifest, mistakes = parse_manifest(content, visit.folder / PROJECT_FILE)
    if manifest is None or mistakes:
        return None
    settings = read_settings(visit.folder, variables=surroundings.variables, home=surroundings.home)
    return Session(manifest, settings, surroundings, watcher)
