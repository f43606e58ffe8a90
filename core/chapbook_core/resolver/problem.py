"""Problem: everything the solver is given besides the facts it asks for."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from chapbook_core.requirements import diagram
from chapbook_core.value import field, frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chapbook_core.requirements.origin import Origin
    from chapbook_core.resolver.facts import Dependency

MAIN = "main"
"""The group of the project's own dependencies."""


class Resolution(Enum):
    """Which version is the best one."""

    NEWEST = "newest"
    LOWEST = "lowest"
    LOWEST_DIRECT = "lowest-direct"
    """The lowest of what the project names itself, the newest of all else."""


class Prereleases(Enum):
    """When a pre-release may be chosen."""

    WHEN_NEEDED = "when-needed"
    """As any release when the requirements name one, and else when no final release is possible; as in Poetry."""
    EXPLICIT = "explicit"
    """Only when a requirement names one or asks for them."""
    ALLOW = "allow"
    """As any release."""
    NEVER = "never"


class ForkStrategy(Enum):
    """What happens when the best version does not run on every Python of the project."""

    FEWEST = "fewest"
    """One version for all Pythons that requirements do not tell apart, if need be an older one; so Poetry has it."""
    REQUIRES_PYTHON = "requires-python"
    """The best version for each Python."""


@frozen
class Policy:
    """How to choose where the requirements leave a choice."""

    resolution: Resolution = Resolution.NEWEST
    prereleases: Prereleases = Prereleases.WHEN_NEEDED
    fork_strategy: ForkStrategy = ForkStrategy.FEWEST
    ignore_python_upper_bounds: bool = False
    """Whether `Requires-Python: >=3.8,<3.13` of a release is read as `>=3.8`. Poetry reads all of it: the release does
    not run on 3.13, so it is no answer for a project that does. uv leaves the upper bound out, because most are
    guesses."""


@frozen
class RootRequirement:
    """What the project requires in one of its groups; `dependency.extra` is the project's extra that holds it."""

    dependency: Dependency
    group: str = MAIN


@frozen
class LockedVersion:
    """A version that an earlier solution selected, and where."""

    name: str
    version: str
    origin: Origin | None = None
    region: int = diagram.TRUE


@frozen
class Switch:
    """Something that whoever installs the project turns on: an extra, or a group."""

    name: str
    is_group: bool = False


@frozen
class Problem:
    """The requirements of a project and the wishes about their solution."""

    requirements: tuple[RootRequirement, ...]
    environments: int = diagram.TRUE
    """The region of every Python and platform the project allows."""
    name: str = ""
    """What the explanation calls the project; empty when it has no name."""
    python_place: str = "`requires-python` of the project"
    """Where the project says which Pythons it allows."""
    conflicts: tuple[frozenset[Switch], ...] = ()
    """Extras and groups of which at most one is turned on at a time."""
    constraints: tuple[Dependency, ...] = ()
    """What holds for a package if it is selected at all."""
    overrides: tuple[Dependency, ...] = ()
    """What replaces every requirement on a package, whoever has it, inside the override's region."""
    excludes: frozenset[str] = frozenset()
    """Packages that nobody gets, whoever requires them."""
    locked: tuple[LockedVersion, ...] = ()
    """Versions to keep where they satisfy the requirements."""
    prefer: tuple[str, ...] = ()
    """Packages to decide before all others, so that they stay new; the first one most."""
    policy: Policy = Policy()


@frozen
class Selected:
    """A version of a package in the solution."""

    name: str
    version: str
    origin: Origin | None
    region: int
    """Where it is installed: environments, and the project's extras and groups that must be on for it."""
    groups: Mapping[str, int]
    """For each group that needs it: where it does, as if that group alone was installed."""
    extras: Mapping[str, int]
    """For each of its extras that is on: where."""


@frozen
class Solution:
    """One version of every needed package for every environment."""

    packages: tuple[Selected, ...]
    """By name, then oldest version first."""
    universe: int
    """Where it holds; markers in words need to be right there only."""
    steps: int
    """Decisions, derivations and conflicts it took."""
    conflicts: int = 0
    held_back: Mapping[str, str] = field(default_factory=dict)
    """For each package whose newest version was tried and given up: the package that stood in its way."""
