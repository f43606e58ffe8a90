"""Installs a lock: brings the environment of a project to what a lock selects, in one transaction."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

from chapbook_core.commands.afterwards import ready_store
from chapbook_core.commands.anew import Anew
from chapbook_core.commands.arrivals import Expected, bring_ahead, bring_arrivals, is_folder
from chapbook_core.commands.away import told_away
from chapbook_core.commands.cache_folders import open_store
from chapbook_core.commands.changed_environment import changed_environment, foreseen
from chapbook_core.commands.collector import without_collector
from chapbook_core.commands.install_plan import Ground, plan_of
from chapbook_core.commands.interpreters import interpreter_of
from chapbook_core.commands.liveness import Live, Timing
from chapbook_core.commands.project_environment import claim_environment, is_shared
from chapbook_core.commands.whole_store import with_whole_store
from chapbook_core.commands.writing_turn import hold_environment, tell_recovered
from chapbook_core.environment.owner import is_used_by_others
from chapbook_core.environment.site_packages import scan_site_packages
from chapbook_core.environment.state import forget_postponed, read_state, set_fingerprint
from chapbook_core.errors import ChapbookError
from chapbook_core.events import Finished, Notice, Started
from chapbook_core.index.mode import Mode
from chapbook_core.installer.exchange import TASK, Exchange
from chapbook_core.installer.plan import Plan, Remove
from chapbook_core.installer.schemes import paths_of
from chapbook_core.installer.transaction import Change, ProjectFile, change_environment, recover
from chapbook_core.project.discovery import LOCK_FILE
from chapbook_core.project.trust import note_trust
from chapbook_core.requirements.name import canonical_name
from chapbook_core.value import field, frozen, replace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from chapbook_core.commands.editable_project import EditableProject
    from chapbook_core.commands.session import Session
    from chapbook_core.environment.environment import Environment
    from chapbook_core.environment.interpreter import Interpreter
    from chapbook_core.environment.site_packages import SitePackages
    from chapbook_core.environment.state import State
    from chapbook_core.installer.store import Store
    from chapbook_core.lock.lockfile import Lock, LockedPackage
    from chapbook_core.lock.wanted import Wanted


UNKNOWN = "dynamic"
"""Stands for a version that only a build can tell."""


class RootUnnamed(ChapbookError):
    """The project is to be installed and does not say what it is."""

    def __init__(self, session: Session, missing: str) -> None:
        super().__init__(
            f"the project cannot be installed: {session.manifest.file} has no `{missing}`",
            hints=["add it, or set `package-mode = false` in `[tool.poetry]`, or give `--no-root`"],
        )


@frozen
class InstallRequest:
    """What is to be in the environment."""

    wanted: Wanted
    sync: bool = False
    anew: Anew = field(default_factory=Anew)
    """What is put in again although it is there."""
    gone: frozenset[str] = frozenset()
    """Packages that are locked no more, and go."""
    chosen: Sequence[LockedPackage] | None = None
    """What is put in if it is not there, whatever is wanted; None for what the lock selects."""
    root: bool = True
    """Whether the project itself is put in, if it is a package."""
    packages: bool = True
    """Whether anything but the project is put in."""
    directories: bool = True
    compile: bool = False
    dry_run: bool = False
    mode: Mode = Mode.ONLINE
    files: Sequence[ProjectFile] = ()
    """Files of the project that change together with the environment."""
    fingerprint: Callable[[Environment], str | None] = field(default=lambda _environment: None)
    """What to remember of the environment when all is done."""
    timing: Timing = Timing.ASK
    """When the environment is changed, if a kernel runs from it."""
    is_stale: bool = False
    """Whether the lock is known not to belong to the project file, and may lack what that asks for."""


@frozen
class RootStep:
    """What becomes of the project itself."""

    name: str
    version: str
    before: str | None
    """The version that is installed; None when none is."""
    is_needed: bool


@frozen
class Installation:
    """What was done, or would be."""

    plan: Plan
    root: RootStep | None
    environment: Path
    is_done: bool
    live: Live | None = None
    """What it means for the kernel that the command was typed in; None without one."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing had to be done."""
        return self.plan.is_empty and not (self.root is not None and self.root.is_needed)


def install_lock(session: Session, lock: Lock, request: InstallRequest) -> Installation:
    """Bring the environment to what the lock selects; on any error or interruption it is as it was.

    The caller holds the project, unless nothing is to be done. Raises what selecting, fetching and placing fail with.
    """
    if request.dry_run and (place := foreseen(session)) is not None:
        path, interpreter = place
        plan = plan_of(session, lock, request, Ground.bare(path, interpreter))
        return Installation(plan, _root_step(session, request, None, None), path, is_done=False)

    def bring(path: Path, interpreter: Interpreter) -> None:
        plan = plan_of(session, lock, request, Ground.bare(path, interpreter))
        with open_store(session) as store:
            bring_ahead(session, store, plan.arriving, interpreter, request.mode)

    with without_collector(), changed_environment(session, bring) as environment:
        folder = session.manifest.folder
        is_alone = not is_shared(session, environment) and not is_used_by_others(environment.path, folder)
        if request.dry_run or is_alone:
            return _installed(session, lock, request, environment)
        with hold_environment(environment.path, folder, session.surroundings, session.watcher):
            return _installed(session, lock, request, environment)


