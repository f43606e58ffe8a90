"""Required folders as they were when they were put in, held against what they hold.

What a folder held when it was built is noted beside what came of it; the state of the environment repeats that, for
whoever only wants to know whether anything has to be looked at. A folder that is imported from where it is says by
itself how it would be put in.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.builder.folder_content import folder_content, settings_content
from chapbook_core.environment.site_packages import scan_site_packages
from chapbook_core.environment.state import note_folders
from chapbook_core.errors import ChapbookError
from chapbook_core.installer.editable import BUILT_FROM, built_from
from chapbook_core.installer.plan import Install, Keep, Update
from chapbook_core.installer.spare import INSTALLER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from chapbook_core.commands.editable_project import EditableProject
    from chapbook_core.environment.environment import Environment
    from chapbook_core.environment.site_packages import Distribution, SitePackages
    from chapbook_core.installer.plan import Plan
    from chapbook_core.lock.lockfile import LockedPackage

_OURS = INSTALLER.decode().strip()


def built_folder(package: LockedPackage, project: Path) -> Path | None:
    """Return the folder that a package is built from; None for one that comes from elsewhere, or is imported there."""
    source = package.source
    if source is None or source.type != "directory" or package.develop:
        return None
    return Path(os.path.normpath(project / source.url / source.subdirectory))


def editable_folder(package: LockedPackage, project: Path) -> Path | None:
    """Return the folder that a package is imported from; None for one that is built, or comes from elsewhere."""
    source = package.source
    if source is None or source.type != "directory" or not package.develop:
        return None
    return Path(os.path.normpath(project / source.url / source.subdirectory))


def folder_states(
    packages: Iterable[LockedPackage],
    present: SitePackages,
    project: Path,
    editable: Callable[[Path, str], EditableProject],
) -> Iterator[tuple[str, bool]]:
    """Yield the packages that come from folders, and whether their folders have been changed since they were put in.

    `editable` looks at a folder with a project of some name. Of what another installer has put in nobody knows what it
    was made from, nor of a folder that is gone.
    """
    for package in packages:
        installed = present.distributions.get(package.name)
        if installed is None:
            continue
        if (folder := built_folder(package, project)) is not None:
            known, current = _noted(installed), folder_content(folder)
            if known is not None and current is not None:
                yield package.name, known != current
        elif (folder := editable_folder(package, project)) is not None and installed.installer == _OURS:
            # Whoever puts it in tells what is wrong with it.
            with suppress(ChapbookError):
                yield package.name, not editable(folder, package.name).is_there(installed)


def folder_notes(package: LockedPackage, project: Path) -> Mapping[str, bytes]:
    """Return what is noted beside a package that has just been built.

    A build may write into the folder, so it is looked at afterwards.
    """
    folder = built_folder(package, project)
    current = None if folder is None else folder_content(folder)
    return {} if current is None else {BUILT_FROM: built_from(current)}


def noting_folders(
    fingerprint: Callable[[Environment], str | None], plan: Plan, project: Path
) -> Callable[[Environment], str | None]:
    """Return a fingerprint of an environment that counts for as long as the folders of a plan are what they were."""
    wanted = [step.package for step in plan.steps if isinstance(step, Install | Update | Keep)]
    folders = {package.name: folder for package in wanted if (folder := built_folder(package, project)) is not None}
    editable = [folder for package in wanted if (folder := editable_folder(package, project)) is not None]
    # Before anything is put in: what changes meanwhile counts as not seen.
    settings = {os.fspath(folder): settings_content(folder) for folder in editable}

    def found(environment: Environment) -> str | None:
        key = fingerprint(environment)
        if key is None:
            return None
        present = scan_site_packages(environment.site_packages) if folders else None
        known = {} if present is None else {
            os.fspath(folder): _noted(present.distributions[name])
            for name, folder in folders.items()
            if name in present.distributions
        }  # fmt: skip
        built = {path: content for path, content in known.items() if content is not None}
        note_folders(environment.path, {**built, **settings})
        return key

    return found


def _noted(installed: Distribution) -> str | None:
    try:
        data = json.loads((installed.folder / BUILT_FROM).read_bytes())
    except (OSError, ValueError):
        return None
    match data:
        case {"key": str(key)}:
            return key
        case _:
            return None
