"""Transaction: an environment, and files of the project with it, go from one state to another, or stay as they are.

What comes is laid into a stage inside the environment and checked there. Then the journal is written; from here on
only renames happen. A person who interrupts them gets everything back; after a kill whoever opens the environment next
calls `recover`, and the journal alone decides: what was going forward is finished, what was being undone is undone.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from chapbook_core.environment.state import set_fingerprint
from chapbook_core.errors import ChapbookError
from chapbook_core.events import Committed
from chapbook_core.installer.carrying import carry_back, carry_forward, remove_empty
from chapbook_core.installer.journal import (
    TURNED,
    Journal,
    JournalDamaged,
    Rewrite,
    drop_journal,
    read_journal,
    turn_journal,
    way_out,
    write_journal,
)
from chapbook_core.installer.relocation import InTheWay
from chapbook_core.installer.traces import OWN_FOLDER, STAGES, is_interrupted
from chapbook_core.project.removal import remove_folder
from chapbook_core.project.small_file import read_small
from chapbook_core.project.writing import WriteFailed, ways_out, write_file
from chapbook_core.value import field, frozen, replace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from chapbook_core.events import Watcher
    from chapbook_core.installer.relocation import Move


Recovered = Literal["forward", "back", "edited"]
"""What became of an interrupted change; the last when files of the project were edited since."""


class EnvironmentStuck(ChapbookError):
    """A change can neither be finished nor undone."""

    def __init__(self, environment: Path, cause: Exception) -> None:
        super().__init__(
            f"a change of `{environment}` was interrupted, and can neither be finished nor undone: {cause}",
            hints=[way_out(environment)],
        )


class ChangeFailed(ChapbookError):
    """The system refused a step of a change; everything is as it was before."""

    def __init__(self, environment: Path, cause: OSError) -> None:
        where = f" (`{cause.filename}`)" if cause.filename else ""
        message = f"`{environment}` could not be changed, and is as it was: {cause.strerror or cause}{where}"
        super().__init__(message, hints=ways_out(cause))


class Preparation(Protocol):
    """Lays what comes into a stage."""

    def __call__(self, stage: str, /) -> Sequence[Move]:
        """Fill a folder, named below the environment, and return the moves; nothing else is touched."""


@frozen
class ProjectFile:
    """A file of the project, and what it is to hold."""

    path: Path
    before: bytes | None
    """What it held when the change was computed, and still has to hold; None for a file that was not there."""
    content: bytes | None
    """None for a file that is to be gone."""

    @property
    def is_changed(self) -> bool:
        """Whether it is to hold something else; one that is not only has to be what it was."""
        return self.before != self.content


@frozen
class Change:
    """What a transaction does."""

    prepare: Preparation
    files: Sequence[ProjectFile] = ()
    """Those that the change was computed from, whether they are to change or not."""
    tidy: Callable[[], None] = field(default=lambda: None)
    """Called when all is done, to remove folders that are empty; it may be called or not."""
    fingerprint: Callable[[], str | None] = field(default=lambda: None)
    """What the environment's state says from here on; asked when all is done."""


def change_environment(environment: Path, change: Change, watcher: Watcher) -> None:
    """Make the change; on any error or interruption everything is as it was before.

    Raises ChangedMeanwhile when somebody else has written one of the files since the change was computed.
    """
    identity = os.urandom(6).hex()
    stage = environment / STAGES / identity
    journal: Journal | None = None
    try:
        stage.mkdir(parents=True)
        moves = tuple(change.prepare(f"{STAGES}/{identity}"))
        changed = [file for file in change.files if file.is_changed]
        rewrites = tuple(_kept(file, number, stage) for number, file in enumerate(changed))
        watcher.checkpoint()
        # As late as can be: a person may have saved a file while packages were fetched.
        _require_unchanged(change.files)
        _foretell(change.files)
        journal = Journal(identity, moves, rewrites)
        write_journal(environment, journal)
        try:
            _forward(environment, journal, watcher.checkpoint)
        except OSError as problem:
            if problem.errno != errno.EXDEV:
                raise
            journal = _in_files(environment, journal)
            _forward(environment, journal, watcher.checkpoint)
        # The last moment in which everything can be taken back.
        watcher.emit(Committed())
    except BaseException as problem:
        if journal is None:
            _clear(stage)
        else:
            undo(environment, journal)
        if isinstance(problem, OSError):
            raise ChangeFailed(environment, problem) from problem
        raise
    _conclude(environment, journal, change)


