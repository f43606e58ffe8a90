"""Cause: the fact, or the reasoning, that makes an incompatibility true."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.value import frozen

if TYPE_CHECKING:
    from chapbook_core.requirements.origin import Origin
    from chapbook_core.resolver.facts import Dependency
    from chapbook_core.resolver.incompatibility import Incompatibility
    from chapbook_core.resolver.problem import RootRequirement


@frozen
class RootRequires:
    """The project requires a package."""

    requirement: RootRequirement


@frozen
class Requires:
    """A release requires a package."""

    name: str
    version: str
    dependency: Dependency


@frozen
class Constrained:
    """The project constrains a package, should it be needed."""

    constraint: Dependency


@frozen
class NeedsPython:
    """Releases do not run on every Python of the project."""

    name: str
    requires_python: str


@frozen
class Prerelease:
    """Nobody asked for the pre-releases of a package."""

    name: str


@frozen
class Yanked:
    """Releases were withdrawn by their authors, and nobody pins one."""

    name: str


@frozen
class Unusable:
    """Releases have no file, or no readable metadata, with which they could be installed."""

    name: str
    reason: str


@frozen
class FromElsewhere:
    """Releases come from a source that the project takes this package from only in other environments."""

    name: str
    origin: Origin | None


@frozen
class Derived:
    """Two incompatibilities together imply this one."""

    left: Incompatibility
    right: Incompatibility


Fact = RootRequires | Requires | Constrained | NeedsPython | Prerelease | Yanked | Unusable | FromElsewhere
Cause = Fact | Derived


def required_by(cause: Cause | None) -> Dependency | None:
    """Return the requirement that a cause is about, if it is about one."""
    match cause:
        case RootRequires(requirement=requirement):
            return requirement.dependency
        case Requires(dependency=dependency) | Constrained(constraint=dependency):
            return dependency
        case _:
            return None
