"""Writing several files of a project so that all are the old ones or all the new ones, whatever ends the writer.

The journal is written first. Then the new contents are put beside the files, and only when all of them are on the disk
each is given its name; the journal goes last. Whoever finds a journal knows from the files themselves how far its
writer came.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from chapbook_core.errors import ChapbookError
from chapbook_core.project.journal import FileChange, Journal, JournalUnusable, journal_bytes, read_journal
from chapbook_core.project.lock_place import STATE_FOLDER
from chapbook_core.project.small_file import read_small
from chapbook_core.project.writing import WriteFailed, new_token, passing_name, settle, stage_file, write_file
from chapbook_core.value import replace

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["ChangedMeanwhile", "FileChange", "JournalUnusable", "PairWriter", "Recovery", "has_journal"]

_JOURNAL = "journal"
_LARGEST = 1 << 28

Step = Literal["journal", "stage", "place", "drop"]


class ChangedMeanwhile(ChapbookError):
    """Somebody else has written a file since it was read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(
            f"`{path}` was changed while the command ran; nothing was written", hints=["run the command again"]
        )


class Recovery(Enum):
    """What became of a change that was left unfinished."""

    UNDONE = "undone"
    """It had not begun: all files are the old ones."""
    FINISHED = "finished"
    """All files are the new ones."""
    LEFT = "left"
    """A file was edited since; all were left as they are."""


def has_journal(folder: Path) -> bool:
    """Tell whether somebody is writing in a project, or was killed while doing so."""
    return os.path.lexists(folder / STATE_FOLDER / _JOURNAL)


class PairWriter:
    """Changes files of one project together; whoever uses it holds the lock of the project."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._journal = folder / STATE_FOLDER / _JOURNAL

    def replace(self, changes: Sequence[FileChange]) -> None:
        """Give each file its new content, or leave all as they are.

        A file must still hold what it held when the change was computed, whether it is to change or not. Raises
        ChangedMeanwhile, WriteFailed, and whatever interrupts.
        """
        self.require_unchanged(changes)
        pending = tuple(replace(change, token=new_token()) for change in changes if change.before != change.after)
        if not pending:
            return
        # Loaded by commands that change files, which have loaded it already.
        from chapbook_core.project.history import foretell

        foretell(self._folder, {change.name: change.after for change in pending})
        self._keep(Journal(pending))
        try:
            self._apply(pending)
            self._drop()
        except BaseException:
            self._undo(pending)
            raise

    def require_unchanged(self, changes: Sequence[FileChange]) -> None:
        """Raise ChangedMeanwhile for a file that holds something else than when the change was computed."""
        for change in changes:
            if self._content(change.name) != change.before:
                raise ChangedMeanwhile(self._folder / change.name)

    def recover(self) -> Recovery | None:
        """Finish or undo what a writer that was killed has left; None when there is nothing of that kind.

        Raises JournalUnusable and WriteFailed.
        """
        content = self._read_journal()
        if content is None:
            return None
        journal = read_journal(content, self._journal)
        changes = journal.changes
        self._require_inside(changes)
        self._clean(changes)
        found = [self._content(change.name) for change in changes]
        if any(held not in (change.before, change.after) for held, change in zip(found, changes, strict=True)):
            recovery = Recovery.LEFT
        elif not journal.is_return and all(held == one.before for held, one in zip(found, changes, strict=True)):
            recovery = Recovery.UNDONE
        else:
            self._apply([change for held, change in zip(found, changes, strict=True) if held != change.after])
            recovery = Recovery.UNDONE if journal.is_return else Recovery.FINISHED
        self._drop()
        return recovery

    def passing(self, step: Step, name: str) -> None:
        """Be told of each step before it is done; for those who watch, as the tests that end the process there."""

    def _apply(self, changes: Sequence[FileChange]) -> None:
        staged = []
        try:
            for change in changes:
                if change.after is not None:
                    self.passing("stage", change.name)
                    staged.append(stage_file(self._folder / change.name, change.after, token=change.token))
            for file in staged:
                self.passing("place", file.path.name)
                file.place()
            for change in changes:
                if change.after is None:
                    self.passing("place", change.name)
                    self._remove(change.name)
        except BaseException:
            self._clean(changes)
            raise

    def _undo(self, changes: Sequence[FileChange]) -> None:
        """Go back as far as the writer came."""
        back = tuple(change.reverse for change in changes if self._content(change.name) != change.before)
        if back:
            # Killed from here on, the writer is to have done nothing.
            with suppress(WriteFailed):
                self._keep(Journal(back, is_return=True))
            self._apply(back)
        self._drop()

    def _keep(self, journal: Journal) -> None:
        self.passing("journal", _JOURNAL)
        state = self._journal.parent
        self._require_no_link()
        try:
            state.mkdir(exist_ok=True)
            for left in state.glob(passing_name("*")):
                left.unlink()
        except OSError as cause:
            raise WriteFailed(self._journal, cause) from cause
        write_file(self._journal, journal_bytes(journal))

    def _drop(self) -> None:
        self.passing("drop", _JOURNAL)
        try:
            self._journal.unlink(missing_ok=True)
            settle(self._journal.parent)
        except OSError as cause:
            raise WriteFailed(self._journal, cause) from cause

    def _read_journal(self) -> bytes | None:
        if not has_journal(self._folder):
            return None
        self._require_no_link()
        try:
            status = self._journal.stat()
            if not stat.S_ISREG(status.st_mode):
                raise JournalUnusable(self._journal, "it is no file")
            if status.st_size > _LARGEST:
                raise JournalUnusable(self._journal, "it is too large")
            return self._journal.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as cause:
            raise JournalUnusable(self._journal, cause.strerror or str(cause)) from cause

    def _require_no_link(self) -> None:
        """Refuse what leads out of the project."""
        for path in (self._journal.parent, self._journal):
            if path.is_symlink():
                raise JournalUnusable(path, "it is a link")

    def _require_inside(self, changes: Sequence[FileChange]) -> None:
        """Refuse to write through a link that leads out of the project: it may have come with the journal."""
        top = os.path.realpath(self._folder)
        for change in changes:
            if os.path.dirname(os.path.realpath(self._folder / change.name)) != top:  # noqa: PTH120  text
                raise JournalUnusable(self._journal, f"`{change.name}` is a link that leads out of the project")

    def _clean(self, changes: Sequence[FileChange]) -> None:
        """Remove the new contents that have not come to their places."""
        for change in changes:
            target = Path(os.path.realpath(self._folder / change.name))
            with suppress(OSError):
                (target.parent / passing_name(change.token)).unlink()

    def _content(self, name: str) -> bytes | None:
        try:
            return read_small(self._folder / name)
        except FileNotFoundError:
            return None
        except OSError as cause:
            raise WriteFailed(self._folder / name, cause) from cause

    def _remove(self, name: str) -> None:
        path = self._folder / name
        try:
            path.unlink(missing_ok=True)
            settle(path.parent)
        except OSError as cause:
            raise WriteFailed(path, cause) from cause
