from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chapbook_core.resolver.answering import answer
from chapbook_core.resolver.explain import NoSolution
from chapbook_core.resolver.facts import MetadataWanted, VersionsWanted
from chapbook_core.resolver.solver import solve
from tests.fakes.world import Tables, World, problem_of, solve_world

if TYPE_CHECKING:
    from chapbook_core.resolver.facts import Facts, Metadata, Need, Unavailable, Want
    from chapbook_core.resolver.problem import Problem
    from chapbook_core.resolver.versions import Versions

PACKAGES = {
    "a": {"1": {"requires": ["b", "c"]}},
    "b": {"1": {}, "2": {"requires": ["d"]}},
    "c": {"1": {}},
    "d": {"1": {}},
}
PROBLEM = problem_of({"requires": ["a"]})


def needs(problem: Problem, world: World) -> list[Need]:
    asked: list[Need] = []
    solving = solve(problem)
    facts: Facts | None = None
    while True:
        try:
            need = next(solving) if facts is None else solving.send(facts)
        except StopIteration:
            return asked
        asked.append(need)
        facts = {want: world.tell(want) for want in need.wanted}


def test_a_project_without_requirements_asks_nothing() -> None:
    assert needs(problem_of({"requires": []}), World()) == []


def test_each_question_is_asked_once_and_only_what_is_needed() -> None:
    world = World({**PACKAGES, "unrelated": {"1": {}}})
    answer(PROBLEM, world.tell)
    assert len(world.asked) == len(set(world.asked)) == 8
    assert {want.name for want in world.asked} == {"a", "b", "c", "d"}


def test_all_packages_that_a_release_requires_are_asked_for_at_once() -> None:
    wanted = [need.wanted for need in needs(PROBLEM, World(PACKAGES))]
    assert wanted[:3] == [
        (VersionsWanted("a"),),
        (MetadataWanted("a", "1"),),
        (VersionsWanted("b"), VersionsWanted("c")),
    ]


def test_hints_name_what_is_asked_next() -> None:
    asked = needs(PROBLEM, World(PACKAGES))
    hinted = {hint for need in asked for hint in need.hints}
    wanted = {want for need in asked for want in need.wanted}
    # `c` leaves no choice, so it is decided first and `b` can be read meanwhile.
    assert MetadataWanted("b", "2") in hinted
    assert hinted <= wanted


def test_what_was_told_ahead_is_not_asked() -> None:
    world = World(PACKAGES)
    solving = solve(PROBLEM)
    first = next(solving)
    everything = {want: world.tell(want) for need in needs(PROBLEM, World(PACKAGES)) for want in need.wanted}
    assert first.wanted == (VersionsWanted("a"),)
    with pytest.raises(StopIteration):
        solving.send(everything)


def test_a_search_can_be_dropped_between_any_two_questions() -> None:
    for stop in range(8):
        solving = solve(PROBLEM)
        world = World(PACKAGES)
        need = next(solving)
        for _ in range(stop):
            try:
                need = solving.send({want: world.tell(want) for want in need.wanted})
            except StopIteration:
                break
        solving.close()


def test_progress_counts_what_is_decided_and_known() -> None:
    progress = [need.progress for need in needs(PROBLEM, World(PACKAGES))]
    assert (progress[0].decided, progress[0].known, progress[0].suspect) == (0, 0, "")
    assert progress[-1].known == 4
    assert [step.steps for step in progress] == sorted(step.steps for step in progress)


def test_the_index_is_not_asked_for_what_the_project_takes_from_elsewhere() -> None:
    world = World(references={"https://example.org/a-1.0.tar.gz": {"name": "a", "version": "1.0"}})
    answer(problem_of({"requires": ["a @ https://example.org/a-1.0.tar.gz"]}), world.tell)
    assert all(want.origin is not None for want in world.asked)


def test_what_stood_in_the_way_of_a_newer_version_is_told() -> None:
    packages = {"a": {"1": {}, "2": {"requires": ["b>=2"]}}, "b": {"1": {}, "2": {}}}
    assert solve_world(packages, {"requires": ["a", "b<2"]}).held_back == {"a": "b"}
    assert solve_world(packages, {"requires": ["a", "b"]}).held_back == {}


def test_steps_grow_with_the_world_and_not_with_its_combinations() -> None:
    def steps(size: int) -> int:
        names = [f"p{number}" for number in range(size)]
        packages: Tables = {name: {"1": {}, "2": {}} for name in names}
        markers = {name: f"platform_machine == '{name}'" for name in names}
        requires = [
            text
            for name, marker in markers.items()
            for text in (f"{name}<2 ; {marker}", f"{name}>=2 ; {marker.replace('==', '!=')}")
        ]
        return solve_world(packages, {"requires": requires}).steps

    assert steps(40) <= 2 * steps(20)


def test_a_long_search_for_nothing_ends() -> None:
    """Every version of each package pins the others to another version than they pin themselves."""
    size = 12
    packages: dict[str, Tables] = {
        name: {str(version): {"requires": [f"{other}=={version}"]} for version in range(1, size)}
        for name, other in (("a", "b"), ("b", "c"), ("c", "d"))
    }
    packages["d"] = {str(version): {"requires": [f"a=={version + 1}"]} for version in range(1, size)}
    with pytest.raises(NoSolution):
        solve_world(packages, {"requires": ["a"]})


def test_an_answer_may_be_shared_by_several_searches() -> None:
    world = World(PACKAGES)
    shared: dict[Want, Versions | Metadata | Unavailable] = {}

    def tell(want: Want) -> Versions | Metadata | Unavailable:
        return shared.setdefault(want, world.tell(want))

    assert answer(PROBLEM, tell) == answer(PROBLEM, tell) == answer(PROBLEM, World(PACKAGES).tell)
