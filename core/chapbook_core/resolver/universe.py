"""Universe: the points a solution must hold at, each an environment with some of the project's switches turned on.

A switch is an extra or a group of the project. What is required with a switch on is also required with more of them
on, so a solution for all of them on is one for any of them, and that is the only combination the solver looks at. It is
different for switches that the project declares to be in conflict, and for extras that its own markers ask for: those
stay free, and all their allowed combinations are points.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.requirements.diagram import (
    FALSE,
    TRUE,
    cofactor,
    complement,
    conjunction,
    disjunction,
    flag,
    variables,
)
from chapbook_core.requirements.marker_variable import EXTRA, GROUPS
from chapbook_core.resolver.problem import Switch

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chapbook_core.resolver.problem import Problem, RootRequirement

_ON = 1
_OFF = 0


def variable(switch: Switch) -> str:
    """Return the diagram's variable for a switch, the one its markers use too."""
    return f"{GROUPS if switch.is_group else EXTRA}{switch.name}"


def switches(requirement: RootRequirement) -> tuple[Switch, ...]:
    """Return what must be on for a requirement of the project to be in force."""
    group = Switch(requirement.group, is_group=True)
    extra = requirement.dependency.extra
    return (group, Switch(extra)) if extra else (group,)


class Universe:
    """The region to solve for, and how it is seen by somebody who turns switches on."""

    def __init__(self, problem: Problem) -> None:
        self._allowed = problem.environments
        for conflict in problem.conflicts:
            self._allowed = conjunction(self._allowed, _at_most_one(conflict))
        self._free = {variable(switch) for conflict in problem.conflicts for switch in conflict}
        for requirement in problem.requirements:
            self._free |= {
                name for name in variables(requirement.dependency.region) if name.startswith((EXTRA, GROUPS))
            }
        self.region = self._allowed
        self._by_group: dict[int, dict[str, int]] = {}
        self._groups = sorted({requirement.group for requirement in problem.requirements})

    def solved_region(self, requirement: RootRequirement) -> int:
        """Return where a requirement of the project is in force, in the solver's eyes."""
        return self._in_force(requirement, [name for name in _names(requirement) if name in self._free])

    def full_region(self, requirement: RootRequirement) -> int:
        """Return where a requirement of the project is in force, over all switches."""
        return self._in_force(requirement, _names(requirement))

    def _in_force(self, requirement: RootRequirement, needed: Iterable[str]) -> int:
        region = conjunction(requirement.dependency.region, self._allowed)
        for name in needed:
            region = conjunction(region, flag(name))
        return region

    def with_switches_on(self, region: int) -> int:
        """Return a region over all switches as the solver sees it, with every switch on that is not free."""
        for name in variables(region):
            if name.startswith((EXTRA, GROUPS)) and name not in self._free:
                region = cofactor(region, name, _ON)
        return region

    def by_group(self, region: int) -> dict[str, int]:
        """Return what a region over all switches is for each group alone, where it is anything."""
        known = self._by_group.get(region)
        if known is None:
            known = self._by_group[region] = self._each_alone(region)
        return known

    def _each_alone(self, region: int) -> dict[str, int]:
        groups = {}
        for group in self._groups:
            alone = region
            for other in self._groups:
                alone = cofactor(alone, variable(Switch(other, is_group=True)), _ON if other == group else _OFF)
            if alone != FALSE:
                groups[group] = alone
        return groups


def _names(requirement: RootRequirement) -> list[str]:
    return [variable(switch) for switch in switches(requirement)]


def _at_most_one(conflict: Iterable[Switch]) -> int:
    none_yet = TRUE
    at_most_one = FALSE
    names = sorted(variable(switch) for switch in conflict)
    for name in names:
        # Either this one is the first that is on and none follows, or the decision is left to those after it.
        at_most_one = disjunction(conjunction(at_most_one, complement(flag(name))), conjunction(none_yet, flag(name)))
        none_yet = conjunction(none_yet, complement(flag(name)))
    return disjunction(at_most_one, none_yet)
