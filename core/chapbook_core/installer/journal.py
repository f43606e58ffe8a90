"""Journal: everything that finishing or undoing a change of an environment needs to know, written before it begins.

<environment>/.chapbook/journal           there is one exactly while a change is under way
<environment>/.chapbook/stage/<id>/       what comes, and what went, as the moves have it
<environment>/.chapbook/stage/<id>/files/ contents of the project's files, before and after
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Literal

from chapbook_core.environment.environment import CONFIGURATION
from chapbook_core.environment.state import read_state
from chapbook_core.errors import ChapbookError
from chapbook_core.installer.relocation import Move
from chapbook_core.installer.traces import JOURNAL, OWN_FOLDER, STAGES
from chapbook_core.pattern import late_pattern
from chapbook_core.project.discovery import LOCK_FILE, PROJECT_FILE
from chapbook_core.project.small_file import read_small, write_small
from chapbook_core.value import frozen, replace

TURNED = "turned"
"""In the stage: a journal to turn back with."""
_VERSION = 2
# An environment, and the journal in it, may come with somebody's archive: neither leads a writer anywhere else.
_IDENTITY = late_pattern(r"[0-9a-f]{12}")
_NAMES = frozenset({PROJECT_FILE, LOCK_FILE})
_NO_PART = frozenset({"", ".", ".."})
_STRANGE = late_pattern(r"[\0\\:]" if os.name == "nt" else r"\0")
Direction = Literal["forward", "back"]


class JournalDamaged(ChapbookError):
    """A change was interrupted, and what would tell how to finish it cannot be read."""

    def __init__(self, environment: Path, reason: str = "it cannot be read") -> None:
        super().__init__(
            f"a change of `{environment}` was interrupted, and its journal is of no use: {reason}",
            hints=[way_out(environment)],
        )


class ChangeOfAnother(ChapbookError):
    """Another project was interrupted while it changed what this one uses, too."""

    def __init__(self, environment: Path, project: Path) -> None:
        super().__init__(
            f"the project in `{project}` was interrupted while it changed `{environment}`",
            hints=[f"run `chapbook -C {project} install`, which finishes or undoes it"],
        )


def way_out(environment: Path) -> str:
    """Return what to do about a change that is stuck."""
    if os.path.lexists(environment / CONFIGURATION):
        return "remove the environment with `chapbook env remove --all`, then run `chapbook install`"
    # Nobody can do without a Python that others use.
    return f"look into `{environment / OWN_FOLDER}`, move it away, then run `chapbook sync`"


@frozen
class Rewrite:
    """A file of the project that changes together with the environment."""

    path: str
    """Absolute."""
    number: int
    """Names its contents in the stage."""
    is_made: bool = False
    """Whether there was none before."""
    is_removed: bool = False
    """Whether there is none afterwards."""

    def content(self, stage: Path, when: Literal["before", "after"]) -> Path:
        """Return where a content of it is kept."""
        return stage / "files" / f"{self.number}.{when}"


@frozen
class Journal:
    """One change: the renames it consists of, and which way it is being taken."""

    identity: str
    moves: tuple[Move, ...]
    """In their order; doing one again, or undoing one that was not done, does nothing."""
    rewrites: tuple[Rewrite, ...] = ()
    direction: Direction = "forward"
    emptied: tuple[str, ...] = ()
    """Folders that the moves leave empty, the innermost first, where whole ones cannot be moved."""

    @property
    def stage(self) -> str:
        """The folder of this change, below the environment."""
        return f"{STAGES}/{self.identity}"

    def turned(self) -> Journal:
        """Return the same change, to be undone."""
        return replace(self, direction="back")


def read_journal(environment: Path, project: Path) -> Journal | None:
    """Return the journal of a change of a project's environment that was begun and not ended; raises JournalDamaged."""
    try:
        body = read_small(f"{environment}/{OWN_FOLDER}/{JOURNAL}")
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        data = json.loads(body)
        if data["version"] != _VERSION:
            raise JournalDamaged(environment, "another version of Chapbook has written it")
        journal = Journal(
            identity=data["identity"],
            moves=tuple(Move(*fields) for fields in data["moves"]),
            rewrites=tuple(Rewrite(*fields) for fields in data["rewrites"]),
            direction="back" if data["direction"] == "back" else "forward",
            emptied=tuple(data.get("emptied", ())),
        )
        if (other := _other_project(journal, environment, project)) is not None:
            raise ChangeOfAnother(environment, other)
        if environment.parent == project:
            # Both may have been moved since.
            rewrites = tuple(replace(one, path=str(project / _name(one.path))) for one in journal.rewrites)
            journal = replace(journal, rewrites=rewrites)
        if (stray := _stray(journal, project)) is not None:
            raise JournalDamaged(environment, f"it leads to `{stray}`, which no command changes")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise JournalDamaged(environment) from None
    return journal


