from __future__ import annotations

import sys
import threading

import pytest

from chapbook_core.requirements import diagram
from chapbook_core.requirements.diagram import (
    FALSE,
    TRUE,
    choice,
    cofactor,
    complement,
    conjunction,
    contains,
    difference,
    disjunction,
    flag,
    forget,
    implies,
    interval,
    is_disjoint,
    node_of,
    sample,
    variables,
)

ABOVE_TEN = interval("1 n", (10,), (FALSE, TRUE))
ABOVE_TWENTY = interval("1 n", (20,), (FALSE, TRUE))
RED = choice("2 colour", {"red": TRUE}, FALSE)
BLUE = choice("2 colour", {"blue": TRUE}, FALSE)
WET = flag("3 wet")


def test_the_same_function_is_the_same_integer() -> None:
    assert conjunction(RED, WET) == conjunction(WET, RED)
    assert disjunction(RED, complement(RED)) == TRUE


def test_cuts_between_equal_children_vanish() -> None:
    assert interval("1 n", (5, 10, 15), (FALSE, FALSE, TRUE, TRUE)) == ABOVE_TEN


def test_values_that_lead_where_every_other_value_leads_vanish() -> None:
    assert choice("2 colour", {"red": TRUE, "green": FALSE}, FALSE) == RED


def test_two_values_of_one_variable_are_disjoint() -> None:
    assert is_disjoint(RED, BLUE)
    assert not is_disjoint(RED, WET)


def test_a_higher_bound_implies_a_lower_one() -> None:
    assert implies(ABOVE_TWENTY, ABOVE_TEN)
    assert not implies(ABOVE_TEN, ABOVE_TWENTY)
    assert difference(ABOVE_TEN, ABOVE_TWENTY) == interval("1 n", (10, 20), (FALSE, TRUE, FALSE))


def test_a_known_value_is_no_longer_asked_for() -> None:
    both = conjunction(disjunction(RED, ABOVE_TEN), WET)
    assert cofactor(both, "2 colour", "red") == WET
    assert cofactor(both, "2 colour", "green") == conjunction(ABOVE_TEN, WET)
    assert cofactor(both, "1 n", 12) == WET
    assert cofactor(both, "3 wet", 0) == FALSE


def test_a_forgotten_variable_may_have_any_value() -> None:
    assert forget(conjunction(RED, WET), lambda variable: variable == "3 wet") == RED
    assert forget(conjunction(RED, WET), lambda variable: variable == "2 colour") == WET


def test_variables_are_those_the_function_depends_on() -> None:
    function = disjunction(conjunction(RED, WET), conjunction(RED, complement(WET)))
    assert variables(function) == {"2 colour"}
    assert variables(TRUE) == frozenset()


@pytest.mark.parametrize(
    "function",
    [
        ABOVE_TEN,
        complement(ABOVE_TEN),
        RED,
        complement(RED),
        conjunction(conjunction(ABOVE_TEN, complement(BLUE)), WET),
    ],
)
def test_a_sample_lies_in_the_function_it_was_taken_from(function: int) -> None:
    point = sample(function)
    assert contains(function, point)
    assert not contains(complement(function), point)


def test_nothing_can_be_sampled_from_never() -> None:
    with pytest.raises(ValueError, match="nothing is true nowhere"):
        sample(FALSE)


def test_diagrams_taller_than_the_recursion_limit_are_combined() -> None:
    height = sys.getrecursionlimit() + 200
    flags = [flag(f"9 flag{index:05}") for index in range(height)]
    every, some = TRUE, FALSE
    for function in reversed(flags):
        every, some = conjunction(function, every), disjunction(function, some)
    assert implies(every, some)
    assert not implies(some, every)
    assert conjunction(every, some) == every
    assert disjunction(every, some) == some
    assert complement(complement(some)) == some
    assert is_disjoint(every, complement(some))
    assert len(variables(some)) == height


def test_threads_that_make_the_same_functions_get_the_same_integers() -> None:
    results: list[list[int]] = []
    start = threading.Barrier(4)

    def work() -> None:
        start.wait()
        flags = [flag(f"9 thread{index}") for index in range(12)]
        functions = [conjunction(a, complement(b)) for a in flags for b in flags]
        results.append(functions + [disjunction(a, b) for a in functions[:40] for b in functions[:40]])

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [results[0]] * 4


def test_dropping_the_memo_changes_no_result(monkeypatch: pytest.MonkeyPatch) -> None:
    functions = [conjunction(flag(f"9 memo{index}"), ABOVE_TEN) for index in range(8)]
    before = [disjunction(a, b) for a in functions for b in functions]
    monkeypatch.setattr(diagram, "MEMO_LIMIT", 3)
    after = [disjunction(a, b) for a in functions for b in functions]
    assert after == before
    assert [complement(complement(a)) for a in functions] == functions


def test_children_come_before_their_parents() -> None:
    function = conjunction(conjunction(ABOVE_TEN, RED), WET)
    assert all(child < function for child in node_of(function).children)
