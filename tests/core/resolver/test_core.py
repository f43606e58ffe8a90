from __future__ import annotations

from chapbook_core.requirements.diagram import TRUE, conjunction
from chapbook_core.requirements.marker import parse_marker
from chapbook_core.resolver.cause import Derived, NeedsPython, Requires, RootRequires
from chapbook_core.resolver.core import core_of, facts_of, region_of
from chapbook_core.resolver.facts import Dependency
from chapbook_core.resolver.incompatibility import Incompatibility
from chapbook_core.resolver.problem import RootRequirement

FULL = 0b111
WINDOWS = parse_marker("sys_platform == 'win32'").node


def root(name: str, excluded: int, region: int = TRUE) -> Incompatibility:
    return Incompatibility({name: excluded}, region, RootRequires(RootRequirement(Dependency(name))))


def requires(version: int, other: str, excluded: int, constraint: str = "*") -> Incompatibility:
    cause = Requires("a", str(version), Dependency(other, constraint))
    return Incompatibility({"a": version, other: excluded}, TRUE, cause)


def proof(*facts: Incompatibility, region: int = TRUE) -> Incompatibility:
    derived = facts[0]
    for fact in facts[1:]:
        derived = Incompatibility({}, region, Derived(derived, fact))
    return derived


def test_the_facts_of_a_proof_are_its_leaves_each_once() -> None:
    one, two = root("a", 1), root("b", 1)
    assert set(facts_of(proof(one, two, one))) == {one, two}


def test_facts_that_are_not_needed_are_left_out() -> None:
    needed = [root("a", 0b011), requires(0b100, "b", 0b001), root("b", 0b110)]
    superfluous = [root("c", 1), Incompatibility({"c": 0b100}, TRUE, NeedsPython("c", ">=3.9"))]
    groups = core_of(proof(*superfluous, *needed), lambda _: FULL)
    assert {fact for group in groups for fact in group.incompatibilities} == set(needed)


def test_the_same_requirement_of_several_releases_is_one_group() -> None:
    facts = [root("a", 0b001), requires(0b010, "b", FULL), requires(0b100, "b", FULL)]
    groups = core_of(proof(*facts), lambda _: FULL)
    assert sorted(group.versions for group in groups) == [0, 0b110]


def test_many_different_requirements_on_one_package_are_one_group() -> None:
    full = 0b1111111
    facts = [root("a", 1), root("b", full ^ 1)]
    facts += [requires(1 << place, "b", 1, f"=={place}") for place in range(1, 7)]
    groups = core_of(proof(*facts), lambda _: full)
    merged = next(group for group in groups if isinstance(group.fact, Requires))
    assert merged.versions == full ^ 1
    assert not merged.has_one_constraint


def test_a_core_holds_where_all_its_facts_do() -> None:
    old = parse_marker("python_version < '3.12'").node
    groups = core_of(proof(root("a", 0b011, WINDOWS), root("a", 0b100, old), region=WINDOWS), lambda _: FULL)
    assert region_of(groups) == conjunction(WINDOWS, old)
