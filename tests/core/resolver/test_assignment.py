from __future__ import annotations

from chapbook_core.requirements.diagram import FALSE, TRUE, complement, disjunction, sample
from chapbook_core.requirements.marker import parse_marker
from chapbook_core.resolver.assignment import BEFORE_THE_TRAIL, Clash, PartialSolution
from chapbook_core.resolver.cause import Yanked
from chapbook_core.resolver.facts import Dependency
from chapbook_core.resolver.incompatibility import Incompatibility

WINDOWS = parse_marker("sys_platform == 'win32'").node
ELSEWHERE = complement(WINDOWS)
ABSENT, ONE, TWO = 1, 2, 4
FULL = ABSENT | ONE | TWO


def incompatibility(region: int = TRUE, **terms: int) -> Incompatibility:
    return Incompatibility(terms, region, Yanked("a"))


def partial(*packages: str) -> PartialSolution:
    solution = PartialSolution(TRUE)
    for package in packages or ("a",):
        solution.add(package, FULL)
    return solution


def test_a_package_can_be_anything_at_first() -> None:
    assert partial().pieces["a"] == {FULL: TRUE}
    assert partial().pending("a") == {}


def test_a_derivation_narrows_only_its_region() -> None:
    solution = partial()
    assert solution.derive("a", incompatibility(a=ABSENT), WINDOWS) == WINDOWS
    assert solution.pieces["a"] == {ONE | TWO: WINDOWS, FULL: ELSEWHERE}
    assert solution.pending("a") == {ONE | TWO: WINDOWS}


def test_pieces_that_become_equal_become_one() -> None:
    solution = partial()
    solution.derive("a", incompatibility(a=TWO), WINDOWS)
    solution.derive("a", incompatibility(a=TWO), ELSEWHERE)
    assert solution.pieces["a"] == {ABSENT | ONE: TRUE}


def test_pieces_always_partition_the_universe() -> None:
    solution = partial()
    solution.derive("a", incompatibility(a=ABSENT), WINDOWS)
    solution.derive("a", incompatibility(a=TWO), parse_marker("python_version < '3.12'").node)
    together = FALSE
    for region in solution.pieces["a"].values():
        together = disjunction(together, region)
    assert together == TRUE


def test_a_derivation_that_changes_nothing_leaves_no_trace() -> None:
    solution = partial()
    solution.derive("a", incompatibility(a=TWO), TRUE)
    assert solution.derive("a", incompatibility(a=TWO), WINDOWS) == FALSE
    assert len(solution.trail) == 1


def test_a_package_without_any_version_left_is_a_clash_there() -> None:
    solution = partial()
    solution.derive("a", incompatibility(a=ABSENT | ONE), WINDOWS)
    conflict = incompatibility(a=TWO)
    assert solution.derive("a", conflict, TRUE) == Clash(conflict, WINDOWS)
    assert solution.pieces["a"] == {TWO: WINDOWS, FULL: ELSEWHERE}


def test_a_decision_settles_its_region() -> None:
    solution = partial()
    solution.derive("a", incompatibility(a=ABSENT), TRUE)
    solution.decide("a", TWO, WINDOWS)
    assert solution.selected["a"] == ((TWO, WINDOWS),)
    assert solution.pending("a") == {ONE | TWO: ELSEWHERE}
    assert solution.decided_packages == 1


def test_a_backjump_undoes_what_came_after_its_level() -> None:
    solution = partial("a", "b")
    solution.derive("a", incompatibility(a=ABSENT), TRUE)
    before = solution.pieces["a"]
    solution.decide("a", TWO, TRUE)
    solution.derive("b", incompatibility(b=ABSENT), TRUE)
    solution.require(Dependency("b"), TRUE)
    assert solution.backjump(0) == {"a", "b"}
    assert solution.pieces == {"a": before, "b": {FULL: TRUE}}
    assert solution.selected["a"] == ()
    assert solution.requirements("b", TRUE) == []
    assert (solution.level, solution.decided_packages) == (0, 0)


def test_requirements_are_remembered_with_their_region() -> None:
    solution = partial()
    solution.require(Dependency("a", ">=1"), WINDOWS)
    assert solution.requirements("a", ELSEWHERE) == []
    assert solution.requirements("a", TRUE) == [Dependency("a", ">=1")]


def test_what_is_given_about_a_package_comes_before_the_trail() -> None:
    solution = PartialSolution(TRUE)
    given = incompatibility(WINDOWS, a=TWO)
    solution.add("a", FULL, [given])
    assert solution.pieces["a"] == {ABSENT | ONE: WINDOWS, FULL: ELSEWHERE}
    satisfier = solution.first_satisfier("a", ABSENT | ONE, sample(WINDOWS))
    assert (satisfier.place, satisfier.level, satisfier.cause) == (BEFORE_THE_TRAIL, 0, given)


def test_the_first_satisfier_at_a_point_leaves_other_regions_out() -> None:
    solution = partial()
    solution.derive("a", incompatibility(a=ONE), ELSEWHERE)
    solution.derive("a", incompatibility(a=ABSENT), WINDOWS)
    solution.derive("a", incompatibility(a=ABSENT), ELSEWHERE)
    solution.decide("a", TWO, WINDOWS)
    at_windows = [solution.first_satisfier("a", mask, sample(WINDOWS)) for mask in (ONE | TWO, TWO)]
    assert [satisfier.place for satisfier in at_windows] == [1, 3]
    assert solution.first_satisfier("a", TWO, sample(ELSEWHERE)).place == 2


def test_a_term_is_satisfied_where_nothing_else_is_possible() -> None:
    solution = partial()
    solution.derive("a", incompatibility(a=ABSENT), WINDOWS)
    assert solution.satisfied("a", ONE | TWO, TRUE) == WINDOWS
    assert solution.satisfied("a", ONE | TWO, ELSEWHERE) == FALSE
    assert solution.satisfied("a", FULL, TRUE) == TRUE


def test_the_first_decision_can_be_found_again() -> None:
    solution = partial("a", "b")
    assert solution.decision_level("a") is None
    solution.decide("b", ONE, TRUE)
    solution.decide("a", ONE, WINDOWS)
    solution.decide("a", TWO, ELSEWHERE)
    assert solution.decision_level("a") == 2
    assert solution.pieces_before_decision("a") == {FULL: TRUE}
