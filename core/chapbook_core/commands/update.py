"""Lock the newest versions that the project file allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.commands.applying import UNAPPLIED, Applied, data_with_live
from chapbook_core.commands.carrying_out import carry_out
from chapbook_core.commands.changing import Written, propose
from chapbook_core.commands.index_mode import index_mode
from chapbook_core.commands.locking import LockRequest, read_present_lock
from chapbook_core.commands.nothing_to_do import installing_words
from chapbook_core.commands.report import Block, Change, Data, Line, Result
from chapbook_core.commands.session import open_session
from chapbook_core.commands.wanted import read_wanted
from chapbook_core.errors import ChapbookError, UsageError
from chapbook_core.index.names import did_you_mean
from chapbook_core.project.document import read_document
from chapbook_core.requirements.name import canonical_name, is_valid_name
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chapbook_core.commands.command import Invocation
    from chapbook_core.commands.locking import HeldBack
    from chapbook_core.commands.session import Session
    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.events import Watcher


class NotInProject(ChapbookError):
    """Packages were named that are neither required nor locked."""

    def __init__(self, names: Iterable[str], known: Iterable[str]) -> None:
        self.names = tuple(names)
        known = sorted(known)
        near = dict.fromkeys(one for name in self.names for one in did_you_mean(canonical_name(name), known))
        words = " and ".join(f"`{name}`" for name in self.names)
        is_one = len(self.names) == 1
        hint = (
            f"did you mean {' or '.join(f'`{one}`' for one in near)}?"
            if near
            else f"run `chapbook add {self.names[0]}`"
        )
        super().__init__(f"{words} {'is' if is_one else 'are'} neither required nor locked", hints=[hint])


@frozen
class Updated(Result):
    """What became newer."""

    changes: tuple[Change, ...]
    unchanged: tuple[str, ...]
    """Packages that were named and stay as they are."""
    written: Written
    applied: Applied = UNAPPLIED
    held_back: tuple[HeldBack, ...] = ()

    def report(self) -> tuple[Block, ...]:
        """Tell what changed, then what did not."""
        blocks: list[Block] = [*self.changes, self.written.block()]
        blocks += [
            Line(f"`{name}` stays: `chapbook why {name}` tells whether there is anything newer, and what holds it back")
            for name in self.unchanged
        ]
        blocks += self.applied.blocks()
        blocks += [held.block() for held in self.held_back]
        return tuple(blocks)

    def data(self) -> Data:
        """Return it as JSON tells it."""
        return data_with_live(self, self.applied)


def run(invocation: Invocation, surroundings: Surroundings, watcher: Watcher) -> Updated:
    """Let go of the locked versions, all or some, and lock anew."""
    session = open_session(surroundings, watcher)
    wanted = read_wanted(invocation, session.manifest, watcher)
    names = _names(invocation.texts("name"), session)
    request = LockRequest(keep=bool(names), unlocked=names, mode=index_mode(invocation))
    proposal = propose(session, read_document(session.manifest.file), request)
    sync = invocation.flag("sync")
    words = tuple(installing_words(invocation.values, sync=sync))
    done = carry_out(proposal, invocation, wanted=wanted, sync=sync, words=words)
    unchanged = tuple(sorted(names - {change.name for change in done.changes}))
    return Updated(done.changes, unchanged, done.written, done.applied, proposal.outcome.held_back)


def require_names(words: Iterable[str], verb: str) -> None:
    """Raise UsageError for anything that is more than a name."""
    for word in words:
        if not is_valid_name(word):
            hints = [
                f"run `chapbook add '{word}'` to require another version",
                f"or name the package alone after `{verb}`",
            ]
            raise UsageError(f"`{verb}` takes names without versions: {word}", hints=hints)


def _names(words: tuple[str, ...], session: Session) -> frozenset[str]:
    require_names(words, "update")
    known = {one.name for group in session.manifest.groups for one in group.requirements}
    lock = read_present_lock(session.lock_file).lock if words else None
    known |= {canonical_name(package.name) for package in lock.packages} if lock is not None else set()
    if unknown := [word for word in words if canonical_name(word) not in known]:
        raise NotInProject(dict.fromkeys(unknown), known)
    return frozenset(map(canonical_name, words))
