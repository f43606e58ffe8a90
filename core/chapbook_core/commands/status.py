"""Show what is declared, locked, installed and loaded, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from chapbook_core.commands.project_environment import present_condition
from chapbook_core.commands.report import Block, Data, Line, Message, Result, Span, Table
from chapbook_core.commands.session import open_session
from chapbook_core.environment.condition import Absent, Broken, Foreign, Moved, Sound
from chapbook_core.environment.site_packages import scan_site_packages
from chapbook_core.environment.state import read_state
from chapbook_core.errors import ChapbookError
from chapbook_core.installer.alterations import alterations
from chapbook_core.installer.plan import NEVER_REMOVED, is_same_version
from chapbook_core.project.discovery import LOCK_FILE
from chapbook_core.requirements.name import canonical_name
from chapbook_core.requirements.origin import DirectoryOrigin, FileOrigin, GitOrigin, IndexOrigin, UrlOrigin
from chapbook_core.value import field, frozen

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from chapbook_core.commands.command import Invocation
    from chapbook_core.commands.report import Style, Text
    from chapbook_core.commands.session import Session
    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.environment.environment import Environment
    from chapbook_core.environment.site_packages import SitePackages
    from chapbook_core.events import Watcher
    from chapbook_core.lock.lockfile import Lock, LockedPackage
    from chapbook_core.requirements.requirement import Requirement

LockState = Literal["fresh", "stale", "missing"]
Drift = Literal["", "not locked", "not installed", "another version", "altered", "not wanted", "restart", "waiting"]
_TOLD: Mapping[Drift, str] = {
    "": "",
    "not locked": "not locked",
    "not installed": "not installed",
    "another version": "another version is installed",
    "altered": "its files were changed",
    "not wanted": "installed, and not locked",
    "restart": "restart the kernel",
    "waiting": "restart the kernel",
}
_FEW = 5


@frozen
class Standing:
    """Where one package stands; what is empty is not there."""

    name: str
    declared: str = ""
    """The constraint."""
    locked: str = ""
    """The version for this environment."""
    installed: str = ""
    loaded: str = ""
    """The version that the running kernel has imported."""
    drift: Drift = ""
    alterations: tuple[str, ...] = ()
    """What is wrong with its files, in words."""
    elsewhere: str = ""
    """The version for other environments, when this one gets none."""

    @property
    def remark(self) -> str:
        """What there is to say of it."""
        told = _TOLD[self.drift]
        return told or (f"{self.elsewhere} is locked for other environments" if self.elsewhere else "")


@frozen
class ProjectStatus(Result):
    """How project, lock, environment and kernel agree."""

    project: str
    folder: Path
    python: str
    """Of the environment; empty when there is none."""
    environment: Path
    condition: str
    """`sound`, `moved`, `absent`, `broken` or `foreign`."""
    lock: LockState
    packages: tuple[Standing, ...]
    in_kernel: bool
    """Whether the command was typed in a kernel of this environment."""
    shows_all: bool = field(default=False, repr=False)
    warnings: tuple[str, ...] = ()

    @property
    def is_in_order(self) -> bool:
        """Whether nothing differs."""
        return self.condition == "sound" and self.lock == "fresh" and not any(one.drift for one in self.packages)

    def report(self) -> tuple[Block, ...]:
        """Tell the whole, then the packages, then what to do."""
        python = f"Python {self.python}" if self.python else "no environment"
        blocks: list[Block] = [Line((Span(self.project, "strong"), f": {python}, {self.environment}"))]
        rows = tuple(self._rows())
        if rows:
            columns = ("package", "declared", "locked", "installed", *(("loaded",) if self.in_kernel else ()), "")
            blocks.append(Table(rows, columns))
        hidden = len(self.packages) - len(rows)
        if hidden:
            blocks.append(Line(Span(f"{hidden} more, shown with `--all`", "dim")))
        return (*blocks, *self._messages())

    def data(self) -> Data:
        """Return it as JSON tells it."""
        return {
            "project": self.project,
            "folder": self.folder.as_posix(),
            "python": self.python or None,
            "environment": self.environment.as_posix(),
            "condition": self.condition,
            "lock": self.lock,
            "in_kernel": self.in_kernel,
            "in_order": self.is_in_order,
            "packages": [
                {
                    "name": one.name,
                    "declared": one.declared or None,
                    "locked": one.locked or None,
                    "elsewhere": one.elsewhere or None,
                    "installed": one.installed or None,
                    "loaded": one.loaded or None,
                    "drift": one.drift or None,
                    "alterations": list(one.alterations),
                }
                for one in self.packages
            ],
            "warnings": list(self.warnings),
        }

    def _rows(self) -> Iterator[tuple[Text, ...]]:
        unwanted = sum(one.drift == "not wanted" for one in self.packages)
        for one in self.packages:
            is_shown = one.declared or (one.drift and (one.drift != "not wanted" or unwanted <= _FEW))
            if not (self.shows_all or is_shown):
                continue
            style: Style = "warn" if one.drift else "name"
            loaded = (Span(one.loaded or "-", "version"),) if self.in_kernel else ()
            yield (
                Span(one.name, style),
                one.declared or "-",
                Span(one.locked or "-", "version"),
                Span(one.installed or "-", "version"),
                *loaded,
                Span(one.remark, "warn" if one.drift else "dim"),
            )

    def _messages(self) -> Iterator[Block]:
        for warning in self.warnings:
            yield Message("warning", warning)
        drifts = {one.drift for one in self.packages}
        if self.lock != "fresh":
            reason = "there is no lock" if self.lock == "missing" else f"{LOCK_FILE} does not belong to pyproject.toml"
            yield Message("note", reason, ("run `chapbook lock`",))
        if self.condition == "absent":
            yield Message("note", "there is no environment yet", ("run `chapbook install`",))
        elif self.condition != "sound":
            yield Message("note", f"the environment is {self.condition}", ("run `chapbook env info` to see why",))
        elif "waiting" in drifts:
            hint = "restart the kernel; a project's kernel brings the environment up to date before it starts"
            yield Message("note", "the environment stays as it is until the kernel restarts", (hint,))
        elif drifts & {"not installed", "another version"}:
            yield Message("note", "the environment is not as it is locked", ("run `chapbook install`",))
        yield from _altered([one for one in self.packages if one.drift == "altered"])
        if unwanted := sum(one.drift == "not wanted" for one in self.packages):
            count = f"{unwanted} package{' is' if unwanted == 1 else 's are'} installed and not locked"
            yield Message("note", count, ("run `chapbook sync` to take out what is not locked",))
        if "restart" in drifts:
            yield Message("note", "the kernel has loaded other versions than there are", ("restart the kernel",))
        if self.is_in_order:
            yield Line((Span("Everything agrees", "good"),))


def run(invocation: Invocation, surroundings: Surroundings, watcher: Watcher) -> ProjectStatus:
    """Look at the files of the project and the folder of packages; nothing is run and nothing is asked."""
    session = open_session(surroundings, watcher)
    condition = present_condition(session)
    environment = condition.environment if isinstance(condition, Sound | Moved) else None
    warnings: list[str] = []
    state, lock = _read_lock(session, warnings)
    locked, wanted = _locked(session, lock, environment, warnings)
    present = scan_site_packages(environment.site_packages) if environment is not None else None
    loaded = _loaded(session, environment, present)
    groups = session.manifest.groups
    is_thorough = invocation.flag("verify")
    sides = _Sides(
        declared=_declared(session),
        needed={one.name for group in groups for one in group.requirements if one.marker.is_always},
        locked=locked,
        wanted=wanted,
        installed=None if present is None else {one.name: one.version for one in present},
        loaded=loaded or {},
        altered={} if present is None else dict(_alterations(present, locked, session, by_content=is_thorough)),
        own=canonical_name(session.manifest.name or ""),
        waiting=_waiting(environment) if environment is not None and loaded is not None else frozenset(),
        foreign=_foreign(environment, present),
        everywhere={} if lock is None else _versions(lock.packages),
    )
    return ProjectStatus(
        project=session.manifest.name or session.manifest.folder.name,
        folder=session.manifest.folder,
        python="" if environment is None else environment.version,
        environment=condition.path,
        condition=_word(condition),
        lock=state,
        packages=tuple(sides.standings()),
        in_kernel=loaded is not None,
        shows_all=invocation.flag("all"),
        warnings=tuple(warnings),
    )


@frozen
class _Sides:
    """What is known of all packages, by name."""

    declared: Mapping[str, str]
    needed: Collection[str]
    """Requirements that a lock has to hold, because they hold everywhere."""
    locked: Mapping[str, str]
    wanted: Collection[str]
    """What the environment has to have."""
    installed: Mapping[str, str] | None
    """None without an environment."""
    loaded: Mapping[str, str]
    own: str
    """The name of the project itself."""
    altered: Mapping[str, tuple[str, ...]]
    """What is wrong with the files of those that could be put in anew."""
    waiting: Collection[str]
    """What changes only when the running kernel has ended."""
    foreign: Collection[str]
    """What another program looks after."""
    everywhere: Mapping[str, str]
    """What is locked for any environment."""

    def standings(self) -> Iterator[Standing]:
        """Put them side by side."""
        for name in sorted({*self.declared, *self.locked, *(self.installed or ()), *self.loaded}):
            installed = (self.installed or {}).get(name, "")
            locked, loaded = self.locked.get(name, ""), self.loaded.get(name, "")
            drift = self._drift(name, locked, installed, loaded)
            altered = self.altered.get(name, ()) if not drift else ()
            drift = "altered" if altered else drift
            elsewhere = "" if locked else self.everywhere.get(name, "")
            yield Standing(name, self.declared.get(name, ""), locked, installed, loaded, drift, altered, elsewhere)

    def _drift(self, name: str, locked: str, installed: str, loaded: str) -> Drift:
        if loaded and not is_same_version(loaded, installed):
            return "restart"
        if name in self.waiting and installed and not (locked and is_same_version(installed, locked)):
            return "waiting"
        if installed and locked:
            return "" if is_same_version(installed, locked) else "another version"
        if name in self.wanted and self.installed is not None:
            return "not installed"
        if name in self.needed and not locked:
            return "not locked"
        is_expected = name in self.declared or name in NEVER_REMOVED or name == self.own or name in self.foreign
        return "not wanted" if installed and not is_expected else ""


def _foreign(environment: Environment | None, present: SitePackages | None) -> Collection[str]:
    if environment is None or present is None or environment.is_virtual:
        return ()
    from chapbook_core.commands.foreign_packages import foreign_packages  # hardly a project is without an environment

    return foreign_packages(environment, present)


def _read_lock(session: Session, warnings: list[str]) -> tuple[LockState, Lock | None]:
    # Reads the whole lock, which a project without one spares.
    from chapbook_core.commands.lock_trouble import NotLocked
    from chapbook_core.commands.open_lock import open_lock

    try:
        opened = open_lock(session)
    except NotLocked:
        return "missing", None
    except ChapbookError as error:
        warnings.append(error.message)
        return "stale", None
    return ("fresh" if opened.is_fresh else "stale"), opened.lock


def _locked(
    session: Session, lock: Lock | None, environment: Environment | None, warnings: list[str]
) -> tuple[dict[str, str], frozenset[str]]:
    """Return the version of each package for this environment, and the names of those it has to have."""
    if lock is None:
        return {}, frozenset()
    from chapbook_core.commands.present_environment import environment_markers, present_environment
    from chapbook_core.lock.selection import applicable, select
    from chapbook_core.lock.wanted import choose_groups  # as in `_read_lock`
    from chapbook_core.project.lock_terms import exempt_names

    groups = session.manifest.groups
    if environment is not None:
        markers: Mapping[str, str] = environment_markers(environment)
    else:
        markers = present_environment(session).markers
    try:
        every = applicable(lock, markers, [group.name for group in groups], project=groups)
        exempt = exempt_names(session.manifest, session.wishes)
        chosen = select(lock, markers, choose_groups(groups), (), project=groups, exempt=exempt)
    except ChapbookError as error:
        warnings.append(error.message)
        return _versions(lock.packages), frozenset()
    return _versions(every) | _versions(chosen), frozenset(package.name for package in chosen)


def _versions(packages: Collection[LockedPackage]) -> dict[str, str]:
    return {package.name: package.version for package in packages}


def _loaded(session: Session, environment: Environment | None, present: SitePackages | None) -> dict[str, str] | None:
    """Return the versions of what the kernel has loaded; None without a kernel of this environment."""
    kernel = session.surroundings.kernel
    if kernel is None or environment is None or present is None or not kernel.runs_in(environment.prefix):
        return None
    library = environment.site_packages.relative_to(environment.path).as_posix() + "/"
    files = {
        path[len(library) :].encode() for path in kernel.loaded_below(environment.path) if path.startswith(library)
    }
    found = {}
    for distribution in present:
        try:
            rows = distribution.record.read_bytes().splitlines()
        except OSError:
            continue
        if any(row.partition(b",")[0] in files for row in rows):
            found[distribution.name] = kernel.started.get(distribution.name, distribution.version)
    # The kernel goes on telling of what was taken out under it.
    gone = {name: version for name, version in kernel.started.items() if name not in present.distributions}
    return found | gone


def _alterations(
    present: SitePackages, locked: Collection[str], session: Session, *, by_content: bool
) -> Iterator[tuple[str, tuple[str, ...]]]:
    own = canonical_name(session.manifest.name or "")
    for distribution in present:
        if distribution.name in locked or distribution.name == own:
            found = tuple(one.text for one in alterations(distribution, by_content=by_content))
            if found:
                yield distribution.name, found


def _altered(altered: Sequence[Standing]) -> Iterator[Message]:
    if not altered:
        return
    counts = [f", and {len(one.alterations) - 1} more" if len(one.alterations) > 1 else "" for one in altered]
    told = [f"{one.name} ({one.alterations[0]}{count})" for one, count in zip(altered, counts, strict=True)]
    more = f"; and {len(told) - _FEW} packages more" if len(told) > _FEW else ""
    names = "".join(f" --reinstall-package {one.name}" for one in altered)
    hint = f"run `chapbook install{' --reinstall' if more else names}` to put them in anew"
    yield Message("note", f"files are not as they were put in: {'; '.join(told[:_FEW])}{more}", (hint,))


def _waiting(environment: Environment) -> frozenset[str]:
    """Return what changes or leaves only when the running kernel has ended."""
    known = read_state(environment.path)
    return frozenset() if known is None else frozenset((*known.leaving, *known.waiting))


def _declared(session: Session) -> dict[str, str]:
    found: dict[str, dict[str, None]] = {}
    for group in session.manifest.groups:
        for requirement in group.requirements:
            found.setdefault(requirement.name, {})[_constraint(requirement)] = None
    return {name: " or ".join(texts) for name, texts in found.items()}


def _constraint(requirement: Requirement) -> str:
    match requirement.origin:
        case IndexOrigin():
            return requirement.constraint.text.strip() or "*"
        case GitOrigin():
            return "git"
        case UrlOrigin():
            return "url"
        case FileOrigin(path=path) | DirectoryOrigin(path=path):
            return path.name


def _word(condition: Sound | Moved | Absent | Broken | Foreign) -> str:
    return type(condition).__name__.lower()
