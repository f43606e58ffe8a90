"""Advice: one edit of the project that was tried, and with which there is a solution.

A failure names the facts that exclude each other; which of them to give up is for a person to say. Still, a person who
is offered an edit that works can decide faster. The edits are tried from the smallest: less Python, extras kept
apart, one constraint fewer, one wish fewer, one requirement fewer.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from chapbook_core.requirements.diagram import FALSE, conjunction, difference
from chapbook_core.requirements.marker import Marker
from chapbook_core.resolver.explain import NoSolution, python_words
from chapbook_core.resolver.problem import MAIN, Solution, Switch
from chapbook_core.resolver.solver import solve
from chapbook_core.value import frozen, replace

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

    from chapbook_core.resolver.facts import Facts, Need
    from chapbook_core.resolver.problem import Problem, RootRequirement

_MOST_TRIALS = 6
_MOST_STEPS = 20_000
"""A trial that takes longer is given up."""


@frozen
class Advice:
    """An edit, in words, and what would come of it."""

    edit: str
    """As in `require `a` without `>=2`; then a 1.4 is selected`."""
    problem: Problem
    """The problem after the edit."""
    solution: Solution


def advise(failure: NoSolution) -> Generator[Need, Facts, Advice | None]:
    """Return the smallest edit that works, or nothing; to be driven as `solve` is."""
    narrowed = yield from _narrowed(failure)
    if narrowed is not None:
        return narrowed
    for edit, problem in islice(_edits(failure), _MOST_TRIALS):
        solution = yield from _attempt(problem)
        if isinstance(solution, Solution):
            return Advice(edit + _outcome(failure, problem, solution), problem, solution)
    return None


def _narrowed(failure: NoSolution) -> Generator[Need, Facts, Advice | None]:
    """Return the most Pythons with which there is a solution: one conflict after the other takes some away."""
    for _ in range(_MOST_TRIALS):
        narrower = _narrower_python(failure)
        if narrower is None:
            return None
        problem = replace(failure.problem, environments=narrower)
        outcome = yield from _attempt(problem)
        match outcome:
            case Solution():
                edit = f'narrow {problem.python_place} to "{python_words(narrower)}"'
                return Advice(edit, problem, outcome)
            case NoSolution():
                failure = outcome
            case None:
                return None
    return None


def _attempt(problem: Problem) -> Generator[Need, Facts, Solution | NoSolution | None]:
    """Return what comes of a problem; nothing when that takes too long."""
    solving = solve(problem)
    try:
        need = next(solving)
        while need.progress.steps <= _MOST_STEPS:
            need = solving.send((yield need))
    except StopIteration as end:
        solution: Solution = end.value
        return solution
    except NoSolution as failure:
        return failure
    return None


def _edits(failure: NoSolution) -> Iterator[tuple[str, Problem]]:
    problem = failure.problem
    rivals = _rivals(failure)
    if len(rivals) > 1 and not any(rivals <= conflict for conflict in problem.conflicts):
        words = ", ".join(f'{{ {"group" if one.is_group else "extra"} = "{one.name}" }}' for one in _sorted(rivals))
        yield (
            f"if they are never wanted together, say so under [tool.chapbook]: `conflicts = [[{words}]]`",
            replace(problem, conflicts=(*problem.conflicts, rivals)),
        )
    for requirement in failure.requirements:
        dependency = requirement.dependency
        if dependency.constraint != "*":
            loosened = replace(requirement, dependency=replace(dependency, constraint="*"))
            yield (
                f"require `{dependency.name}` without `{dependency.constraint}`",
                _changed(problem, requirement, loosened),
            )
    for constraint in failure.constraints:
        without = tuple(other for other in problem.constraints if other != constraint)
        yield f"drop the constraint `{constraint.name} {constraint.constraint}`", replace(problem, constraints=without)
    for requirement in failure.requirements:
        group = "" if requirement.group == MAIN else f" from the group {requirement.group}"
        yield f"remove `{requirement.dependency.name}`{group}", _changed(problem, requirement, None)


def _rivals(failure: NoSolution) -> frozenset[Switch]:
    """Return the extras and groups of the project that are in the story."""
    rivals = set()
    for requirement in failure.requirements:
        extras = set(Marker(requirement.dependency.region).extras()) | {requirement.dependency.extra}
        rivals |= {Switch(extra) for extra in extras if extra}
        if requirement.group != MAIN:
            rivals.add(Switch(requirement.group, is_group=True))
    return frozenset(rivals)


def _sorted(rivals: Iterable[Switch]) -> list[Switch]:
    return sorted(rivals, key=lambda one: (one.is_group, one.name))


def _changed(problem: Problem, old: RootRequirement, new: RootRequirement | None) -> Problem:
    replaced = (new if requirement == old else requirement for requirement in problem.requirements)
    return replace(problem, requirements=tuple(requirement for requirement in replaced if requirement is not None))


def _narrower_python(failure: NoSolution) -> int | None:
    """Return the project's environments without the Pythons of the conflict, if those are all of some Pythons."""
    environments = failure.problem.environments
    stopped = Marker(failure.region).only("python_full_version").node
    left = difference(environments, stopped)
    if left == FALSE or difference(conjunction(environments, stopped), failure.region) != FALSE:
        return None
    return left


def _outcome(failure: NoSolution, problem: Problem, solution: Solution) -> str:
    """Return which versions the edited requirement leads to."""
    edited = {
        requirement.dependency.name
        for requirement in failure.problem.requirements
        if requirement not in problem.requirements
    }
    selected = [f"{package.name} {package.version}" for package in solution.packages if package.name in edited]
    return f"; then {' and '.join(selected)} is selected" if selected else ""
