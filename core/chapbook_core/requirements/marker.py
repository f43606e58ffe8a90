"""Marker: a condition on the environment, as PEP 508 and PEP 751 write it, with an exact algebra."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from chapbook_core.requirements.diagram import (
    FALSE,
    TRUE,
    cofactor,
    complement,
    conjunction,
    contains,
    difference,
    disjunction,
    forget,
    variables,
)
from chapbook_core.requirements.environment_point import EnvironmentPoint
from chapbook_core.requirements.marker_parser import InvalidMarker, read_marker
from chapbook_core.requirements.marker_variable import EXTRA, EXTRAS, GROUPS, PYTHON, from_cuts, name_of
from chapbook_core.requirements.name import canonical_name
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from chapbook_core.requirements.constraint import Constraint

__all__ = ["ALWAYS", "NEVER", "InvalidMarker", "Marker", "parse_marker", "python_marker"]


@frozen
class Marker:
    """A function of the environment; two markers are equal exactly when they mean the same."""

    node: int
    """The node of the decision diagram; stands for this function in this process only."""

    # Memos ask for these more often than for anything else, hence not those that every value has.

    def __eq__(self, other: object) -> bool:
        return self.node == other.node if isinstance(other, Marker) else NotImplemented

    def __hash__(self) -> int:
        return self.node

    @property
    def is_always(self) -> bool:
        """Whether every environment satisfies it."""
        return self.node == TRUE

    @property
    def is_never(self) -> bool:
        """Whether no environment satisfies it."""
        return self.node == FALSE

    def __and__(self, other: Marker) -> Marker:
        return Marker(conjunction(self.node, other.node))

    def __or__(self, other: Marker) -> Marker:
        return Marker(disjunction(self.node, other.node))

    def __invert__(self) -> Marker:
        return Marker(complement(self.node))

    def __sub__(self, other: Marker) -> Marker:
        return Marker(difference(self.node, other.node))

    def is_disjoint(self, other: Marker) -> bool:
        """Tell whether no environment satisfies both."""
        return conjunction(self.node, other.node) == FALSE

    def implies(self, other: Marker) -> bool:
        """Tell whether every environment that satisfies this one satisfies the other."""
        return conjunction(self.node, other.node) == self.node

    def simplified(self, under: Marker) -> Marker:
        """Return the marker with the shortest text that means the same wherever `under` holds."""
        return parse_marker(self.text(under))

    def text(self, under: Marker | None = None) -> str:
        """Return the marker in words, which need to be right only where `under` holds; empty for always."""
        # Resolving needs no words, and this part is as large as all the others.
        from chapbook_core.requirements.marker_text import marker_text

        return marker_text(self.node, TRUE if under is None else under.node)

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"parse_marker({self.text()!r})"

    def __reduce__(self) -> tuple[Callable[[str], Marker], tuple[str]]:
        # The node means nothing in another process, the text does.
        return parse_marker, (self.text(),)

    def evaluate(
        self, environment: Mapping[str, str], extras: Collection[str] = (), groups: Collection[str] = ()
    ) -> bool:
        """Tell whether an environment satisfies it, with these extras and dependency groups asked for.

        The environment has the keys of PEP 508; one that is asked and missing raises KeyError.
        """
        return contains(self.node, EnvironmentPoint(environment, extras, groups))

    def variables(self) -> frozenset[str]:
        """Return the names it depends on: `python_full_version`, `sys_platform`, `extra`..."""
        return frozenset(map(name_of, variables(self.node)))

    def extras(self) -> frozenset[str]:
        """Return the extras it names, as `extra == "..."` or `"..." in extras`."""
        return _extras(self.node)

    def with_extra(self, name: str, *, active: bool) -> Marker:
        """Return what is left of the marker when an extra is known to be asked for, or not to be."""
        return Marker(cofactor(self.node, EXTRA + canonical_name(name), int(active)))

    def without_extras(self) -> Marker:
        """Return where it can be satisfied, whatever extras and groups are asked for."""
        return Marker(_whatever_is_asked_for(self.node))

    def only(self, *names: str) -> Marker:
        """Return where it can be satisfied, as far as these variables tell."""
        kept = {"python_full_version" if name == "python_version" else name for name in names}
        return Marker(forget(self.node, lambda variable: name_of(variable) not in kept))

    def python_constraint(self) -> Constraint:
        """Return the Python versions under which it can be satisfied.

        A minor version begins with its final release here, as it does in Requires-Python: `>=3.9`, not `>=3.9.dev0`.
        """
        from chapbook_core.requirements.python_range import constraint_of  # loads `packaging.version`

        return constraint_of(self.only("python_full_version").node)


@lru_cache(maxsize=16384)
def parse_marker(text: str) -> Marker:
    """Read a marker; a blank text is always true. Raises InvalidMarker."""
    return Marker(read_marker(text) if text and not text.isspace() else TRUE)


def python_marker(constraint: Constraint) -> Marker:
    """Return the marker of a range of Python versions, the counterpart of `Marker.python_constraint`.

    A bound at a whole minor version takes that version's pre-releases along: `>=3.13` and `<3.13` leave no gap, and are
    printed as `python_version`.
    """
    from chapbook_core.requirements.python_range import cuts_of  # loads `packaging.version`

    return Marker(from_cuts(PYTHON, cuts_of(constraint)))


@lru_cache(maxsize=16384)
def _extras(node: int) -> frozenset[str]:
    return frozenset(
        variable.removeprefix(EXTRAS).removeprefix(EXTRA)
        for variable in variables(node)
        if variable.startswith((EXTRA, EXTRAS))
    )


@lru_cache(maxsize=16384)
def _whatever_is_asked_for(node: int) -> int:
    return forget(node, _is_asked_for)


def _is_asked_for(variable: str) -> bool:
    return variable.startswith((EXTRA, EXTRAS, GROUPS))


ALWAYS = Marker(TRUE)
NEVER = Marker(FALSE)
