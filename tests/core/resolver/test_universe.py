from __future__ import annotations

from chapbook_core.requirements.diagram import TRUE, conjunction
from chapbook_core.requirements.marker import Marker, parse_marker
from chapbook_core.resolver.facts import Dependency
from chapbook_core.resolver.problem import Problem, RootRequirement, Switch
from chapbook_core.resolver.universe import Universe


def root(name: str = "a", *, extra: str = "", group: str = "main", marker: str = "") -> RootRequirement:
    return RootRequirement(Dependency(name, region=parse_marker(marker).node, extra=extra), group)


def test_without_conflicts_the_solver_sees_every_switch_on() -> None:
    requirement = root(extra="x", group="dev")
    universe = Universe(Problem((requirement,)))
    assert universe.region == TRUE
    assert universe.solved_region(requirement) == TRUE
    assert universe.full_region(requirement) == parse_marker("extra == 'x' and 'dev' in dependency_groups").node


def test_switches_in_conflict_are_never_on_together() -> None:
    conflict = frozenset({Switch("x"), Switch("y"), Switch("dev", is_group=True)})
    universe = Universe(Problem((root(extra="x"),), conflicts=(conflict,)))
    for both in ("extra == 'x' and extra == 'y'", "extra == 'y' and 'dev' in dependency_groups"):
        assert conjunction(universe.region, parse_marker(both).node) == 0
    for one in ("extra == 'x'", "extra == 'y'", "'dev' in dependency_groups"):
        assert conjunction(universe.region, parse_marker(one).node) != 0
    assert universe.solved_region(root(extra="x")) == conjunction(universe.region, parse_marker("extra == 'x'").node)


def test_an_extra_that_markers_speak_of_stays_free() -> None:
    apart = root(marker="extra == 'x' and extra != 'y'")
    universe = Universe(Problem((apart, root(extra="y"))))
    assert universe.solved_region(root(extra="y")) == parse_marker("extra == 'y'").node


def test_environments_bound_everything() -> None:
    linux = parse_marker("sys_platform == 'linux'").node
    universe = Universe(Problem((root(),), environments=linux))
    assert universe.region == linux
    assert universe.solved_region(root()) == linux


def test_a_region_is_seen_by_each_group_alone() -> None:
    universe = Universe(Problem((root(), root(group="dev"), root(group="docs"))))
    region = parse_marker("'main' in dependency_groups and sys_platform == 'linux' or 'dev' in dependency_groups").node
    groups = {group: Marker(seen) for group, seen in universe.by_group(region).items()}
    assert groups == {"main": parse_marker("sys_platform == 'linux'"), "dev": parse_marker("")}


def test_what_was_locked_for_a_switch_is_locked_for_the_solver() -> None:
    universe = Universe(Problem((root(), root(group="dev"))))
    assert universe.with_switches_on(parse_marker("'dev' in dependency_groups and extra == 'x'").node) == TRUE
