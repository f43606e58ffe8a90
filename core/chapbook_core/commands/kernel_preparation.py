"""Make a project ready for a kernel: its environment brought up to date, and what a kernel needs besides found."""

from __future__ import annotations

from typing import TYPE_CHECKING, overload

from chapbook_core.commands.command import Invocation
from chapbook_core.commands.declarations.installing import INSTALL
from chapbook_core.commands.kernel_start import KernelStart, KernelStarts, KernelWants
from chapbook_core.commands.report import Block, Data, Line, Result, Span, as_data
from chapbook_core.environment.state import read_state
from chapbook_core.project.own_cache import cache_place, is_own
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chapbook_core.commands.command import Given
    from chapbook_core.commands.overlay_shelf import Overlay
    from chapbook_core.commands.session import Session
    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.environment.environment import Environment
    from chapbook_core.events import Watcher
    from chapbook_core.index.mode import Mode

_MAGICS = ("--ext=project_kernel",)
"""The launcher is an extension of IPython, too: it stands in for the magics until they are used."""
_FROZEN_MODULES_SINCE = (3, 11)


@frozen
class Prepared(Result):
    """A project whose kernel can start."""

    start: KernelStart
    changed: int
    """How many packages were put in, or taken out."""

    def report(self) -> tuple[Block, ...]:
        """Tell what the kernel will be."""
        start = self.start
        beside = " from an overlay" if len(start.folders) > 1 else ""
        version = Span(start.ipykernel, "version")
        return (Line(("The kernel is ready: ", start.python, ", ipykernel ", version, beside)),)

    def data(self) -> Data:
        """Return what a launcher wants to know."""
        return {"start": as_data(self.start), "changed": self.changed}


def prepare(invocation: Invocation, surroundings: Surroundings, watcher: Watcher) -> Result:
    """Install what is missing, find or make the overlay, and remember both for the next start."""
    # Whoever only wants to know what the command is called need not load the installer.
    from chapbook_core.commands.index_mode import index_mode
    from chapbook_core.commands.install import Installed, at_a_glance, install
    from chapbook_core.commands.project_environment import require_environment, require_virtual
    from chapbook_core.commands.session import open_session
    from chapbook_core.project.trust import note_trust

    wants = KernelWants(invocation.texts("with"), invocation.texts("extras"))
    installing = _installing(invocation, wants)
    installed = at_a_glance(installing, surroundings).result
    if installed is None:
        # Nothing is put into a Python whose kernel is not to be.
        require_virtual(open_session(surroundings, watcher))
        installed = install(installing, surroundings, watcher)
    session = open_session(surroundings, watcher)
    environment = require_environment(session)
    folder = session.manifest.folder
    starts = KernelStarts(folder, wants, surroundings.variables, surroundings.home)
    key = starts.key(environment.path, environment.site_packages)
    folders = _folders(environment)
    start = _start(session, environment, index_mode(invocation))
    # A kernel asks for this only where that is so already.
    note_trust(folder, session.settings.locations)
    starts.remember(start, key, folders)
    changed = len(installed.changes) if isinstance(installed, Installed) else 0
    return Prepared(start, changed)


def foresee(surroundings: Surroundings, watcher: Watcher) -> bool:
    """Remember what the next kernel is started with, where a command has left everything in order; tell whether it did.

    Nothing is fetched, made or installed for it: what is lacking is left to the next start.
    """
    # Only after a change, and while nobody waits.
    from chapbook_core.commands.nothing_to_do import PLAIN, NothingToDo
    from chapbook_core.commands.project_environment import require_environment
    from chapbook_core.commands.session import open_session

    found = NothingToDo(surroundings, PLAIN).found()
    if found is None:
        return False
    session = open_session(surroundings, watcher)
    environment = require_environment(session)
    starts = KernelStarts(session.manifest.folder, KernelWants(), surroundings.variables, surroundings.home)
    key = starts.key(environment.path, environment.site_packages)
    folders = _folders(environment)
    start = _start(session, environment, None) if environment.path == found.environment else None
    # What was begun meanwhile would not be what was seen.
    if start is None or NothingToDo(surroundings, PLAIN).found() is None:
        return False
    starts.remember(start, key, folders)
    return True


def _folders(environment: Environment) -> Mapping[str, str]:
    """Return the folders that have a say in whether the environment is in order."""
    state = read_state(environment.path)
    return {} if state is None else state.folders


def _installing(invocation: Invocation, wants: KernelWants) -> Invocation:
    """Return the installation: what a person has put in besides stays, so nothing is synchronised away."""
    values: dict[str, Given] = {name: True for name in ("offline", "refresh") if invocation.flag(name)}
    values |= {"with": wants.groups} if wants.groups else {}
    values |= {"extras": wants.extras} if wants.extras else {}
    return Invocation(INSTALL, values)


@overload
def _start(session: Session, environment: Environment, mode: Mode) -> KernelStart: ...
@overload
def _start(session: Session, environment: Environment, mode: None) -> KernelStart | None: ...
def _start(session: Session, environment: Environment, mode: Mode | None) -> KernelStart | None:
    """Find out what a kernel is started with; without a mode None when an overlay would have to be made."""
    # As above.
    from chapbook_core.commands.overlay import KERNEL, kernel_cache
    from chapbook_core.commands.thin_magics import place_thin_magics, programs_of
    from chapbook_core.environment.site_packages import scan_site_packages

    present = scan_site_packages(environment.site_packages)
    versions = {distribution.name: distribution.version for distribution in present}
    folders = []
    if KERNEL not in versions:
        overlay = _overlay(session, environment, versions, mode)
        if overlay is None:
            return None
        folders.append(str(overlay.folder))
        versions = {**overlay.versions, **versions}
    # A project with a kernel of its own does without them.
    magics = place_thin_magics(kernel_cache(session)) if is_own(cache_place(session.settings)) else None
    if magics is not None:
        folders.append(str(magics))
    return KernelStart(
        environment=str(environment.path),
        python=str(environment.python),
        library=str(environment.site_packages),
        folders=tuple(folders),
        arguments=_MAGICS if magics is not None else (),
        options=_options(environment),
        ipykernel=versions[KERNEL],
        programs="" if magics is None else programs_of(magics),
    )


def _overlay(
    session: Session, environment: Environment, versions: Mapping[str, str], mode: Mode | None
) -> Overlay | None:
    # Projects that lock ipykernel need no solver.
    from chapbook_core.commands.interpreters import interpreter_of
    from chapbook_core.commands.open_lock import open_lock
    from chapbook_core.commands.overlay import find_overlay, overlay_shelf

    interpreter = interpreter_of(session, environment)
    if mode is None:
        return overlay_shelf(session, interpreter).find(versions)
    return find_overlay(session, open_lock(session).lock, interpreter, versions, mode)


def _options(environment: Environment) -> tuple[str, ...]:
    # As ipykernel's own kernelspec has it: a debugger cannot stop in modules that are frozen.
    is_frozen = environment.implementation == "cpython" and environment.minor >= _FROZEN_MODULES_SINCE
    return ("-Xfrozen_modules=off",) if is_frozen else ()
