"""Check of a finished lock: whether it holds what it promises, in a sample of the environments it is for.

The lock is read as an installer reads it: for each environment and choice of groups and extras the selected packages
have to satisfy the project and each other, as the lock's own tables of dependencies tell. The judging is done by
`verify`, which knows nothing of the solver.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from chapbook_core.errors import ChapbookError
from chapbook_core.lock.selection import is_selected, says_groups, select
from chapbook_core.requirements.constraint import NoSpecifier, parse_constraint
from chapbook_core.requirements.marker import parse_marker
from chapbook_core.requirements.name import canonical_name
from chapbook_core.requirements.origin import IndexOrigin
from chapbook_core.requirements.requirement import parse_requirement
from chapbook_core.requirements.target import sample_targets
from chapbook_core.resolver.verify import Demand, Installed, Wishes, verify
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from chapbook_core.lock.lockfile import Lock, LockedPackage
    from chapbook_core.project.groups import Group
    from chapbook_core.requirements.constraint import Constraint
    from chapbook_core.requirements.marker import Marker
    from chapbook_core.requirements.requirement import Requirement


@frozen
class Promise:
    """What the lock of a project has to satisfy."""

    groups: Sequence[Group]
    extras: Collection[str]
    python: Constraint
    environments: Marker
    """Where the lock has to work."""
    conflicts: Collection[frozenset[tuple[str, bool]]] = ()
    """Extras, and with `True` groups, of which at most one is asked for at a time."""
    overrides: Collection[Requirement] = ()
    constraints: Collection[Requirement] = ()
    excludes: frozenset[str] = frozenset()


@frozen
class Broken:
    """Something the lock does not hold."""

    message: str
    environment: str
    """The first one in which it shows."""
    others: int = 0
    """How many more of the sample show it."""

    def __str__(self) -> str:
        more = f" and {self.others} more" if self.others else ""
        return f"{self.message} ({self.environment}{more})"


def check_lock(lock: Lock, promise: Promise, *, checkpoint: Callable[[], None] = lambda: None) -> tuple[Broken, ...]:
    """Return what is wrong with a lock, each fault once; `checkpoint` is called now and then and may raise."""
    first: dict[str, str] = {}
    count: Counter[str] = Counter()
    judging = _Judging(lock, promise)
    for target in sample_targets(promise.python):
        environment = target.environment()
        if not promise.environments.evaluate(environment):
            continue
        for groups, extras in choices(promise):
            checkpoint()
            label = f"{target}{_label(groups, extras, promise)}"
            for message in judging.faults(environment, groups, extras):
                first.setdefault(message, label)
                count[message] += 1
    return tuple(Broken(message, label, count[message] - 1) for message, label in first.items())


def choices(promise: Promise) -> Iterator[tuple[frozenset[str], frozenset[str]]]:
    """Yield what somebody may ask for: everything that goes together, each group alone, each extra alone."""
    every = [(group.name, True) for group in promise.groups]
    without_extras = _going_together(every, promise)
    largest = _going_together([*every, *((extra, False) for extra in promise.extras)], promise)
    alone = (frozenset({switch}) for switch in every)
    each_extra = (
        frozenset({(group, True) for group, is_group in without_extras if is_group and group == "main"})
        | {(extra, False)}
        for extra in promise.extras
    )
    for switches in dict.fromkeys((largest, without_extras, *alone, *each_extra)):
        groups = frozenset(name for name, is_group in switches if is_group)
        yield groups, frozenset(name for name, is_group in switches if not is_group)


def _going_together(switches: Sequence[tuple[str, bool]], promise: Promise) -> frozenset[tuple[str, bool]]:
    """Return as many switches as may be on at the same time, the first ones rather than the last."""
    chosen: set[tuple[str, bool]] = set()
    for switch in switches:
        if not any(switch in rivals and rivals & chosen for rivals in promise.conflicts):
            chosen.add(switch)
    return frozenset(chosen)


def _label(groups: frozenset[str], extras: frozenset[str], promise: Promise) -> str:
    chosen = "" if len(groups) == len(promise.groups) else f", groups {'+'.join(sorted(groups))}"
    return chosen + (f", extras {'+'.join(sorted(extras))}" if extras else "")


class _Judging:
    """Holds a lock, taken apart once, against one environment after the other."""

    def __init__(self, lock: Lock, promise: Promise) -> None:
        self._lock = lock
        self._promise = promise
        self._installed = {id(package): _installed(package) for package in lock.packages}
        self._wishes = Wishes(
            overrides={
                name: tuple(_demand(one) for one in promise.overrides if one.name == name)
                for name in {one.name for one in promise.overrides}
            },
            constraints=tuple(map(_demand, promise.constraints)),
            excludes=promise.excludes,
        )

    def faults(self, environment: Mapping[str, str], groups: frozenset[str], extras: frozenset[str]) -> Iterator[str]:
        try:
            selected = tuple(self._selected(environment, groups, extras))
        except ChapbookError as error:
            yield error.message
            return
        demands = [
            _demand(requirement)
            for group in self._promise.groups
            if group.name in groups
            for requirement in group.requirements
            if _is_in_force(requirement, environment, groups, extras)
        ]
        installed = [self._installed[id(package)] for package in selected]
        violations = verify(demands, installed, environment, wishes=self._wishes)
        yield from dict.fromkeys(violation.message for violation in violations)

    def _selected(
        self, environment: Mapping[str, str], groups: frozenset[str], extras: frozenset[str]
    ) -> Iterator[LockedPackage]:
        if not says_groups(self._lock):
            yield from select(self._lock, environment, groups, extras, project=self._promise.groups)
            return
        for package in self._lock.packages:
            if is_selected(package, environment, groups, extras):
                yield package


def _is_in_force(
    requirement: Requirement, environment: Mapping[str, str], groups: frozenset[str], extras: frozenset[str]
) -> bool:
    if (requirement.in_extras or requirement.optional) and not requirement.in_extras & extras:
        return False
    return requirement.marker.evaluate(environment, extras, groups)


def _demand(requirement: Requirement) -> Demand:
    """Return what a requirement of the project demands; its markers are judged before."""
    return Demand(
        name=requirement.name,
        allows=requirement.constraint.allows,
        text=f"{requirement.pretty_name} {requirement.constraint.text}".strip(),
        extras=requirement.extras,
        is_direct=not isinstance(requirement.origin, IndexOrigin),
    )


def _installed(package: LockedPackage) -> Installed:
    demands = tuple(
        Demand(
            name=canonical_name(name),
            allows=_anything if dependency.constraint is None else _allowed_by(dependency.constraint),
            text=name if dependency.constraint in (None, "*") else f"{name} {dependency.constraint}",
            extras=frozenset(map(canonical_name, dependency.extras)),
            marker=_understood(dependency.markers),
            is_direct=dependency.constraint is None,
        )
        for name, dependencies in package.dependencies.items()
        for dependency in dependencies
    )
    return Installed(
        name=canonical_name(package.name),
        version=package.version,
        requires=(*demands, *_own_extras(package)),
        requires_python=_specifiers(package.python_versions),
        is_direct=package.source is not None and package.source.type != "legacy",
    )


def _own_extras(package: LockedPackage) -> Iterator[Demand]:
    """Yield what extras of a package ask of its other extras; a lock says that in the table of extras alone."""
    name = canonical_name(package.name)
    for extra, texts in package.extras.items():
        for text in texts:
            # Few name the package itself, and only they are worth reading.
            if not canonical_name(text).startswith(name):
                continue
            try:
                own = parse_requirement(text)
            except ChapbookError:
                continue
            if own.name == name:
                when = own.marker & parse_marker(f'extra == "{extra}"')
                yield Demand(name, own.constraint.allows, text, own.extras, str(when), is_direct=False)


def _understood(marker: str) -> str:
    """Return a marker when it is one, as `packaging` reads it; raises InvalidMarker."""
    parse_marker(marker)
    return marker.strip()


def _anything(_version: str) -> bool:
    return True


@lru_cache(maxsize=16384)
def _allowed_by(constraint: str) -> Callable[[str], bool]:
    """Return the judgement of a constraint: that of `packaging` where it understands the text."""
    try:
        specifiers = SpecifierSet("" if constraint == "*" else constraint)
    except InvalidSpecifier:
        return parse_constraint(constraint).allows
    return lambda version: specifiers.contains(version, prereleases=True)


def _specifiers(python_versions: str) -> str:
    """Return Pythons in the words of Requires-Python; nothing for a union, which has no such words."""
    if python_versions == "*":
        return ""
    try:
        SpecifierSet(python_versions)
    except InvalidSpecifier:
        try:
            return parse_constraint(python_versions).specifier_text()
        except NoSpecifier:
            return ""
    return python_versions
