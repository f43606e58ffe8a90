"""Require packages: in the project file, in the lock and in the environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.commands.additions import Addition, Where, read_additions, read_where, require_once
from chapbook_core.commands.applying import UNAPPLIED, Applied, data_with_live
from chapbook_core.commands.carrying_out import carry_out
from chapbook_core.commands.changing import (
    Proposal,
    Written,
    following,
    locked_range,
    propose,
    propose_newest,
)
from chapbook_core.commands.choosing import NoSuchRelease, PackagesNotFound, has_release, newest_release
from chapbook_core.commands.index_mode import index_mode
from chapbook_core.commands.locking import LockRequest
from chapbook_core.commands.newest import listings_of
from chapbook_core.commands.report import Block, Change, Data, Line, Message, Result, Span
from chapbook_core.commands.session import open_session
from chapbook_core.index.memory import Memory
from chapbook_core.project.document import Document, read_document
from chapbook_core.project.requirement_text import relative_path
from chapbook_core.requirements.marker import python_marker
from chapbook_core.requirements.name import canonical_name
from chapbook_core.requirements.origin import DirectoryOrigin, FileOrigin, GitOrigin, IndexOrigin, UrlOrigin
from chapbook_core.requirements.requirement import UNSTATED
from chapbook_core.requirements.url import masked_url
from chapbook_core.resolver.explain import NoSolution
from chapbook_core.value import field, frozen, replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from chapbook_core.commands.command import Invocation
    from chapbook_core.commands.newest import ListedVersion, Listing
    from chapbook_core.commands.session import Session
    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.events import Watcher
    from chapbook_core.index.opening import OpenIndex
    from chapbook_core.lock.lockfile import Lock
    from chapbook_core.project.manifest import Manifest
    from chapbook_core.requirements.constraint import Constraint
    from chapbook_core.requirements.requirement import Requirement


@frozen
class AddedRequirement:
    """A package that the project requires from here on."""

    name: str
    """As it was typed."""
    requirement: str
    version: str
    """What is locked; several versions have commas between them."""
    newest: str = ""
    """A newer release that could not be taken; empty when there is none."""
    replaced: tuple[str, ...] = ()
    """What was required there of this package before, when that was something else."""

    def line(self, verb: str, where: str) -> Line:
        """Tell it."""
        before = " and ".join(f"`{text}`" for text in self.replaced)
        return Line(
            (f"{verb} ", Span(self.requirement, "name"), f" to {where}{f', in place of {before}' if before else ''}")
        )


@frozen
class Added(Result):
    """What was added."""

    added: tuple[AddedRequirement, ...]
    where: str
    present: tuple[str, ...]
    """Packages that are required there already, and stay as they are."""
    changes: tuple[Change, ...] = ()
    written: Written | None = None
    """Absent when there was nothing to add."""
    applied: Applied = UNAPPLIED
    warnings: tuple[str, ...] = ()
    options: str = field(default="", repr=False)
    on_demand: str = field(default="", repr=False)
    """The option of `install` that takes what was added, where a plain one does not."""

    def report(self) -> tuple[Block, ...]:
        """Tell what was added and what changed with it, then what a person may want to know."""
        verb = "Added" if self.written is not None and self.written.is_written else "Would add"
        blocks: list[Block] = [one.line(verb, self.where) for one in self.added]
        blocks += self.changes
        if self.written is not None:
            blocks.append(self.written.block())
        else:
            blocks.append(Line("Nothing to add"))
        blocks += self.applied.blocks()
        blocks += [
            Message(
                "note",
                f"`{one.name}` is taken at {one.version}: {one.newest} does not fit with the rest",
                (f"run `chapbook why {one.name}` to see what holds it back",),
            )
            for one in self.added
            if one.newest
        ]
        if self.on_demand and self.applied.environment:
            hint = f"run `chapbook install {self.on_demand}` to have it in the environment"
            blocks.append(Message("note", f"{self.where} is installed on demand alone", (hint,)))
        blocks += [Message("warning", warning) for warning in self.warnings]
        blocks += [
            Message(
                "note",
                f"`{name}` is required already, and stays as it is",
                (
                    f"run `chapbook update {name}` to take its newest version that the requirement allows",
                    f"run `chapbook add {name}@latest{self.options}` to require its newest version",
                ),
            )
            for name in self.present
        ]
        return tuple(blocks)

    def data(self) -> Data:
        """Return it as JSON tells it."""
        return data_with_live(self, self.applied)


def run(invocation: Invocation, surroundings: Surroundings, watcher: Watcher) -> Added:
    """Choose the versions, lock, and write project file and lock, or neither."""
    if surroundings.memory is None:
        # The pages that are looked at here are asked for again by the solver.
        surroundings = replace(surroundings, memory=Memory())
    session = open_session(surroundings, watcher)
    document = read_document(session.manifest.file)
    where = read_where(invocation)
    additions = read_additions(invocation, session, surroundings)
    with session.open_index(index_mode(invocation)) as index:
        additions = tuple(_named(additions, session, invocation, index))
        require_once(additions, session.manifest.name)
        present, missing = _parted(additions, document, where)
        if not missing:
            return Added((), where.text, present, options=where.options)
        offers = _offers(missing, session, index)
    adding = _Adding(session, document, where, missing, offers)
    proposal = adding.proposal(LockRequest(mode=index_mode(invocation), unlocked=adding.names))
    done = carry_out(proposal, invocation)
    return Added(
        tuple(adding.told(proposal)),
        where.text,
        present,
        done.changes,
        done.written,
        done.applied,
        tuple(adding.warnings(proposal.outcome.lock)),
        where.options,
        where.on_demand(proposal.session.manifest),
    )


class _Adding:
    """The choice of versions for what is added."""

    def __init__(
        self,
        session: Session,
        document: Document,
        where: Where,
        additions: Sequence[Addition],
        offers: Mapping[str, Listing],
    ) -> None:
        self._session = session
        self._document = document
        self._where = where
        self._additions = additions
        self._offers = offers
        self._begin = {
            addition.requirement.name: _release(addition, offers[addition.requirement.name], session)
            for addition in additions
            if addition.is_open
        }
        self.names = frozenset(addition.requirement.name for addition in additions)

    def proposal(self, request: LockRequest) -> Proposal:
        """Lock with the newest release of what has no version, or else with the newest that fits."""
        self._edited({name: (listed.version,) for name, listed in self._begin.items()}, self._document)
        try:
            return propose(self._session, self._document, request)
        except NoSolution:
            if not self._begin:
                raise
        # The first that is no newest one is named in what is told.
        request = replace(request, prefer=tuple(self._begin))
        return propose_newest(self._session, self._document, request, self._freed, self._finished)

    def told(self, proposal: Proposal) -> Iterator[AddedRequirement]:
        """Say what became of each."""
        for addition in self._additions:
            name = addition.requirement.name
            versions = locked_range(proposal.outcome.lock, name)
            written = _written(addition, self._ranges.get(name, ()), self._session)
            newest = self._newer(name, versions)
            before, after = (
                _required(session.manifest, self._where, name) for session in (self._session, proposal.session)
            )
            replaced = tuple(masked_url(text) for text in before if text not in after)
            yield AddedRequirement(addition.requirement.pretty_name, written, ", ".join(versions), newest, replaced)

    def warnings(self, lock: Lock) -> Iterator[str]:
        """Yield what a person should know of what they take on."""
        for addition in self._additions:
            origin = addition.requirement.origin
            if isinstance(origin, GitOrigin | UrlOrigin) and origin.userinfo is not None:
                yield f"the login in the address of `{addition.requirement.name}` was written nowhere"
        for name, listing in self._offers.items():
            if listing.notice:
                yield f"`{name}` {listing.notice}"
            offered = {listed.version: listed for listed in listing.versions}
            for version in locked_range(lock, name):
                if version in offered and offered[version].is_yanked:
                    yield f"`{name} {version}` is yanked: its owners have taken it back"
        for addition in self._additions:
            requirement = addition.requirement
            yield from _idle_extras(requirement, lock)
            if (requirement.marker & python_marker(self._session.manifest.python)).is_never:
                yield f"no environment of the project gets `{requirement.name}`: it is for `{requirement.marker}` alone"

    def _newer(self, name: str, versions: Sequence[str]) -> str:
        """Return the newest release, when the one that was taken is another."""
        begin = self._begin.get(name)
        if begin is None or not versions or begin.version in versions:
            return ""
        return begin.version

    def _edited(self, ranges: Mapping[str, Sequence[str]], document: Document) -> Document:
        self._ranges = ranges
        for addition in self._additions:
            requirement = _begun(addition, ranges.get(addition.requirement.name, ()))
            document.add_requirement(
                requirement,
                group=self._where.group,
                extra=self._where.extra,
                conditions=dict(addition.conditions),
            )
        return document

    def _freed(self, group: str, requirement: Requirement) -> Constraint:
        # An extra may ask for the same package in its own words, which stay.
        extra = self._where.extra
        is_here = canonical_name(extra) in requirement.in_extras if extra else not requirement.in_extras
        is_free = is_here and group == canonical_name(self._where.group) and requirement.name in self._begin
        return UNSTATED if is_free else requirement.constraint

    def _finished(self, lock: Lock) -> Document:
        fresh = Document(self._document.before, self._document.file)
        # What no environment gets is in no lock.
        ranges = {name: locked_range(lock, name) or (listed.version,) for name, listed in self._begin.items()}
        return self._edited(ranges, fresh)


def _idle_extras(requirement: Requirement, lock: Lock) -> Iterator[str]:
    """Yield what there is to say of extras that bring nothing: most often they are misspelt, or gone."""
    locked = [package for package in lock.packages if package.name == requirement.name]
    known = sorted({extra for package in locked for extra in package.extras})
    there = f"it has {', '.join(f'`{extra}`' for extra in known)}" if known else "it has none that do"
    for extra in sorted(requirement.extras.difference(known) if locked else ()):
        yield f"the extra `{extra}` of `{requirement.name}` brings nothing; {there}"


def _named(
    additions: Iterable[Addition], session: Session, invocation: Invocation, index: OpenIndex
) -> Iterator[Addition]:
    """Yield the additions with the names that their projects tell, where only those do."""
    for addition in additions:
        if addition.requirement.is_name_known:
            yield addition
            continue
        # Reading repositories and archives brings the parts that build.
        from chapbook_core.commands.reference_name import reference_name

        name = reference_name(addition.requirement, session, index, index_mode(invocation))
        requirement = replace(addition.requirement, name=canonical_name(name), pretty_name=name, is_name_known=True)
        yield replace(addition, requirement=requirement)


def _parted(
    additions: Iterable[Addition], document: Document, where: Where
) -> tuple[tuple[str, ...], tuple[Addition, ...]]:
    """Return what is required there already, and what is to be added."""
    present, missing = [], []
    for addition in additions:
        name = addition.requirement.name
        if addition.is_bare and document.requires(name, group=where.group, extra=where.extra):
            present.append(addition.requirement.pretty_name)
        else:
            missing.append(addition)
    return tuple(present), tuple(missing)


def _required(manifest: Manifest, where: Where, name: str) -> tuple[str, ...]:
    """Return what is required of a package in a group or an extra, in the words of the standard."""
    extra = None if where.extra is None else canonical_name(where.extra)
    return tuple(
        str(one)
        for group in manifest.groups
        if group.name == canonical_name(where.group)
        for one in group.requirements
        if one.name == name and (extra in one.in_extras if extra is not None else not one.in_extras)
    )


def _offers(additions: Iterable[Addition], session: Session, index: OpenIndex) -> dict[str, Listing]:
    """Ask for all names at once; raises PackagesNotFound and NoSuchRelease."""
    asked = {
        (one.requirement.name, one.source): one for one in additions if isinstance(one.requirement.origin, IndexOrigin)
    }
    listings, missing = listings_of(asked, session, index)
    if missing:
        raise PackagesNotFound(missing)
    for key, addition in asked.items():
        requirement = addition.requirement
        if not addition.is_open and not has_release(listings[key], requirement.constraint):
            raise NoSuchRelease(requirement.pretty_name, requirement.constraint, listings[key], prereleases=True)
    return {name: listing for (name, _source), listing in listings.items()}


def _release(addition: Addition, listing: Listing, session: Session) -> ListedVersion:
    requirement = addition.requirement
    region = python_marker(session.manifest.python) & requirement.marker
    prereleases = bool(requirement.allow_prereleases)
    listed = newest_release(listing, region, prereleases=prereleases)
    if listed is None:
        raise NoSuchRelease(requirement.pretty_name, requirement.constraint, listing, prereleases=prereleases)
    return listed


def _begun(addition: Addition, versions: Sequence[str]) -> Requirement:
    """Return the requirement as it is written, for the versions that were chosen."""
    requirement = addition.requirement
    return replace(requirement, constraint=following(versions)) if versions else requirement


def _written(addition: Addition, versions: Sequence[str], session: Session) -> str:
    """Say what is required, in the words of a person."""
    requirement = _begun(addition, versions)
    shown = requirement.pretty_name
    shown += f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    match requirement.origin:
        case IndexOrigin():
            constraint = requirement.constraint.text.strip()
            return f"{shown} ({constraint})" if constraint else shown
        case GitOrigin(url=url) | UrlOrigin(url=url):
            return f"{shown} from {masked_url(url)}"
        case FileOrigin(path=path) | DirectoryOrigin(path=path):
            return f"{shown} from {relative_path(path, session.manifest.folder)}"
