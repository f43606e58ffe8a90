"""One locked package with all that is known of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.commands.locked_versions import version_text
from chapbook_core.commands.open_lock import locked_versions
from chapbook_core.commands.report import Blank, Block, Heading, Message, Result, Span, Table, fields_table
from chapbook_core.commands.show import latest_of, update_status
from chapbook_core.value import field, frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chapbook_core.commands.newest import ListedVersion, Listing
    from chapbook_core.commands.report import Data, Text
    from chapbook_core.commands.show import UpdateStatus, View
    from chapbook_core.index.mode import Mode
    from chapbook_core.lock.graph import Edge
    from chapbook_core.lock.lockfile import LockedDependency, LockedPackage


@frozen
class ShownPackage(Result):
    """A locked package."""

    name: str
    version: str
    description: str
    dependencies: Mapping[str, str] = field(default_factory=dict)
    """By the name as the package spells it: the constraints."""
    required_by: Mapping[str, str] = field(default_factory=dict)
    """By name of the package: its constraint."""
    project_requires: tuple[str, ...] = ()
    """The constraints of the project itself."""
    groups: tuple[str, ...] = ()
    marker: str = ""
    """Where it is needed, when not everywhere."""
    python: str = ""
    other_versions: tuple[str, ...] = ()
    """Locked for other environments."""
    installed: str = ""
    latest_version: str = ""
    update_status: UpdateStatus = "up-to-date"
    versions: tuple[ListedVersion, ...] = ()
    """What the indexes have, newest first; only when asked for."""
    notice: str = ""
    messages: tuple[Message, ...] = ()

    def report(self) -> tuple[Block, ...]:
        """Tell everything, what it requires and what requires it."""
        facts: dict[str, Text] = {
            "name": Span(self.name, "name"),
            "version": Span(self.version, "version"),
            "latest": self.latest_version,
            "installed": self.installed,
            "also locked": ", ".join(self.other_versions),
            "description": self.description,
            "groups": ", ".join(self.groups) if self.groups != ("main",) else "",
            "where": self.marker,
            "python": self.python,
        }
        known = {name: value for name, value in facts.items() if value}
        requirers = {"the project": " and ".join(self.project_requires)} if self.project_requires else {}
        blocks: list[Block] = [*self.messages, fields_table(known)]
        if self.notice:
            blocks.append(Message("warning", f"`{self.name}` {self.notice}"))
        blocks += _section("dependencies", self.dependencies)
        blocks += _section("required by", {**requirers, **self.required_by})
        if self.versions:
            rows = tuple(self._version_row(listed) for listed in self.versions)
            blocks += [Blank(), Heading("versions"), Table(rows, indent=2)]
        return tuple(blocks)

    def data(self) -> Data:
        """Return it with Poetry's keys, and those of ours only where more was asked for."""
        entry: dict[str, Data] = {"name": self.name, "version": self.version, "description": self.description}
        if self.dependencies:
            entry["dependencies"] = dict(self.dependencies)
        if self.required_by:
            entry["required_by"] = dict(self.required_by)
        if self.latest_version:
            entry["latest_version"] = self.latest_version
        if self.versions:
            entry["versions"] = [
                {
                    "version": listed.version,
                    "requires_python": list(listed.requires_python),
                    "is_yanked": listed.is_yanked,
                    "is_prerelease": listed.is_prerelease,
                    "refused": listed.refused,
                }
                for listed in self.versions
            ]
        if self.notice:
            entry["notice"] = self.notice
        return entry

    def _version_row(self, listed: ListedVersion) -> tuple[Text, ...]:
        notes = (*(["locked"] if listed.version == self.version else []), *listed.notes)
        return (Span(listed.version, "dim" if listed.is_yanked else "version"), ", ".join(notes))


def _worded(edge: Edge) -> str:
    constraint = edge.constraint.strip()
    return f"{constraint} ; {edge.marker}" if edge.marker else constraint


def show_package(view: View, name: str, mode: Mode | None) -> ShownPackage:
    """Show the version that the present environment gets, else the first one; with a mode the index is asked too."""
    packages = locked_versions(view.opened.lock, name)
    package = next(filter(view.is_applicable, packages), packages[0])
    listing = _listing(package, view, mode) if mode is not None else None
    latest = latest_of(package, listing, view.session) if listing is not None else ""
    edges = view.graph.requirers(package)
    marker = " or ".join(dict.fromkeys(package.markers.values()))
    return ShownPackage(
        name=package.name,
        version=version_text(package),
        description=package.description,
        dependencies={name: _constraints(found) for name, found in package.dependencies.items()},
        required_by={edge.parent.name: edge.constraint for edge in edges if edge.parent is not None},
        project_requires=tuple(_worded(edge) for edge in edges if edge.parent is None),
        groups=package.groups,
        marker=marker if all(group in package.markers for group in package.groups) else "",
        python="" if package.python_versions == "*" else package.python_versions,
        other_versions=tuple(other.version for other in packages if other is not package),
        installed=_installed(package, view),
        latest_version=latest,
        update_status=update_status(package, latest) if latest else "up-to-date",
        versions=listing.versions if listing is not None else (),
        notice=listing.notice if listing is not None else "",
        messages=view.opened.messages,
    )


def _listing(package: LockedPackage, view: View, mode: Mode) -> Listing | None:
    # Only this asks an index.
    from chapbook_core.commands.newest import read_listings, source_of

    with view.session.open_index(mode) as index:
        listings = read_listings((package,), view.session, index)
    return listings.get((package.name, source_of(package, view.session)))


def _installed(package: LockedPackage, view: View) -> str:
    if view.environment.installed is None:
        return ""
    return view.environment.installed(package.name) or "no"


def _constraints(dependencies: tuple[LockedDependency, ...]) -> str:
    """Return what a package allows of another; under different markers it may be different things."""
    texts = (
        " ".join(value for _key, value in dependency.location)
        if dependency.constraint is None
        else dependency.constraint
        for dependency in dependencies
    )
    return " || ".join(dict.fromkeys(texts))


def _section(title: str, constraints: Mapping[str, str]) -> list[Block]:
    if not constraints:
        return []
    rows = tuple((Span(name, "name"), constraint) for name, constraint in constraints.items())
    return [Blank(), Heading(title), Table(rows, indent=2)]
