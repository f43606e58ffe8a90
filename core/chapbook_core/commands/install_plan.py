"""InstallPlan: the steps from what is on the ground to what a request wants of a lock."""

from __future__ import annotations

from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

from chapbook_core.commands.arrivals import is_folder
from chapbook_core.commands.installed import installed_packages
from chapbook_core.commands.selected import selected_packages
from chapbook_core.environment.site_packages import SitePackages
from chapbook_core.installer.plan import PlanOptions, make_plan
from chapbook_core.installer.schemes import paths_of, paths_of_environment
from chapbook_core.lock.selection import says_groups, select
from chapbook_core.project.lock_terms import exempt_names
from chapbook_core.requirements.name import canonical_name
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from typing import Self

    from chapbook_core.commands.editable_project import EditableProject
    from chapbook_core.commands.installing import InstallRequest
    from chapbook_core.commands.session import Session
    from chapbook_core.environment.environment import Environment
    from chapbook_core.environment.interpreter import Interpreter
    from chapbook_core.installer.plan import Plan
    from chapbook_core.installer.schemes import InstallPaths
    from chapbook_core.lock.lockfile import Lock, LockedPackage

_NOBODY: Mapping[str, str] = MappingProxyType({})


@frozen
class Ground:
    """What a plan starts from."""

    interpreter: Interpreter
    present: SitePackages
    paths: Callable[[], InstallPaths]
    foreign: Mapping[str, str] = _NOBODY
    """Who looks after a package that is not to be changed, by name."""

    @classmethod
    def bare(cls, path: Path, interpreter: Interpreter) -> Self:
        """Return that of an environment which is yet to be made."""
        return cls(interpreter, SitePackages(path, {}), partial(paths_of_environment, path))

    @classmethod
    def of(cls, environment: Environment, interpreter: Interpreter, present: SitePackages) -> Self:
        """Return that of an environment with what is in it."""
        paths = partial(paths_of, environment)
        if environment.is_virtual:
            return cls(interpreter, present, paths)
        # Hardly a project is without an environment of its own.
        from chapbook_core.commands.foreign_packages import foreign_packages

        return cls(interpreter, present, paths, foreign_packages(environment, present))


def plan_of(session: Session, lock: Lock, request: InstallRequest, ground: Ground) -> Plan:
    """Return the steps; raises what selecting fails with."""
    manifest, interpreter, present = session.manifest, ground.interpreter, ground.present
    own_name = canonical_name(manifest.name) if manifest.name else None
    selected: tuple[LockedPackage, ...] = ()
    if request.chosen is not None:
        selected = tuple(request.chosen)
    elif request.packages:
        wanted = request.wanted
        exempt = exempt_names(manifest, session.wishes)
        if request.is_stale:
            groups = () if says_groups(lock) else manifest.groups
            selected = select(lock, interpreter.markers, wanted.groups, wanted.extras, project=groups, exempt=exempt)
        else:
            selected = selected_packages(lock, interpreter.markers, wanted, manifest.groups, exempt)
    outdated: dict[str, bool] = {}
    if any(map(is_folder, selected)):
        from chapbook_core.commands.built_folders import folder_states  # as hardly a project requires a folder

        def editable(folder: Path, name: str) -> EditableProject:
            from chapbook_core.commands.editable_project import editable_project

            return editable_project(folder, name, ground.paths(), interpreter)

        outdated = dict(folder_states(selected, present, manifest.folder, editable))
    options = PlanOptions(
        # Without packages nothing is known of what is wanted.
        sync=request.sync and request.packages,
        gone=request.gone if request.packages else frozenset(),
        directories=request.directories,
        project_name=None if own_name in request.gone else own_name,
        outdated=outdated,
        anew=request.anew.among(
            (package.name for package in selected), own_name if request.root and manifest.package_mode else None
        ),
    )
    installed = installed_packages(present)
    if ground.foreign:
        from chapbook_core.commands.foreign_packages import as_they_are  # as in `Ground`

        installed = as_they_are(installed, ground.foreign)
    return make_plan(installed, selected, manifest.folder, options)
