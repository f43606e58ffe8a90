"""Raise the constraints of the project file to the newest releases."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from chapbook_core.commands.applying import UNAPPLIED, Applied, data_with_live
from chapbook_core.commands.carrying_out import carry_out
from chapbook_core.commands.changing import Proposal, Written, locked_range, propose, propose_newest
from chapbook_core.commands.choosing import newest_release
from chapbook_core.commands.index_mode import index_mode
from chapbook_core.commands.locking import LockRequest
from chapbook_core.commands.newest import listings_of
from chapbook_core.commands.report import Block, Change, Data, Line, Message, Result, Span, Table
from chapbook_core.commands.session import open_session
from chapbook_core.commands.update import NotInProject, require_names
from chapbook_core.errors import UsageError
from chapbook_core.index.memory import Memory
from chapbook_core.lock.wanted import choose_groups
from chapbook_core.project.declared_constraints import DeclaredConstraint, declared_constraints
from chapbook_core.project.document import Document, read_document
from chapbook_core.project.groups import MAIN
from chapbook_core.requirements.constraint import Constraint, parse_constraint
from chapbook_core.requirements.marker import python_marker
from chapbook_core.requirements.name import canonical_name
from chapbook_core.requirements.origin import IndexOrigin
from chapbook_core.requirements.version_key import version_key
from chapbook_core.resolver.explain import NoSolution
from chapbook_core.value import field, frozen, replace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from chapbook_core.commands.command import Invocation
    from chapbook_core.commands.newest import ListedVersion
    from chapbook_core.commands.session import Session
    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.events import Watcher
    from chapbook_core.lock.lockfile import Lock
    from chapbook_core.requirements.requirement import Requirement


@frozen
class Raise:
    """A constraint before and after."""

    name: str
    where: str
    before: str
    after: str


@frozen
class Shortfall:
    """A package whose newest release could not be had."""

    name: str
    newest: str
    reason: str


@frozen
class Raised(Result):
    """What was raised."""

    raised: tuple[Raise, ...]
    short: tuple[Shortfall, ...]
    changes: tuple[Change, ...] = ()
    written: Written | None = None
    """Absent when nothing was to be raised."""
    applied: Applied = UNAPPLIED
    declined: int = field(default=0, repr=False)
    """How many could be raised, where the person has picked none of them."""

    def report(self) -> tuple[Block, ...]:
        """Tell the constraints, then what else changed."""
        blocks: list[Block] = []
        if self.raised:
            verb = "Raised" if self.written is not None and self.written.is_written else "Would raise"
            rows = tuple(
                (Span(one.name, "name"), one.before, "->", Span(one.after, "version"), Span(one.where, "dim"))
                for one in self.raised
            )
            blocks += [Line(f"{verb} in pyproject.toml:"), Table(rows, indent=2)]
        elif self.declined:
            count = "one constraint could be" if self.declined == 1 else f"{self.declined} constraints could be"
            blocks.append(Line(f"Nothing was raised; {count}"))
        else:
            blocks.append(Line("Every constraint stands at the newest release that fits"))
        blocks += self.changes
        if self.written is not None:
            blocks.append(self.written.block())
        blocks += self.applied.blocks()
        blocks += [
            Message("note", f"`{one.name}` is not raised to {one.newest}: {one.reason}", _hints(one))
            for one in self.short
        ]
        return tuple(blocks)

    def data(self) -> Data:
        """Return it as JSON tells it."""
        return data_with_live(self, self.applied)


def run(invocation: Invocation, surroundings: Surroundings, watcher: Watcher) -> Raised:
    """Ask for the newest releases, raise what they allow, lock, and write both files or neither."""
    if invocation.flag("interactive") and surroundings.ask is None:
        raise UsageError("there is nobody to ask", hints=["run it in a terminal, or name the packages instead"])
    if surroundings.memory is None:
        # As in `add`: what is looked at here the solver asks for again.
        surroundings = replace(surroundings, memory=Memory())
    session = open_session(surroundings, watcher)
    document = read_document(session.manifest.file)
    raising = _Raising(session, document, invocation)
    if invocation.flag("interactive") and raising.candidates and surroundings.ask is not None:
        possible = len(raising.candidates)
        choices = [f"{declared.pretty_name} {before} -> {after}" for declared, before, after in raising.offered()]
        picked = surroundings.ask.choose("Which ones shall be raised?", choices, choices)
        if not picked:
            return Raised((), (), declined=possible)
        raising.keep({choice.partition(" ")[0] for choice in picked})
    if not raising.candidates:
        return Raised((), tuple(raising.short(None)))
    keeps = bool(invocation.texts("name") or invocation.texts("group") or invocation.flag("interactive"))
    proposal = raising.proposal(LockRequest(keep=keeps, unlocked=raising.names, mode=index_mode(invocation)))
    done = carry_out(proposal, invocation)
    raised = tuple(raising.raised(proposal.document))
    return Raised(raised, tuple(raising.short(proposal.outcome.lock)), done.changes, done.written, done.applied)


class _Raising:
    """The constraints that are to be raised, and how far."""

    def __init__(self, session: Session, document: Document, invocation: Invocation) -> None:
        self._session = session
        self._document = document
        self._is_pre = invocation.flag("pre")
        chosen = _chosen(invocation, session, document)
        newest = self._newest(chosen, invocation)
        self._newest_of = {name: listed.version for name, listed in newest.items()}
        times = Counter((declared.name, declared.group) for declared in chosen)
        behind = [declared for declared in chosen if self._is_behind(declared)]
        self.candidates = tuple(one for one in behind if times[one.name, one.group] == 1)
        self._several = frozenset(one.name for one in behind if times[one.name, one.group] > 1)

    @property
    def names(self) -> frozenset[str]:
        """Of the packages."""
        return frozenset(declared.name for declared in self.candidates)

    def keep(self, pretty_names: set[str]) -> None:
        """Forget the other candidates."""
        self.candidates = tuple(declared for declared in self.candidates if declared.pretty_name in pretty_names)

    def offered(self) -> Iterator[tuple[DeclaredConstraint, str, str]]:
        """Yield each package with its first constraint as it is and as it would be."""
        seen = set()
        for declared in self.candidates:
            after = self._text(declared, (self._newest_of[declared.name],))
            if declared.name not in seen:
                seen.add(declared.name)
                yield declared, declared.constraint, declared.constraint_of(after)

    def proposal(self, request: LockRequest) -> Proposal:
        """Lock with the newest releases, or else with the newest that fit together."""
        newest = {name: (version,) for name, version in self._newest_of.items()}
        try:
            return propose(self._session, self._edited(newest), request)
        except NoSolution:
            if not self.candidates:
                raise
        request = replace(request, prefer=tuple(dict.fromkeys(declared.name for declared in self.candidates)))
        return propose_newest(self._session, self._edited(newest), request, self._freed, self._finished)

    def raised(self, document: Document) -> Iterator[Raise]:
        """Yield what is otherwise in a document."""
        after = {declared.path: declared for declared in declared_constraints(document.data)}
        for declared in self.candidates:
            now = after[declared.path].constraint
            if now != declared.constraint:
                where = "" if declared.group == MAIN else f"group {declared.group}"
                yield Raise(declared.pretty_name, where, declared.constraint, now)

    def short(self, lock: Lock | None) -> Iterator[Shortfall]:
        """Yield what did not come to its newest release."""
        for name in sorted(self._several):
            yield Shortfall(name, self._newest_of[name], "it is required several times, for different environments")
        for name in sorted(self.names):
            newest = self._newest_of[name]
            versions = locked_range(lock, name) if lock is not None else ()
            if not versions or newest in versions:
                continue
            unmoved = all(
                declared.raised(newest, newest) is None for declared in self.candidates if declared.name == name
            )
            reason = "its constraint has no place for it" if unmoved else "it does not fit with the rest"
            yield Shortfall(name, newest, reason)

    def _newest(self, chosen: Sequence[DeclaredConstraint], invocation: Invocation) -> dict[str, ListedVersion]:
        """Ask for all pages at once; what no index has is left as it is."""
        requirements = {(declared.name, declared.group): self._requirement(declared) for declared in chosen}
        sources = {name: _source(requirement) for (name, _), requirement in requirements.items()}
        with self._session.open_index(index_mode(invocation)) as index:
            listings, _missing = listings_of(sources.items(), self._session, index)
        python = python_marker(self._session.manifest.python)
        found = {}
        for name, source in sources.items():
            demands = [one for (its_name, _), one in requirements.items() if its_name == name]
            if (name, source) not in listings:
                continue
            wants_pre = self._is_pre or any(one is not None and one.allow_prereleases for one in demands)
            marker = demands[0].marker if demands[0] is not None and len(demands) == 1 else None
            region = python & marker if marker is not None else python
            listed = newest_release(listings[name, source], region, prereleases=bool(wants_pre))
            if listed is not None:
                found[name] = listed
        return found

    def _requirement(self, declared: DeclaredConstraint) -> Requirement | None:
        group = self._session.manifest.group(declared.group)
        same = [one for one in group.requirements if one.name == declared.name] if group is not None else []
        return same[0] if len(same) == 1 else None

    def _is_behind(self, declared: DeclaredConstraint) -> bool:
        newest = self._newest_of.get(declared.name)
        if newest is None or declared.constraint in ("", "*"):
            return False
        raised = declared.raised(newest, newest)
        if raised is None:
            return True
        # A constraint on later releases than there are is nobody's to lower.
        return raised != declared.text and not _is_beyond(declared.constraint, newest)

    def _text(self, declared: DeclaredConstraint, versions: Sequence[str]) -> str:
        ordered = sorted(versions, key=version_key)
        raised = declared.raised(ordered[0], ordered[-1]) if ordered else None
        return declared.text if raised is None else raised

    def _edited(self, versions: Mapping[str, Sequence[str]]) -> Document:
        document = Document(self._document.before, self._document.file)
        for declared in self.candidates:
            text = self._text(declared, versions.get(declared.name, ()))
            if text != declared.text:
                document.set(declared.path, text)
        return document

    def _freed(self, group: str, requirement: Requirement) -> Constraint:
        """Return what is allowed of a requirement: what was before, and anything newer."""
        for declared in self.candidates:
            if (declared.name, declared.group) == (requirement.name, group) and self._can_move(declared):
                before = parse_constraint(declared.constraint)
                return parse_constraint(Constraint("", before.cuts[:1]).poetry_text())
        return requirement.constraint

    def _can_move(self, declared: DeclaredConstraint) -> bool:
        newest = self._newest_of[declared.name]
        return declared.raised(newest, newest) is not None

    def _finished(self, lock: Lock) -> Document:
        versions = {name: locked_range(lock, name) for name in self.names}
        # What was chosen may be older than what is required: that stays, and the solver has obeyed it elsewhere.
        return self._edited(versions)


def _chosen(invocation: Invocation, session: Session, document: Document) -> tuple[DeclaredConstraint, ...]:
    """Return the constraints that names and groups choose; raises NotInProject and UnknownGroup."""
    words = invocation.texts("name")
    require_names(words, "up")
    every = tuple(declared_constraints(document.data))
    known = {one.name for group in session.manifest.groups for one in group.requirements}
    if unknown := [word for word in words if canonical_name(word) not in known]:
        raise NotInProject(dict.fromkeys(unknown), known)
    groups = choose_groups(session.manifest.groups, only=invocation.texts("group"), every=True)
    names = frozenset(map(canonical_name, words))
    return tuple(one for one in every if one.group in groups and (not names or one.name in names))


def _source(requirement: Requirement | None) -> str | None:
    match requirement:
        case None:
            return None
        case _:
            return requirement.origin.source if isinstance(requirement.origin, IndexOrigin) else None


def _is_beyond(constraint: str, newest: str) -> bool:
    """Tell whether everything that a constraint allows is newer than a release."""
    return parse_constraint(constraint).is_disjoint(parse_constraint(f"<={newest}"))


def _hints(short: Shortfall) -> tuple[str, ...]:
    if "several" in short.reason:
        return ("change its constraints in pyproject.toml",)
    if "constraint" in short.reason:
        return (f"run `chapbook add {short.name}@latest` to write another constraint",)
    return (f"run `chapbook why {short.name}` to see what holds it back",)
