"""Constraint: a set of versions, with the words it was written in.

It is held as cuts (see `cut`), not as `packaging`'s ranges: those have no public way to build or to walk an interval,
which printing Poetry's normal form needs, their equality also compares which pre-releases were asked for, and building
one takes twenty times as long. The tests hold `packaging` against every answer given here.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache
from typing import TYPE_CHECKING

from packaging.version import Version

from chapbook_core.requirements.constraint_parser import InvalidConstraint, parse_cuts
from chapbook_core.requirements.constraint_text import NoSpecifier, poetry_text, specifier_text
from chapbook_core.requirements.version_key import version_key
from chapbook_core.requirements.version_set import EVERYTHING, Cuts, complement, intersection, union
from chapbook_core.value import field, frozen

if TYPE_CHECKING:
    from chapbook_core.requirements.cut import Cut

__all__ = ["ANY", "EMPTY", "Constraint", "InvalidConstraint", "NoSpecifier", "parse_constraint"]


@frozen
class Constraint:
    """A set of versions; equal to another one when both mean the same versions."""

    text: str = field(compare=False)
    """As its author wrote it; for a computed one, its normal form."""
    cuts: Cuts
    allows_prereleases: bool = field(default=False, compare=False)
    """Whether a pre-release is named, which asks for them by PEP 440."""

    @classmethod
    def caret(cls, version: Version | str) -> Constraint:
        """Return what `add` writes for a newest version: `^` of it, without its local part."""
        version = Version(version) if isinstance(version, str) else version
        return parse_constraint(f"^{version.public}")

    @property
    def keys(self) -> tuple[bytes, ...]:
        """The places, among sorted version keys, where the set begins, ends, begins again."""
        return tuple(cut.key for cut in self.cuts)

    @property
    def is_any(self) -> bool:
        """Whether every version is allowed."""
        return self.cuts == EVERYTHING

    @property
    def is_empty(self) -> bool:
        """Whether no version is allowed."""
        return not self.cuts

    def allows(self, version: Version | str) -> bool:
        """Tell whether a version is in the set; whether it is a pre-release does not matter here."""
        return bisect_right(self.cuts, version_key(version), key=_key) % 2 == 1

    def is_disjoint(self, other: Constraint) -> bool:
        """Tell whether no version is in both."""
        return not intersection(self.cuts, other.cuts)

    def is_subset(self, other: Constraint) -> bool:
        """Tell whether every version in this one is in the other."""
        return intersection(self.cuts, other.cuts) == self.cuts

    def __and__(self, other: Constraint) -> Constraint:
        if self.is_any:
            return other
        if other.is_any:
            return self
        return _computed(
            intersection(self.cuts, other.cuts), prereleases=self.allows_prereleases or other.allows_prereleases
        )

    def __or__(self, other: Constraint) -> Constraint:
        return _computed(union(self.cuts, other.cuts), prereleases=self.allows_prereleases or other.allows_prereleases)

    def __invert__(self) -> Constraint:
        return _computed(complement(self.cuts), prereleases=False)

    def __sub__(self, other: Constraint) -> Constraint:
        return _computed(intersection(self.cuts, complement(other.cuts)), prereleases=self.allows_prereleases)

    def poetry_text(self) -> str:
        """Return the normal form of Poetry's lock files: `>=1.0,<2.0`, `*`, `1.0`, `<1.0 || >=2.0`."""
        return poetry_text(self.cuts)

    def specifier_text(self) -> str:
        """Return the PEP 440 form, for PEP 508 and Requires-Python; raises NoSpecifier when there is none."""
        return specifier_text(self.cuts, self.text)

    def __str__(self) -> str:
        return self.text


@lru_cache(maxsize=16384)
def parse_constraint(text: str) -> Constraint:
    """Read a constraint in Poetry's language or PEP 440's; raises InvalidConstraint."""
    cuts, prereleases = parse_cuts(text)
    return Constraint(text, cuts, prereleases)


def _computed(cuts: Cuts, *, prereleases: bool) -> Constraint:
    return Constraint(poetry_text(cuts), cuts, prereleases)


def _key(cut: Cut) -> bytes:
    return cut.key


ANY = parse_constraint("*")
EMPTY = Constraint("<empty>", ())
