"""Hot additions: what of a plan can be put in at once while the rest of it waits for the kernel to start anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.installer.plan import Install, Plan, Update
from chapbook_core.requirements.constraint import parse_constraint
from chapbook_core.requirements.marker import parse_marker
from chapbook_core.requirements.name import canonical_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chapbook_core.lock.lockfile import LockedPackage


def hot_additions(plan: Plan, markers: Mapping[str, str]) -> Plan:
    """Return the packages that only come, and whose requirements are met by what stays for the time being.

    What changes or goes waits as a whole: packages that stay may need it as it is.
    """
    waiting = {step.package.name: step.before for step in plan.steps if isinstance(step, Update)}
    coming = {step.package.name: step.package for step in plan.steps if isinstance(step, Install)}
    cold: set[str] = set()
    is_growing = True
    while is_growing:
        found = {
            name
            for name, package in coming.items()
            if name not in cold and any(_is_cold(need, waiting, cold) for need in _needs(package, markers))
        }
        cold |= found
        is_growing = bool(found)
    steps = (step for step in plan.steps if isinstance(step, Install) and step.package.name not in cold)
    return Plan(tuple(steps))


def _needs(package: LockedPackage, markers: Mapping[str, str]) -> Iterator[tuple[str, str | None]]:
    for spelled, dependencies in package.dependencies.items():
        for dependency in dependencies:
            if dependency.markers and not parse_marker(dependency.markers).without_extras().evaluate(markers):
                continue
            yield canonical_name(spelled), dependency.constraint


def _is_cold(need: tuple[str, str | None], waiting: Mapping[str, str], cold: set[str]) -> bool:
    name, constraint = need
    if name not in waiting:
        return name in cold
    return constraint is None or not parse_constraint(constraint).allows(waiting[name])
