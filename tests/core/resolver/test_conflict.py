from __future__ import annotations

from chapbook_core.requirements.diagram import TRUE, complement, sample
from chapbook_core.requirements.marker import parse_marker
from chapbook_core.resolver.assignment import PartialSolution
from chapbook_core.resolver.cause import Yanked
from chapbook_core.resolver.conflict import resolve
from chapbook_core.resolver.incompatibility import Incompatibility

WINDOWS = parse_marker("sys_platform == 'win32'").node
ABSENT, ONE, TWO = 1, 2, 4
FULL = ABSENT | ONE | TWO
ANYWHERE = sample(TRUE)


def incompatibility(region: int = TRUE, **terms: int) -> Incompatibility:
    return Incompatibility(terms, region, Yanked("a"))


def partial(*packages: str) -> PartialSolution:
    solution = PartialSolution(TRUE)
    for package in packages:
        solution.add(package, FULL)
    return solution


def test_a_conflict_of_requirements_alone_is_a_proof() -> None:
    solution = partial("a")
    solution.derive("a", incompatibility(a=ABSENT | ONE), TRUE)
    lesson = resolve(solution, incompatibility(a=TWO), ANYWHERE)
    assert lesson.incompatibility.terms == {}


def test_a_conflict_goes_back_to_the_decision_that_is_to_blame() -> None:
    solution = partial("a", "x", "b", "c")
    solution.decide("a", TWO, TRUE)
    solution.derive("b", incompatibility(a=TWO, b=ABSENT | ONE), TRUE)
    solution.derive("c", incompatibility(a=TWO, c=ABSENT | ONE), TRUE)
    solution.decide("x", ONE, TRUE)
    lesson = resolve(solution, incompatibility(b=TWO, c=TWO), ANYWHERE)
    assert lesson.incompatibility.terms == {"a": TWO}
    assert (lesson.level, lesson.affected) == (0, "a")


def test_a_conflict_of_two_decisions_leaves_the_earlier_one() -> None:
    solution = partial("a", "b", "c", "d")
    solution.decide("a", TWO, TRUE)
    solution.decide("b", TWO, TRUE)
    solution.derive("c", incompatibility(b=TWO, c=ABSENT | ONE), TRUE)
    solution.derive("d", incompatibility(b=TWO, d=ABSENT | ONE), TRUE)
    lesson = resolve(solution, incompatibility(a=TWO, c=TWO, d=TWO), ANYWHERE)
    assert lesson.incompatibility.terms == {"a": TWO, "b": TWO}
    assert (lesson.level, lesson.affected) == (1, "b")


def test_a_lesson_holds_in_the_common_region_of_its_causes() -> None:
    solution = partial("a", "b", "c")
    solution.decide("a", TWO, TRUE)
    solution.derive("b", incompatibility(WINDOWS, a=TWO, b=ABSENT | ONE), WINDOWS)
    solution.derive("c", incompatibility(a=TWO, c=ABSENT | ONE), TRUE)
    lesson = resolve(solution, incompatibility(b=TWO, c=TWO), sample(WINDOWS))
    assert lesson.incompatibility.terms == {"a": TWO}
    assert lesson.incompatibility.region == WINDOWS


def test_assignments_elsewhere_are_not_to_blame() -> None:
    solution = partial("a", "b")
    solution.decide("b", TWO, complement(WINDOWS))
    solution.decide("a", TWO, TRUE)
    lesson = resolve(solution, incompatibility(WINDOWS, a=TWO), sample(WINDOWS))
    assert (lesson.level, lesson.affected) == (0, "a")


def test_a_satisfier_that_needs_help_does_not_jump_past_its_helper() -> None:
    solution = partial("a", "b", "c", "d")
    solution.derive("d", incompatibility(d=ABSENT | ONE), TRUE)
    solution.decide("b", ONE, TRUE)
    solution.derive("a", incompatibility(b=ONE, a=ABSENT), TRUE)
    solution.decide("c", ONE, TRUE)
    solution.derive("a", incompatibility(c=ONE, a=ONE), TRUE)
    lesson = resolve(solution, incompatibility(a=TWO, d=TWO), ANYWHERE)
    assert (lesson.level, lesson.affected) == (1, "a")


def test_what_is_learned_of_one_package_alone_goes_back_to_the_beginning() -> None:
    solution = partial("a", "b", "c")
    solution.decide("b", ONE, TRUE)
    solution.derive("a", incompatibility(b=ONE, a=ABSENT), TRUE)
    solution.decide("c", ONE, TRUE)
    solution.derive("a", incompatibility(c=ONE, a=ONE), TRUE)
    assert resolve(solution, incompatibility(a=TWO), ANYWHERE).level == 0
