"""Arrivals: what a plan expects in an environment, brought to where it only has to be put in."""

from __future__ import annotations

import os
from contextlib import ExitStack, closing
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.commands.wheel_supply import fetch_wheels, supply
from chapbook_core.commands.workbench import Workbench
from chapbook_core.installer.bytecode import bytecode_tag
from chapbook_core.installer.link import Linker
from chapbook_core.installer.placement import WheelArrival
from chapbook_core.installer.provenance import direct_url
from chapbook_core.value import frozen, replace

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from chapbook_core.commands.building import BuildShop
    from chapbook_core.commands.editable_project import EditableProject
    from chapbook_core.commands.session import Session
    from chapbook_core.environment.interpreter import Interpreter
    from chapbook_core.index.mode import Mode
    from chapbook_core.installer.companion import Companion
    from chapbook_core.installer.editable import EditableArrival
    from chapbook_core.installer.schemes import InstallPaths
    from chapbook_core.installer.store import Store, StoredWheel
    from chapbook_core.lock.lockfile import LockedPackage

_WORTH_ASKING = 300
"""So many files take two processes less time than one."""


@frozen
class Expected:
    """What is to come into an environment."""

    packages: tuple[LockedPackage, ...]
    project: EditableProject | None
    """The project itself, if that has to be put in."""
    environment: Path
    """As the project names it."""
    paths: InstallPaths
    interpreter: Interpreter


def bring_arrivals(
    session: Session, store: Store, expected: Expected, mode: Mode
) -> tuple[list[WheelArrival], list[EditableArrival]]:
    """Bring what is expected into the store, whatever has to be built for it; the environment is not changed yet.

    Raises what fetching and building fail with.
    """
    paths = expected.paths
    editables = dict(_editables(session, expected))
    checkouts = [package for package in expected.packages if _is_checkout(package)]
    ours = editables.keys() | {package.name for package in checkouts}
    packages = [package for package in expected.packages if package.name not in ours]
    asked = {requirement.name for group in session.manifest.groups for requirement in group.requirements}
    linker, tag = Linker(), bytecode_tag(expected.interpreter)
    wheels: list[WheelArrival] = []
    others: list[EditableArrival] = []
    with Workbench(session, mode, store=store, interpreter=expected.interpreter) as bench, ExitStack() as stack:

        @cache
        def shop() -> BuildShop:
            # The solver and whatever else makes build environments: hardly a command needs it.
            from chapbook_core.commands.building import BuildShop

            return stack.enter_context(closing(BuildShop(bench)))

        stored = supply(bench, packages, lambda: shop().environments) if packages else {}
        companion = _companion(session, stored.values())
        for package in packages:
            origin = direct_url(package, session.manifest.folder)
            is_asked = package.name in asked
            notes = _notes(session, package)
            wheel = stored[package.name]
            wheels.append(WheelArrival(wheel, paths, linker, is_asked, origin, notes, tag, companion))
        editables.update((package.name, _checked_out(bench, expected, package)) for package in checkouts)
        for name, project in editables.items():
            arrival = _made_editable(project, shop, linker, is_requested=name in asked)
            if isinstance(arrival, WheelArrival):
                wheels.append(arrival)
            else:
                others.append(arrival)
    return wheels, others


def bring_ahead(
    session: Session, store: Store, packages: Sequence[LockedPackage], interpreter: Interpreter, mode: Mode
) -> None:
    """Fetch what needs no build, while there is nothing yet that it could be put into.

    Raises what fetching fails with.
    """
    with Workbench(session, mode, store=store, interpreter=interpreter) as bench:
        fetch_wheels(bench, [package for package in packages if not (is_folder(package) or _is_checkout(package))])


def _companion(session: Session, wheels: Collection[StoredWheel]) -> Companion | None:
    """Return who helps to put wheels in, where there is somebody and it takes longer to do it than to ask."""
    # A store without a cache is gone when the command is.
    if not session.surroundings.cache or sum(len(wheel.manifest.files) for wheel in wheels) < _WORTH_ASKING:
        return None
    return session.surroundings.companion


def _notes(session: Session, package: LockedPackage) -> Mapping[str, bytes]:
    if not is_folder(package):
        return {}
    from chapbook_core.commands.built_folders import folder_notes  # few packages are in folders

    return folder_notes(package, session.manifest.folder)


def _is_checkout(package: LockedPackage) -> bool:
    return package.source is not None and package.source.type == "git" and bool(package.develop)


def _checked_out(bench: Workbench, expected: Expected, package: LockedPackage) -> EditableProject:
    # Git, which hardly a project needs.
    from chapbook_core.commands.build_sources import login_of
    from chapbook_core.commands.checkout import check_out
    from chapbook_core.commands.editable_project import editable_project
    from chapbook_core.requirements.origin import GitOrigin

    url = package.source.url if package.source is not None else ""
    userinfo = login_of(bench.session, package.name, url, GitOrigin)
    folder = check_out(bench, expected.environment, package, userinfo)
    project = editable_project(folder, package.name, expected.paths, expected.interpreter)
    return replace(project, origin=direct_url(package, bench.session.manifest.folder))


def _made_editable(
    project: EditableProject, shop: Callable[[], BuildShop], linker: Linker, *, is_requested: bool
) -> WheelArrival | EditableArrival:
    if not project.key:
        return project.by_paths
    from chapbook_core.commands.editable_supply import arrival_of  # as `shop`

    return arrival_of(project, shop(), linker, is_requested=is_requested)


def _editables(session: Session, expected: Expected) -> Iterator[tuple[str, EditableProject]]:
    for package in expected.packages:
        source = package.source
        if source is not None and source.type == "directory" and package.develop:
            from chapbook_core.commands.editable_project import editable_project  # few projects have any

            folder = Path(os.path.normpath(session.manifest.folder / source.url / source.subdirectory))
            yield package.name, editable_project(folder, package.name, expected.paths, expected.interpreter)
    if expected.project is not None:
        yield expected.project.name, expected.project


def is_folder(package: LockedPackage) -> bool:
    """Tell whether a package is locked as a folder."""
    return package.source is not None and package.source.type == "directory"
