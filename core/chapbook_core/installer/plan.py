"""Plan: the steps from what is installed to what a lock selects; nothing is read or changed here.

The rules are Poetry's. Without `sync` nothing is removed. With it everything goes that is not wanted, save `pip`, which
no lock need name, and the project itself. A package is put in anew when its version differs, or where it comes from;
that another index has it now makes no difference.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from chapbook_core.installer.depth import deepest_first
from chapbook_core.installer.provenance import difference
from chapbook_core.requirements.version_key import version_key
from chapbook_core.value import field, frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from chapbook_core.lock.lockfile import LockedPackage

NEVER_REMOVED = frozenset({"pip"})


@frozen
class Installed:
    """A distribution in the environment, as far as a plan wants to know it."""

    name: str
    """Normalised."""
    version: str
    direct_url: Mapping[str, object] | None = None
    """Where it comes from when that is no index."""
    damage: str = ""
    """What is wrong with it, so that it has to be put in anew."""
    is_checkout: bool = False
    """Whether it is imported from the checkout of a repository, in which a person may work."""


@frozen
class Install:
    """A package to be put in."""

    package: LockedPackage


@frozen
class Update:
    """A package to be put in where another of its name is."""

    package: LockedPackage
    before: str
    reason: str = ""
    """Why, when it is not the version."""


@frozen
class Remove:
    """A distribution to be taken out."""

    name: str
    version: str


@frozen
class Keep:
    """A package that is there already."""

    package: LockedPackage


@frozen
class Skip:
    """A package that is wanted and left alone."""

    package: LockedPackage
    reason: str


Step = Install | Update | Remove | Keep | Skip


@frozen
class PlanOptions:
    """What a person may ask for."""

    sync: bool = False
    gone: frozenset[str] = frozenset()
    """Packages that the lock held before: what of them is not wanted any more goes, even without `sync`."""
    directories: bool = True
    """Whether packages in folders are put in."""
    project_name: str | None = None
    """The project itself, which is never removed."""
    outdated: Mapping[str, bool] = field(default_factory=dict)
    """Packages built from a folder, and whether that has been changed since; its version is what it had then."""
    anew: frozenset[str] = frozenset()
    """Packages that are put in again although they are there."""


@frozen
class Plan:
    """The steps, removals first, then the deepest dependencies before those that need them."""

    steps: tuple[Step, ...]

    @cached_property
    def arriving(self) -> tuple[LockedPackage, ...]:
        """The packages to be put in."""
        return tuple(step.package for step in self.steps if isinstance(step, Install | Update))

    @cached_property
    def leaving(self) -> tuple[str, ...]:
        """The names of the distributions to be taken out, those that are replaced among them."""
        return tuple(
            step.name if isinstance(step, Remove) else step.package.name
            for step in self.steps
            if isinstance(step, Remove | Update)
        )

    @property
    def is_empty(self) -> bool:
        """Whether nothing has to be done."""
        return not self.arriving and not self.leaving


def make_plan(
    installed: Iterable[Installed], wanted: Sequence[LockedPackage], project: Path, options: PlanOptions
) -> Plan:
    """Compare what is installed with what is wanted; relative paths of the lock start at `project`."""
    present = {distribution.name: distribution for distribution in installed}
    steps: list[Step] = []
    kept = {package.name for package in wanted} | NEVER_REMOVED | {options.project_name}
    leaving = (present.keys() if options.sync else present.keys() & options.gone) - kept
    steps += [Remove(name, present[name].version) for name in sorted(leaving)]
    steps += [_step(package, present.get(package.name), project, options) for package in deepest_first(wanted)]
    return Plan(tuple(steps))


def is_same_version(one: str, other: str) -> bool:
    """Tell whether two spellings are of one version."""
    if one == other:
        return True
    try:
        return version_key(one) == version_key(other)
    except ValueError:
        return False


def _step(package: LockedPackage, present: Installed | None, project: Path, options: PlanOptions) -> Step:
    if not options.directories and package.source is not None and package.source.type == "directory":
        return Skip(package, "it is in a folder")
    if present is None:
        return Install(package)
    is_outdated = options.outdated.get(package.name)
    if is_outdated is not False and not is_same_version(present.version, package.version):
        return Update(package, present.version)
    reason = present.damage or difference(package, present.direct_url, project, is_checkout=present.is_checkout)
    if not reason and is_outdated:
        reason = "its folder was changed"
    if not reason and package.name in options.anew:
        reason = "as asked"
    return Update(package, present.version, reason) if reason else Keep(package)
