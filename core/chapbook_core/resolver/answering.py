"""Answering: the solver driven by a function that knows the facts, where nothing has to be fetched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.resolver.solver import solve

if TYPE_CHECKING:
    from collections.abc import Callable

    from chapbook_core.resolver.facts import Facts, Metadata, Unavailable, Want
    from chapbook_core.resolver.problem import Problem, Solution
    from chapbook_core.resolver.versions import Versions


def answer(problem: Problem, tell: Callable[[Want], Versions | Metadata | Unavailable]) -> Solution:
    """Solve with a function that answers one question at a time; raises NoSolution."""
    solving = solve(problem)
    facts: Facts | None = None
    while True:
        try:
            # The first step of a generator takes nothing.
            need = next(solving) if facts is None else solving.send(facts)
        except StopIteration as end:
            solution: Solution = end.value
            return solution
        facts = {want: tell(want) for want in need.wanted}
