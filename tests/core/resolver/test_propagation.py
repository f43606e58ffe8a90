from __future__ import annotations

from chapbook_core.requirements.diagram import TRUE, complement
from chapbook_core.requirements.marker import parse_marker
from chapbook_core.resolver.assignment import Clash, PartialSolution
from chapbook_core.resolver.cause import Yanked
from chapbook_core.resolver.incompatibility import Incompatibility
from chapbook_core.resolver.propagation import Propagation

WINDOWS = parse_marker("sys_platform == 'win32'").node
OLD = parse_marker("python_version < '3.12'").node
ABSENT, ONE, TWO = 1, 2, 4
FULL = ABSENT | ONE | TWO


def incompatibility(region: int = TRUE, **terms: int) -> Incompatibility:
    return Incompatibility(terms, region, Yanked("a"))


class Fixture:
    def __init__(self, *packages: str) -> None:
        self.changes: list[tuple[str, int]] = []
        self.assigned = PartialSolution(TRUE)
        for package in packages:
            self.assigned.add(package, FULL)
        self.propagation = Propagation(self.assigned, lambda package, region: self.changes.append((package, region)))

    def decide(self, package: str, version: int, region: int = TRUE) -> None:
        self.assigned.decide(package, version, region)
        self.propagation.note(package, region)


def test_the_last_open_term_is_made_false() -> None:
    at = Fixture("a", "b")
    at.propagation.watch(incompatibility(a=TWO, b=TWO))
    at.decide("a", TWO)
    assert at.propagation.run() is None
    assert at.assigned.pieces["b"] == {ABSENT | ONE: TRUE}
    assert at.changes[-1] == ("b", TRUE)


def test_a_term_is_made_false_only_where_the_others_are_true() -> None:
    at = Fixture("a", "b")
    at.propagation.watch(incompatibility(OLD, a=TWO, b=TWO))
    at.decide("a", TWO, WINDOWS)
    at.propagation.run()
    both = parse_marker("sys_platform == 'win32' and python_version < '3.12'").node
    assert at.assigned.pieces["b"] == {ABSENT | ONE: both, FULL: complement(both)}


def test_two_open_terms_leave_everything_as_it_is() -> None:
    at = Fixture("a", "b", "c")
    at.propagation.watch(incompatibility(a=TWO, b=TWO, c=TWO))
    at.decide("a", TWO)
    at.propagation.run()
    assert at.assigned.pieces["b"] == at.assigned.pieces["c"] == {FULL: TRUE}


def test_different_terms_may_be_open_in_different_regions() -> None:
    at = Fixture("a", "b", "c")
    learned = incompatibility(a=TWO, b=TWO, c=TWO)
    at.propagation.watch(learned)
    at.decide("a", TWO)
    at.decide("b", TWO, WINDOWS)
    at.decide("c", TWO, complement(WINDOWS))
    assert at.propagation.run() is None
    assert at.assigned.satisfied("c", ABSENT | ONE, TRUE) == WINDOWS
    assert at.assigned.satisfied("b", ABSENT | ONE, TRUE) == complement(WINDOWS)


def test_an_incompatibility_that_comes_true_is_a_clash() -> None:
    at = Fixture("a", "b")
    learned = incompatibility(a=TWO, b=TWO)
    at.decide("a", TWO)
    at.decide("b", TWO, WINDOWS)
    at.propagation.watch(learned)
    assert at.propagation.apply(learned) == Clash(learned, WINDOWS)


def test_derivations_follow_from_derivations() -> None:
    at = Fixture("a", "b", "c")
    at.propagation.watch(incompatibility(a=TWO, b=ABSENT | ONE))
    at.propagation.watch(incompatibility(b=TWO, c=ABSENT | TWO))
    at.decide("a", TWO)
    at.propagation.run()
    assert at.assigned.pieces["c"] == {ONE: TRUE}
    assert at.propagation.steps == 2


def test_a_fact_about_a_release_holds_again_after_a_jump_back() -> None:
    at = Fixture("a", "b")
    at.decide("b", ONE)
    fact = incompatibility(a=TWO)
    at.propagation.keep(fact)
    at.propagation.apply(fact)
    at.assigned.backjump(0)
    at.propagation.forget_changes()
    assert at.assigned.pieces["a"] == {FULL: TRUE}
    at.propagation.run()
    assert at.assigned.pieces["a"] == {ABSENT | ONE: TRUE}
