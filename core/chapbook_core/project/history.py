"""What was done to a project: each change of its files with what they held before and after.

<project>/.chapbook/history/log         one line of JSON a change, the newest last
<project>/.chapbook/history/contents/   what the files held, compressed, by the hash of it
<project>/.chapbook/history/underway    a change that is about to be made, for whoever comes after its maker was killed
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import zlib
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from chapbook_core.errors import ChapbookError
from chapbook_core.pattern import late_pattern
from chapbook_core.project.discovery import LOCK_FILE, PROJECT_FILE
from chapbook_core.project.line_log import LineLog
from chapbook_core.project.lock_place import STATE_FOLDER, make_ignore
from chapbook_core.project.small_file import read_small
from chapbook_core.project.writing import write_file
from chapbook_core.value import frozen, replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

FILES = (PROJECT_FILE, LOCK_FILE)
"""The files whose contents are remembered."""
MOST = 200
"""Changes that are kept; older ones are forgotten."""
_SLACK = 4
"""One part in so many may be there beyond that, because to forget is to write all the others anew."""
_NAME = late_pattern(r"[0-9a-f]{64}")
_NUMBER = late_pattern(rb'\{"number": ([0-9]{1,15}),')
_LARGEST = 1 << 28
_NO_ENTRY = (ValueError, KeyError, TypeError, OverflowError, RecursionError)
"""What reading a line raises that is none of ours."""
_LATEST = 1e11
"""Seconds since 1970; calendars end soon after."""
_READABLE_BY_OWNER = 0o600
"""A project file may hold what is nobody else's business."""

Contents = dict[str, bytes | None]
"""What each of `FILES` holds; None for a file that is not there."""

Marks = dict[str, tuple[int, ...] | None]
"""Which file each of `FILES` is, and when it was changed last; None for a file that is not there."""


class HistoryDamaged(ChapbookError):
    """What the history would bring back is not what was kept."""

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(
            f"the history in `{folder}` cannot be used: {reason}", hints=["remove that folder; it begins anew"]
        )


@frozen
class Held:
    """The versions of the packages in the environment of a project, by name, at both ends of a change."""

    before: Mapping[str, str]
    after: Mapping[str, str]

    @property
    def brought(self) -> frozenset[str]:
        """What has come with the change."""
        return frozenset(self.after.keys() - self.before.keys())


@frozen
class Entry:
    """One change of a project."""

    number: int
    when: float
    """In seconds since 1970."""
    words: str
    """The command, without the values of its options."""
    before: Mapping[str, str | None]
    """The hash of what each file held; None for a file that was not there."""
    after: Mapping[str, str | None]
    undoes: int | None = None
    """The oldest change that it took back, with all that came later."""
    redoes: int | None = None
    """The undoing that it took back."""
    held: Held | None = None
    """None for the change of a command that was killed before it could note it."""


def hashes(contents: Contents) -> dict[str, str | None]:
    """Return what entries hold in place of contents."""
    return {name: None if content is None else _hash(content) for name, content in contents.items()}


_commands: dict[str, tuple[str, float]] = {}
"""By project, the command that holds it, and when it began; who writes its files knows nothing of commands."""


_listeners: dict[str, Callable[[Contents], None]] = {}
"""By project, who wants to know of each change before it is made."""


@contextmanager
def listening(project: Path, listener: Callable[[Contents], None]) -> Iterator[None]:
    """Tell a listener of each change of the files of a project before it is made."""
    key = os.path.realpath(project)
    _listeners[key] = listener
    try:
        yield
    finally:
        del _listeners[key]


def begin(project: Path, words: str, when: float) -> None:
    """Say which command may change the files of a project from here on; it holds the project."""
    _commands[os.path.realpath(project)] = (words, when)


def end(project: Path) -> None:
    """Say that the command has come to its end, so that nothing is left to foretell."""
    _commands.pop(os.path.realpath(project), None)
    History(project).forget_foretold()


