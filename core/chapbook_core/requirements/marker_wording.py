"""Markers joined in the words of their authors, as Poetry joins them: so that both write the same lock.

The algebra of `marker` knows that `platform_system == "Windows"` is `sys_platform == "win32"` and has one text for
both. Poetry keeps what the metadata says, merges only comparisons of one variable, and of the two normal forms and the
form at hand takes the one with the fewest comparisons. What comes out here is a proposal: whoever uses it compares its
meaning with the algebra's.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from math import prod
from typing import TYPE_CHECKING, TypeAlias

from chapbook_core.requirements.comparison_words import (
    PYTHON_NAMES,
    Words,
    both,
    combined,
    either,
    intersection,
    pythons_of,
    single_minor,
    words_of,
)
from chapbook_core.requirements.marker_spelling import expression_of
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from chapbook_core.requirements.interpreter_version import Cuts
    from chapbook_core.requirements.marker_spelling import Expression

_MANY = 128
"""A normal form with more parts than this is not worth its words."""
_DEEP = 12
_RANGE_ENDS = 2


class TooManyWords(Exception):
    """A wording that grows beyond what anybody reads."""


@frozen
class Every:
    """Parts that are all true; none for always."""

    parts: tuple[Wording, ...]


@frozen
class Some:
    """Parts of which one is true; none for never."""

    parts: tuple[Wording, ...]


Wording: TypeAlias = "Words | Every | Some"
ALWAYS, NEVER = Every(()), Some(())


@lru_cache(maxsize=8192)
def wording_of(marker: str) -> Wording | None:
    """Read a marker; None when its form is no ordinary one. Raises TooManyWords."""
    if not marker:
        return ALWAYS
    expression = expression_of(marker)
    return None if expression is None else _any_of([_read(expression)], 0)


def text_of(wording: Wording) -> str:
    """Return the marker; empty for always."""
    match wording:
        case Words():
            return wording.text
        case Every(parts):
            return " and ".join(f"({text_of(part)})" if _is_choice(part) else text_of(part) for part in parts)
        case Some(parts):
            return " or ".join(map(text_of, parts))


@lru_cache(maxsize=8192)
def all_of(first: Wording, second: Wording) -> Wording:
    """Return what is both; raises TooManyWords."""
    return _all_of(_in_order(first, second), 0)


@lru_cache(maxsize=8192)
def any_of(first: Wording, second: Wording) -> Wording:
    """Return what is one or the other; raises TooManyWords."""
    return _any_of(_in_order(first, second), 0)


def without_extras(wording: Wording) -> Wording:
    """Return what is left when every extra is asked for; raises TooManyWords."""
    match wording:
        case Words(name="extra"):
            return ALWAYS
        case Words():
            return wording
        case Every(parts):
            return _all_of(map(without_extras, parts), 0)
        case Some(parts):
            return _any_of(map(without_extras, parts), 0)


@lru_cache(maxsize=8192)
def within(wording: Wording, python: Cuts) -> Wording:
    """Return what has to be said where only some final releases of Python are possible; raises TooManyWords."""
    match wording:
        case Words():
            return _words_within(wording, python)
        case Every(parts):
            return _conjunction([within(part, python) for part in parts], 0)
        case Some(parts):
            known = [cuts for part in parts if (cuts := _pythons(part)) is not None]
            covered: Cuts = ()
            for cuts in known:
                covered = combined(covered, cuts, lambda a, b: a or b)
            if intersection(covered, python) == python:
                return ALWAYS
            return _disjunction([within(part, python) for part in parts], 0)


def _is_choice(wording: Wording) -> bool:
    """Tell whether `and` would tear the text apart."""
    return wording.is_choice if isinstance(wording, Words) else isinstance(wording, Some)


def _in_order(first: Wording, second: Wording) -> tuple[Wording, Wording]:
    """Put a single comparison last, as Poetry does."""
    return (second, first) if isinstance(first, Words) and not isinstance(second, Words) else (first, second)


def _read(expression: Expression) -> Wording:
    if isinstance(expression, str):
        return words_of(expression)
    word, parts = expression
    return (Every if word == "and" else Some)(tuple(map(_read, parts)))


def _words_within(words: Words, python: Cuts) -> Wording:
    cuts = pythons_of(words)
    if cuts is None:
        return words
    inside = intersection(cuts, python)
    if inside == python:
        return ALWAYS
    if not inside:
        return NEVER
    return (single_minor(inside) if words.name == "python_version" and words.operator != ">" else None) or words


def _pythons(wording: Wording) -> Cuts | None:
    """Return the final releases that satisfy a wording which speaks of nothing else."""
    match wording:
        case Words():
            return pythons_of(wording)
        case Every(parts):
            found: Cuts = (0,)
            for part in parts:
                cuts = _pythons(part)
                if cuts is None:
                    return None
                found = intersection(found, cuts)
            return found
        case Some():
            return None


def _all_of(parts: Iterable[Wording], depth: int) -> Wording:
    """Return the shortest of: terms joined by `or`, clauses joined by `and`, and what was given."""
    return _shortest(_unwrapped(Every, parts), (_terms, _clauses), Some, depth)


def _any_of(parts: Iterable[Wording], depth: int) -> Wording:
    return _shortest(_unwrapped(Some, parts), (_clauses, _terms), Every, depth)


def _shortest(
    given: Wording, forms: tuple[Callable[[Wording, int], Wording], ...], expected: type[Every | Some], depth: int
) -> Wording:
    if depth > _DEEP:
        raise TooManyWords
    first_form, second_form = forms
    first = first_form(given, depth + 1)
    if not isinstance(first, expected) or not first.parts:
        return first
    try:
        second = second_form(first, depth + 1)
    except TooManyWords:
        return min(first, given, key=_size)
    if isinstance(second, (expected, Words)) or not second.parts:
        return second
    candidates = [first, second, given] if expected is Some else [second, first, given]
    return min(candidates, key=_size)


def _unwrapped(kind: type[Every | Some], parts: Iterable[Wording]) -> Wording:
    wording: Wording = kind(_flat(kind, parts))
    while isinstance(wording, (Every, Some)) and len(wording.parts) == 1:
        wording = wording.parts[0]
    return wording


def _flat(kind: type[Every | Some], parts: Iterable[Wording]) -> tuple[Wording, ...]:
    """Return the parts, each once, with those of the same kind dissolved."""
    found: dict[Wording, None] = {}
    for part in parts:
        found |= dict.fromkeys(part.parts) if isinstance(part, kind) else {part: None}
    return tuple(found)


def _terms(wording: Wording, depth: int) -> Wording:
    """Return terms joined by `or`."""
    match wording:
        case Every(parts) if parts:
            forms = [_terms(part, depth) for part in parts]
            choices = [form.parts if isinstance(form, Some) else (form,) for form in forms]
            return _disjunction([_conjunction(choice, depth) for choice in _choices(choices)], depth)
        case Some(parts):
            return _disjunction([_terms(part, depth) for part in parts], depth)
        case _:
            return wording


def _clauses(wording: Wording, depth: int) -> Wording:
    """Return clauses joined by `and`."""
    match wording:
        case Some(parts) if parts:
            forms = [_clauses(part, depth) for part in parts]
            choices = [form.parts if isinstance(form, Every) else (form,) for form in forms]
            return _conjunction([_disjunction(choice, depth) for choice in _choices(choices)], depth)
        case Every(parts):
            return _conjunction([_clauses(part, depth) for part in parts], depth)
        case _:
            return wording


def _choices(parts: Sequence[Sequence[Wording]]) -> list[tuple[Wording, ...]]:
    """Return every way to take one of each, the same set of parts once."""
    if prod(map(len, parts)) > _MANY:
        raise TooManyWords
    choices: dict[frozenset[Wording], tuple[Wording, ...]] = {}
    for choice in product(*parts):
        choices.setdefault(frozenset(choice), choice)
    return list(choices.values())


def _conjunction(parts: Iterable[Wording], depth: int) -> Wording:
    """Join parts by `and` after merging each with one before it as long as any two merge."""
    return _joined(Every, parts, depth)


def _disjunction(parts: Iterable[Wording], depth: int) -> Wording:
    return _joined(Some, parts, depth)


def _joined(kind: type[Every | Some], parts: Iterable[Wording], depth: int) -> Wording:
    neutral, absorbing = (ALWAYS, NEVER) if kind is Every else (NEVER, ALWAYS)
    after = list(_flat(kind, parts))
    before: list[Wording] = []
    while before != after:
        before, after = after, []
        for part in before:
            if part in after or part == neutral:
                continue
            for index, other in enumerate(after):
                found = _merged(kind, other, part, depth)
                if found == absorbing:
                    return absorbing
                if found is not None:
                    after[index] = found
                    after = list(_flat(kind, after))
                    break
            else:
                after.append(part)
    if absorbing in after:
        return absorbing
    return after[0] if len(after) == 1 else kind(tuple(after))


def _merged(  # noqa: PLR0911 (one for each form of the answer)
    kind: type[Every | Some], first: Wording, second: Wording, depth: int
) -> Wording | None:
    """Return one part that says what two say together; None when there is none."""
    opposite = Some if kind is Every else Every
    if isinstance(first, opposite):
        return _absorbed(kind, first, second, depth)
    if isinstance(second, opposite):
        return _absorbed(kind, second, first, depth)
    if not isinstance(first, Words) or not isinstance(second, Words):
        return None
    match both(first, second) if kind is Every else either(first, second):
        case False:
            return NEVER
        case True:
            return ALWAYS
        case Words() as one:
            return one
        case (one,):
            return one
        case (begin, end):
            return Every((begin, end))
        case _:
            return None


def _absorbed(kind: type[Every | Some], group: Every | Some, other: Wording, depth: int) -> Wording | None:
    """Merge a group of the opposite kind: what it holds absorbs it, and what two groups share is taken out."""
    if other in group.parts:
        return other
    if isinstance(other, Words) and other.name in PYTHON_NAMES:
        return other if any(_decides(kind, other, part) for part in group.parts) else None
    if type(other) is not type(group) or not isinstance(other, (Every, Some)):
        return None
    ours, theirs = set(group.parts), set(other.parts)
    if ours <= theirs or theirs <= ours:
        return group if ours <= theirs else other
    return _without_shared(kind, group, other, depth) if ours & theirs else None


def _without_shared(kind: type[Every | Some], group: Every | Some, other: Every | Some, depth: int) -> Wording | None:
    """Take out what two groups share, when the rest of them is one comparison or one range."""
    shared = set(group.parts) & set(other.parts)
    opposite = type(group)
    rest = [opposite(tuple(part for part in parts if part not in shared)) for parts in (group.parts, other.parts)]
    unique = (_any_of if kind is Some else _all_of)(rest, depth + 1)
    if not (isinstance(unique, Words) or unique in (ALWAYS, NEVER) or _is_range(opposite, unique)):
        return None
    common = opposite(tuple(part for part in group.parts if part in shared))
    return (_all_of if kind is Some else _any_of)(_in_order(unique, common), depth + 1)


def _decides(kind: type[Every | Some], bound: Words, part: Wording) -> bool:
    """Tell whether a part of a group says nothing beside a bound of Python that the group is joined with."""
    if not isinstance(part, Words):
        return False
    ours, theirs = pythons_of(bound), pythons_of(part)
    if ours is None or theirs is None:
        return False
    return intersection(ours, theirs) == (theirs if kind is Some else ours)


def _is_range(kind: type[Every | Some], wording: Wording) -> bool:
    return isinstance(wording, kind) and _size(wording) <= (_RANGE_ENDS, _RANGE_ENDS)


def _size(wording: Wording) -> tuple[int, int]:
    """Return how many values and how many comparisons it has."""
    match wording:
        case Words(values=values):
            return len(values), 1
        case Every(parts) | Some(parts):
            sizes = [_size(part) for part in parts]
            return sum(size[0] for size in sizes), sum(size[1] for size in sizes)
