"""Extras of packages as packages of their own: one version each, which is selected when somebody asks for the extra."""

from __future__ import annotations

from chapbook_core.resolver.versions import ABSENT

OFF = ABSENT
ON = 2
ON_OR_OFF = OFF | ON
_NONE: frozenset[str] = frozenset()


class Extras:
    """The names under which extras are assigned."""

    def __init__(self) -> None:
        self._names: dict[str, dict[str, str]] = {}
        self._owners: dict[str, tuple[str, str]] = {}
        self._met: dict[str, frozenset[str]] = {}

    def name(self, package: str, extra: str) -> str:
        """Return the name of an extra, made up when there is none."""
        names = self._names.setdefault(package, {})
        if extra not in names:
            names[extra] = f"{package}[{extra}]"
            self._owners[names[extra]] = (package, extra)
            self._met[package] = frozenset(names)
        return names[extra]

    def known(self, package: str, extra: str) -> str | None:
        """Return the name of an extra if it was ever asked for."""
        return self._names.get(package, {}).get(extra)

    def of(self, package: str) -> frozenset[str]:
        """Return the extras of a package that were ever asked for."""
        return self._met.get(package, _NONE)

    def owner(self, name: str) -> tuple[str, str] | None:
        """Return the package and the extra behind a name, if it is an extra's."""
        return self._owners.get(name)

    def package(self, name: str) -> str:
        """Return the package that a name is about."""
        owner = self._owners.get(name)
        return name if owner is None else owner[0]