def _installed(session: Session, lock: Lock, request: InstallRequest, environment: Environment) -> Installation:
    if not request.dry_run:
        claim_environment(session, environment)
        note_trust(session.manifest.folder, session.settings.locations)
        mend_environment(session, environment)
    interpreter = interpreter_of(session, environment)
    present = scan_site_packages(environment.site_packages)
    # Whoever changes it holds the project, so that until that is done here it stays as it is.
    state = read_state(environment.path)
    request = replace(request, gone=request.gone | _postponed(state))
    ground = Ground.of(environment, interpreter, present)
    plan = plan_of(session, lock, request, ground)
    editable = _editable(session, request, environment, interpreter)
    if editable is not None and editable.is_built_from_more:
        # That something is to be done cannot be told from the few files that are looked at first.
        request = replace(request, fingerprint=lambda _environment: None)
    request = replace(request, fingerprint=_with_folders(session, request, plan, state))
    step = _root_step(session, request, editable, present)
    if ground.foreign:
        from chapbook_core.commands.foreign_packages import left_alone  # as in `Ground`

        plan = left_alone(plan, present, ground.foreign, session.watcher, step.name if step and step.is_needed else "")
    installation = Installation(plan, step, environment.path, is_done=not request.dry_run)
    live = _judged(session, request, environment, plan, present)
    if request.dry_run:
        return replace(installation, live=live)
    if live is not None and live.timing is Timing.NEXT_START:
        from chapbook_core.commands.hot_additions import hot_additions  # as in `_judged`
        from chapbook_core.commands.live_change import postpone, with_arrived

        # Who asks for the next start means all of it; else what comes without touching what is loaded comes at once.
        may_begin = request.timing is Timing.ASK and bool(live.stale)
        hot = hot_additions(plan, interpreter.markers) if may_begin else Plan(())
        if not hot.is_empty:
            part = replace(request, fingerprint=lambda _environment: None)
            _apply(session, part, _Task(environment, interpreter, present, hot, None, None))
            live = with_arrived(live, session, environment, hot)
        postpone(session, environment, plan, () if not hot.is_empty else request.files)
        return replace(installation, live=live, is_done=False)
    if not installation.is_empty or request.files:
        _apply(session, request, _Task(environment, interpreter, present, plan, editable, step))
    else:
        _found_in_order(session, request, environment)
    if state is not None and state.is_postponed:
        forget_postponed(environment.path)
    if step is not None and step.version == UNKNOWN:
        told = scan_site_packages(environment.site_packages).version_of(canonical_name(step.name))
        installation = replace(installation, root=replace(step, version=told or UNKNOWN))
    return installation if live is None else _with_arrived(installation, live, session, environment)


def _judged(
    session: Session, request: InstallRequest, environment: Environment, plan: Plan, present: SitePackages
) -> Live | None:
    """Tell what a plan means for the running kernel; raises Cancelled."""
    if session.surroundings.kernel is None and request.timing is not Timing.NEXT_START:
        return None
    from chapbook_core.commands.live_change import judged  # in a terminal no kernel has a say

    leaving = () if session.surroundings.kernel is None else tuple(present.named(plan.leaving))
    return judged(session, request.timing, environment, plan, leaving, dry_run=request.dry_run)


def _with_arrived(installation: Installation, live: Live, session: Session, environment: Environment) -> Installation:
    from chapbook_core.commands.live_change import with_arrived  # as above

    return replace(installation, live=with_arrived(live, session, environment, installation.plan))


def _postponed(state: State | None) -> frozenset[str]:
    """Return what should have left the environment already, had no kernel been running."""
    return frozenset() if state is None else frozenset(state.leaving)


def _found_in_order(session: Session, request: InstallRequest, environment: Environment) -> None:
    """Note that nothing has to be put in or taken out, and compile what is there when asked to."""
    if (fingerprint := request.fingerprint(environment)) is not None:
        # An environment that nobody can write in is in order all the same.
        with suppress(ChapbookError):
            set_fingerprint(environment.path, fingerprint)
    if request.compile:
        from chapbook_core.commands.compiling import compile_environment  # hardly ever asked for

        compile_environment(session, environment)


def _with_folders(
    session: Session, request: InstallRequest, plan: Plan, state: State | None
) -> Callable[[Environment], str | None]:
    """Let the fingerprint count only while the folders that packages are built from are what they were."""
    steps = (step for step in plan.steps if not isinstance(step, Remove))
    packages = [step.package for step in steps if is_folder(step.package)]
    if not (packages or (state is not None and state.folders)):
        return request.fingerprint
    from chapbook_core.commands.built_folders import noting_folders  # as hardly a project requires a folder

    # What the lock lacks is told each time, until it is locked.
    found = (lambda _environment: None) if _tells_of_lacks(session, packages) else request.fingerprint
    return noting_folders(found, plan, session.manifest.folder)


