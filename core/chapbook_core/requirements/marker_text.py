"""The words of a marker: short, readable, and the same for the same function in every process.

A function is covered by terms, and its opposite by terms whose negations are clauses; the one with fewer comparisons is
printed, with common comparisons taken out: `a and b or a and c` becomes `a and (b or c)`.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from chapbook_core.requirements.diagram import FALSE, TRUE, complement, conjunction, disjunction, variables
from chapbook_core.requirements.marker_cover import cover
from chapbook_core.requirements.marker_variable import RELEASE, from_cuts
from chapbook_core.requirements.release_comparison import LOWEST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chapbook_core.requirements.marker_comparison import Comparison

_SMALL = 2
# More terms than this are listed plainly: nobody reads them, and taking apart is done by calls in calls.
_MANY = 100
NEVER_TEXT = 'python_version < "0"'
"""PEP 508 has no word for never; no interpreter is below version 0."""


def marker_text(function: int, under: int = TRUE) -> str:
    """Return the marker of a function, which has to be right only where `under` is true; empty for always."""
    if RELEASE in variables(function):
        # No comparison is true of a release that is no version, so words cannot tell what happens there.
        under = conjunction(under, from_cuts(RELEASE, (LOWEST,)))
    least = conjunction(function, under)
    most = disjunction(function, complement(under))
    if most == TRUE:
        return ""
    return NEVER_TEXT if least == FALSE else _text(least, most)


class _Words(NamedTuple):
    """A part of the text."""

    text: str
    variable: str
    """The first variable it speaks of, which orders the parts of an `and`."""
    size: int = 1
    """How many comparisons it has."""
    operator: str = ""
    """What joins its parts, `and` or `or`; empty for a single comparison."""


@lru_cache(maxsize=8192)
def _text(least: int, most: int) -> str:
    terms = cover(least, most)
    alternatives = _factored([[_words(comparison) for comparison in term] for term in terms], "or", "and")
    if alternatives.size <= _SMALL or all(len(term) == 1 for term in terms):
        return alternatives.text
    opposite = cover(complement(most), complement(least))
    clauses = [[_words(comparison.negated()) for comparison in term] for term in opposite]
    conditions = _factored(clauses, "and", "or")
    return min(alternatives, conditions, key=lambda words: (words.size, len(words.text))).text


def _words(comparison: Comparison) -> _Words:
    return _Words(comparison.text, comparison.variable)


def _factored(groups: list[list[_Words]], outer: str, inner: str) -> _Words:
    """Return groups joined by `outer`, each joined by `inner`, with the most shared comparison taken out first."""
    if len(groups) == 1:
        return _joined(groups[0], inner)
    counts = Counter(words for group in groups for words in group)
    shared, count = counts.most_common(1)[0]
    if count == 1 or len(groups) > _MANY:
        return _joined([_joined(group, inner) for group in groups], outer)
    holding = [[words for words in group if words != shared] for group in groups if shared in group]
    together = _joined([shared, _factored(holding, outer, inner)], inner)
    if len(holding) == len(groups):
        return together
    rest = _factored([group for group in groups if shared not in group], outer, inner)
    first = shared in groups[0]
    return _joined([together, rest] if first else [rest, together], outer)


def _joined(parts: Sequence[_Words], operator: str) -> _Words:
    """Return parts joined, each in parentheses where `and` would otherwise tear it apart."""
    if len(parts) == 1:
        return parts[0]
    parts = sorted(parts, key=lambda part: part.variable)
    texts = [f"({part.text})" if operator == "and" and part.operator == "or" else part.text for part in parts]
    variable = min(part.variable for part in parts)
    return _Words(f" {operator} ".join(texts), variable, sum(part.size for part in parts), operator)
