"""What a lock selects is what the solver's regions say, and a lock of ours holds what it promises."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from chapbook_core.lock.lockfile import Lock, LockedFile
from chapbook_core.lock.poetry_format import format_lock
from chapbook_core.lock.poetry_reader import read_lock
from chapbook_core.lock.selection import applicable, select
from chapbook_core.project.groups import Group
from chapbook_core.requirements.constraint import parse_constraint
from chapbook_core.requirements.demand import Demand
from chapbook_core.requirements.marker import Marker, python_marker
from chapbook_core.requirements.requirement import parse_requirement
from chapbook_core.resolver.demands import ListedDemands
from chapbook_core.resolver.explain import NoSolution
from chapbook_core.resolver.lock_check import Promise, check_lock
from chapbook_core.resolver.locking import Details, Frame, make_lock
from tests.fakes.world import problem_of, selection_in, solve_world
from tests.property.resolver_oracle import ENVIRONMENTS, random_requirement, random_shape, random_world

if TYPE_CHECKING:
    from chapbook_core.resolver.problem import Selected, Solution

PYTHON = parse_constraint(">=3.10,<3.14")
GROUPS = (frozenset({"main"}), frozenset({"dev"}), frozenset({"main", "dev"}), frozenset[str]())
EXTRAS = (frozenset[str](), frozenset({"fast"}), frozenset({"slow"}), frozenset({"fast", "slow"}))
few = settings(max_examples=60, deadline=None)
seeds = st.integers(min_value=0, max_value=1_000_000)


def solved(seed: int) -> tuple[dict[str, Any], dict[str, Any], Solution]:
    """Return the first world from a seed on that has a solution."""
    for number in count(seed):
        chance = random.Random(number)
        shape = random_shape(chance)
        packages, root = random_world(chance, shape)
        names = sorted(packages)
        root["groups"] = {"dev": [random_requirement(chance, chance.choice(names), shape, own_extras=False)]}
        root["extras"] = {
            extra: [random_requirement(chance, chance.choice(names), shape, own_extras=False)]
            for extra in ("fast", "slow")
        }
        try:
            return packages, root, solve_world(packages, root)
        except NoSolution:
            continue
    raise AssertionError


def locked(packages: dict[str, Any], root: dict[str, Any], solution: Solution) -> Lock:
    def details(selected: Selected) -> Details:
        release = packages[selected.name][selected.version]
        demands = tuple(
            Demand(parse_requirement(text), text.partition(";")[2].strip()) for text in release.get("requires", ())
        )
        files = (LockedFile(f"{selected.name}.whl", "sha256:00"),)
        return Details(ListedDemands(demands), release.get("python", ""), "", files)

    extras = {extra: tuple(parse_requirement(text).name for text in texts) for extra, texts in root["extras"].items()}
    lock = make_lock(solution, Frame(python_marker(PYTHON), PYTHON.text, "00", extras), details)
    return read_lock(format_lock(lock), Path("poetry.lock"))


def project(root: dict[str, Any]) -> tuple[Group, ...]:
    main = [parse_requirement(text) for text in root["requires"]]
    for extra, texts in root["extras"].items():
        main += [replace(parse_requirement(text), in_extras=frozenset({extra})) for text in texts]
    dev = tuple(parse_requirement(text) for text in root["groups"]["dev"])
    return Group("main", "main", optional=False, requirements=tuple(main)), Group("dev", "dev", False, dev)


def versions(packages: Any) -> dict[str, str]:
    return {package.name: package.version for package in packages}


@few
@given(seeds)
def test_a_lock_selects_what_the_regions_of_the_solution_say(seed: int) -> None:
    packages, root, solution = solved(seed)
    lock = locked(packages, root, solution)
    for environment in ENVIRONMENTS:
        for groups in GROUPS:
            for extras in EXTRAS:
                expected = selection_in(solution, environment, extras=tuple(extras), groups=tuple(groups))
                assert expected == versions(select(lock, environment, groups, extras))


@few
@given(seeds)
def test_what_any_extras_can_bring_is_applicable(seed: int) -> None:
    packages, root, solution = solved(seed)
    lock = locked(packages, root, solution)
    for environment in ENVIRONMENTS:
        possible = {(one.name, one.version) for one in applicable(lock, environment, {"main"})}
        brought = {(one.name, one.version) for extras in EXTRAS for one in select(lock, environment, {"main"}, extras)}
        assert brought == possible


@few
@given(seeds)
def test_a_lock_of_a_former_format_selects_the_same_where_each_name_is_locked_once(seed: int) -> None:
    packages, root, solution = solved(seed)
    lock = locked(packages, root, solution)
    assume(len({package.name for package in lock.packages}) == len(lock.packages))
    bare = tuple(replace(package, groups=(), markers={}) for package in lock.packages)
    former, declared = replace(lock, lock_version="2.0", packages=bare), project(root)
    for environment in ENVIRONMENTS:
        for groups in GROUPS:
            for extras in EXTRAS:
                expected = versions(select(lock, environment, groups, extras))
                assert expected == versions(select(former, environment, groups, extras, project=declared))


@few
@given(seeds)
def test_a_lock_of_ours_holds_what_it_promises(seed: int) -> None:
    packages, root, solution = solved(seed)
    problem = problem_of(root)
    promise = Promise(
        groups=project(root),
        extras=("fast", "slow"),
        python=PYTHON,
        environments=Marker(problem.environments),
        constraints=tuple(parse_requirement(text) for text in root.get("constraints", ())),
    )
    assert () == check_lock(locked(packages, root, solution), promise)


@few
@given(seeds, st.randoms())
def test_a_lock_that_lost_a_package_does_not(seed: int, chance: random.Random) -> None:
    packages, root, solution = solved(seed)
    lock = locked(packages, root, solution)
    problem = problem_of(root)
    assume(lock.packages)
    lost = chance.choice(lock.packages)
    poorer = replace(lock, packages=tuple(package for package in lock.packages if package is not lost))
    promise = Promise(project(root), ("fast", "slow"), PYTHON, Marker(problem.environments))
    faults = check_lock(poorer, promise)
    assert any(f"no {lost.name} is selected" in fault.message for fault in faults)