def write_journal(environment: Path, journal: Journal) -> None:
    """Put the journal in its place, whole, and see it to the disk; and beside it one to turn back with.

    That a disk is full must not stand in the way of going back.
    """
    # In the stage whatever is left over goes with the rest of it.
    stage = environment / journal.stage
    write_small(f"{stage}/{TURNED}", _written(journal.turned()))
    write_small(f"{stage}/{JOURNAL}", _written(journal), is_durable=True)
    if journal.rewrites:
        # The contents that are kept of the project's files are of no use without the names on the way to them.
        for folder in (stage, stage.parent, environment, environment.parent):
            _settle(folder)
    _place(f"{stage}/{JOURNAL}", environment)


def turn_journal(environment: Path, journal: Journal) -> None:
    """Say that a change is being undone from here on."""
    turned = environment / journal.stage / TURNED
    if not turned.exists():
        turned.write_bytes(_written(journal.turned()))
    with turned.open("rb+") as stream:
        os.fsync(stream.fileno())
    _place(str(turned), environment)


def _written(journal: Journal) -> bytes:
    data = {
        "version": _VERSION,
        "identity": journal.identity,
        "moves": journal.moves,
        "rewrites": [
            (rewrite.path, rewrite.number, rewrite.is_made, rewrite.is_removed) for rewrite in journal.rewrites
        ],
        "direction": journal.direction,
        **({"emptied": journal.emptied} if journal.emptied else {}),
    }
    return json.dumps(data).encode()


def _place(written: str, environment: Path) -> None:
    """Give a journal its name once it is on the disk."""
    folder = f"{environment}/{OWN_FOLDER}"
    os.replace(written, f"{folder}/{JOURNAL}")  # noqa: PTH105  each change does this, and a path is dearer
    _settle(folder)


def drop_journal(environment: Path) -> None:
    """Say that the change has ended."""
    with suppress(FileNotFoundError):
        os.unlink(f"{environment}/{OWN_FOLDER}/{JOURNAL}")  # noqa: PTH108  as `_place`


def _name(path: str) -> str:
    return path.rpartition(os.sep)[2]


def _other_project(journal: Journal, environment: Path, project: Path) -> Path | None:
    """Return whose files a change is of, when that is another project at home in the same environment."""
    state = read_state(environment)
    folders = {Path(rewrite.path).parent for rewrite in journal.rewrites}
    if state is None or len(folders) != 1 or not folders.isdisjoint((project, Path(os.path.realpath(project)))):
        return None
    (folder,) = folders
    owner = Path(os.path.realpath(environment)).parent
    return folder if (folder == owner or folder in state.projects) and folder.is_dir() else None


def _stray(journal: Journal, project: Path) -> str | None:
    """Return what a journal names and no change has: such a journal is not ours."""
    if not _IDENTITY.fullmatch(journal.identity):
        return journal.identity
    for move in journal.moves:
        if not any(path.startswith(f"{journal.stage}/") for path in move):
            return move.target
        for path in move:
            if _STRANGE.search(path) or not _NO_PART.isdisjoint(path.split("/")):
                return path
    for path in journal.emptied:
        if _STRANGE.search(path) or not _NO_PART.isdisjoint(path.split("/")):
            return path
    top = os.path.realpath(project)
    for rewrite in journal.rewrites:
        name = os.path.relpath(rewrite.path, project)
        # Through a link it would be another file that is written.
        real = os.path.realpath(rewrite.path)
        if name not in _NAMES or not isinstance(rewrite.number, int) or os.path.commonpath((top, real)) != top:
            return real
    return None


def _settle(folder: str | Path) -> None:
    """Make the rename itself survive a power cut, where folders can be opened."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        # Some network file systems cannot; the file is in place all the same.
        with suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
