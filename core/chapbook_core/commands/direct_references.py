"""What the solver and the lock want to know of packages that come from a direct reference."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from chapbook_core.errors import Cancelled, ChapbookError
from chapbook_core.events import Notice
from chapbook_core.index.failure import IndexFailure, NotCached
from chapbook_core.index.metadata import Metadata
from chapbook_core.index.outline import requirement_of
from chapbook_core.requirements.demand import Demand
from chapbook_core.requirements.marker import parse_marker
from chapbook_core.requirements.name import canonical_name
from chapbook_core.requirements.origin import DirectoryOrigin, FileOrigin, GitOrigin, IndexOrigin, UrlOrigin
from chapbook_core.requirements.url import masked_url
from chapbook_core.requirements.version_key import version_key
from chapbook_core.resolver.demands import ListedDemands
from chapbook_core.resolver.dependency import dependencies_of
from chapbook_core.resolver.facts import Listed
from chapbook_core.resolver.facts import Metadata as Facts
from chapbook_core.resolver.locking import Details
from chapbook_core.resolver.versions import Release, Versions
from chapbook_core.value import frozen, replace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chapbook_core.commands.reference_reading import Reading, ReferenceReader
    from chapbook_core.commands.session import Session
    from chapbook_core.project.manifest import Manifest
    from chapbook_core.requirements.marker import Marker
    from chapbook_core.requirements.origin import Origin
    from chapbook_core.requirements.requirement import Requirement
    from chapbook_core.resolver.settling import Settling

_REQUIRING = frozenset({"dependencies", "optional-dependencies"})


class ReferenceFailed(ChapbookError):
    """What a requirement refers to cannot be had, or is something else."""

    def __init__(self, name: str, origin: Origin, cause: Exception) -> None:
        """`name` is empty when only the place would tell it."""
        self.is_passing = isinstance(cause, NotCached) or (isinstance(cause, IndexFailure) and cause.passing)
        self.reason = cause.message if isinstance(cause, ChapbookError) else str(cause)
        hints = cause.hints if isinstance(cause, ChapbookError) else ()
        what = f"`{name}` cannot" if name else "no package can"
        super().__init__(f"{what} be had from {_place(origin)}: {self.reason}", hints=hints)


@frozen
class _Found:
    """A package at the end of a reference, with its requirements in the values of the solver and of the lock."""

    name: str
    version: str
    facts: Facts
    details: Details


class DirectReferences:
    """Knows the packages that requirements refer to directly; each place is looked at once."""

    def __init__(self, session: Session, reader: ReferenceReader, settling: Settling) -> None:
        self._session = session
        self._reader = reader
        self._settling = settling
        self._own = {
            settling.settled(requirement).origin
            for group in session.manifest.groups
            for requirement in group.requirements
        }
        """The places that the project, or a folder it requires, refers to itself: there has to be a package."""
        self._sources = {place.name.lower() for place in session.sources.places}
        self._found: dict[tuple[str, Origin], _Found] = {}

    def versions(self, name: str, origin: Origin) -> Versions:
        """Return the one release there is; none when a package that need not be taken refers to nothing."""
        try:
            found = self._look(name, origin)
        except ReferenceFailed as failure:
            if origin in self._own or failure.is_passing:
                raise
            self._session.watcher.emit(Notice("debug", failure.message, failure.hints))
            return Versions(name, missing=f"cannot be had from {_place(origin)}: {failure.reason}")
        requires_python = found.details.requires_python
        return Versions(name, [Release(found.version, requires_python=requires_python, origin=origin)])

    def metadata(self, name: str, origin: Origin) -> Facts:
        """Return what the release requires."""
        return self._look(name, origin).facts

    def details(self, name: str, origin: Origin) -> Details:
        """Return what the lock says of the release."""
        return self._look(name, origin).details

    def _look(self, name: str, origin: Origin) -> _Found:
        found = self._found.get((name, origin))
        if found is None:
            try:
                found = self._found[name, origin] = self._made(name, origin, self._reader.read(name, origin))
            except Cancelled:
                raise
            except (ChapbookError, OSError) as problem:
                raise ReferenceFailed(name, origin, problem) from problem
        return found

    def _made(self, name: str, origin: Origin, reading: Reading) -> _Found:
        told = reading.told
        if isinstance(told, Metadata):
            version, requires_python, summary = told.version, told.requires_python or "", told.summary
            demands = tuple(_demand(text) for text in told.requires_dist)
        else:
            version, requires_python, summary = told.version or "", told.python_text, told.description
            demands = tuple(self._demands(told, origin))
        if canonical_name(told.name or "") != name:
            raise ChapbookError(f"it is the project `{told.name}`", hints=[f"require `{told.name}` from there"])
        try:
            version_key(version)
        except ValueError:
            raise ChapbookError(f"its version `{version}` is none") from None
        requirements = [self._settling.settled(demand.requirement, origin) for demand in demands]
        if origin in self._own and isinstance(origin, DirectoryOrigin):
            self._own.update(requirement.origin for requirement in requirements)
        facts = Facts(Listed(tuple(each for requirement in requirements for each in dependencies_of(requirement))))
        is_any = requires_python.strip() in {"", "*"}
        details = Details(
            ListedDemands(demands), "" if is_any else requires_python, summary, reading.files, reading.source
        )
        return _Found(name, version, facts, details)

    def _demands(self, manifest: Manifest, origin: Origin) -> Iterator[Demand]:
        """Yield what a project requires, in the words of its project file."""
        table = manifest.data.get("project")
        project = table if isinstance(table, dict) else {}
        is_standard = not _REQUIRING.isdisjoint(project)
        spoken = dict(_spoken_markers(project))
        for requirement in map(self._anonymous, manifest.main.requirements):
            if isinstance(origin, GitOrigin) and isinstance(requirement.origin, DirectoryOrigin):
                requirement = self._settling.settled(requirement, origin)  # noqa: PLW2901  the same, as others see it
            words = spoken.get(requirement.marker, requirement.marker.text().strip())
            constraint = None if is_standard else requirement.constraint.text or "*"
            yield Demand(_with_extras_in_marker(requirement), words, constraint, tells_extra=False)

    def _anonymous(self, requirement: Requirement) -> Requirement:
        """Return a requirement without the source it names, if that is another project's own affair."""
        match requirement.origin:
            case IndexOrigin(source=str(source)) if source.lower() not in self._sources:
                return replace(requirement, origin=IndexOrigin())
            case _:
                return requirement


