"""Resolve without writing anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.commands.index_mode import index_mode
from chapbook_core.commands.lock_tree import tree_below
from chapbook_core.commands.locked_versions import version_text
from chapbook_core.commands.locking import LockRequest, lock_project
from chapbook_core.commands.report import Block, Line, Result, Span, Table, Tree
from chapbook_core.commands.session import open_session
from chapbook_core.errors import UsageError
from chapbook_core.lock.graph import graph_of, key_of
from chapbook_core.lock.selection import region_of
from chapbook_core.lock.wanted import choose_extras
from chapbook_core.pattern import late_pattern
from chapbook_core.project.groups import MAIN, Group
from chapbook_core.requirements.argument import parse_argument
from chapbook_core.requirements.constraint import parse_constraint
from chapbook_core.requirements.marker import python_marker
from chapbook_core.requirements.name import canonical_name
from chapbook_core.value import frozen, replace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chapbook_core.commands.command import Invocation
    from chapbook_core.commands.report import Data, Node
    from chapbook_core.commands.session import Session
    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.events import Watcher
    from chapbook_core.lock.lockfile import LockedPackage
    from chapbook_core.project.manifest import Manifest
    from chapbook_core.requirements.marker import Marker
    from chapbook_core.requirements.requirement import Requirement

_MINOR = late_pattern(r"\s*\d+\.\d+\s*")


@frozen
class ResolvedVersion:
    """One version of the solution."""

    name: str
    version: str
    marker: str
    """Where it is chosen, when not everywhere."""
    description: str


@frozen
class Resolved(Result):
    """A solution that nobody writes down."""

    packages: tuple[ResolvedVersion, ...]
    tree: tuple[Node, ...] = ()
    """Empty unless asked for."""

    def report(self) -> tuple[Block, ...]:
        """Tell every version and where it is chosen, or the tree."""
        count = len(self.packages)
        last = Line(f"{count} package{'' if count == 1 else 's'}; nothing was written")
        if self.tree:
            return (Tree(self.tree), last)
        rows = tuple(
            (Span(one.name, "name"), Span(one.version, "version"), Span(one.marker, "dim")) for one in self.packages
        )
        return (*((Table(rows),) if rows else ()), last)

    def data(self) -> Data:
        """Return the versions."""
        return [{"name": one.name, "version": one.version, "marker": one.marker} for one in self.packages]


def resolve(invocation: Invocation, surroundings: Surroundings, watcher: Watcher) -> Resolved:
    """Resolve the project anew, or some packages by themselves."""
    session = open_session(surroundings, watcher)
    extras = frozenset(canonical_name(part) for text in invocation.texts("extras") for part in text.split())
    manifest = _for_python(session.manifest, invocation.text("python"))
    if names := invocation.texts("package"):
        manifest = _alone(manifest, [_requirement(text, extras, surroundings) for text in names])
        hidden: frozenset[str] = frozenset()
    else:
        hidden = frozenset(manifest.extras) - choose_extras(manifest.extras, extras) if extras else frozenset()
    session = replace(session, manifest=manifest)
    lock = lock_project(session, LockRequest(keep=False, mode=index_mode(invocation))).lock
    packages = [package for package in lock.packages if not _is_hidden(package, hidden)]
    python = python_marker(manifest.python)
    return Resolved(
        tuple(_resolved(package, python) for package in packages),
        _tree(session, packages, python) if invocation.flag("tree") else (),
    )


def _for_python(manifest: Manifest, text: str | None) -> Manifest:
    """Return the project for other Pythons; a minor version stands for all its releases."""
    if text is None:
        return manifest
    text = f"{text.strip()}.*" if _MINOR.fullmatch(text) else text
    return replace(manifest, python=parse_constraint(text), python_text=text)


def _alone(manifest: Manifest, requirements: Sequence[Requirement]) -> Manifest:
    """Return a project with the same sources and wishes that requires nothing else."""
    main = Group(MAIN, MAIN, optional=False, requirements=tuple(requirements))
    return replace(manifest, groups=(main,), extras={})


def _requirement(text: str, extras: frozenset[str], surroundings: Surroundings) -> Requirement:
    requirement = parse_argument(text, surroundings.folder, home=surroundings.home)
    if not requirement.is_name_known:
        raise UsageError(f"`{text}` does not tell the name of the package", hints=[f"write `NAME @ {text}`"])
    return replace(requirement, extras=requirement.extras | extras)


def _is_hidden(package: LockedPackage, extras: frozenset[str]) -> bool:
    """Tell whether a package is there only for extras that were not asked for."""
    region = region_of(package)
    for extra in extras:
        region = region.with_extra(extra, active=False)
    return region.is_never


def _resolved(package: LockedPackage, python: Marker) -> ResolvedVersion:
    region = region_of(package)
    marker = "" if python.implies(region) else region.text(python)
    return ResolvedVersion(package.name, version_text(package), marker, package.description)


def _tree(session: Session, packages: Sequence[LockedPackage], python: Marker) -> tuple[Node, ...]:
    graph = graph_of(packages, session.manifest.groups, python=python)
    direct = {key_of(edge.child) for edge in graph.roots}
    return tree_below(graph, [package for package in packages if key_of(package) in direct])