def foretell(project: Path, after: Contents) -> None:
    """Note what some files are about to hold, so that a change is known even if nobody lives to tell of it.

    What cannot be noted in the history hinders nothing; what a listener raises does.
    """
    listener = _listeners.get(os.path.realpath(project))
    if listener is not None:
        listener(after)
    command = _commands.get(os.path.realpath(project))
    if command is not None:
        with suppress(OSError, ChapbookError):
            History(project).foretell(*command, after)


class History:
    """The history of one project; whoever adds to it holds the project."""

    def __init__(self, folder: Path) -> None:
        self.project = folder
        self.folder = folder / STATE_FOLDER / "history"
        self._log_file = self.folder / "log"
        self._log = LineLog(self._log_file, mode=_READABLE_BY_OWNER)
        self._contents = self.folder / "contents"
        self._underway = self.folder / "underway"

    def present(self) -> Contents:
        """Return what the files of the project hold now."""
        return {name: _read(self.project / name) for name in FILES}

    def marks(self) -> Marks:
        """Return what each write of the files changes: here every writer puts a new file in the place of the old."""
        return {name: _mark(self.project / name) for name in FILES}

    def entries(self) -> tuple[Entry, ...]:
        """Return what was done, the oldest first; raises HistoryDamaged."""
        self._require_no_link()
        try:
            lines = self._log.lines()
        except OSError as cause:
            raise HistoryDamaged(self.folder, cause.strerror or str(cause)) from cause
        return tuple(self._entries(lines))[-MOST:]

    def content(self, name: str | None) -> bytes | None:
        """Return what a file held, by its hash; raises HistoryDamaged."""
        if name is None:
            return None
        self._require_no_link()
        try:
            unpacking = zlib.decompressobj()
            content = unpacking.decompress((self._contents / name).read_bytes(), _LARGEST)
        except (OSError, zlib.error):
            raise HistoryDamaged(self.folder, f"`{name[:12]}` is missing or damaged") from None
        if _hash(content) != name:
            raise HistoryDamaged(self.folder, f"`{name[:12]}` holds something else")
        return content

    def add(
        self,
        words: str,
        when: float,
        before: Contents,
        after: Contents,
        *,
        undoes: int | None = None,
        redoes: int | None = None,
        held: Held | None = None,
    ) -> None:
        """Remember a change; raises OSError, WriteFailed and HistoryDamaged."""
        old, new = self._keep_all(before, after)
        self._append(Entry(0, when, words, old, new, undoes, redoes, held))

    def foretell(self, words: str, when: float, after: Contents) -> None:
        """Note a change that is about to be made; raises OSError, WriteFailed and HistoryDamaged."""
        before = self.present()
        old, new = self._keep_all(before, {**before, **after})
        entry = Entry(0, when, words, old, new)
        write_file(self._underway, _line(entry), mode=_READABLE_BY_OWNER, is_durable=False)

    def settle(self) -> None:
        """Remember the change of a command that was killed, if it was made; raises as `add` does."""
        if not self._underway.is_file():
            return
        self._require_no_link()
        with suppress(*_NO_ENTRY):
            entry = _read_entry(self._underway.read_bytes())
            if entry.before != entry.after == hashes(self.present()):
                self._append(entry)
        self.forget_foretold()

    def forget_foretold(self) -> None:
        """Forget what was foretold: it was made and is remembered, or was not made."""
        with suppress(OSError):
            self._underway.unlink(missing_ok=True)

    def _keep_all(self, *sides: Contents) -> Iterator[dict[str, str | None]]:
        """Keep what files hold, and yield what entries have in the place of that."""
        self._make_folders()
        kept: dict[bytes | None, str | None] = {None: None}
        for content in {content for side in sides for content in side.values() if content is not None}:
            kept[content] = self._keep(content)
        for side in sides:
            yield {name: kept[content] for name, content in side.items()}

    def _append(self, entry: Entry) -> None:
        self._require_no_link()
        first, last = map(_number, self._log.ends() or (b"", b""))
        if first is None or last is None or last + 1 - first >= MOST + MOST // _SLACK:
            self._append_anew(entry)
        else:
            self._log.append(_line(replace(entry, number=last + 1)))

    def _append_anew(self, entry: Entry) -> None:
        """Write the log with one more entry, and forget what is too old."""
        entries = self.entries()
        kept = (*entries[-MOST + 1 :], replace(entry, number=entries[-1].number + 1 if entries else 1))
        self._log.replace(map(_line, kept))
        if len(kept) <= len(entries):
            self._forget_but(kept)

    def _entries(self, lines: list[bytes]) -> Iterator[Entry]:
        for number, line in enumerate(filter(None, lines), start=1):
            try:
                yield _read_entry(line)
            except _NO_ENTRY:
                raise HistoryDamaged(self.folder, f"line {number} of `log` is not a change") from None

    def _make_folders(self) -> None:
        state = self.folder.parent
        state.mkdir(exist_ok=True)
        make_ignore(state, None)
        self._require_no_link()
        self._contents.mkdir(parents=True, exist_ok=True)

    def _keep(self, content: bytes) -> str:
        name = _hash(content)
        target = self._contents / name
        if not _is_filled(target):
            # A power cut may leave it empty, which is told from its size here and from its hash when it is read.
            write_file(target, zlib.compress(content, 1), mode=_READABLE_BY_OWNER, is_durable=False)
        return name

    def _forget_but(self, kept: Iterable[Entry]) -> None:
        """Remove contents that no change names any more."""
        needed = {name for entry in kept for name in (*entry.before.values(), *entry.after.values())}
        for file in self._contents.iterdir():
            if file.name not in needed:
                with suppress(OSError):
                    file.unlink()

    def _require_no_link(self) -> None:
        """Refuse what leads out of the project, as somebody's archive may hold it."""
        for path in (self.folder.parent, self.folder, self._log_file, self._contents, self._underway):
            kind = _kind(path)
            if kind == stat.S_IFLNK:
                raise HistoryDamaged(self.folder, f"`{path.name}` is a link")
            if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise HistoryDamaged(self.folder, f"`{path.name}` is neither a file nor a folder")


