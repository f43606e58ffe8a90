from __future__ import annotations

import tomllib
from itertools import chain, combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from chapbook_core.requirements.constraint import parse_constraint
from chapbook_core.requirements.diagram import cofactor, conjunction
from chapbook_core.requirements.marker import Marker, parse_marker
from chapbook_core.requirements.marker_variable import GROUPS
from chapbook_core.requirements.target import sample_targets
from chapbook_core.resolver.answering import answer
from chapbook_core.resolver.explain import NoSolution
from chapbook_core.resolver.problem import ForkStrategy, Policy, Prereleases, Resolution
from chapbook_core.resolver.verify import Demand, Installed, Wishes, demand, verify
from tests.fakes.world import World, problem_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from chapbook_core.resolver.problem import Selected, Solution

SCENARIOS = sorted((Path(__file__).parents[2] / "scenarios").glob("**/*.toml"))


@pytest.mark.parametrize("file", SCENARIOS, ids=lambda file: file.stem)
def test_the_world_turns_out_as_expected(file: Path) -> None:
    scenario = tomllib.loads(file.read_text(encoding="utf-8"))
    project, expected = scenario["project"], scenario["expected"]
    world = World(scenario.get("packages", {}), scenario.get("sources", {}), scenario.get("references", {}))
    policy = policy_of(scenario.get("policy", {}))
    problem = problem_of(project, policy)

    if "fails" in expected:
        with pytest.raises(NoSolution) as failure:
            answer(problem, world.tell)
        told = "\n".join([failure.value.message, *failure.value.hints])
        assert [phrase for phrase in expected["fails"] if phrase not in told] == [], told
        assert [phrase for phrase in expected.get("silent", ()) if phrase in told] == [], told
        return

    solution = answer(problem, world.tell)

    assert {words(package, solution.universe) for package in solution.packages} == {
        canonical_words(text, solution.universe) for text in expected["packages"]
    }
    assert solution.steps <= expected["steps"]
    assert list(violations(scenario, world, policy, solution)) == []
    again = answer(problem, World(world.packages, world.sources, world.references).tell)
    assert again == solution


def test_there_are_enough_worlds() -> None:
    assert len(SCENARIOS) >= 120


def policy_of(table: dict[str, Any]) -> Policy:
    return Policy(
        resolution=Resolution(table.get("resolution", "newest")),
        prereleases=Prereleases(table.get("prereleases", "when-needed")),
        fork_strategy=ForkStrategy(table.get("forks", "fewest")),
        ignore_python_upper_bounds=table.get("python-upper-bounds") == "ignored",
    )


def words(package: Selected, universe: int) -> tuple[str, str]:
    return f"{package.name} {package.version}", region_words(cofactor(package.region, GROUPS + "main", 1), universe)


def canonical_words(text: str, universe: int) -> tuple[str, str]:
    release, _, marker = text.partition(";")
    return release.strip(), region_words(parse_marker(marker).node, universe)


def region_words(region: int, universe: int) -> str:
    """Return the one text of a region, as far as it lies in the universe."""
    return Marker(conjunction(region, universe)).text(Marker(universe))


# The independent check


def violations(scenario: dict[str, Any], world: World, policy: Policy, solution: Solution) -> Iterator[str]:
    project = scenario["project"]
    problem = problem_of(project)
    groups = ["main", *project.get("groups", {})]
    for target in sample_targets(parse_constraint(project.get("python", "*"))):
        environment = target.environment()
        if not Marker(problem.environments).evaluate(environment, (), ()):
            continue
        for chosen in subsets(project.get("extras", {})):
            for active in (groups, ["main"]):
                if not is_allowed(project, chosen, active):
                    continue
                selected = [
                    installed(world, package)
                    for package in solution.packages
                    if Marker(package.region).evaluate(environment, chosen, active)
                ]
                asked = demands(project, active, chosen)
                if any(each.name == project.get("name") for each in asked):
                    selected.append(itself(project))
                yield from map(
                    str,
                    verify(
                        asked,
                        selected,
                        environment,
                        extras=chosen,
                        wishes=wishes(project),
                        ignore_python_upper_bounds=policy.ignore_python_upper_bounds,
                    ),
                )


def subsets(extras: Iterable[str]) -> Iterator[tuple[str, ...]]:
    names = list(extras)
    return chain.from_iterable(combinations(names, size) for size in range(len(names) + 1))


def is_allowed(project: dict[str, Any], extras: tuple[str, ...], groups: list[str]) -> bool:
    active = {f"extra:{extra}" for extra in extras} | {f"group:{group}" for group in groups}
    return all(len(active.intersection(conflict)) <= 1 for conflict in project.get("conflicts", ()))


def demands(project: dict[str, Any], groups: list[str], extras: tuple[str, ...]) -> list[Demand]:
    texts = list(project.get("requires", ()))
    for group, required in project.get("groups", {}).items():
        texts += required if group in groups else []
    for extra, required in project.get("extras", {}).items():
        texts += required if extra in extras else []
    return [demand(text) for text in texts]


def itself(project: dict[str, Any]) -> Installed:
    """Return the project as a release, for those who require it by its own name."""
    requires = []
    for extra, texts in project["extras"].items():
        for text in texts:
            requirement, _, marker = text.partition(";")
            condition = f"({marker}) and extra == '{extra}'" if marker else f"extra == '{extra}'"
            requires.append(f"{requirement} ; {condition}")
    return Installed(project["name"], "0", tuple(requires))


def wishes(project: dict[str, Any]) -> Wishes:
    overrides: dict[str, tuple[Demand, ...]] = {}
    for text in project.get("overrides", ()):
        wish = demand(text)
        overrides[wish.name] = (*overrides.get(wish.name, ()), wish)
    constraints = tuple(map(demand, project.get("constraints", ())))
    return Wishes(overrides, constraints, frozenset(project.get("excludes", ())))


def installed(world: World, package: Selected) -> Installed:
    release = world.release(package.name, package.version, package.origin)
    is_direct = package.origin is not None and not hasattr(package.origin, "source")
    return Installed(
        name=package.name,
        version=package.version,
        requires=tuple(release.get("requires", ())),
        requires_python=release.get("python", release.get("metadata_python", "")),
        is_direct=is_direct,
    )
