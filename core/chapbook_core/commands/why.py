"""Tell why a package is locked, and what holds it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.commands.index_mode import index_mode
from chapbook_core.commands.lock_tree import tree_to
from chapbook_core.commands.locked_versions import version_text
from chapbook_core.commands.open_lock import locked_versions
from chapbook_core.commands.report import Blank, Block, Line, Message, Result, Span, Tree, as_data
from chapbook_core.commands.session import open_session
from chapbook_core.commands.show import latest_of, look
from chapbook_core.errors import Cancelled, ChapbookError
from chapbook_core.lock.graph import key_of
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chapbook_core.commands.command import Invocation
    from chapbook_core.commands.hold import Hold
    from chapbook_core.commands.newest import Listing
    from chapbook_core.commands.report import Data, Node
    from chapbook_core.commands.show import View
    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.events import Watcher
    from chapbook_core.index.opening import OpenIndex
    from chapbook_core.lock.graph import Edge
    from chapbook_core.lock.lockfile import LockedPackage


@frozen
class Step:
    """One requirement on a way from the project to the package."""

    parent: str
    """Empty for the project."""
    parent_version: str
    child: str
    child_version: str
    constraint: str
    marker: str
    group: str
    in_extras: tuple[str, ...]


@frozen
class Prospect:
    """A locked version, and what is known of newer ones."""

    version: str
    newest: str = ""
    """Empty when no index was asked, or none knows the package."""
    holds: tuple[Hold, ...] = ()
    """What excludes the newest version."""
    reachable: str = ""
    """A newer version that nothing excludes, when it is not the newest."""
    is_from_index: bool = True


@frozen
class Why(Result):
    """Every way from the project to a package, and what keeps it from being newer."""

    name: str
    tree: Node
    steps: tuple[Step, ...]
    prospects: tuple[Prospect, ...]
    messages: tuple[Message, ...] = ()

    def report(self) -> tuple[Block, ...]:
        """Draw the ways, and tell the rest below."""
        blocks: list[Block] = [*self.messages, Tree((self.tree,))]
        for prospect in self.prospects:
            told = tuple(self._told(prospect))
            blocks += [Blank(), *told] if told else []
        return tuple(blocks)

    def data(self) -> Data:
        """Return the ways as steps."""
        return {"name": self.name, "steps": as_data(self.steps), "versions": as_data(self.prospects)}

    def _told(self, prospect: Prospect) -> Iterator[Block]:
        package = (Span(self.name, "name"), " ", Span(prospect.version, "version"))
        if not prospect.is_from_index:
            yield Line((*package, " comes from no index, so there is but this version"))
        elif not prospect.newest:
            return
        elif prospect.newest == prospect.version:
            yield Line((*package, " is the newest version"))
        elif not prospect.holds:
            newest = Span(prospect.newest, "version")
            yield Line((*package, " is locked, and ", newest, f" is the newest version; {self._advice()}"))
        else:
            yield Line((*package, " is locked, and ", Span(prospect.newest, "version"), " is held back:"))
            for hold in prospect.holds:
                yield Line(("  ", hold.text, Span(f" ; {hold.marker}" if hold.marker else "", "dim")))
            if prospect.reachable:
                yield Line((f"up to {prospect.reachable} {self._advice()}",))
            hints = tuple(dict.fromkeys(hold.hint for hold in prospect.holds if hold.hint))
            if hints:
                yield Message("note", f"what would let `{self.name}` be newer", hints)

    def _advice(self) -> str:
        return f"nothing holds it back: run `chapbook update {self.name}`"


def run(invocation: Invocation, surroundings: Surroundings, watcher: Watcher) -> Why:
    """Follow the lock, then ask the index."""
    session = open_session(surroundings, watcher)
    view = look(invocation, session, watcher)
    packages = locked_versions(view.opened.lock, invocation.text("package") or "")
    messages = list(view.opened.messages)
    try:
        with session.open_index(index_mode(invocation)) as index:
            prospects = _prospects(packages, view, index)
    except Cancelled:
        raise
    except ChapbookError as failure:
        # The lock alone tells most of it.
        messages.append(Message("warning", f"newer versions are not known: {failure.message}", failure.hints))
        prospects = tuple(Prospect(version_text(package)) for package in packages)
    return Why(
        packages[0].name,
        tree_to(view.graph, session.manifest.name or "the project", packages),
        tuple(_steps(view, packages)),
        prospects,
        tuple(messages),
    )


def _steps(view: View, packages: Sequence[LockedPackage]) -> Iterator[Step]:
    inside = view.graph.ancestors(packages)
    edges = (*view.graph.roots, *(edge for key in sorted(inside) for edge in view.graph.below.get(key, ())))
    goals = frozenset(map(key_of, packages))
    for edge in edges:
        beyond = edge.parent is not None and key_of(edge.parent) in goals
        if key_of(edge.child) in inside and not beyond:
            yield _step(edge)


def _step(edge: Edge) -> Step:
    return Step(
        parent=edge.parent.name if edge.parent else "",
        parent_version=edge.parent.version if edge.parent else "",
        child=edge.child.name,
        child_version=edge.child.version,
        constraint=edge.constraint,
        marker=edge.marker,
        group=edge.group,
        in_extras=edge.in_extras,
    )


def _prospects(packages: Sequence[LockedPackage], view: View, index: OpenIndex) -> tuple[Prospect, ...]:
    # Only this asks an index.
    from chapbook_core.commands.newest import is_from_index, read_listings, source_of

    listings = read_listings(packages, view.session, index)
    return tuple(
        _prospect(package, listings.get((package.name, source_of(package, view.session))), view, index)
        if is_from_index(package)
        else Prospect(version_text(package), is_from_index=False)
        for package in packages
    )


def _prospect(package: LockedPackage, listing: Listing | None, view: View, index: OpenIndex) -> Prospect:
    # As above.
    from chapbook_core.commands.easing import eased
    from chapbook_core.commands.hold import Subject, holds, holds_by_needs, newest_free
    from chapbook_core.commands.newest import source_of

    if listing is None:
        return Prospect(package.version)
    newest = latest_of(package, listing, view.session, refused=True)
    if newest == package.version:
        return Prospect(package.version, newest)
    subject = Subject(package, view.graph, view.session.manifest, view.session.wishes)
    found = holds(subject, listing.listed(newest))
    if not found:
        metadata = index.reader.metadata(package.name, newest, source_of(package, view.session))
        found = holds_by_needs(subject, metadata)
    found = eased(found, subject, newest, view.session, index)
    return Prospect(package.version, newest, found, newest_free(subject, listing, newest) if found else "")
