"""What was done to a project, and taking it back."""

from __future__ import annotations

import difflib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from chapbook_core.commands.applying import UNAPPLIED, Applied, data_with_live
from chapbook_core.commands.held_packages import held_packages
from chapbook_core.commands.index_mode import index_mode
from chapbook_core.commands.liveness import read_timing
from chapbook_core.commands.locked_versions import compare
from chapbook_core.commands.remembering import noting
from chapbook_core.commands.report import Block, Change, Data, Heading, Line, Result, Span, Table, Verbatim
from chapbook_core.commands.visiting import Visit, visit_project
from chapbook_core.errors import ChapbookError, FileMistakes, UsageError
from chapbook_core.lock.poetry_reader import UnsupportedLock, read_lock
from chapbook_core.project.discovery import LOCK_FILE, PROJECT_FILE, find_project
from chapbook_core.project.history import FILES, Entry, Held, History, hashes
from chapbook_core.project.history_course import course
from chapbook_core.project.journal import FileChange
from chapbook_core.value import field, frozen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from chapbook_core.commands.command import Invocation
    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.events import Watcher
    from chapbook_core.lock.lockfile import Lock
    from chapbook_core.project.history import Contents

_LISTED = 20


class NothingToUndo(ChapbookError):
    """No change is left that could be taken back."""

    def __init__(self, verb: str) -> None:
        hints = {
            "undo": "only what commands of Chapbook did to this project can be undone; `chapbook history` lists it",
            "redo": "`chapbook redo` brings back what `chapbook undo` took away, until something else is changed",
        }
        super().__init__(f"there is nothing to {verb}", hints=[hints[verb]])


class NoSuchChange(ChapbookError):
    """The history has no change of that number that stands."""

    def __init__(self, number: str) -> None:
        super().__init__(f"there is no change {number} to be found", hints=["`chapbook history --all` lists them"])


class EditedSince(ChapbookError):
    """The files are not what the change left: going back would lose what was done to them."""

    def __init__(self, folder: Path, names: list[str], entry: Entry) -> None:
        verb = "was" if len(names) == 1 else "were"
        super().__init__(
            f"{' and '.join(f'`{folder / name}`' for name in names)} {verb} edited since change {entry.number} "
            f"(`{entry.words}`); nothing was changed",
            hints=["give `--force` to go back all the same; `chapbook redo` then brings the edits back"],
        )


@frozen
class PastChange:
    """One change, as the list tells it."""

    number: int
    when: str
    words: str
    added: int
    removed: int
    changed: int
    is_undone: bool


@frozen
class Past(Result):
    """What was done."""

    changes: tuple[PastChange, ...]
    """The newest first."""
    hidden: int = 0

    def report(self) -> tuple[Block, ...]:
        """List the changes."""
        if not self.changes:
            return (Line("nothing was done to this project yet"),)
        rows = tuple(
            (
                Span(str(one.number), "dim"),
                one.when.replace("T", " ")[:16],
                Span(one.words, "dim" if one.is_undone else "name"),
                _counts(one),
                Span("undone", "dim") if one.is_undone else "",
            )
            for one in self.changes
        )
        more = (Line(f"... and {self.hidden} more: `chapbook history --all`"),) if self.hidden else ()
        return (Table(rows), *more)


@frozen
class PastDetails(Result):
    """What one change did."""

    number: int
    when: str
    words: str
    changes: tuple[Change, ...]
    difference: str
    """Of the project file."""

    def report(self) -> tuple[Block, ...]:
        """Tell everything."""
        blocks: list[Block] = [Heading(f"{self.number}: {self.words}"), Line(Span(self.when, "dim")), *self.changes]
        if self.difference:
            blocks.append(Verbatim(self.difference, "diff"))
        return tuple(blocks)


