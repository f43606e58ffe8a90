"""Selection: the locked packages that belong into one environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.errors import ChapbookError
from chapbook_core.lock.former_selection import former_selection, require_roots
from chapbook_core.lock.wanted import choose_extras
from chapbook_core.requirements.marker import NEVER, Marker, parse_marker

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from chapbook_core.lock.lockfile import Lock, LockedPackage
    from chapbook_core.project.groups import Group

_WITH_GROUPS = (2, 1)
"""The first format that says of each package which groups need it, and where."""


class PythonNotLocked(ChapbookError):
    """The lock was made for other Pythons than the one it is to be used with."""

    def __init__(self, python: str, allowed: str) -> None:
        super().__init__(
            f"Python {python} is not among those the lock is for: {allowed}",
            hints=["use another Python, or allow this one in `requires-python` and run `chapbook lock`"],
        )


class LockedTwice(ChapbookError):
    """The lock selects two versions of one package for the same environment."""

    def __init__(self, name: str, versions: Sequence[str]) -> None:
        super().__init__(
            f"the lock selects `{name}` as {' and as '.join(versions)} for one environment",
            hints=[
                "if you asked for several extras or groups, ask for those that exclude each other one at a time",
                "otherwise run `chapbook lock --regenerate`",
            ],
        )


def select(
    lock: Lock,
    environment: Mapping[str, str],
    groups: Collection[str],
    extras: Collection[str],
    *,
    project: Sequence[Group] = (),
    exempt: Collection[str] = (),
) -> tuple[LockedPackage, ...]:
    """Return what is installed in an environment for some groups and extras of the project, in the lock's order.

    A lock says of each package which groups need it, and where. One of a format before 2.1 does not, so the way is
    followed from the requirements of the `project`. In both what these ask for has to be there: a lock that somebody
    has cut short must not be taken for one that needs less. `exempt` are names that need not: the project's own, which
    stands for what its extras ask for, and those that the project excludes or overrides.

    Raises:
        PythonNotLocked: The environment's Python is outside the lock's range.
        UnknownExtra: The lock knows no such extra.
        LockedTwice: Two versions of a package are selected.
        LockIncomplete: Something that is required is missing.

    """
    check_python(lock, environment)
    chosen = choose_extras(lock.extras, extras)
    if not says_groups(lock):
        return former_selection(lock, environment, groups, chosen, project)
    packages = tuple(package for package in lock.packages if is_selected(package, environment, groups, chosen))
    _check_once(packages)
    require_roots({package.name for package in packages} | set(exempt), environment, groups, chosen, project)
    return packages


def applicable(
    lock: Lock, environment: Mapping[str, str], groups: Collection[str], *, project: Sequence[Group] = ()
) -> tuple[LockedPackage, ...]:
    """Return what can be installed in an environment for some groups, whatever extras are asked for.

    Extras that exclude each other may bring several versions of one package.
    """
    check_python(lock, environment)
    if not says_groups(lock):
        return former_selection(lock, environment, groups, choose_extras(lock.extras, every=True), project)
    return tuple(
        package
        for package in lock.packages
        if region_of(package, groups).without_extras().evaluate(environment, groups=groups)
    )


def is_selected(
    package: LockedPackage, environment: Mapping[str, str], groups: Collection[str], extras: Collection[str]
) -> bool:
    """Tell whether one of the groups needs the package in an environment."""
    return any(
        parse_marker(package.markers.get(group, "")).evaluate(environment, extras, groups)
        for group in package.groups
        if group in groups
    )


def region_of(package: LockedPackage, groups: Collection[str] | None = None) -> Marker:
    """Return where some groups need the package; without groups, where anything does."""
    if not package.groups:
        return parse_marker(next(iter(package.markers.values()), ""))
    region = NEVER
    for group in package.groups:
        if groups is None or group in groups:
            region |= parse_marker(package.markers.get(group, ""))
    return region


def says_groups(lock: Lock) -> bool:
    """Tell whether the format of the lock has the groups of each package."""
    major, _, minor = lock.lock_version.partition(".")
    return (int(major), int(minor or 0)) >= _WITH_GROUPS


def check_python(lock: Lock, environment: Mapping[str, str]) -> None:
    """Raise PythonNotLocked unless the lock is for the environment's Python."""
    # `packaging.version` costs a start 16 ms, and a command may know already.
    from chapbook_core.requirements.constraint import parse_constraint
    from chapbook_core.requirements.marker import python_marker

    if not python_marker(parse_constraint(lock.python_versions)).evaluate(environment):
        raise PythonNotLocked(environment["python_full_version"], lock.python_versions)


def _check_once(packages: Sequence[LockedPackage]) -> None:
    versions: dict[str, list[str]] = {}
    for package in packages:
        versions.setdefault(package.name, []).append(package.version)
    for name, found in versions.items():
        if len(found) > 1:
            raise LockedTwice(name, found)
