"""A world of packages in a dict, from which the solver's questions are answered without any index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from chapbook_core.requirements.constraint import parse_constraint
from chapbook_core.requirements.marker import Marker, parse_marker, python_marker
from chapbook_core.requirements.origin import DirectoryOrigin, GitOrigin, IndexOrigin, Origin, UrlOrigin, path_origin
from chapbook_core.requirements.requirement import parse_requirement
from chapbook_core.resolver.answering import answer
from chapbook_core.resolver.dependency import dependencies_of, origin_of, root_requirements
from chapbook_core.resolver.facts import Dependency, Listed, Metadata, MetadataWanted, Unavailable, VersionsWanted, Want
from chapbook_core.resolver.problem import LockedVersion, Policy, Problem, RootRequirement, Switch
from chapbook_core.resolver.versions import Release, Versions

if TYPE_CHECKING:
    from chapbook_core.resolver.problem import Solution

Tables = Mapping[str, Any]


@dataclass
class World:
    """Packages by name and version; `packages["a"]["1.0"]` is a table with `requires`, `python`, `yanked`..."""

    packages: Tables = field(default_factory=dict)
    sources: Tables = field(default_factory=dict)
    """By name of a source, packages as above."""
    references: Tables = field(default_factory=dict)
    """By URL of a direct reference: a table with `name`, `version` and `requires`."""
    asked: list[Want] = field(default_factory=list)

    def tell(self, want: Want) -> Versions | Metadata | Unavailable:
        """Answer one question."""
        self.asked.append(want)
        match want:
            case VersionsWanted(name=name, origin=origin):
                return self._versions(name, origin)
            case MetadataWanted():
                return self._metadata(want)

    def _table(self, name: str, origin: Origin | None) -> Tables:
        if origin is None:
            return dict(self.packages.get(name, {}))
        if isinstance(origin, IndexOrigin):
            return dict(self.sources.get(origin.source or "", {}).get(name, {}))
        reference = next(table for url, table in self.references.items() if _origin(url) == origin)
        return {reference["version"]: reference} if reference["name"] == name else {}

    def _versions(self, name: str, origin: Origin | None) -> Versions:
        table = self._table(name, origin)
        releases = [
            Release(
                version=version,
                requires_python=release.get("python", ""),
                yanked=release.get("yanked", False),
                unusable=release.get("unusable", ""),
                origin=origin,
                usable_region=parse_marker(release["only"]).node if "only" in release else None,
            )
            for version, release in table.items()
        ]
        return Versions(name, releases, missing="" if releases else "is not on the index")

    def release(self, name: str, version: str, origin: Origin | None = None) -> Tables:
        """Return the table of one release."""
        table: Tables = self._table(name, origin)[version]
        return table

    def _metadata(self, want: MetadataWanted) -> Metadata | Unavailable:
        release = self.release(want.name, want.version, want.origin)
        if "broken" in release:
            return Unavailable(release["broken"])
        return Metadata(Listed(tuple(requirements_of(release.get("requires", ())))), release.get("metadata_python", ""))


def requirements_of(texts: Sequence[str]) -> list[Dependency]:
    """Read a release's requirements."""
    return [dependency for text in texts for dependency in dependencies_of(parse_requirement(text))]


def problem_of(root: Tables, policy: Policy | None = None) -> Problem:
    """Read the table of a project: `requires`, `python`, `groups`, `extras`, `environments`, `locked`..."""
    requirements: list[RootRequirement] = []
    for text in root.get("requires", ()):
        requirements += _root(text, root)
    for group, texts in root.get("groups", {}).items():
        for text in texts:
            requirements += _root(text, root, group=group)
    for extra, texts in root.get("extras", {}).items():
        for text in texts:
            requirements += _root(text, root, extra=extra)
    environments = python_marker(parse_constraint(root.get("python", "*")))
    if "environments" in root:
        chosen = Marker(0)
        for text in root["environments"]:
            chosen |= parse_marker(text)
        environments &= chosen
    return Problem(
        requirements=tuple(requirements),
        environments=environments.node,
        name=root.get("name", ""),
        conflicts=tuple(frozenset(map(_switch, conflict)) for conflict in root.get("conflicts", ())),
        constraints=tuple(requirements_of(root.get("constraints", ()))),
        overrides=tuple(requirements_of(root.get("overrides", ()))),
        excludes=frozenset(root.get("excludes", ())),
        locked=tuple(map(_locked, root.get("locked", ()))),
        prefer=tuple(root.get("prefer", ())),
        policy=policy or Policy(),
    )


def solve_world(world: World | Tables, root: Tables, policy: Policy | None = None) -> Solution:
    """Solve the project of a table in a world; raises NoSolution."""
    world = world if isinstance(world, World) else World(world)
    return answer(problem_of(root, policy), world.tell)


def selection_in(solution: Solution, environment: Mapping[str, str], **switches: Sequence[str]) -> dict[str, str]:
    """Return the versions installed in an environment, for `extras` and `groups`; fails on two of one name."""
    selection: dict[str, str] = {}
    groups = switches.get("groups", ("main",))
    for package in solution.packages:
        if Marker(package.region).evaluate(environment, switches.get("extras", ()), groups):
            assert package.name not in selection, f"two versions of {package.name} in {environment}"
            selection[package.name] = package.version
    return selection


def _root(text: str, root: Tables, group: str = "main", extra: str = "") -> list[RootRequirement]:
    requirement = parse_requirement(text)
    changes: dict[str, Any] = {}
    if extra:
        changes["in_extras"] = frozenset({extra})
    source = root.get("sources", {}).get(requirement.name)
    if isinstance(source, str):
        changes["origin"] = IndexOrigin(source)
    elif source is not None:
        changes["origin"] = IndexOrigin(source[text])
    if requirement.name in root.get("allow-prereleases", ()):
        changes["allow_prereleases"] = True
    from dataclasses import replace

    return list(root_requirements(replace(requirement, **changes), group))


def _switch(text: str) -> Switch:
    kind, _, name = text.partition(":")
    return Switch(name, is_group=kind == "group")


def _locked(text: str) -> LockedVersion:
    requirement = parse_requirement(text)
    version = requirement.constraint.text.removeprefix("==")
    return LockedVersion(requirement.name, version, origin_of(requirement.origin), requirement.marker.node)


def _origin(url: str) -> Origin:
    return parse_requirement(f"x @ {url}").origin


__all__ = [
    "DirectoryOrigin",
    "GitOrigin",
    "UrlOrigin",
    "World",
    "path_origin",
    "problem_of",
    "selection_in",
    "solve_world",
]
