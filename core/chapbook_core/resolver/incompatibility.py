"""Incompatibility: terms that are never all true at once, anywhere in a region."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.requirements.diagram import conjunction
from chapbook_core.resolver.cause import Derived
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chapbook_core.resolver.cause import Cause


@frozen(eq=False)
class Incompatibility:
    """In no environment of the region does each package have a version in its mask.

    PubGrub's terms are pairs of a package and a mask here: `foo ^1.0` is the mask of its versions, and `not foo ^1.0`
    the mask of all the others and of absence. A package that is not named may have any version. Without any terms
    there is no solution in the region.
    """

    terms: Mapping[str, int]
    region: int
    cause: Cause


def resolvent(conflict: Incompatibility, prior: Incompatibility, package: str, full: int) -> Incompatibility:
    """Return what follows from two incompatibilities that both speak of a package whose full mask is given.

    Whatever version the package has, it is in one of the two masks or in none; so the other terms of both exclude each
    other for the versions in either mask. This is PubGrub's rule for a prior cause, at every environment of the common
    region at once.
    """
    terms = {name: mask for name, mask in conflict.terms.items() if name != package}
    for name, mask in prior.terms.items():
        if name != package:
            terms[name] = terms[name] & mask if name in terms else mask
    either = conflict.terms[package] | prior.terms[package]
    if either != full:
        terms[package] = either
    return Incompatibility(terms, conjunction(conflict.region, prior.region), Derived(conflict, prior))
