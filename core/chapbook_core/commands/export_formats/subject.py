"""Subject: what is exported, whatever the format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.lock.condition import packages_for
from chapbook_core.lock.requirements_format import can_be_hashed, format_requirements
from chapbook_core.requirements.target import PYTHON_MINORS
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chapbook_core.lock.lockfile import Lock, LockedPackage
    from chapbook_core.lock.wanted import Wanted
    from chapbook_core.project.manifest import Manifest
    from chapbook_core.requirements.constraint import Constraint
    from chapbook_core.requirements.marker import Marker

_PATCHES = range(60)


@frozen
class Subject:
    """A project with its lock, and what of it somebody asked for."""

    manifest: Manifest
    lock: Lock
    wanted: Wanted
    python: Marker
    """Where the lock works."""
    options: tuple[str, ...] = ()
    """Lines about package indexes, as `requirements.txt` has them."""
    hashes: bool = True
    minor: tuple[int, int] = (3, 11)
    """The Python to use where a format names a single one."""

    def packages(self) -> Iterator[tuple[LockedPackage, Marker]]:
        """Yield the packages with their conditions."""
        return packages_for(self.lock, self.wanted, self.python)

    def unhashed(self) -> tuple[str, ...]:
        """Name the packages that no hash can be held against."""
        return tuple(dict.fromkeys(package.name for package, _ in self.packages() if not can_be_hashed(package)))

    def requirements(self, *, hashes: bool) -> str:
        """Return the text of a `requirements.txt`."""
        return format_requirements(
            self.lock,
            self.wanted,
            folder=self.manifest.folder,
            python=self.python,
            options=self.options,
            hashes=hashes,
        )

    @property
    def python_name(self) -> str:
        """The single Python, as in `3.11`."""
        return f"{self.minor[0]}.{self.minor[1]}"


def chosen_minor(python: Constraint, preferred: tuple[int, int]) -> tuple[int, int]:
    """Return the preferred Python when the project allows it, else the oldest one that it allows."""
    allowed = [minor for minor in dict.fromkeys((preferred, *PYTHON_MINORS)) if _allows(python, minor)]
    return allowed[0] if allowed else preferred


def _allows(python: Constraint, minor: tuple[int, int]) -> bool:
    return any(python.allows(f"{minor[0]}.{minor[1]}.{patch}") for patch in _PATCHES)
