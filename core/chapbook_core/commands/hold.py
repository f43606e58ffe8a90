"""Hold: what keeps a locked package from a newer version."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Literal

from chapbook_core.errors import ChapbookError
from chapbook_core.index.metadata import Metadata
from chapbook_core.index.outline import requirement_of
from chapbook_core.lock.selection import region_of
from chapbook_core.requirements.constraint import ANY, parse_constraint
from chapbook_core.requirements.marker import python_marker
from chapbook_core.requirements.origin import IndexOrigin
from chapbook_core.requirements.version_key import version_key
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chapbook_core.commands.newest import ListedVersion, Listing
    from chapbook_core.index.metadata_fetch import NeedBuild
    from chapbook_core.lock.graph import Edge, Graph
    from chapbook_core.lock.lockfile import LockedPackage
    from chapbook_core.project.manifest import Manifest
    from chapbook_core.project.resolution_table import ResolutionTable
    from chapbook_core.requirements.marker import Marker
    from chapbook_core.requirements.requirement import Requirement

HoldKind = Literal["project", "package", "python", "constraint", "override", "policy", "needs"]


@frozen
class Hold:
    """One thing that excludes a version."""

    kind: HoldKind
    by: str
    """A package with its version, the group of the project, or the key of `[tool.chapbook]`."""
    text: str
    """A whole sentence."""
    marker: str = ""
    """Where it holds, when not everywhere."""
    hint: str = ""


@frozen
class Subject:
    """A locked package, and what the project says about it."""

    package: LockedPackage
    graph: Graph
    manifest: Manifest
    wishes: ResolutionTable

    @property
    def name(self) -> str:
        """Of the package."""
        return self.package.name

    @property
    def region(self) -> Marker:
        """Where this version of the package is needed."""
        return python_marker(self.manifest.python) & region_of(self.package).without_extras()


def holds(subject: Subject, listed: ListedVersion) -> tuple[Hold, ...]:
    """Return everything that the lock and the project have against a version, without asking what it needs itself."""
    return (*_by_requirements(subject, listed.version), *_by_python(subject, listed), *_by_policy(subject, listed))


def holds_by_needs(subject: Subject, metadata: Metadata | NeedBuild) -> tuple[Hold, ...]:
    """Return which requirements of a version, as its metadata tells them, contradict what others require."""
    if not isinstance(metadata, Metadata):
        return ()
    found: list[Hold] = []
    for text in metadata.requires_dist:
        try:
            requirement = requirement_of(text)
        except ChapbookError:
            continue
        if not requirement.marker.extras():
            found += _contradictions(subject, requirement)
    return tuple(found)


def newest_free(subject: Subject, listing: Listing, below: str) -> str:
    """Return the newest version between the locked one and another that nothing holds back, if there is one."""
    least, end = version_key(subject.package.version), version_key(below)
    for listed in listing.versions:
        is_usable = not (listed.is_yanked or listed.is_prerelease)
        if is_usable and least < version_key(listed.version) < end and not holds(subject, listed):
            return listed.version
    return ""


def allows(metadata: Metadata | NeedBuild, name: str, version: str) -> bool:
    """Tell whether a release, as its metadata tells, has nothing against a version of another package."""
    if not isinstance(metadata, Metadata):
        return False
    try:
        requirements = [requirement_of(text) for text in metadata.requires_dist]
    except ChapbookError:
        return False
    return all(one.constraint.allows(version) for one in requirements if one.name == name)


def _by_requirements(subject: Subject, version: str) -> Iterator[Hold]:
    name, wishes = subject.name, subject.wishes
    overrides = [one for one in wishes.overrides if one.name == name]
    if overrides:
        for override in overrides:
            if not override.constraint.allows(version):
                yield _by_wish("override", "overrides", override)
    else:
        for edge in subject.graph.requirers(subject.package):
            if not edge.allows(version):
                yield _by_edge(edge, name)
    for constraint in wishes.constraints:
        if constraint.name == name and not constraint.constraint.allows(version):
            yield _by_wish("constraint", "constraints", constraint)


def _by_edge(edge: Edge, name: str) -> Hold:
    if edge.parent is not None:
        by = f"{edge.parent.name} {edge.parent.version}"
        return Hold("package", by, f"`{by}` requires `{name} {edge.constraint}`", edge.marker)
    where = "" if edge.group == "main" else f" in the group `{edge.group}`"
    options = "" if edge.group == "main" else f" --group {edge.group}"
    return Hold(
        "project",
        edge.group,
        f"the project requires `{name} {edge.constraint}`{where}",
        edge.marker,
        f"run `chapbook add {name}@latest{options}` to require the newest version",
    )


def _by_wish(kind: Literal["override", "constraint"], key: str, requirement: Requirement) -> Hold:
    by = f"[tool.chapbook] {key}"
    return Hold(kind, by, f"`{by}` holds `{requirement}`", hint=f"change it under `{by}`")


def _by_python(subject: Subject, listed: ListedVersion) -> Iterator[Hold]:
    if not listed.requires_python or subject.wishes.fork_strategy == "requires-python":
        return
    allowed = reduce(or_, map(parse_constraint, listed.requires_python))
    if subject.region.implies(python_marker(allowed)):
        return
    narrower = subject.manifest.python & allowed
    fork = "run `chapbook lock --fork-strategy requires-python` to have the best version for each Python"
    hint = fork
    if not narrower.is_empty:
        hint = f"narrow {subject.manifest.python_place} to `{narrower.poetry_text()}`, or {fork}"
    yield Hold(
        "python",
        "requires-python",
        f"it needs Python {' or '.join(listed.requires_python)}, and the project allows {subject.manifest.python_text}",
        hint=hint,
    )


def _by_policy(subject: Subject, listed: ListedVersion) -> Iterator[Hold]:
    if listed.refused:
        yield Hold("policy", "settings", f"`{subject.name} {listed.version}` {listed.refused}")


def _contradictions(subject: Subject, needed: Requirement) -> Iterator[Hold]:
    """Yield the requirements of others that leave no version of what the newer version needs."""
    if not isinstance(needed.origin, IndexOrigin) or any(one.name == needed.name for one in subject.wishes.overrides):
        return
    region = needed.marker & subject.region
    for package in _named(subject.graph.packages, needed.name):
        if (region & region_of(package).without_extras()).is_never:
            continue
        for edge in subject.graph.requirers(package):
            is_own = edge.parent is not None and edge.parent.name == subject.name
            constraint = ANY if edge.is_reference else parse_constraint(edge.constraint)
            if not is_own and constraint.is_disjoint(needed.constraint):
                who = "the project" if edge.parent is None else f"`{edge.parent.name} {edge.parent.version}`"
                text = f"it needs `{needed.name} {needed.constraint}`, and {who} requires `{edge.constraint}`"
                yield Hold("needs", needed.name, text, edge.marker)


def _named(packages: Sequence[LockedPackage], name: str) -> Iterator[LockedPackage]:
    return (package for package in packages if package.name == name)
