"""The journal of a change: what each file of a project held before, and what it is to hold."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING

from chapbook_core.errors import ChapbookError
from chapbook_core.pattern import late_pattern
from chapbook_core.project.writing import new_token
from chapbook_core.value import frozen, replace

if TYPE_CHECKING:
    from pathlib import Path

_FORMAT = 1
# Nothing that lies in a project may lead a writer to another file: a journal may come with somebody's archive.
_NAMES = frozenset({"pyproject.toml", "poetry.lock"})
_TOKEN = late_pattern(r"[0-9a-f]{16}")


class JournalUnusable(ChapbookError):
    """What stands where the journal belongs was not written by a command that was interrupted."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        super().__init__(
            f"`{path}` is not the journal of a change: {reason}",
            hints=["remove it, and run `chapbook check --lock` to see whether the lock belongs to the project file"],
        )


@frozen
class FileChange:
    """One file of a project before and after; None stands for a file that is not there."""

    name: str
    before: bytes | None
    after: bytes | None
    token: str = ""
    """Makes the name under which the new content waits; see `project.writing.passing_name`."""

    @property
    def reverse(self) -> FileChange:
        """What undoes it."""
        return replace(self, before=self.after, after=self.before, token=new_token())


@frozen
class Journal:
    """Changes that belong together."""

    changes: tuple[FileChange, ...]
    is_return: bool = False
    """Whether they undo others, which had begun: then they have to be done, even where none of them is yet."""


def journal_bytes(journal: Journal) -> bytes:
    """Write a journal."""
    files = [
        {
            "name": change.name,
            "token": change.token,
            "before": _packed(change.before),
            "after": _packed(change.after),
        }
        for change in journal.changes
    ]
    return json.dumps({"format": _FORMAT, "return": journal.is_return, "files": files}, indent=1).encode()


def read_journal(content: bytes, path: Path) -> Journal:
    """Read a journal; raises JournalUnusable."""
    try:
        data = json.loads(content)
        if data["format"] != _FORMAT:
            raise JournalUnusable(path, "another version of Chapbook has written it")
        changes = tuple(
            FileChange(str(entry["name"]), _unpacked(entry["before"]), _unpacked(entry["after"]), str(entry["token"]))
            for entry in data["files"]
        )
        is_return = data["return"] is True
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise JournalUnusable(path, "it cannot be read") from error
    for change in changes:
        if change.name not in _NAMES or _TOKEN.fullmatch(change.token) is None:
            raise JournalUnusable(path, f"it names a file that no command changes: `{change.name}`")
    return Journal(changes, is_return)


def _packed(content: bytes | None) -> dict[str, str] | None:
    if content is None:
        return None
    return {"sha256": hashlib.sha256(content).hexdigest(), "base64": base64.b64encode(content).decode()}


def _unpacked(entry: object) -> bytes | None:
    if entry is None:
        return None
    if not isinstance(entry, dict):
        raise TypeError
    content = base64.b64decode(entry["base64"], validate=True)
    if hashlib.sha256(content).hexdigest() != entry["sha256"]:
        raise ValueError
    return content
