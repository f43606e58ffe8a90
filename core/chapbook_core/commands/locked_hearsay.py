"""What a lock says of releases, in the words of an index: offline it stands in for pages that nobody has kept.

Who installs a lock asks an index for single files, and keeps nothing of its pages. A lock repeats of a release all that
solving needs, but only for the environments that it was made for: whoever wants a release for others has to ask.
"""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from chapbook_core.errors import ChapbookError
from chapbook_core.index.hearsay import Hearsay
from chapbook_core.index.metadata import Metadata
from chapbook_core.index.page_rows import build_page
from chapbook_core.requirements.constraint import parse_constraint
from chapbook_core.requirements.marker import NEVER, Marker, parse_marker, python_marker
from chapbook_core.requirements.name import canonical_name
from chapbook_core.requirements.version_key import version_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from chapbook_core.index.failure import NotCached
    from chapbook_core.index.file_table import Row
    from chapbook_core.lock.lockfile import Lock, LockedDependency, LockedPackage
    from chapbook_core.resolver.problem import Solution


class LockedHearsay:
    """Knows the releases of one lock that are from indexes."""

    def __init__(self, lock: Lock, packages: Iterable[LockedPackage]) -> None:
        """`packages` are those of the lock that may be believed."""
        self._python = lock.python_versions
        self._packages: dict[str, list[LockedPackage]] = {}
        for package in packages:
            if package.files and (package.source is None or package.source.type == "legacy"):
                self._packages.setdefault(package.name, []).append(package)

    def __call__(self, name: str) -> tuple[Hearsay, ...]:
        """Return what is known of a package."""
        by_source: dict[str, list[LockedPackage]] = {}
        for package in self._packages.get(name, ()):
            by_source.setdefault(package.source.reference if package.source else "", []).append(package)
        try:
            return tuple(_told(name, source, packages) for source, packages in by_source.items())
        except ChapbookError:
            # What cannot be said in the words of an index is not said.
            return ()

    def require_grounds(self, solution: Solution, believed: Mapping[str, NotCached]) -> None:
        """Raise NotCached when a release that was taken by hearsay is needed where the lock did not have it."""
        for selected in solution.packages:
            if selected.name in believed:
                needed = reduce(or_, map(Marker, selected.groups.values()), NEVER).without_extras()
                if not needed.implies(self._region(selected.name, selected.version)):
                    raise believed[selected.name]

    def _region(self, name: str, version: str) -> Marker:
        key = version_key(version)
        packages = [package for package in self._packages.get(name, ()) if version_key(package.version) == key]
        texts = [package.markers.get(group, "") for package in packages for group in package.groups]
        try:
            python = python_marker(parse_constraint(self._python))
            return python & reduce(or_, map(parse_marker, texts), NEVER).without_extras()
        except ChapbookError:
            return NEVER


def _told(name: str, source: str, packages: list[LockedPackage]) -> Hearsay:
    page = build_page(name, [row for package in packages for row in _rows(package)], "")
    # A file may write the version in another way than the lock does.
    by_version = {version_key(package.version): package for package in packages}
    known = {version: by_version.get(version_key(version)) for version in page.summary.versions}
    return Hearsay(source, page, {version: _metadata(one) for version, one in known.items() if one is not None})


def _rows(package: LockedPackage) -> Iterator[Row]:
    for file in package.files:
        yield file.name, "", file.hash.replace(":", "="), None, None, _python(package), None, None


def _python(package: LockedPackage) -> str | None:
    return None if package.python_versions == "*" else package.python_versions


def _metadata(package: LockedPackage) -> Metadata:
    lines: list[str] = []
    said: set[tuple[str, str]] = set()
    for name, several in package.dependencies.items():
        for dependency in several:
            lines.append(_line(name, dependency))
            said.update((extra, canonical_name(name)) for extra in parse_marker(dependency.markers).extras())
    for extra, texts in package.extras.items():
        for text in texts:
            requirement, _, marker = (part.strip() for part in text.partition(" ; "))
            if (extra, canonical_name(_name(requirement))) not in said:
                lines.append(f"{requirement} ; " + (f"({marker}) and " if marker else "") + f'extra == "{extra}"')
    return Metadata(
        package.name,
        package.version,
        tuple(lines),
        _python(package),
        tuple(package.extras),
        package.description,
    )


def _line(name: str, dependency: LockedDependency) -> str:
    """Write a requirement as PEP 508 has it; raises NoSpecifier for one that cannot be, and for a place."""
    if dependency.constraint is None:
        raise _NoRequirement(name)
    extras = f"[{','.join(dependency.extras)}]" if dependency.extras else ""
    specifier = parse_constraint(dependency.constraint).specifier_text()
    return f"{name}{extras} {specifier}" + (f" ; {dependency.markers}" if dependency.markers else "")


def _name(requirement: str) -> str:
    return requirement.partition("[")[0].partition(" ")[0]


class _NoRequirement(ChapbookError):
    def __init__(self, name: str) -> None:
        super().__init__(f"`{name}` leads to a place")
