"""A cover of a function: few conjunctions of comparisons that together are the function.

Two functions bound it: `least` has to be covered, `most` must not be left; between them the cover may choose. A term is
made from a path of what is not covered yet, by dropping and widening comparisons as long as `most` allows, which makes
it a prime implicant (as espresso does); that goes on until nothing is left. Only the shape of the diagrams decides,
never the order in which they were made, so the same functions have the same cover in every process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.requirements.diagram import (
    FALSE,
    TRUE,
    Node,
    conjunction,
    difference,
    disjunction,
    implies,
    node_of,
)
from chapbook_core.requirements.marker_comparison import Comparison, active, at_least, below, equal, exactly
from chapbook_core.requirements.marker_variable import PYTHON

if TYPE_CHECKING:
    from chapbook_core.requirements.diagram import Cut

Term = tuple[Comparison, ...]
"""Comparisons that are all true; none for always."""


def cover(least: int, most: int) -> list[Term]:
    """Return the terms, none of them needless."""
    terms: list[Term] = []
    functions: list[int] = []
    remaining = least
    while remaining != FALSE:
        term = _prime(_path(remaining), most)
        function = all_of(term)
        terms.append(term)
        functions.append(function)
        remaining = difference(remaining, function)
    return _without_needless(terms, functions, least)


def _without_needless(terms: list[Term], functions: list[int], least: int) -> list[Term]:
    # What the terms after a position cover together, so that one pass finds the needless ones.
    after = [FALSE]
    for function in reversed(functions):
        after.append(disjunction(after[-1], function))
    after.reverse()
    kept: list[Term] = []
    before = FALSE
    for index, term in enumerate(terms):
        if not implies(least, disjunction(before, after[index + 1])):
            kept.append(term)
            before = disjunction(before, functions[index])
    return kept


def _path(function: int) -> list[Comparison]:
    """Return the comparisons on a way to TRUE: straight to it where that is possible, else the first way."""
    comparisons: list[Comparison] = []
    while function != TRUE:
        node = node_of(function)
        likely = node.children.index(TRUE) if TRUE in node.children else None
        index = next(index for index, child in enumerate(node.children) if child) if likely is None else likely
        comparisons += _on_the_way(node, index)
        function = node.children[index]
    return comparisons


def _on_the_way(node: Node, index: int) -> list[Comparison]:
    """Return what has to be true for a node's child to be taken."""
    if node.kind == "choice":
        if index:
            return [equal(node.variable, str(node.keys[index - 1]))]
        return [equal(node.variable, str(key)).negated() for key in node.keys]
    if node.keys == (1,):
        return [active(node.variable) if index else active(node.variable).negated()]
    return _in_intervals(node, index)


def _in_intervals(node: Node, index: int) -> list[Comparison]:
    """Return the bounds of the interval, together with the same child's next intervals if only `!=` lies between."""
    cuts: list[Cut] = [key for key in node.keys if not isinstance(key, str)]
    holes: list[Comparison] = []
    last = index
    while last + 2 < len(node.children) and node.children[last + 2] == node.children[index]:
        hole = exactly(node.variable, cuts[last], cuts[last + 1])
        if hole is None:
            break
        holes.append(hole.negated())
        last += 2
    bounds: list[Comparison] = []
    if index:
        bounds.append(at_least(node.variable, cuts[index - 1]))
    if last < len(cuts):
        bounds.append(below(node.variable, cuts[last]))
    return bounds + holes


def _prime(comparisons: list[Comparison], most: int) -> Term:
    """Return as few and as wide comparisons as stay inside `most`."""
    kept = _needed([], _sufficient_end(comparisons, most), [], most)
    for index, comparison in enumerate(kept):
        if comparison.variable == PYTHON:
            rest = all_of(kept[:index] + kept[index + 1 :])
            kept[index] = _wider(comparison, rest, most)
    return _with_equality(kept)


def _sufficient_end(comparisons: list[Comparison], most: int) -> list[Comparison]:
    """Return the last comparisons when they suffice: the way to one of many alternatives rules out those before it."""
    count = 1
    while count < len(comparisons):
        if implies(all_of(comparisons[-count:]), most):
            return comparisons[-count:]
        count *= 2
    return comparisons


def _needed(before: list[Comparison], chosen: list[Comparison], after: list[Comparison], most: int) -> list[Comparison]:
    """Return which of the chosen comparisons cannot be dropped beside the others; many are dropped at once."""
    if implies(all_of(before + after), most):
        return []
    if len(chosen) == 1:
        return chosen
    middle = len(chosen) // 2
    first = _needed(before, chosen[:middle], chosen[middle:] + after, most)
    return first + _needed(before + first, chosen[middle:], after, most)


def _wider(comparison: Comparison, rest: int, most: int) -> Comparison:
    """Return the widest bound of Python that stays inside `most`; what is no bound is returned as it is."""
    here = node_of(comparison.function)
    question = node_of(most)
    if len(here.keys) != 1 or question.variable != PYTHON:
        return comparison
    own = here.keys[0]
    is_lower = here.children[1] == TRUE
    # From the widest bound inwards.
    for key in question.keys if is_lower else reversed(question.keys):
        if key == own:
            break
        if isinstance(key, int):
            candidate = at_least(PYTHON, key) if is_lower else below(PYTHON, key)
            if implies(conjunction(candidate.function, rest), most):
                return candidate
    return comparison


def _with_equality(comparisons: list[Comparison]) -> Term:
    """Return the comparisons with two bounds around one version replaced by `==`."""
    result: list[Comparison] = []
    for comparison in comparisons:
        if result and result[-1].variable == comparison.variable:
            first, second = node_of(result[-1].function), node_of(comparison.function)
            if first.kind == "interval" and first.children == (FALSE, TRUE) and second.children == (TRUE, FALSE):
                begin, end = _cut(first), _cut(second)
                same = (
                    None if isinstance(begin, str) or isinstance(end, str) else exactly(comparison.variable, begin, end)
                )
                if same is not None:
                    result[-1] = same
                    continue
        result.append(comparison)
    return tuple(result)


def _cut(bound: Node) -> Cut:
    """Return the only cut of a bound's function."""
    cut = bound.keys[0]
    if isinstance(cut, str):
        raise TypeError(f"`{bound.variable}` has no order")
    return cut


def all_of(comparisons: list[Comparison] | Term) -> int:
    """Return the function of all the comparisons, made from the last asked variable up, so that no step walks far."""
    result = TRUE
    for comparison in reversed(comparisons):
        result = conjunction(comparison.function, result)
    return result