@frozen
class Travelled(Result):
    """Where a project was brought."""

    verb: Literal["undo", "redo"]
    numbers: tuple[int, ...]
    words: tuple[str, ...]
    files: tuple[str, ...]
    changes: tuple[Change, ...]
    is_done: bool
    applied: Applied = field(default=UNAPPLIED)

    def report(self) -> tuple[Block, ...]:
        """Tell what was taken back, and what became of the packages."""
        verb = {"undo": "Undid", "redo": "Redid"}[self.verb] if self.is_done else f"Would {self.verb}"
        blocks: list[Block] = [
            Line((f"{verb} ", Span(words, "name"), f" (change {number})"))
            for number, words in zip(self.numbers, self.words, strict=True)
        ]
        blocks += self.changes
        if self.files:
            blocks.append(
                Line(("Wrote " if self.is_done else "Would write ", Span(" and ".join(self.files), "strong")))
            )
        return (*blocks, *self.applied.blocks())

    def data(self) -> Data:
        """Return it as JSON tells it."""
        return data_with_live(self, self.applied)


def show(invocation: Invocation, surroundings: Surroundings, _watcher: Watcher) -> Result:
    """List the changes, or tell everything of one."""
    history = History(find_project(surroundings.start))
    everything = history.entries()
    entries = [entry for entry in everything if entry.undoes is None and entry.redoes is None]
    if (number := invocation.text("number")) is not None:
        return _details(history, _found(number, entries))
    standing = {entry.number for entry in course(everything).standing}
    shown = entries if invocation.flag("all") else entries[-_LISTED:]
    changes = tuple(_past(history, entry, is_undone=entry.number not in standing) for entry in reversed(shown))
    return Past(changes, len(entries) - len(shown))


def undo(invocation: Invocation, surroundings: Surroundings, watcher: Watcher) -> Travelled:
    """Bring the project to where it was before a change."""
    history = History(find_project(surroundings.start))
    entries = history.entries()
    standing = course(entries).standing
    if not standing:
        raise NothingToUndo("undo")
    number = invocation.text("number")
    oldest = standing[-1] if number is None else _found(number, standing)
    gone = tuple(entry for entry in reversed(standing) if entry.number >= oldest.number)
    held, brought = _held(gone, oldest)
    travel = _Travel("undo", gone, oldest.before, entries[-1], undoes=oldest.number, held=held, brought=brought)
    return _travelled(history, travel, invocation, surroundings, watcher)


def redo(invocation: Invocation, surroundings: Surroundings, watcher: Watcher) -> Travelled:
    """Bring the project to where it was before the last undoing."""
    history = History(find_project(surroundings.start))
    entries = history.entries()
    undone = course(entries).undone
    if not undone:
        raise NothingToUndo("redo")
    *again, undoing = undone[-1]
    held, brought = _held((undoing,), undoing)
    travel = _Travel(
        "redo", tuple(again), undoing.before, entries[-1], redoes=undoing.number, held=held, brought=brought
    )
    return _travelled(history, travel, invocation, surroundings, watcher)


@frozen
class _Travel:
    """From what the last entry left to what the files held at another time."""

    verb: Literal["undo", "redo"]
    entries: tuple[Entry, ...]
    """The changes that are taken back or done again."""
    target: Mapping[str, str | None]
    """The hashes of what the files are to hold."""
    last: Entry
    """The one that led to the present, unless somebody has edited the files since."""
    undoes: int | None = None
    redoes: int | None = None
    held: Mapping[str, str] | None = None
    """What the environment is to hold; None where nobody has noted it."""
    brought: frozenset[str] = frozenset()
    """What has come into it since."""


