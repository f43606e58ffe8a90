"""A comparison as a marker prints it: the function it is, its words, and the words of its opposite."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from chapbook_core.requirements.diagram import complement, flag
from chapbook_core.requirements.interpreter_version import FINAL, family, parts, text_of
from chapbook_core.requirements.marker_variable import (
    EXTRA,
    EXTRAS,
    GROUPS,
    comparison,
    equality,
    from_cuts,
    name_of,
    text_comparison_of,
)
from chapbook_core.requirements.release_comparison import release_text

if TYPE_CHECKING:
    from chapbook_core.requirements.diagram import Cut


class Comparison(NamedTuple):
    """One test of an environment."""

    function: int
    variable: str
    text: str
    opposite: str

    def negated(self) -> Comparison:
        """Return the opposite test."""
        return Comparison(complement(self.function), self.variable, self.opposite, self.text)


@lru_cache(maxsize=4096)
def at_least(variable: str, cut: Cut) -> Comparison:
    """Return the test that an ordered variable lies above a cut."""
    if isinstance(cut, int):
        above, below = _python_bounds(cut)
    else:
        version = _quoted(release_text(cut))
        name = name_of(variable)
        above, below = (
            (f"{name} > {version}", f"{name} <= {version}")
            if cut[1]
            else (
                f"{name} >= {version}",
                f"{name} < {version}",
            )
        )
    return Comparison(from_cuts(variable, (cut,)), variable, above, below)


def below(variable: str, cut: Cut) -> Comparison:
    """Return the test that an ordered variable lies below a cut."""
    return at_least(variable, cut).negated()


@lru_cache(maxsize=4096)
def exactly(variable: str, begin: Cut, end: Cut) -> Comparison | None:
    """Return the test `==` for what lies between two cuts, or None when that is more than one version."""
    name, version = name_of(variable), None
    if isinstance(begin, int):
        major, minor, patch, place = parts(begin)
        if (patch, place) == (0, 0) and end == family(major, minor + 1):
            name, version = "python_version", f"{major}.{minor}"
        elif end == (family(major, minor, patch + 1) if place == FINAL else begin + 1):
            version = text_of(begin)
    elif isinstance(end, tuple) and begin[0] == end[0]:
        version = release_text(begin)
    if version is None:
        return None
    text, opposite = f"{name} == {_quoted(version)}", f"{name} != {_quoted(version)}"
    return Comparison(from_cuts(variable, (begin, end)), variable, text, opposite)


@lru_cache(maxsize=4096)
def equal(variable: str, value: str) -> Comparison:
    """Return the test that a variable has this text as its value, by the name that is most used for it."""
    name = name_of(variable)
    if name == "implementation_name" and value in _TITLES:
        name, value = "platform_python_implementation", _TITLES[value]
    quoted = _quoted(value)
    return Comparison(equality(name, value), variable, f"{name} == {quoted}", f"{name} != {quoted}")


@lru_cache(maxsize=4096)
def active(variable: str) -> Comparison:
    """Return the test of a yes-or-no variable."""
    if variable.startswith(EXTRA):
        extra = _quoted(variable.removeprefix(EXTRA))
        text, opposite = f"extra == {extra}", f"extra != {extra}"
    elif variable.startswith((EXTRAS, GROUPS)):
        name = name_of(variable)
        member = _quoted(variable.removeprefix(EXTRAS).removeprefix(GROUPS))
        text, opposite = f"{member} in {name}", f"{member} not in {name}"
    else:
        name, operator, literal = text_comparison_of(variable)
        quoted = _quoted(literal)
        match operator:
            case "==":
                text, opposite = f"{name} == {quoted}", f"{name} != {quoted}"
            case "in":
                text, opposite = f"{name} in {quoted}", f"{name} not in {quoted}"
            case _:
                text, opposite = f"{quoted} in {name}", f"{quoted} not in {name}"
        if operator != "==":
            # Where another variable tells the answer, this one is not asked; the words speak of both.
            function = comparison(name, "in", literal, literal_first=operator == "holds")
            return Comparison(function, variable, text, opposite)
    return Comparison(flag(variable), variable, text, opposite)


_TITLES = {"cpython": "CPython", "pypy": "PyPy"}


def _python_bounds(cut: int) -> tuple[str, str]:
    """Return the words for the interpreters from a cut on, and for those below it."""
    major, minor, patch, place = parts(cut)
    if place == 0 and patch == 0:
        version = f"{major}.{minor}"
        return f'python_version >= "{version}"', f'python_version < "{version}"'
    if place == 0:
        # `>= "3.11.4"` would leave out the pre-releases of 3.11.4, which `< "3.11.4"` leaves to the other side.
        return (
            f'python_full_version > "{major}.{minor}.{patch - 1}"',
            f'python_full_version < "{major}.{minor}.{patch}"',
        )
    version = text_of(cut)
    if place == FINAL:
        # `< "3.13.0"` would leave out the pre-releases of 3.13.0, and Poetry reads no version on the left of `>`.
        below = f'python_full_version <= "{version}" and python_full_version != "{version}"'
        return f'python_full_version >= "{version}"', below
    return f'python_full_version >= "{version}"', f'python_full_version < "{version}"'


def _quoted(literal: str) -> str:
    if "\\" in literal or not literal.isprintable() or ('"' in literal and "'" in literal):
        literal = literal.encode("unicode_escape").decode("ascii").replace('"', "\\x22")
    return f"'{literal}'" if '"' in literal else f'"{literal}"'
