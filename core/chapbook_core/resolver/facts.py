"""What the solver asks for and what it is told: the values that pass between it and whoever drives it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, NamedTuple, Protocol

from chapbook_core.requirements import diagram
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from chapbook_core.requirements.origin import Origin
    from chapbook_core.resolver.versions import Versions


# Questions are looked up by the thousand, hence tuples.


class VersionsWanted(NamedTuple):
    """Which releases of a package does this origin offer? The answer is `Versions`."""

    name: str
    origin: Origin | None = None
    """None is the default index; a direct reference has exactly one release, its own."""


class MetadataWanted(NamedTuple):
    """What does this release depend on? The answer is `Metadata`, or `Unavailable` when it cannot be told."""

    name: str
    version: str
    origin: Origin | None = None


Want = VersionsWanted | MetadataWanted


@frozen
class Progress:
    """How far the solver is, for whoever watches it."""

    decided: int
    known: int
    """Packages met so far, decided or not."""
    steps: int
    """Decisions, derivations and conflicts so far."""
    suspect: str = ""
    """The package that the most conflicts are about; empty while there are none."""


@frozen
class Need:
    """A question. The solver goes on when everything wanted is answered; hints may be fetched ahead."""

    wanted: tuple[Want, ...]
    hints: tuple[Want, ...]
    """What is likely to be wanted soon. Answering it now or never gives the same solution."""
    progress: Progress


@frozen
class Dependency:
    """A requirement on a package, as the solver sees it: for a region, and perhaps for an extra of who requires it."""

    name: str
    constraint: str = "*"
    region: int = diagram.TRUE
    """The environments that its marker allows, `extra` left out of it."""
    extras: tuple[str, ...] = ()
    """The extras of the required package."""
    extra: str = ""
    """The extra of the requiring package that asks for it; empty when it always does."""
    origin: Origin | None = None
    """The source or direct reference it insists on; None takes any."""
    allow_prereleases: bool | None = None
    """Whether pre-releases are asked for; None leaves that to the constraint."""


class Dependencies(Protocol):
    """What a release depends on, most of which is for extras that nobody asks for."""

    def under(self, extras: Collection[str]) -> tuple[Dependency, ...]:
        """Return what it always depends on, and what these of its extras add, in the order of its metadata."""


@frozen
class Listed:
    """Dependencies that are all known."""

    every: tuple[Dependency, ...] = ()

    def under(self, extras: Collection[str]) -> tuple[Dependency, ...]:
        """Return what it always depends on, and what these extras add."""
        return tuple(one for one in self.every if not one.extra or one.extra in extras)


@frozen
class Metadata:
    """What a release depends on."""

    dependencies: Dependencies = Listed()
    requires_python: str = ""
    """Requires-Python, for origins whose list of releases does not tell it."""


@frozen
class Unavailable:
    """A release whose metadata cannot be had; it is passed over."""

    reason: str
    """Completes the sentence "NAME VERSION ...", as in `has metadata that cannot be read`."""


Facts = Mapping[Want, "Versions | Metadata | Unavailable"]