def _in_files(environment: Path, journal: Journal) -> Journal:
    """Take back what was done of a change, and return the same one without moves of whole folders that were there."""
    from chapbook_core.installer.taking_apart import taken_apart  # only where they cannot be moved

    # Who is killed here leaves the journal of a change that cannot be finished, and is undone.
    carry_back(environment, journal.stage, journal.moves)
    moves, emptied = taken_apart(environment, journal.stage, journal.moves)
    journal = replace(journal, moves=moves, emptied=emptied)
    write_journal(environment, journal)
    return journal


def _require_unchanged(files: Sequence[ProjectFile]) -> None:
    for file in files:
        if _content(file.path) != file.before:
            raise _changed_meanwhile(file.path)


def _changed_meanwhile(file: Path) -> Exception:
    from chapbook_core.project.pair_writing import ChangedMeanwhile  # hardly ever needed

    return ChangedMeanwhile(file)


def _foretell(files: Sequence[ProjectFile]) -> None:
    if files:
        from chapbook_core.project.history import foretell  # most changes of an environment are of nothing else

        foretell(files[0].path.parent, {file.path.name: file.content for file in files})


def _conclude(environment: Path, journal: Journal, change: Change) -> None:
    """Clean up after a change; it is done, whatever happens."""
    try:
        change.tidy()
        set_fingerprint(environment, change.fingerprint())
        _end(environment, journal)
    except (OSError, ChapbookError, KeyboardInterrupt):
        # Too late to stop; what was asked for has happened, and only traces of it are left.
        _end(environment, journal)


def recover(environment: Path, project: Path) -> Recovered | None:
    """Finish or undo what was interrupted; tell which. Raises EnvironmentStuck and JournalDamaged.

    The caller holds the project, so that no change is under way. Files that were edited since stay as they are.
    """
    _require_no_link(environment)
    journal = read_journal(environment, project)
    _sweep(f"{environment}/{OWN_FOLDER}", "")
    if journal is None:
        _clear(environment / STAGES)
        return None
    for rewrite in journal.rewrites:
        _sweep(str(Path(rewrite.path).parent), ".chapbook-")
    if any(_is_edited(rewrite, environment / journal.stage) for rewrite in journal.rewrites):
        _leave_files(environment, journal)
        return "edited"
    if journal.direction == "forward":
        try:
            _forward(environment, journal, lambda: None)
        except (OSError, InTheWay):
            # Somebody has changed the environment meanwhile; the way back may still be free.
            undo(environment, journal)
            return "back"
        # What there is was put together by two runs; the next one looks at it anew.
        set_fingerprint(environment, None)
        _end(environment, journal)
        return "forward"
    undo(environment, journal)
    return "back"


def _leave_files(environment: Path, journal: Journal) -> None:
    """Bring the environment to where the files belong of which none is touched any more, because one was edited."""
    stage = environment / journal.stage
    is_forward = journal.direction == "forward" and any(_holds_new(rewrite, stage) for rewrite in journal.rewrites)
    journal = replace(journal, rewrites=())
    try:
        if is_forward:
            _forward(environment, journal, lambda: None)
    except (OSError, InTheWay):
        # As in `recover`.
        is_forward = False
    if not is_forward:
        undo(environment, journal)
        return
    set_fingerprint(environment, None)
    _end(environment, journal)


def undo(environment: Path, journal: Journal) -> None:
    """Take back what was done of a change; once begun, an interrupted undoing is an undoing for whoever recovers."""
    stage = environment / journal.stage
    try:
        if journal.direction == "forward":
            turn_journal(environment, journal)
        carry_back(environment, journal.stage, journal.moves)
        for rewrite in journal.rewrites:
            _restore(rewrite, stage)
    except (OSError, InTheWay) as cause:
        raise EnvironmentStuck(environment, cause) from cause
    _end(environment, journal)


def _forward(environment: Path, journal: Journal, checkpoint: Callable[[], None]) -> None:
    carry_forward(environment, journal.stage, journal.moves, checkpoint)
    checkpoint()
    remove_empty(environment, journal.emptied)
    for rewrite in journal.rewrites:
        _rewrite(rewrite, environment / journal.stage)


