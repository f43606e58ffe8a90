"""Show the locked packages, or one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from chapbook_core.commands.index_mode import index_mode
from chapbook_core.commands.lock_tree import tree_below, tree_to
from chapbook_core.commands.locked_versions import version_text
from chapbook_core.commands.open_lock import locked_versions, open_lock
from chapbook_core.commands.present_environment import present_environment
from chapbook_core.commands.report import Block, Message, Result, Span, Table, Tree
from chapbook_core.commands.session import open_session
from chapbook_core.commands.wanted import read_wanted
from chapbook_core.errors import UsageError
from chapbook_core.lock.graph import graph_of, key_of
from chapbook_core.lock.selection import PythonNotLocked, applicable
from chapbook_core.requirements.marker import python_marker
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from chapbook_core.commands.command import Invocation
    from chapbook_core.commands.newest import Listing
    from chapbook_core.commands.open_lock import OpenLock
    from chapbook_core.commands.present_environment import PresentEnvironment
    from chapbook_core.commands.report import Data, Node, Style, Text
    from chapbook_core.commands.session import Session
    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.events import Watcher
    from chapbook_core.lock.graph import Graph, Key
    from chapbook_core.lock.lockfile import LockedPackage
    from chapbook_core.lock.wanted import Wanted

InstalledStatus = Literal["installed", "not-installed", "unknown"]
UpdateStatus = Literal["up-to-date", "semver-safe-update", "update-possible"]
_UPDATE_STYLES: dict[UpdateStatus, Style] = {
    "up-to-date": "good",
    "semver-safe-update": "bad",
    "update-possible": "warn",
}


@frozen
class Shown:
    """One locked package in the list."""

    name: str
    version: str
    """With the place of one that comes from no index."""
    description: str
    installed_status: InstalledStatus
    is_applicable: bool = True
    """Whether the present environment gets it."""
    latest_version: str = ""
    update_status: UpdateStatus = "up-to-date"
    required_by: tuple[str, ...] = ()
    notice: str = ""
    """What the index says of the whole project, when that is a warning."""


@frozen
class ShownList(Result):
    """The locked packages that were asked for."""

    packages: tuple[Shown, ...]
    with_latest: bool = False
    with_why: bool = False
    cut: bool = True
    messages: tuple[Message, ...] = ()

    def report(self) -> tuple[Block, ...]:
        """Tell each package in a line."""
        table = Table(tuple(self._row(package) for package in self.packages), cut=self.cut)
        notices = tuple(
            Message("warning", f"`{package.name}` {package.notice}") for package in self.packages if package.notice
        )
        return (*self.messages, *((table,) if self.packages else ()), *notices)

    def data(self) -> Data:
        """Return the list as Poetry prints it."""
        return [self._entry(package) for package in self.packages]

    def _row(self, package: Shown) -> tuple[Text, ...]:
        style: Style = "name" if package.is_applicable else "dim"
        sign = ""
        if package.is_applicable and package.installed_status == "not-installed":
            style, sign = "bad", " (!)"
        row: list[Text] = [Span(f"{package.name}{sign}", style), Span(package.version, "version")]
        if self.with_latest:
            row.append(Span(package.latest_version, _UPDATE_STYLES[package.update_status]))
        if self.with_why:
            row.append(f"from {','.join(package.required_by)}" if package.required_by else "")
        return (*row, package.description)

    def _entry(self, package: Shown) -> Data:
        entry: dict[str, Data] = {
            "name": package.name,
            "installed_status": package.installed_status,
            "version": package.version,
        }
        if self.with_latest:
            entry["latest_version"] = package.latest_version
        if self.with_why and package.required_by:
            entry["required_by"] = list(package.required_by)
        if package.notice:
            entry["notice"] = package.notice
        return {**entry, "description": package.description}


@frozen
class ShownTree(Result):
    """The locked packages below what requires them."""

    roots: tuple[Node, ...]
    messages: tuple[Message, ...] = ()

    def report(self) -> tuple[Block, ...]:
        """Draw them."""
        return (*self.messages, Tree(self.roots))


@frozen
class View:
    """A lock as one environment sees it."""

    session: Session
    opened: OpenLock
    wanted: Wanted
    environment: PresentEnvironment
    graph: Graph
    """Of everything that is locked."""
    applicable: frozenset[Key]
    """What the environment can get, for the groups that are wanted."""

    def is_applicable(self, package: LockedPackage) -> bool:
        """Tell whether the environment can get a package."""
        return key_of(package) in self.applicable

    def installed_status(self, package: LockedPackage) -> InstalledStatus:
        """Tell whether any version of a package is installed; unknown while there is no environment."""
        if self.environment.installed is None:
            return "unknown"
        return "installed" if self.environment.installed(package.name) else "not-installed"

    def required_by(self, package: LockedPackage) -> tuple[str, ...]:
        """Return the names of the packages that require one."""
        edges = self.graph.requirers(package)
        return tuple(dict.fromkeys(edge.parent.name for edge in edges if edge.parent is not None))


def run(invocation: Invocation, surroundings: Surroundings, watcher: Watcher) -> Result:
    """Show the list, the tree or one package."""
    check_words(invocation)
    session = open_session(surroundings, watcher)
    view = look(invocation, session, watcher)
    name = invocation.text("package")
    if invocation.flag("tree"):
        return ShownTree(tuple(_trees(view, name, invocation)), view.opened.messages)
    if name is not None:
        # A list needs nothing of it.
        from chapbook_core.commands.show_package import show_package

        wants_latest = invocation.flag("latest") or invocation.flag("outdated")
        return show_package(view, name, index_mode(invocation) if wants_latest else None)
    return _list(view, invocation)


def check_words(invocation: Invocation) -> None:
    """Raise UsageError for options that contradict each other."""
    name, tree, why = invocation.text("package"), invocation.flag("tree"), invocation.flag("why")
    if name is not None and invocation.flag("top-level"):
        raise UsageError("`--top-level` is for the list, not for one package")
    if why and tree and name is None:
        raise UsageError("`--why` with `--tree` needs a package", hints=["run `chapbook show PACKAGE --tree --why`"])
    if why and not tree and name is not None:
        raise UsageError("`--why` for one package needs `--tree`", hints=[f"run `chapbook why {name}`"])
    if tree and invocation.text("format") == "json":
        raise UsageError("a tree is printed as text only", hints=["leave out `--tree` or `--format=json`"])


def look(invocation: Invocation, session: Session, watcher: Watcher) -> View:
    """Read the lock for the environment there is."""
    opened = open_lock(session)
    wanted = read_wanted(invocation, session.manifest, watcher)
    environment = present_environment(session)
    groups = tuple(group for group in session.manifest.groups if group.name in wanted.groups)
    graph = graph_of(opened.lock.packages, groups, python=python_marker(session.manifest.python))
    try:
        packages = applicable(opened.lock, environment.markers, wanted.groups, project=session.manifest.groups)
    except PythonNotLocked:
        declared = {option.name for option in invocation.command.options}
        if "all" in declared and not invocation.flag("all"):
            raise
        packages = ()
    return View(session, opened, wanted, environment, graph, frozenset(map(key_of, packages)))


def update_status(package: LockedPackage, latest: str) -> UpdateStatus:
    """Judge a newer version as Poetry does: by whether a caret on the locked one allows it."""
    # Only for the newest versions.
    from chapbook_core.requirements.constraint import Constraint
    from chapbook_core.requirements.version_key import version_key

    if version_key(latest) == version_key(package.version):
        return "up-to-date"
    return "semver-safe-update" if Constraint.caret(package.version).allows(latest) else "update-possible"


def latest_of(package: LockedPackage, listing: Listing | None, session: Session, *, refused: bool = False) -> str:
    """Return the newest version from the locked one on; the locked one when nothing is known.

    What policies rule out counts only with `refused`.
    """
    if listing is None:
        return package.version
    requirements = (requirement for group in session.manifest.groups for requirement in group.requirements)
    mine = [requirement for requirement in requirements if requirement.name == package.name]
    prereleases = any(one.allow_prereleases or one.constraint.allows_prereleases for one in mine)
    return listing.best(package.version, prereleases=prereleases, refused=refused) or package.version


def _trees(view: View, name: str | None, invocation: Invocation) -> Iterable[Node]:
    graph = view.graph
    if name is not None and invocation.flag("why"):
        packages = locked_versions(view.opened.lock, name)
        return (tree_to(graph, view.session.manifest.name or "the project", packages),)
    if not invocation.flag("all"):
        graph = graph.within(view.applicable, view.environment.markers)
    if name is not None:
        packages = locked_versions(view.opened.lock, name)
        here = tuple(package for package in packages if key_of(package) in graph.below)
        return tree_below(graph, here) if here else tree_below(view.graph, packages)
    direct = {key_of(edge.child) for edge in graph.roots}
    return tree_below(graph, [package for package in graph.packages if key_of(package) in direct])


def _gotten(view: View) -> Iterable[LockedPackage]:
    return (package for package in view.graph.packages if view.is_applicable(package))


def _list(view: View, invocation: Invocation) -> ShownList:
    outdated = invocation.flag("outdated")
    with_latest = invocation.flag("latest") or outdated
    packages = list(view.graph.packages if invocation.flag("all") else _gotten(view))
    if invocation.flag("top-level"):
        direct = {key_of(edge.child) for edge in view.graph.roots}
        packages = [package for package in packages if key_of(package) in direct]
    shown = _with_latest(packages, view, invocation) if with_latest else [_shown(package, view) for package in packages]
    return ShownList(
        tuple(one for one in shown if not outdated or one.update_status != "up-to-date"),
        with_latest=with_latest,
        with_why=invocation.flag("why"),
        cut=not invocation.flag("no-truncate"),
        messages=view.opened.messages,
    )


def _with_latest(packages: Sequence[LockedPackage], view: View, invocation: Invocation) -> list[Shown]:
    # Only this asks indexes.
    from chapbook_core.commands.newest import read_listings, source_of

    session = view.session
    with session.open_index(index_mode(invocation)) as index:
        listings = read_listings(packages, session, index)
    return [_shown(package, view, listings.get((package.name, source_of(package, session)))) for package in packages]


def _shown(package: LockedPackage, view: View, listing: Listing | None = None) -> Shown:
    latest = latest_of(package, listing, view.session)
    status = update_status(package, latest) if listing is not None else "up-to-date"
    return Shown(
        name=package.name,
        version=version_text(package),
        description=package.description,
        installed_status=view.installed_status(package),
        is_applicable=view.is_applicable(package),
        latest_version=version_text(package) if status == "up-to-date" else latest,
        update_status=status,
        required_by=view.required_by(package),
        notice=listing.notice if listing is not None else "",
    )
