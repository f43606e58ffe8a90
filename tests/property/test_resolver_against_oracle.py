from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from chapbook_core.requirements.marker import Marker
from chapbook_core.resolver.answering import answer
from chapbook_core.resolver.explain import NoSolution
from chapbook_core.resolver.facts import Facts, MetadataWanted, VersionsWanted, Want
from chapbook_core.resolver.problem import LockedVersion, Policy, Problem
from chapbook_core.resolver.solver import solve
from tests.fakes.world import World, problem_of
from tests.property.resolver_oracle import POLICIES, compare, random_shape, random_world

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chapbook_core.resolver.problem import Solution

WORLDS = 300


def worlds(name: str, count: int = WORLDS) -> Iterator[tuple[random.Random, dict[str, Any], dict[str, Any]]]:
    for number in range(count):
        chance = random.Random(f"{name}-{number}")
        packages, root = random_world(chance, random_shape(chance))
        yield chance, packages, root


def solution_of(problem: Problem, packages: dict[str, Any]) -> Solution | None:
    try:
        return answer(problem, World(packages).tell)
    except NoSolution:
        return None


@pytest.mark.parametrize("policy", sorted(set(POLICIES), key=repr), ids=str)
def test_the_solver_agrees_with_trying_everything(policy: Policy) -> None:
    verdicts = []
    for _, packages, root in worlds(f"oracle {policy}"):
        solvable, wrong = compare(packages, root, policy)
        assert wrong == [], (packages, root)
        verdicts.append(solvable)
    assert 0.2 < sum(verdicts) / len(verdicts) < 0.8


def test_the_order_in_which_facts_arrive_changes_nothing() -> None:
    for chance, packages, root in worlds("order"):
        problem = problem_of(root)
        expected = solution_of(problem, packages)
        if expected is None:
            continue
        world = World(packages)
        every_want: list[Want] = []
        for name, versions in packages.items():
            every_want += [VersionsWanted(name), *(MetadataWanted(name, version) for version in versions)]
        everything: Facts = {want: world.tell(want) for want in every_want}
        solving, facts = solve(problem), None
        actual: Solution | None = None
        while actual is None:
            try:
                need = next(solving) if facts is None else solving.send(facts)
            except StopIteration as end:
                actual = end.value
                break
            # What was wanted, and anything else in any order.
            extra = chance.sample(list(everything), chance.randint(0, len(everything)))
            wants = [*need.wanted, *need.hints, *extra]
            chance.shuffle(wants)
            facts = {want: everything.get(want) or world.tell(want) for want in wants}
        assert actual.packages == expected.packages


def test_a_failure_is_told_the_same_each_time() -> None:
    for _, packages, root in worlds("failure", 100):
        problem = problem_of(root)
        messages = set()
        for _ in range(2):
            try:
                answer(problem, World(packages).tell)
            except NoSolution as failure:
                messages.add(failure.message)
        assert len(messages) <= 1


def test_removing_a_requirement_of_the_project_cannot_break_it() -> None:
    for chance, packages, root in worlds("removal"):
        if solution_of(problem_of(root), packages) is None:
            continue
        fewer = {**root, "requires": chance.sample(root["requires"], len(root["requires"]) - 1)}
        assert solution_of(problem_of(fewer), packages) is not None


def test_locking_again_with_the_locked_versions_changes_nothing() -> None:
    for chance, packages, root in worlds("again"):
        policy = chance.choice(POLICIES)
        first = solution_of(problem_of(root, policy), packages)
        if first is None:
            continue
        locked = tuple(
            LockedVersion(package.name, package.version, package.origin, package.region) for package in first.packages
        )
        problem = problem_of(root, policy)
        again = solution_of(
            Problem(problem.requirements, problem.environments, constraints=problem.constraints, locked=locked),
            packages,
        )
        assert again is not None
        assert again.packages == first.packages


def test_a_package_is_split_into_regions_that_do_not_touch() -> None:
    for _, packages, root in worlds("split"):
        solution = solution_of(problem_of(root), packages)
        if solution is None:
            continue
        seen: dict[str, Marker] = {}
        for package in solution.packages:
            region = Marker(package.region)
            assert not region.is_never
            assert seen.get(package.name, Marker(0)).is_disjoint(region)
            seen[package.name] = seen.get(package.name, Marker(0)) | region


def test_extras_in_conflict_are_solved_each_by_itself() -> None:
    """With a conflict declared, each extra alone is solvable exactly when the project with only that extra is."""
    for chance, packages, root in worlds("conflict", 150):
        names = sorted(packages)
        extras = {extra: [f"{chance.choice(names)}{chance.choice(('<2', '>=2', '==3'))}"] for extra in ("x", "y")}
        together = {**root, "extras": extras, "conflicts": [["extra:x", "extra:y"]]}
        alone = [
            solution_of(problem_of({**root, "requires": [*root["requires"], *extras[extra]]}), packages)
            for extra in ("x", "y")
        ]
        assert (solution_of(problem_of(together), packages) is not None) == all(
            solution is not None for solution in alone
        )
