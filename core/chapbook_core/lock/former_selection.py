"""Selection from a lock before format 2.1, by following the requirements.

Such a lock does not say which group needs a package or where. Most names are locked once, and then the way from the
project's requirements decides; where a name is locked several times, the newest version that contradicts no
requirement on the way is taken.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from chapbook_core.errors import ChapbookError
from chapbook_core.pattern import late_pattern
from chapbook_core.requirements.constraint import parse_constraint
from chapbook_core.requirements.marker import parse_marker, python_marker
from chapbook_core.requirements.name import canonical_name
from chapbook_core.requirements.origin import IndexOrigin
from chapbook_core.requirements.requirement import parse_requirement
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from chapbook_core.lock.lockfile import Lock, LockedDependency, LockedPackage
    from chapbook_core.project.groups import Group
    from chapbook_core.requirements.constraint import Constraint
    from chapbook_core.requirements.requirement import Requirement

_NAME = late_pattern(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")


class LockIncomplete(ChapbookError):
    """The lock holds no version of a package that is required."""

    def __init__(self, name: str, by: str) -> None:
        super().__init__(f"the lock holds no `{name}` as {by} requires it", hints=["run `chapbook lock`"])


@frozen
class _Demand:
    """A requirement that is in force."""

    name: str
    by: str
    constraint: Constraint | None
    """None for a direct reference, which has but one version."""
    extras: frozenset[str]


def former_selection(
    lock: Lock,
    environment: Mapping[str, str],
    groups: Collection[str],
    extras: frozenset[str],
    project: Sequence[Group],
) -> tuple[LockedPackage, ...]:
    """Return what is installed in an environment; raises LockIncomplete."""
    search = _Search(lock, environment, list(_roots(environment, groups, extras, project)))
    chosen = search.attempt({})
    if chosen is None:
        raise search.failure
    return tuple(package for package in lock.packages if chosen.get(canonical_name(package.name)) is package)


def require_roots(
    names: Collection[str],
    environment: Mapping[str, str],
    groups: Collection[str],
    extras: frozenset[str],
    project: Sequence[Group],
) -> None:
    """Raise LockIncomplete unless all that the project asks for is among the selected names."""
    for demand in _roots(environment, groups, extras, project):
        if demand.name not in names:
            raise LockIncomplete(demand.name, demand.by)


def _roots(
    environment: Mapping[str, str], groups: Collection[str], extras: frozenset[str], project: Sequence[Group]
) -> Iterator[_Demand]:
    for group in project:
        for requirement in group.requirements if group.name in groups else ():
            if (demand := _from_project(requirement, environment, groups, extras)) is not None:
                yield demand


class _Search:
    """Depth-first search for one version of each name; it branches only where a name is locked several times."""

    def __init__(self, lock: Lock, environment: Mapping[str, str], roots: Sequence[_Demand]) -> None:
        self._environment = environment
        self._roots = roots
        self._candidates: dict[str, list[LockedPackage]] = defaultdict(list)
        for package in reversed(lock.packages):
            if python_marker(parse_constraint(package.python_versions)).evaluate(environment):
                self._candidates[canonical_name(package.name)].append(package)
        self._dependencies: dict[tuple[int, str], tuple[_Demand, ...]] = {}
        self.failure = LockIncomplete("", "")

    def attempt(self, chosen: Mapping[str, LockedPackage]) -> dict[str, LockedPackage] | None:
        """Return a selection that holds the chosen versions, or None when they contradict a requirement."""
        chosen = dict(chosen)
        reached: dict[str, set[str]] = defaultdict(set)
        waiting = list(self._roots)
        while waiting:
            demand = waiting.pop()
            candidates = self._candidates.get(demand.name, [])
            package = chosen.get(demand.name)
            if package is None:
                if len(candidates) != 1:
                    return self._branch(demand, chosen)
                package = chosen[demand.name] = candidates[0]
            if demand.constraint is not None and not demand.constraint.allows(package.version):
                self.failure = LockIncomplete(demand.name, demand.by)
                return None
            for extra in {"", *demand.extras} - reached[demand.name]:
                reached[demand.name].add(extra)
                waiting += self._of(package, extra)
        return {name: chosen[name] for name in reached}

    def _branch(self, demand: _Demand, chosen: Mapping[str, LockedPackage]) -> dict[str, LockedPackage] | None:
        self.failure = LockIncomplete(demand.name, demand.by)
        for candidate in self._candidates.get(demand.name, []):
            if demand.constraint is not None and not demand.constraint.allows(candidate.version):
                continue
            found = self.attempt({**chosen, demand.name: candidate})
            if found is not None:
                return found
        return None

    def _of(self, package: LockedPackage, extra: str) -> tuple[_Demand, ...]:
        key = (id(package), extra)
        if key not in self._dependencies:
            self._dependencies[key] = tuple(_demands(package, extra, self._environment))
        return self._dependencies[key]


def _from_project(
    requirement: Requirement, environment: Mapping[str, str], groups: Collection[str], extras: frozenset[str]
) -> _Demand | None:
    if (requirement.in_extras or requirement.optional) and not requirement.in_extras & extras:
        return None
    if not requirement.marker.evaluate(environment, extras, groups):
        return None
    is_direct = not isinstance(requirement.origin, IndexOrigin)
    return _Demand(requirement.name, "the project", None if is_direct else requirement.constraint, requirement.extras)


def _demands(package: LockedPackage, extra: str, environment: Mapping[str, str]) -> Iterator[_Demand]:
    # What an extra asks of other extras of its package stands in the table of extras alone.
    for text in package.extras.get(extra, ()):
        if _names(text, package.name):
            own = parse_requirement(text)
            if own.marker.evaluate(environment):
                yield _Demand(canonical_name(package.name), f"`{package.name}`", None, own.extras)
    for name, dependencies in package.dependencies.items():
        for dependency in dependencies:
            if _is_in_force(package, name, dependency, extra, environment):
                yield _Demand(
                    canonical_name(name),
                    f"`{package.name}`",
                    None if dependency.constraint is None else parse_constraint(dependency.constraint),
                    _canonical(dependency.extras),
                )


def _is_in_force(
    package: LockedPackage, name: str, dependency: LockedDependency, extra: str, environment: Mapping[str, str]
) -> bool:
    marker = parse_marker(dependency.markers)
    without = marker.evaluate(environment)
    if dependency.optional and not marker.extras():
        # The oldest locks say only in the table of extras which one brings an optional package.
        return without and any(_names(text, name) for text in package.extras.get(extra, ()))
    return without if not extra else not without and marker.evaluate(environment, (extra,))


def _names(text: str, name: str) -> bool:
    match = _NAME.match(text)
    return match is not None and canonical_name(match[0]) == canonical_name(name)


def _canonical(names: Iterable[str]) -> frozenset[str]:
    return frozenset(map(canonical_name, names))