def _with_extras_in_marker(requirement: Requirement) -> Requirement:
    if not requirement.in_extras:
        return requirement
    extras = reduce(or_, (parse_marker(f'extra == "{extra}"') for extra in sorted(requirement.in_extras)))
    return replace(requirement, marker=requirement.marker & extras, in_extras=frozenset())


def _spoken_markers(project: Mapping[str, object]) -> Iterator[tuple[Marker, str]]:
    """Yield the markers of a `[project]` table with their author's words; the table was read before, and is right."""
    optional = project.get("optional-dependencies")
    lists = [project.get("dependencies"), *(optional.values() if isinstance(optional, dict) else ())]
    for text in (text for listed in lists if isinstance(listed, list) for text in listed):
        demand = _demand(str(text))
        yield demand.requirement.marker, demand.marker


def _demand(text: str) -> Demand:
    return Demand(requirement_of(text), text.partition(" ;" if "@" in text else ";")[2].strip())


def _place(origin: Origin) -> str:
    """Say for a person where a reference leads."""
    match origin:
        case GitOrigin():
            at = f" at {origin.reference}" if origin.reference else ""
            return masked_url(origin.url) + at
        case UrlOrigin(url=url):
            return masked_url(url).partition("?")[0]
        case FileOrigin(path=path) | DirectoryOrigin(path=path):
            return f"`{path.as_posix()}`"
        case IndexOrigin():
            return "its index"
