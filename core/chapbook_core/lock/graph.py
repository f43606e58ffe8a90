"""The graph of a lock: which package requires which, and the project what."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from chapbook_core.lock.selection import region_of
from chapbook_core.requirements.constraint import parse_constraint
from chapbook_core.requirements.marker import Marker, parse_marker
from chapbook_core.requirements.name import canonical_name
from chapbook_core.requirements.origin import reference_text
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from chapbook_core.lock.lockfile import LockedDependency, LockedPackage
    from chapbook_core.project.groups import Group
    from chapbook_core.requirements.requirement import Requirement

Key = tuple[str, str, str]


@frozen
class Edge:
    """One requirement that a locked package meets."""

    parent: LockedPackage | None
    """Who requires it; None for the project."""
    child: LockedPackage
    constraint: str
    """As the lock or the project file words it; a direct reference for one without versions."""
    marker: str = ""
    extras: tuple[str, ...] = ()
    """The extras of the required package."""
    group: str = ""
    """The group of the project that has the requirement."""
    in_extras: tuple[str, ...] = ()
    """The extras of the project that bring it."""
    is_reference: bool = False

    def allows(self, version: str) -> bool:
        """Tell whether another version would do as well."""
        return not self.is_reference and parse_constraint(self.constraint).allows(version)


@frozen
class Graph:
    """The edges between the packages of a lock, from both ends."""

    packages: tuple[LockedPackage, ...]
    roots: tuple[Edge, ...]
    """What the project requires."""
    below: Mapping[Key, tuple[Edge, ...]]
    above: Mapping[Key, tuple[Edge, ...]]

    def requirements(self, package: LockedPackage) -> tuple[Edge, ...]:
        """Return what a package requires, by name."""
        return self.below.get(key_of(package), ())

    def requirers(self, package: LockedPackage) -> tuple[Edge, ...]:
        """Return by what a package is required: the project first, then packages by name."""
        return self.above.get(key_of(package), ())

    def within(self, keys: Iterable[Key], environment: Mapping[str, str] | None = None) -> Graph:
        """Return the part of the graph between some packages, and of its edges those that hold in an environment."""
        kept = frozenset(keys)

        def holds(edge: Edge) -> bool:
            return environment is None or parse_marker(edge.marker).without_extras().evaluate(environment)

        def inside(edges: Iterable[Edge]) -> tuple[Edge, ...]:
            return tuple(
                edge
                for edge in edges
                if key_of(edge.child) in kept and (edge.parent is None or key_of(edge.parent) in kept) and holds(edge)
            )

        return Graph(
            tuple(package for package in self.packages if key_of(package) in kept),
            inside(self.roots),
            {key: inside(edges) for key, edges in self.below.items() if key in kept},
            {key: inside(edges) for key, edges in self.above.items() if key in kept},
        )

    def ancestors(self, packages: Iterable[LockedPackage]) -> frozenset[Key]:
        """Return the packages and all on a way from the project to them."""
        waiting = list(packages)
        found = set(map(key_of, waiting))
        while waiting:
            for edge in self.requirers(waiting.pop()):
                if edge.parent is not None and key_of(edge.parent) not in found:
                    found.add(key_of(edge.parent))
                    waiting.append(edge.parent)
        return frozenset(found)


def key_of(package: LockedPackage) -> Key:
    """Return what tells locked packages apart."""
    source = package.source
    return package.name, package.version, f"{source.type} {source.url}" if source else ""


def graph_of(packages: Sequence[LockedPackage], project: Iterable[Group], *, python: Marker) -> Graph:
    """Return the edges between some packages of a lock, and from the project's groups to them."""
    linking = _Linking(packages, python)
    groups = tuple(project)
    roots = tuple(
        edge
        for group in groups
        for requirement in group.requirements
        for edge in linking.of_project(requirement, group)
    )
    below = {key_of(package): tuple(linking.of_package(package)) for package in packages}
    above: defaultdict[Key, list[Edge]] = defaultdict(list)
    for edges in (roots, *(below[key] for key in sorted(below))):
        for edge in edges:
            above[key_of(edge.child)].append(edge)
    return Graph(tuple(packages), roots, below, {key: tuple(edges) for key, edges in above.items()})


class _Linking:
    """Finds the locked packages that requirements lead to."""

    def __init__(self, packages: Iterable[LockedPackage], python: Marker) -> None:
        self._python = python
        self._named: defaultdict[str, list[LockedPackage]] = defaultdict(list)
        for package in packages:
            self._named[canonical_name(package.name)].append(package)

    def of_project(self, requirement: Requirement, group: Group) -> Iterator[Edge]:
        reference = reference_text(requirement.origin)
        constraint = reference or requirement.constraint.text or "*"
        for child in self._children(requirement.name, "" if reference else constraint, requirement.marker):
            yield Edge(
                None,
                child,
                constraint,
                requirement.marker.text(self._python) if not requirement.marker.is_always else "",
                tuple(sorted(requirement.extras)),
                group.name,
                tuple(sorted(requirement.in_extras)),
                is_reference=bool(reference),
            )

    def of_package(self, package: LockedPackage) -> Iterator[Edge]:
        for name in sorted(package.dependencies, key=canonical_name):
            for dependency in package.dependencies[name]:
                marker = parse_marker(dependency.markers).without_extras()
                for child in self._children(canonical_name(name), dependency.constraint or "", marker, package):
                    yield Edge(
                        package,
                        child,
                        dependency.constraint or _place(dependency),
                        dependency.markers,
                        dependency.extras,
                        is_reference=dependency.constraint is None,
                    )

    def _children(
        self, name: str, constraint: str, marker: Marker, parent: LockedPackage | None = None
    ) -> Iterator[LockedPackage]:
        """Yield the versions that a requirement may lead to; which one it is depends on the environment."""
        candidates = self._named.get(name, [])
        for child in candidates:
            if constraint and not parse_constraint(constraint).allows(child.version):
                continue
            # Where a name is locked once, there is no other version that could be meant.
            if len(candidates) == 1 or self._meet(marker, parent, child):
                yield child

    def _meet(self, marker: Marker, parent: LockedPackage | None, child: LockedPackage) -> bool:
        together = self._python & marker.without_extras() & region_of(child).without_extras()
        if parent is not None:
            together &= region_of(parent).without_extras()
        return not together.is_never


def _place(dependency: LockedDependency) -> str:
    return " ".join(value for _key, value in dependency.location)
