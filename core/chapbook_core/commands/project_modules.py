"""What is known of the modules of a project: who brings them, and which are its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.commands.lock_trouble import NotLocked
from chapbook_core.commands.module_owners import ModuleOwners
from chapbook_core.commands.open_lock import open_lock
from chapbook_core.commands.present_environment import environment_markers
from chapbook_core.commands.project_environment import present_condition
from chapbook_core.environment.condition import Moved, Sound
from chapbook_core.environment.site_packages import scan_site_packages
from chapbook_core.errors import ChapbookError
from chapbook_core.lock.selection import applicable
from chapbook_core.project.own_cache import cache_place

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from chapbook_core.commands.session import Session
    from chapbook_core.environment.environment import Environment
    from chapbook_core.lock.lockfile import Lock, LockedPackage
    from chapbook_core.project.settings import Settings

_STORE = "store"


def usable_environment(session: Session) -> Environment | None:
    """Return the project's environment when its packages can be looked at."""
    condition = present_condition(session)
    return condition.environment if isinstance(condition, Sound | Moved) else None


def readable_lock(session: Session) -> Lock | None:
    """Return the lock, if there is one that can be read."""
    try:
        return open_lock(session).lock
    except (NotLocked, ChapbookError):
        return None


def locked_here(session: Session, lock: Lock | None, environment: Environment | None) -> Sequence[LockedPackage]:
    """Return what is locked for the environment, whatever groups and extras; without one, all that is locked."""
    if lock is None:
        return ()
    if environment is None:
        return lock.packages
    groups = session.manifest.groups
    try:
        return applicable(lock, environment_markers(environment), [group.name for group in groups], project=groups)
    except ChapbookError:
        return lock.packages


def owners_of_project(session: Session) -> ModuleOwners:
    """Gather what is known in a project."""
    environment = usable_environment(session)
    lock = readable_lock(session)
    return ModuleOwners(
        None if environment is None else scan_site_packages(environment.site_packages),
        locked_here(session, lock, environment),
        {one.name for group in session.manifest.groups for one in group.requirements},
        None if session.cache is None else session.cache / _STORE,
    )


def store_folder(settings: Settings) -> Path:
    """Return where unpacked wheels are kept."""
    return cache_place(settings) / _STORE