def _kind(path: Path) -> int:
    """Return what stands in a place; 0 for nothing."""
    try:
        return stat.S_IFMT(os.lstat(path).st_mode)
    except OSError:
        return 0


def _is_filled(path: Path) -> bool:
    try:
        return path.stat().st_size > 0
    except FileNotFoundError:
        return False


def _read(path: Path) -> bytes | None:
    try:
        return read_small(path)
    except OSError:
        # What cannot be read is not changed either.
        return None


def _mark(path: Path) -> tuple[int, ...] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _line(entry: Entry) -> bytes:
    data = {
        "number": entry.number,
        "when": entry.when,
        "words": entry.words,
        "before": dict(entry.before),
        "after": dict(entry.after),
        "undoes": entry.undoes,
        "redoes": entry.redoes,
        **({"held": [dict(entry.held.before), dict(entry.held.after)]} if entry.held is not None else {}),
    }
    return json.dumps(data).encode()


def _number(line: bytes) -> int | None:
    """Return the number of the entry that a line begins with."""
    found = _NUMBER.match(line)
    return None if found is None else int(found[1])


def _read_entry(line: bytes) -> Entry:
    data = json.loads(line)
    when = float(data["when"])
    if not 0 <= when < _LATEST:
        raise ValueError(when)
    return Entry(
        number=int(data["number"]),
        when=when,
        words=str(data["words"]),
        before=_hashes(data["before"]),
        after=_hashes(data["after"]),
        undoes=None if data["undoes"] is None else int(data["undoes"]),
        redoes=None if data["redoes"] is None else int(data["redoes"]),
        held=_held(data.get("held")),
    )


def _held(sides: object) -> Held | None:
    match sides:
        case [dict() as before, dict() as after]:
            return Held(_versions(before), _versions(after))
        case _:
            return None


def _versions(side: Mapping[object, object]) -> dict[str, str]:
    return {str(name): str(version) for name, version in side.items()}


def _hashes(data: object) -> dict[str, str | None]:
    if not isinstance(data, dict) or set(data) != set(FILES):
        raise ValueError(data)
    for name in data.values():
        if name is not None and not (isinstance(name, str) and _NAME.fullmatch(name)):
            raise ValueError(name)
    return data
