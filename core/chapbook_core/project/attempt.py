"""Attempt: changes of a project's files that count only when more has gone well; else they are taken back.

<project>/.chapbook/attempt    what the files held before, and the hashes of what they were given since

It is there exactly while an attempt is under way. After a kill, whoever holds the project next finds it, and takes the
changes back, unless somebody has edited the files since.
"""

from __future__ import annotations

import base64
import json
import os
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from chapbook_core.errors import ChapbookError
from chapbook_core.project.history import FILES, Contents, hashes, listening
from chapbook_core.project.lock_place import STATE_FOLDER, make_ignore
from chapbook_core.project.pair_writing import FileChange, PairWriter, Recovery
from chapbook_core.project.writing import write_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ATTEMPT = f"{STATE_FOLDER}/attempt"
"""Below a project."""
_FORMAT = 1
_LARGEST = 1 << 28
_READABLE_BY_OWNER = 0o600
_under_way: set[str] = set()
"""The projects in which this very process makes one."""


class AttemptUnusable(ChapbookError):
    """What stands where the notes of an attempt belong was not written by a command that was interrupted."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"`{path}` does not tell what a command had changed when it was interrupted: {reason}",
            hints=["remove it, and look at pyproject.toml with `git diff` or `chapbook history`"],
        )


class Attempt:
    """What was done to the files of one project."""

    def __init__(self, folder: Path) -> None:
        self.is_wanted = False
        """Whether it stays."""
        self._folder = folder
        self._file = folder / ATTEMPT
        self._before = _present(folder)
        self._written = {name: {digest} for name, digest in hashes(self._before).items()}
        self._note()

    def foresee(self, after: Contents) -> None:
        """Note what some files are about to hold; raises WriteFailed."""
        for name, digest in hashes(after).items():
            self._written[name].add(digest)
        self._note()

    def end(self) -> None:
        """Take the changes back unless they are wanted, and forget them; raises WriteFailed."""
        if not self.is_wanted:
            _put_back(self._folder, self._before)
        with suppress(OSError):
            self._file.unlink(missing_ok=True)

    def _note(self) -> None:
        files = {
            name: {
                "before": None if content is None else base64.b64encode(content).decode(),
                # What is not there has no hash.
                "written": sorted(digest or "" for digest in self._written[name]),
            }
            for name, content in self._before.items()
        }
        data = json.dumps({"format": _FORMAT, "files": files}).encode()
        self._file.parent.mkdir(exist_ok=True)
        make_ignore(self._file.parent, None)
        write_file(self._file, data, mode=_READABLE_BY_OWNER)


@contextmanager
def undone_unless_kept(folder: Path) -> Iterator[Attempt]:
    """Put project file and lock back as they were, unless the block says that they are wanted.

    The project is held by the command, so nobody else writes them meanwhile. Raises WriteFailed.
    """
    key = os.path.realpath(folder)
    attempt = Attempt(folder)
    _under_way.add(key)
    try:
        with listening(folder, attempt.foresee):
            yield attempt
    finally:
        _under_way.discard(key)
        attempt.end()


def take_back(folder: Path) -> Recovery | None:
    """Take back what a command that was killed had tried; None when there is nothing of that kind.

    The project must be held. Raises AttemptUnusable and WriteFailed.
    """
    if os.path.realpath(folder) in _under_way:
        return None
    file = folder / ATTEMPT
    content = _read(file)
    if content is None:
        return None
    before, written = _parsed(content, file)
    present = hashes(_present(folder))
    is_untouched = all(present[name] in written[name] for name in FILES)
    if is_untouched:
        _put_back(folder, before)
    with suppress(OSError):
        file.unlink(missing_ok=True)
    return Recovery.UNDONE if is_untouched else Recovery.LEFT


def _put_back(folder: Path, before: Contents) -> None:
    present = _present(folder)
    changes = [FileChange(name, present[name], content) for name, content in before.items()]
    PairWriter(folder).replace(changes)


def _present(folder: Path) -> Contents:
    found: Contents = {}
    for name in FILES:
        try:
            found[name] = (folder / name).read_bytes()
        except FileNotFoundError:
            found[name] = None
    return found


def _read(file: Path) -> bytes | None:
    try:
        status = file.lstat()
    except OSError:
        return None
    # It may have come with somebody's archive.
    if not stat.S_ISREG(status.st_mode) or file.parent.is_symlink() or status.st_size > _LARGEST:
        raise AttemptUnusable(file, "it is no file of that kind")
    return file.read_bytes()


def _parsed(content: bytes, file: Path) -> tuple[Contents, dict[str, set[str | None]]]:
    try:
        data = json.loads(content)
        if data["format"] != _FORMAT:
            raise AttemptUnusable(file, "another version of Chapbook has written it")
        before: Contents = {}
        written: dict[str, set[str | None]] = {}
        for name in FILES:
            entry = data["files"][name]
            before[name] = None if entry["before"] is None else base64.b64decode(entry["before"], validate=True)
            written[name] = {str(digest) or None for digest in entry["written"]}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise AttemptUnusable(file, "it cannot be read") from error
    return before, written
