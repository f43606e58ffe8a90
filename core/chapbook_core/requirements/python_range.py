"""Between a constraint on Python and the cuts of interpreter versions in the decision diagram."""

from __future__ import annotations

from packaging.version import Version

from chapbook_core.requirements.constraint import ANY, EMPTY, Constraint
from chapbook_core.requirements.constraint_text import poetry_text
from chapbook_core.requirements.cut import FLOOR, Cut, Side, above, above_locals, before, before_family
from chapbook_core.requirements.diagram import TRUE, node_of
from chapbook_core.requirements.interpreter_version import FINAL, bound_of_version, family, final, parts, text_of


def cuts_of(constraint: Constraint) -> tuple[int, ...]:
    """Return where the constraint begins and ends among interpreters, each minor version with its pre-releases."""
    cuts: list[int] = []
    for cut in constraint.cuts:
        place = _place(cut)
        if cuts and cuts[-1] == place:
            cuts.pop()
        else:
            cuts.append(place)
    return tuple(cuts)


def constraint_of(node: int) -> Constraint:
    """Return the constraint of a function of the Python version alone."""
    if node <= TRUE:
        return ANY if node == TRUE else EMPTY
    question = node_of(node)
    cuts: list[Cut] = [FLOOR] if question.children[0] == TRUE else []
    previous = 0
    for key, child in zip(question.keys, question.children[1:], strict=True):
        if not isinstance(key, int):
            raise TypeError(f"`{question.variable}` is not the version of Python")
        cuts.append(_beginning(key, previous) if child == TRUE else _end(key, previous))
        previous = key
    return Constraint(text=poetry_text(tuple(cuts)), cuts=tuple(cuts))


def _place(cut: Cut) -> int:
    bound = bound_of_version(cut.version)
    match cut.side:
        case Side.FLOOR:
            return 0
        case Side.BEFORE:
            major, minor, patch, place = parts(bound.at)
            return family(major, minor) if (patch, place) == (0, FINAL) else bound.at
        case Side.BEFORE_DEV:
            return bound.below
        case Side.ABOVE_ONLY | Side.ABOVE_LOCALS | Side.ABOVE_POSTS:
            return bound.above


def _beginning(key: int, end: int) -> Cut:
    major, minor, patch, place = parts(key)
    if place:
        return before(Version(text_of(key)))
    if patch and end == final(major, minor, patch - 1):
        # One release is left out, as `!=` does.
        return above_locals(Version(text_of(end)))
    return above(Version(f"{major}.{minor}.{patch - 1}")) if patch else before(Version(f"{major}.{minor}"))


def _end(key: int, begin: int) -> Cut:
    major, minor, patch, place = parts(key)
    if place:
        return before(Version(text_of(key)))
    if patch and begin == final(major, minor, patch - 1):
        return above_locals(Version(text_of(begin)))
    return before_family(Version(f"{major}.{minor}.{patch}" if patch else f"{major}.{minor}"))
