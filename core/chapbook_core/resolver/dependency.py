"""From requirements as people and metadata write them to dependencies as the solver sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.requirements.diagram import FALSE, cofactor, difference
from chapbook_core.requirements.marker_variable import EXTRA, EXTRAS
from chapbook_core.requirements.origin import IndexOrigin
from chapbook_core.resolver.facts import Dependency
from chapbook_core.resolver.problem import MAIN, RootRequirement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chapbook_core.requirements.origin import Origin
    from chapbook_core.requirements.requirement import Requirement

_DEFAULT_INDEX = IndexOrigin()


def dependencies_of(requirement: Requirement) -> tuple[Dependency, ...]:
    """Return what a release's requirement amounts to: once without any extra, and once for each extra that adds to it.

    An installer evaluates `extra == "x"` for one extra at a time, so `extra != "y"` is true without one.
    """
    marker = requirement.marker.node
    extras = sorted(requirement.marker.extras())
    if not extras:
        return (_dependency(requirement, marker),) if marker != FALSE else ()
    without = marker
    for extra in extras:
        without = _known(without, extra, on=False)
    dependencies = [_dependency(requirement, without)] if without != FALSE else []
    for extra in extras:
        alone = marker
        for other in extras:
            alone = _known(alone, other, on=other == extra)
        added = difference(alone, without)
        if added != FALSE:
            dependencies.append(_dependency(requirement, added, extra))
    return tuple(dependencies)


def root_requirements(requirement: Requirement, group: str = MAIN) -> Iterator[RootRequirement]:
    """Yield what a requirement of the project amounts to: once for each of the project's extras that holds it.

    What its marker says of extras stays in it, because the project may use it to keep two requirements apart.
    """
    if requirement.marker.is_never:
        return
    for extra in sorted(requirement.in_extras) or [""]:
        yield RootRequirement(_dependency(requirement, requirement.marker.node, extra), group)


def origin_of(origin: Origin) -> Origin | None:
    """Return an origin as the solver has it, for which the default index is nothing in particular."""
    return None if origin == _DEFAULT_INDEX else origin


def _dependency(requirement: Requirement, region: int, extra: str = "") -> Dependency:
    return Dependency(
        name=requirement.name,
        constraint=requirement.constraint.text or "*",
        region=region,
        extras=tuple(sorted(requirement.extras)),
        extra=extra,
        origin=origin_of(requirement.origin),
        allow_prereleases=requirement.allow_prereleases,
    )


def _known(marker: int, extra: str, *, on: bool) -> int:
    return cofactor(cofactor(marker, EXTRA + extra, int(on)), EXTRAS + extra, int(on))
