"""Require packages no more: in the project file, in the lock and in the environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.commands.additions import Where, read_where
from chapbook_core.commands.applying import UNAPPLIED, Applied, data_with_live
from chapbook_core.commands.carrying_out import carry_out
from chapbook_core.commands.changing import Written, propose
from chapbook_core.commands.index_mode import index_mode
from chapbook_core.commands.locking import LockRequest
from chapbook_core.commands.report import Block, Change, Data, Line, Result, Span
from chapbook_core.commands.session import open_session
from chapbook_core.errors import UsageError
from chapbook_core.index.names import did_you_mean
from chapbook_core.lock.wanted import UnknownGroup
from chapbook_core.project.document import NotRequired, read_document
from chapbook_core.project.groups import MAIN
from chapbook_core.requirements.name import canonical_name, is_valid_name
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from chapbook_core.commands.command import Invocation
    from chapbook_core.commands.session import Session
    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.events import Watcher
    from chapbook_core.project.document import Document


@frozen
class RemovedRequirement:
    """A package that is required no more, and where it was."""

    name: str
    groups: tuple[str, ...]


@frozen
class Removed(Result):
    """What was removed."""

    removed: tuple[RemovedRequirement, ...]
    still_locked: tuple[str, ...]
    """Packages that something else requires."""
    changes: tuple[Change, ...]
    written: Written
    applied: Applied = UNAPPLIED

    def report(self) -> tuple[Block, ...]:
        """Tell what was removed and what goes with it."""
        verb = "Removed" if self.written.is_written else "Would remove"
        blocks: list[Block] = [
            Line((f"{verb} ", Span(one.name, "name"), f" from {_places(one.groups)}")) for one in self.removed
        ]
        blocks += self.changes
        blocks.append(self.written.block())
        blocks += [
            Line(f"`{name}` stays locked: `chapbook why {name}` tells what requires it") for name in self.still_locked
        ]
        return (*blocks, *self.applied.blocks())

    def data(self) -> Data:
        """Return it as JSON tells it."""
        return data_with_live(self, self.applied)


def run(invocation: Invocation, surroundings: Surroundings, watcher: Watcher) -> Removed:
    """Remove, lock, and write project file and lock, or neither."""
    session = open_session(surroundings, watcher)
    document = read_document(session.manifest.file)
    is_everywhere = invocation.text("group") is None and not invocation.flag("dev")
    where = None if is_everywhere else read_where(invocation)
    if where is not None and session.manifest.group(where.group) is None:
        raise UnknownGroup([where.group], [group.name for group in session.manifest.groups])
    removed = _remove(invocation.texts("name"), document, session, where)
    proposal = propose(session, document, LockRequest(mode=index_mode(invocation)))
    locked = {package.name for package in proposal.outcome.lock.packages}
    still = tuple(
        one.name
        for one in removed
        if canonical_name(one.name) in locked and not document.requires(one.name, group=MAIN)
    )
    done = carry_out(proposal, invocation)
    return Removed(removed, still, done.changes, done.written, done.applied)


def _remove(
    names: tuple[str, ...], document: Document, session: Session, where: Where | None
) -> tuple[RemovedRequirement, ...]:
    """Take the packages out of the document; raises NotRequired with all that are not in it."""
    removed: list[RemovedRequirement] = []
    absent: dict[str, NotRequired] = {}
    for name in dict.fromkeys(names):
        if not is_valid_name(name):
            hints = ["write the name alone, as in `chapbook remove requests`"]
            raise UsageError(f"`{name}` is not a name", hints=hints)
        try:
            groups = document.remove_requirement(name, group=where.group if where is not None else None)
        except NotRequired as error:
            absent[name] = error
        else:
            removed.append(RemovedRequirement(name, groups))
    if absent:
        raise _not_required(absent, session, where)
    return tuple(removed)


def _not_required(absent: dict[str, NotRequired], session: Session, where: Where | None) -> NotRequired:
    """Return one error for all of them, with what may have been meant."""
    error = next(iter(absent.values()))
    if len(absent) > 1:
        error = NotRequired(tuple(absent), f"in {where.text}" if where is not None else "by this project")
    known = {one.name for group in session.manifest.groups for one in group.requirements}
    hints: dict[str, None] = {}
    for name in map(canonical_name, absent):
        if name in known:
            hints[f"`chapbook remove {name}` removes it from every group"] = None
        hints |= {f"did you mean `{near}`?": None for near in did_you_mean(name, known)}
    error.hints = (*hints, *error.hints, "nothing was changed")
    return error


def _places(groups: tuple[str, ...]) -> str:
    places = ["the project" if canonical_name(group) == MAIN else f"the group {group}" for group in groups]
    return " and ".join(filter(None, (", ".join(places[:-1]), places[-1])))
