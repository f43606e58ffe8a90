"""Answering: the solver driven by a function that knows the facts, where nothing has to be fetched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.resolver.solver import solve

if TYPE_CHECKING:
    from collections.abc import Callable

    from chapbook_core.resolver.facts import Metadata, Unavailable, Want
    from chapbook_core.resolver.problem import Problem, Solution
    from chapbook_core.resolver.versions import Versions


def answer(problem: Problem, tell: Callable[[Want], Versions | Metadata | Unavailable]) -> Solution:
    """Solve with a function that answers one question at a time; raises NoSolution."""
    solving = solve(problem)
    try:
        need = next(solving)
        while True:
            need = solving.send({want: tell(want) for want in need.wanted})
    except StopIteration as end:
        solution: Solution = end.value
        return solution
