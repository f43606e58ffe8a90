"""Bringing a project to what it was at another time: its files and, with them, its environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.commands.applying import UNAPPLIED, applied, project_files
from chapbook_core.commands.project_environment import present_condition
from chapbook_core.commands.session import Session
from chapbook_core.environment.condition import Sound
from chapbook_core.environment.site_packages import scan_site_packages
from chapbook_core.events import Committed, Notice
from chapbook_core.lock.wanted import Wanted, choose_groups
from chapbook_core.project.content_hash import content_hash
from chapbook_core.project.discovery import PROJECT_FILE
from chapbook_core.project.manifest import parse_manifest
from chapbook_core.project.pair_writing import PairWriter
from chapbook_core.project.settings import read_settings
from chapbook_core.requirements.name import canonical_name
from chapbook_core.value import frozen, replace

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from chapbook_core.commands.applying import Applied
    from chapbook_core.commands.liveness import Timing
    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.environment.environment import Environment
    from chapbook_core.events import Watcher
    from chapbook_core.index.mode import Mode
    from chapbook_core.lock.lockfile import Lock, LockedPackage
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
    held: Mapping[str, str] | None = None
    """What the environment held then; None where nobody has noted it, so that the locks have to tell."""
    brought: frozenset[str] = frozenset()
    """What has come into it since."""

    def write(self) -> None:
        """Give the files their contents, and nothing else."""
        PairWriter(self.folder).replace(self.files)


def visit_project(visit: Visit, surroundings: Surroundings, watcher: Watcher) -> Applied:
    """Give the files of a project what they held, and bring its environment along, as one.

    Without an environment, or when the project file of that time cannot be read, only the files change.
    """
    session = None if visit.lock_only else _session(visit, surroundings, watcher)
    condition = None if session is None else present_condition(session)
    if session is None or not isinstance(condition, Sound):
        visit.write()
        watcher.emit(Committed())
        return UNAPPLIED
    # The installer, which `--lock` spares.
    from chapbook_core.commands.installing import InstallRequest, install_lock
    from chapbook_core.commands.nothing_to_do import PLAIN, NothingToDo
    from chapbook_core.lock.lockfile import Lock

    PairWriter(visit.folder).require_unchanged(visit.files)
    nothing = Lock((), "*", "")
    before, after = visit.before or nothing, visit.after or nothing
    # There may have been no lock, or one that somebody was yet to bring up to date.
    is_stale = after.content_hash != content_hash(session.manifest.data)
    gone = frozenset(one.name for one in before.packages) - {one.name for one in after.packages}
    request = InstallRequest(
        wanted=Wanted(choose_groups(session.manifest.groups)),
        gone=gone,
        mode=visit.mode,
        timing=visit.timing,
        fingerprint=NothingToDo(surroundings, PLAIN).fingerprint if not is_stale else _nothing_to_remember,
        files=project_files(visit.folder, visit.files),
        is_stale=is_stale,
    )
    if visit.held is not None:
        request = replace(
            request,
            gone=visit.brought - visit.held.keys(),
            chosen=_chosen(visit.held, session, condition.environment, (after, before)),
            root=canonical_name(session.manifest.name or "") in visit.held,
            # What was installed then need not be all that an installation puts in.
            fingerprint=_nothing_to_remember,
        )
    return applied(install_lock(session, after, request))


def _chosen(
    held: Mapping[str, str], session: Session, environment: Environment, locks: Sequence[Lock]
) -> tuple[LockedPackage, ...]:
    """Return what has to be put in, and tell what cannot be had any more."""
    from chapbook_core.commands.held_packages import brought_back
    from chapbook_core.commands.present_environment import environment_markers
    from chapbook_core.lock.selection import applicable  # as the installer

    markers = environment_markers(environment)
    groups = session.manifest.groups
    names = [group.name for group in groups]
    packages = [applicable(lock, markers, names, project=groups) for lock in locks]
    present = scan_site_packages(environment.site_packages)
    there = {one.name: one.version for one in present}
    own = canonical_name(session.manifest.name or "")
    chosen, lost = brought_back({name: held[name] for name in held if name != own}, there, packages)
    if lost:
        told = ", ".join(f"`{name}` {held[name]}" for name in lost)
        session.watcher.emit(Notice("warning", f"not brought back as it was, because no lock has it: {told}"))
    return chosen


def _nothing_to_remember(_environment: Environment) -> None:
    """Let the next `install` look, as what is installed is not known to be what is wanted."""


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
