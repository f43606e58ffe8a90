from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from chapbook_core.resolver.advice import Advice, advise
from chapbook_core.resolver.explain import NoSolution
from tests.fakes.world import Tables, World, solve_world

if TYPE_CHECKING:
    from chapbook_core.resolver.facts import Facts


def advice(packages: Tables, **project: Any) -> Advice | None:
    with pytest.raises(NoSolution) as caught:
        solve_world(packages, {"python": ">=3.10", **project})
    world = World(packages)
    advising = advise(caught.value)
    facts: Facts | None = None
    while True:
        try:
            need = next(advising) if facts is None else advising.send(facts)
        except StopIteration as end:
            found: Advice | None = end.value
            return found
        facts = {want: world.tell(want) for want in need.wanted}


def edit(packages: Tables, **project: Any) -> str:
    found = advice(packages, **project)
    return found.edit if found else ""


def test_less_python_is_advised_when_that_is_all_it_takes() -> None:
    assert edit({"a": {"1": {"python": ">=3.12"}}}, requires=["a"]) == (
        'narrow `requires-python` of the project to ">=3.12"'
    )


def test_pythons_are_taken_away_until_no_conflict_is_left() -> None:
    packages: Tables = {
        "a": {"1": {"python": ">=3.10,<3.13"}},
        "b": {"1": {"python": ">=3.11,!=3.12.3"}},
    }
    assert edit(packages, requires=["a", "b"]) == ('narrow `requires-python` of the project to ">=3.11,!=3.12.3,<3.13"')


def test_a_looser_requirement_is_advised_with_what_it_leads_to() -> None:
    packages = {"a": {"1": {}, "2": {"requires": ["b<2"]}}, "b": {"1": {}, "2": {}}}
    assert edit(packages, requires=["a>=2", "b>=2"]) == "require `a` without `>=2`; then a 1 is selected"


def test_only_what_works_is_advised() -> None:
    packages = {"a": {"2": {"requires": ["b<2"]}}, "b": {"1": {}, "2": {}}}
    assert edit(packages, requires=["a>=2", "b>=2"]) == "require `b` without `>=2`; then b 1 is selected"


def test_a_constraint_may_be_what_to_drop() -> None:
    packages = {"a": {"1": {"requires": ["b>=2"]}}, "b": {"1": {}, "2": {}}}
    assert edit(packages, requires=["a"], constraints=["b<2"]) == "drop the constraint `b <2`"


def test_a_package_that_cannot_be_had_is_to_be_removed() -> None:
    assert edit({"b": {"1": {}}}, requires=["a", "b"]) == "remove `a`"


def test_the_solution_after_the_edit_comes_along() -> None:
    found = advice({"a": {"1": {}}}, requires=["a>=2"])
    assert found is not None
    assert [(package.name, package.version) for package in found.solution.packages] == [("a", "1")]


def test_two_independent_failures_have_no_single_remedy() -> None:
    packages: Tables = {"a": {"1": {}}, "b": {"1": {}}}
    assert advice(packages, requires=["a>=2", "b>=2"]) is None


def test_extras_that_exclude_each_other_can_be_declared_so() -> None:
    packages: Tables = {"a": {"1": {}, "2": {}}}
    assert edit(packages, extras={"cpu": ["a<2"], "gpu": ["a>=2"]}) == (
        "if they are never wanted together, say so under [tool.chapbook]: "
        '`conflicts = [[{ extra = "cpu" }, { extra = "gpu" }]]`'
    )


def test_a_clash_within_one_extra_is_no_matter_of_rivals() -> None:
    packages: Tables = {"a": {"1": {}, "2": {}}}
    assert edit(packages, extras={"cpu": ["a<2", "a>=2"]}).startswith("require `a` without")
