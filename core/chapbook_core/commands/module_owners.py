"""ModuleOwners: which distribution brings a module, as far as somebody knows it; nothing is guessed from a name alone.

A name that nobody knows may belong to somebody who waits for the mistake of typing it. So a distribution is told only
when it is installed, locked or required here, when it is famous, or when this person has installed it before.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Literal

from chapbook_core.installer.stored_modules import is_brought, stored_owners, stored_portions
from chapbook_core.installer.top_levels import installed_portions
from chapbook_core.project.distribution_names import alternatives_of, distribution_of
from chapbook_core.requirements.name import canonical_name
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from chapbook_core.environment.site_packages import SitePackages
    from chapbook_core.lock.lockfile import LockedPackage

Knowledge = Literal["installed", "locked", "required", "famous", "stored", "unknown"]


@frozen
class Owners:
    """Who brings a module."""

    names: tuple[str, ...]
    knowledge: Knowledge
    """How it is known."""


NOBODY = Owners((), "unknown")


class ModuleOwners:
    """Asks one source of knowledge after the other, the surest first."""

    def __init__(
        self,
        present: SitePackages | None,
        locked: Collection[LockedPackage],
        required: Collection[str],
        store: Path | None,
    ) -> None:
        """`required` are the normalised names of what the project requires, `store` is where wheels are unpacked."""
        self._present = present
        self._locked = locked
        self._required = frozenset(required)
        self._store = store

    def of(self, module: str) -> Owners:
        """Return who brings a module, given with its dots; what follows the module itself does no harm."""
        if names := _lookup(module, self._installed):
            return Owners(names, "installed")
        if names := _lookup(module, self._locked_portions):
            return Owners(names, "locked")
        if (found := self._of_project(module)) is not None:
            return found
        if known := distribution_of(module):
            return Owners((known,), "famous")
        if self._store is not None and (names := stored_owners(self._store, module)):
            return Owners(names, "stored")
        return NOBODY

    def _of_project(self, module: str) -> Owners | None:
        """Look among what is in the project already, which is no stranger; its name may be the module's then."""
        locked = {package.name for package in self._locked}
        present = frozenset(self._present.distributions) if self._present is not None else frozenset()
        for name in self._candidates(module):
            # The modules of what is installed from its sources are listed nowhere.
            if name in present and not self._portions(name):
                return Owners((name,), "installed")
            if name in locked - present:
                return Owners((name,), "locked")
            if name in self._required - present - locked:
                return Owners((name,), "required")
        return None

    def modules_of(self, name: str) -> tuple[str, ...]:
        """Return the modules of a distribution; none when they are not known."""
        return self._portions(name) or self._locked_by_name.get(name, ())

    def _candidates(self, module: str) -> list[str]:
        known = distribution_of(module)
        own = canonical_name(module.partition(".")[0])
        return [own, *((known, *alternatives_of(known)) if known else ())]

    def _portions(self, name: str) -> tuple[str, ...]:
        return self._installed_by_name.get(name, ())

    @cached_property
    def _installed_by_name(self) -> dict[str, tuple[str, ...]]:
        return {} if self._present is None else {one.name: installed_portions(one) for one in self._present}

    @cached_property
    def _installed(self) -> dict[str, tuple[str, ...]]:
        return _turned(self._installed_by_name)

    @cached_property
    def _locked_by_name(self) -> dict[str, tuple[str, ...]]:
        if self._store is None:
            return {}
        found = {}
        for package in self._locked:
            if self._present is None or package.name not in self._present.distributions:
                hashes = [file.hash.partition(":") for file in package.files if file.name.endswith(".whl")]
                digests = [digest for kind, _, digest in hashes if kind == "sha256"]
                found[package.name] = stored_portions(self._store, digests)
        return found

    @cached_property
    def _locked_portions(self) -> dict[str, tuple[str, ...]]:
        return _turned(self._locked_by_name)


def _turned(by_name: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    turned: dict[str, list[str]] = {}
    for name, portions in by_name.items():
        for portion in portions:
            turned.setdefault(portion, []).append(name)
    return {portion: tuple(sorted(names)) for portion, names in turned.items()}


def _lookup(module: str, owners: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    parts = module.split(".")
    for count in range(len(parts), 0, -1):
        if names := owners.get(".".join(parts[:count])):
            return names
    # A namespace: whoever has a part of it.
    below = {name for portion, names in owners.items() if is_brought(module, (portion,)) for name in names}
    return tuple(sorted(below))
