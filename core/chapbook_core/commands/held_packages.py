"""Held packages: what is in the environment of a project, as its history remembers it and brings it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.commands.likely_place import likely_place
from chapbook_core.environment.environment import read_environment
from chapbook_core.environment.place import VENV
from chapbook_core.environment.site_packages import scan_site_packages
from chapbook_core.errors import ChapbookError
from chapbook_core.events import Unwatched

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.environment.environment import Environment
    from chapbook_core.lock.lockfile import LockedPackage


def held_packages(folder: Path, surroundings: Surroundings) -> dict[str, str]:
    """Return the version of each package in the environment, by name; nothing where there is none."""
    environment = read_environment(folder / VENV)
    if environment is None:
        try:
            environment = read_environment(likely_place(folder, surroundings))
        except ChapbookError:
            # What is wrong with a setting is told by whoever needs the environment.
            environment = None
    if environment is None:
        environment = _host(folder, surroundings)
    if environment is None:
        return {}
    return {one.name: one.version for one in scan_site_packages(environment.site_packages)}


def _host(folder: Path, surroundings: Surroundings) -> Environment | None:
    """Return what takes the place of an environment where none is made."""
    from chapbook_core.commands.project_modules import usable_environment  # hardly a project is without one
    from chapbook_core.commands.session import open_session
    from chapbook_core.project.settings import read_settings

    try:
        if read_settings(folder, variables=surroundings.variables, home=surroundings.home).flag("virtualenvs.create"):
            return None
        return usable_environment(open_session(surroundings, Unwatched()))
    except ChapbookError:
        return None


def brought_back(
    held: Mapping[str, str], present: Mapping[str, str], locks: Iterable[Iterable[LockedPackage]]
) -> tuple[tuple[LockedPackage, ...], tuple[str, ...]]:
    """Return what has to be put in for an environment to hold what it held, and the names of what no lock has.

    It comes out of any of the locks; what none has in that version is as the first lock has it. What the locks have
    from different places is among it in every case: the installer sees from where it is.
    """
    first, *others = [{package.name: package for package in packages} for packages in locks]
    chosen: list[LockedPackage] = []
    lost: list[str] = []
    for name, version in held.items():
        choices = [known[name] for known in (first, *others) if name in known]
        exact = [package for package in choices if package.version == version]
        if present.get(name) == version and len({_place(package) for package in exact}) <= 1:
            continue
        chosen += exact[:1] or ([first[name]] if name in first else [])
        lost += [] if exact else [name]
    return tuple(chosen), tuple(sorted(lost))


def _place(package: LockedPackage) -> tuple[object, ...] | None:
    """Return from where a package comes; None for an index, as it makes no difference which."""
    source = package.source
    if source is None or source.type == "legacy":
        return None
    return (source, package.develop, package.files if source.type in {"url", "file"} else ())