def _tells_of_lacks(session: Session, packages: Sequence[LockedPackage]) -> bool:
    """Warn where a required folder asks for what the lock knows nothing of; tell whether one does."""
    from chapbook_core.commands.folders_ahead import folders_ahead  # as hardly a project requires a folder
    from chapbook_core.requirements.marker import python_marker

    found = tuple(folders_ahead(packages, session.manifest.folder, python_marker(session.manifest.python)))
    for ahead in found:
        text = f"{ahead}, and {LOCK_FILE} does not know of it"
        session.watcher.emit(Notice("warning", text, ("run `chapbook lock`",)))
    return bool(found)


def mend_environment(session: Session, environment: Environment) -> None:
    """Finish or undo what a killed command has left; the project must be held."""
    tell_recovered(recover(environment.path, session.manifest.folder), session.watcher)


@frozen
class _Task:
    environment: Environment
    interpreter: Interpreter
    present: SitePackages
    plan: Plan
    editable: EditableProject | None
    root: RootStep | None


def _editable(
    session: Session, request: InstallRequest, environment: Environment, interpreter: Interpreter
) -> EditableProject | None:
    manifest = session.manifest
    if not (request.root and manifest.package_mode):
        return None
    if manifest.name is None:
        raise RootUnnamed(session, "name")
    # Most projects of notebooks are no packages.
    from chapbook_core.builder.editable_way import EditableWay
    from chapbook_core.commands.editable_project import editable_project

    paths = paths_of(environment)
    project = editable_project(manifest.folder, manifest.name, paths, interpreter, manifest)
    if manifest.version is None and project.way is EditableWay.PATHS:
        raise RootUnnamed(session, "version")
    return project


def _root_step(
    session: Session, request: InstallRequest, editable: EditableProject | None, present: SitePackages | None
) -> RootStep | None:
    manifest = session.manifest
    if editable is None or present is None:
        if not (request.root and manifest.package_mode):
            return None
        return RootStep(manifest.name or "", manifest.version or "", None, is_needed=True)
    installed = present.distributions.get(editable.name)
    before = None if installed is None else installed.version
    # A version that only its backend knows stays as it was until that has been asked.
    version = editable.by_paths.version if editable.can_go_by_paths else before or UNKNOWN
    is_needed = request.anew.includes(editable.name) or not editable.is_there(installed)
    return RootStep(manifest.name or "", version, before, is_needed=is_needed)


def _sweep_sources(session: Session, environment: Environment) -> None:
    if (environment.path / "src").is_dir():
        from chapbook_core.commands.checkout import sweep_checkouts  # git, which hardly a project needs

        sweep_checkouts(environment, session.watcher)


def _apply(session: Session, request: InstallRequest, task: _Task) -> None:
    if is_shared(session, task.environment):
        from chapbook_core.commands.host import begin_in_host  # hardly a project is without one

        begin_in_host(session, task.environment)
    began = time.monotonic()
    with open_store(session) as store:
        try:
            with_whole_store(store, request.mode, session.watcher, lambda: _change(session, request, task, store))
        finally:
            _sweep_sources(session, task.environment)
            session.watcher.emit(Finished(TASK, time.monotonic() - began))
    if request.compile:
        from chapbook_core.commands.compiling import compile_environment  # hardly ever asked for

        compile_environment(session, task.environment)


def _change(session: Session, request: InstallRequest, task: _Task, store: Store) -> None:
    environment, plan = task.environment, task.plan
    paths = paths_of(environment)
    project = task.editable if task.root is not None and task.root.is_needed else None
    expected = Expected(plan.arriving, project, environment.path, paths, task.interpreter)
    wheels, others = bring_arrivals(session, store, expected, request.mode)
    leaving = plan.leaving if project is None else (*plan.leaving, project.name)
    session.watcher.emit(Started(TASK, "Installing", len(wheels)))
    exchange = Exchange(paths, tuple(task.present.named(leaving)), wheels, others, session.watcher)
    change = Change(
        exchange.prepare,
        request.files,
        tidy=exchange.tidy,
        fingerprint=lambda: request.fingerprint(environment),
    )
    with told_away(session.manifest.folder, environment.path):
        change_environment(environment.path, change, session.watcher)
    ready_store(session, store, tuple(arrival.stored for arrival in wheels), task.interpreter)
    for arrival in wheels:
        # What makes a person's own project editable is no surprise.
        for path in () if arrival.notes else arrival.stored.manifest.starting:
            message = f"`{arrival.name}` runs code at every start of Python (`{path}`)"
            session.watcher.emit(Notice("warning", message))