def _travelled(
    history: History, travel: _Travel, invocation: Invocation, surroundings: Surroundings, watcher: Watcher
) -> Travelled:
    folder = history.project
    present = history.present()
    held = hashes(present)
    # What is kept already is not lost, as when a command was killed before it noted what it had done.
    kept = {(name, side[name]) for entry in history.entries() for side in (entry.before, entry.after) for name in FILES}
    edited = [name for name in FILES if held[name] != travel.last.after[name] and (name, held[name]) not in kept]
    if edited and not invocation.flag("force"):
        raise EditedSince(folder, edited, travel.last)
    target: Contents = {name: history.content(travel.target[name]) for name in FILES}
    files = tuple(FileChange(name, present[name], target[name]) for name in FILES)
    before, after = (_lock(contents[LOCK_FILE], folder) for contents in (present, target))
    is_done = not invocation.flag("dry-run")
    applied = UNAPPLIED
    if is_done:
        visit = Visit(
            folder=folder,
            files=files,
            before=before,
            after=after,
            timing=read_timing(invocation),
            mode=index_mode(invocation),
            lock_only=invocation.flag("lock"),
            held=travel.held,
            brought=travel.brought,
        )
        before_it = held_packages(folder, surroundings)
        watcher.checkpoint()
        applied = visit_project(visit, surroundings, watcher)
        number = invocation.text("number") if travel.undoes is not None else None
        words = invocation.command.name if number is None else f"{invocation.command.name} {number}"
        with noting(watcher):
            sides = Held(before_it, held_packages(folder, surroundings))
            history.add(
                words, surroundings.now(), present, target, undoes=travel.undoes, redoes=travel.redoes, held=sides
            )
    return Travelled(
        travel.verb,
        tuple(entry.number for entry in travel.entries),
        tuple(entry.words for entry in travel.entries),
        tuple(change.name for change in files if change.before != change.after),
        tuple(compare(before, after)),
        is_done,
        applied,
    )


def _held(gone: Sequence[Entry], first: Entry) -> tuple[Mapping[str, str] | None, frozenset[str]]:
    """Return what the environment held before the first of some changes, and what has come with all of them."""
    sides = [entry.held for entry in gone if entry.held is not None]
    if first.held is None or len(sides) < len(gone):
        return None, frozenset()
    return first.held.before, frozenset().union(*(side.brought for side in sides))


def _found(number: str, entries: Sequence[Entry]) -> Entry:
    for entry in entries:
        if str(entry.number) == number.strip():
            return entry
    if not number.strip().isdigit():
        raise UsageError(f"`{number}` is not the number of a change", hints=["`chapbook history` lists them"])
    raise NoSuchChange(number)


def _past(history: History, entry: Entry, *, is_undone: bool) -> PastChange:
    kinds = [change.kind for change in _changes(history, entry)]
    return PastChange(
        number=entry.number,
        when=_moment(entry),
        words=entry.words,
        added=kinds.count("add"),
        removed=kinds.count("remove"),
        changed=kinds.count("update"),
        is_undone=is_undone,
    )


def _details(history: History, entry: Entry) -> PastDetails:
    before, after = (
        (history.content(side[PROJECT_FILE]) or b"").decode("utf-8", "replace").splitlines()
        for side in (entry.before, entry.after)
    )
    lines = list(difflib.unified_diff(before, after, lineterm="", n=1))[2:]
    return PastDetails(entry.number, _moment(entry), entry.words, tuple(_changes(history, entry)), "\n".join(lines))


def _changes(history: History, entry: Entry) -> list[Change]:
    """Return what became of each locked package."""
    if entry.before[LOCK_FILE] == entry.after[LOCK_FILE]:
        return []
    before, after = (_lock(history.content(side[LOCK_FILE]), history.project) for side in (entry.before, entry.after))
    return compare(before, after)


def _lock(content: bytes | None, folder: Path) -> Lock | None:
    """Read a lock; one that nobody can read, as one with conflict marks, counts as none."""
    if content is None:
        return None
    try:
        return read_lock(content.decode("utf-8", "replace"), folder / LOCK_FILE)
    except (FileMistakes, UnsupportedLock):
        return None


def _moment(entry: Entry) -> str:
    return datetime.fromtimestamp(entry.when, UTC).astimezone().isoformat(timespec="seconds")


def _counts(change: PastChange) -> str:
    counts = {"+": change.added, "~": change.changed, "-": change.removed}
    return " ".join(f"{sign}{count}" for sign, count in counts.items() if count)
