"""The graph of a lock as trees: what packages require, and which ways lead to one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.commands.report import Node, Span
from chapbook_core.lock.graph import key_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chapbook_core.commands.report import Text
    from chapbook_core.lock.graph import Edge, Graph, Key
    from chapbook_core.lock.lockfile import LockedPackage

_SEEN = Span(" (see above)", "dim")
_CIRCLE = Span(" (requires itself in the end)", "dim")


def tree_below(graph: Graph, packages: Iterable[LockedPackage]) -> tuple[Node, ...]:
    """Return a tree for each of the packages; what a package requires is told where it is met first."""
    drawing = _Drawing(graph)
    return tuple(
        Node(_title(package), drawing.branches(package, graph.requirements(package), ())) for package in packages
    )


def tree_to(graph: Graph, project: str, packages: Iterable[LockedPackage]) -> Node:
    """Return the ways from the project to some packages, and nothing beyond these."""
    goals = tuple(packages)
    drawing = _Drawing(graph, within=graph.ancestors(goals), goals=frozenset(map(key_of, goals)))
    return Node(Span(project, "strong"), drawing.branches(None, graph.roots, ()))


class _Drawing:
    """Draws each package's requirements once."""

    def __init__(
        self, graph: Graph, *, within: frozenset[Key] | None = None, goals: frozenset[Key] = frozenset()
    ) -> None:
        self._graph = graph
        self._within = within
        self._goals = goals
        self._drawn: set[Key] = set()

    def branches(self, parent: LockedPackage | None, edges: Iterable[Edge], above: tuple[Key, ...]) -> tuple[Node, ...]:
        if parent is not None:
            self._drawn.add(key_of(parent))
            above = (*above, key_of(parent))
        return tuple(
            self._branch(edge, above) for edge in edges if self._within is None or key_of(edge.child) in self._within
        )

    def _branch(self, edge: Edge, above: tuple[Key, ...]) -> Node:
        key = key_of(edge.child)
        text = edge_text(edge, strong=key in self._goals)
        below = () if key in self._goals else self._graph.requirements(edge.child)
        if self._within is not None:
            below = tuple(one for one in below if key_of(one.child) in self._within)
        if not below:
            return Node(text)
        if key in above:
            return Node((*text, _CIRCLE))
        if key in self._drawn:
            return Node((*text, _SEEN))
        return Node(text, self.branches(edge.child, below, above))


def _title(package: LockedPackage) -> Text:
    description = f" {package.description}" if package.description else ""
    return (Span(package.name, "name"), " ", Span(package.version, "version"), description)


def edge_text(edge: Edge, *, strong: bool = False) -> tuple[str | Span, ...]:
    """Tell one requirement: what it leads to, what it allows, and when it holds."""
    extras = f"[{','.join(edge.extras)}]" if edge.extras else ""
    name = Span(f"{edge.child.name}{extras}", "strong" if strong else "name")
    parts: list[str | Span] = [name, " ", Span(edge.child.version, "version"), " ", f"({edge.constraint})"]
    if edge.marker:
        parts.append(Span(f" ; {edge.marker}", "dim"))
    if edge.in_extras:
        parts.append(Span(f" with the extra {' or '.join(edge.in_extras)}", "dim"))
    if edge.group not in ("", "main"):
        parts.append(Span(f" in the group {edge.group}", "dim"))
    return tuple(parts)
