"""Claim: a requirement that is in force somewhere, taken apart into what it rules out of which package."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from chapbook_core.resolver.incompatibility import Incompatibility

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from chapbook_core.resolver.cause import Requires, RootRequires
    from chapbook_core.resolver.facts import Dependency

# Claims are made by the thousand, hence a tuple.


class Claim(NamedTuple):
    """What a requirement does to the packages it names, while its terms are true."""

    dependency: Dependency
    region: int
    """Where it is in force in the present partial solution."""
    scope: int
    """Where it holds whenever the terms are true."""
    terms: Mapping[str, int]
    """The release that requires, and its extra if that is why; nothing for the project."""
    excluded: tuple[tuple[str, int], ...]
    """Packages, each with the mask of what the requirement does not allow."""
    cause: Requires | RootRequires

    def incompatibility(self, package: str, mask: int, full: int) -> Incompatibility:
        """Return the incompatibility behind one of the exclusions; `full` is the package's full mask."""
        terms = {**self.terms, package: mask}
        if mask == full and package not in self.terms:
            # Nothing satisfies the requirement. A term that is always true is left out.
            del terms[package]
        return Incompatibility(terms, self.scope, self.cause)


def claim(
    dependency: Dependency,
    region: int,
    scope: int,
    terms: Mapping[str, int],
    *,
    demanded: Iterable[tuple[str, int]],
    cause: Requires | RootRequires,
) -> Claim:
    """Return the claim of a requirement that demands masks to be left out of packages.

    A package that requires itself makes no claim, or the claim that one of its releases can never be selected.
    """
    excluded = tuple(
        [
            (package, mask)
            for package, demanded_mask in demanded
            if (mask := demanded_mask & terms[package] if package in terms else demanded_mask)
        ]
    )
    return Claim(dependency, region, scope, terms, excluded, cause)