def _kept(file: ProjectFile, number: int, stage: Path) -> Rewrite:
    """Keep both contents of a file where no interruption reaches them."""
    before = file.before
    rewrite = Rewrite(str(file.path), number, is_made=before is None, is_removed=file.content is None)
    after = rewrite.content(stage, "after")
    after.parent.mkdir(exist_ok=True)
    if file.content is not None:
        write_file(after, file.content)
    if before is not None:
        write_file(rewrite.content(stage, "before"), before)
    return rewrite


def _rewrite(rewrite: Rewrite, stage: Path) -> None:
    file = Path(rewrite.path)
    after = None if rewrite.is_removed else rewrite.content(stage, "after").read_bytes()
    held = _content(file)
    if held == after:
        return
    if held != (None if rewrite.is_made else _content(rewrite.content(stage, "before"))):
        raise _changed_meanwhile(file)
    if after is None:
        file.unlink(missing_ok=True)
    else:
        write_file(file, after)


def _restore(rewrite: Rewrite, stage: Path) -> None:
    file = Path(rewrite.path)
    if rewrite.is_made:
        if _content(file) == _content(rewrite.content(stage, "after")):
            file.unlink(missing_ok=True)
        return
    kept = rewrite.content(stage, "before")
    before = _content(kept)
    # One that is kept no more was brought back by somebody who was interrupted afterwards; what is neither the one nor
    # the other is somebody's.
    if before is None or not _holds_new(rewrite, stage):
        return
    try:
        write_file(file, before)
    except WriteFailed:
        # On a full disk there is no place for a copy, and for the name of the one there is.
        target = Path(os.path.realpath(file))
        kept.chmod(stat.S_IMODE(target.stat().st_mode))
        kept.replace(target)


def _holds_new(rewrite: Rewrite, stage: Path) -> bool:
    """Tell whether a file holds what it was to hold."""
    return _content(Path(rewrite.path)) == (None if rewrite.is_removed else _content(rewrite.content(stage, "after")))


def _is_edited(rewrite: Rewrite, stage: Path) -> bool:
    """Tell whether a file holds neither what it did nor what it was to hold."""
    before = _content(rewrite.content(stage, "before"))
    if before is None and not rewrite.is_made:
        # As in `_restore`.
        return False
    return _content(Path(rewrite.path)) != before and not _holds_new(rewrite, stage)


def _content(file: Path) -> bytes | None:
    try:
        return read_small(file)
    except FileNotFoundError:
        return None


def _end(environment: Path, journal: Journal) -> None:
    if is_interrupted(environment):
        drop_journal(environment)
    _take_down(environment, journal)
    _clear(environment / journal.stage)


def _take_down(environment: Path, journal: Journal) -> None:
    """Remove what nearly every stage consists of: the folders that everything was moved out of, and a way back."""
    stage = f"{journal.stage}/"
    folders = {move.source.rpartition("/")[0] for move in journal.moves if move.source.startswith(stage)}
    left: set[str] = set()
    for folder in folders:
        above = folder
        while above not in left and above.startswith(stage):
            left.add(above)
            above = above.rpartition("/")[0]
    with suppress(OSError):
        os.unlink(f"{environment}/{stage}{TURNED}")  # noqa: PTH108  a path is dearer
    # What is further down has the longer name.
    for folder in sorted(left, key=len, reverse=True):
        with suppress(OSError):
            os.rmdir(f"{environment}/{folder}")  # noqa: PTH106  a path is dearer


def _require_no_link(environment: Path) -> None:
    """Refuse what leads out of the environment: what is below it is moved and removed."""
    for path in (f"{environment}/{OWN_FOLDER}", f"{environment}/{STAGES}"):
        if os.path.islink(path):  # noqa: PTH114  each change asks, and a path is dearer
            raise JournalDamaged(environment, f"`{path}` is a link")


def _sweep(folder: str, beginning: str) -> None:
    """Remove what a killed process was about to write; while the project is held nobody else writes there."""
    try:
        names = os.listdir(folder)  # noqa: PTH208  names, not paths
    except OSError:
        return
    for name in names:
        if name.startswith(beginning) and name.endswith(".tmp"):
            with suppress(OSError):
                os.unlink(f"{folder}/{name}")  # noqa: PTH108  as above


def _clear(folder: Path) -> None:
    """Remove a stage; what cannot go, as a library in use on Windows, goes another time."""
    try:
        # Mostly nothing is left in it.
        os.rmdir(folder)  # noqa: PTH106  a path is dearer
    except FileNotFoundError:
        pass
    except OSError:
        remove_folder(folder)
    with suppress(OSError):
        folder.parent.rmdir()
