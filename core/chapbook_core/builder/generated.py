"""Modules that a build makes instead of packing them: the seam for sources in another form than Python's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

from chapbook_core.builder.notebook.export_rules import exports_notebooks

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chapbook_core.builder.distribution import Distribution
    from chapbook_core.builder.member import Member

Kind = Literal["wheel", "sdist", "editable"]


class Generator(Protocol):
    """Makes members of a distribution; a build asks each one once for each archive."""

    def __call__(self, distribution: Distribution, kind: Kind, /) -> Iterable[Member]:
        """Return what belongs into an archive of that kind, named from its top.

        In an editable wheel that is what makes imports find the sources, such as a hook and the `.pth` that loads it;
        in a source distribution the sources and the modules made from them. Raises CannotBuild.
        """


def _of_notebooks(distribution: Distribution, kind: Kind, /) -> Iterable[Member]:
    if not makes_modules(distribution):
        return ()
    from chapbook_core.builder.notebook.generator import notebook_members  # most projects export no notebook

    return notebook_members(distribution, kind)


GENERATORS: tuple[Generator, ...] = (_of_notebooks,)
"""In the order they are asked."""


def makes_modules(distribution: Distribution) -> bool:
    """Tell whether modules of the project may be made by its build; costs next to nothing."""
    return exports_notebooks(distribution.manifest)


def generated_members(distribution: Distribution, kind: Kind) -> list[Member]:
    """Return everything that generators add to an archive."""
    return [member for generator in GENERATORS for member in generator(distribution, kind)]
