"""Store: unpacked wheels in the user's cache, each found by the SHA-256 of the wheel it was.

    <folder>/wheels-3/ab/abcd.../manifest    what is in it (`manifest`)
    <folder>/wheels-3/ab/abcd.../tree/       the files, read-only
    <folder>/workshops/<process>/            wheels that are being unpacked

An entry appears by one rename and never changes: any number of processes can use a store, and be killed, at any time.
Versions of Chapbook that write other manifests have wheels of their own beside these.
"""

from __future__ import annotations

import errno
import os
import threading
import time
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Protocol

from chapbook_core.errors import ChapbookError
from chapbook_core.events import Unwatched
from chapbook_core.installer.manifest import LAYOUT, DamagedManifest, Manifest, read_manifest
from chapbook_core.project.kernel_lock import HAS_SHARED, try_lock, try_share
from chapbook_core.value import frozen, replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import Self

    from chapbook_core.events import Watcher
    from chapbook_core.installer.archive_directory import ArchiveLimits
    from chapbook_core.installer.manifest import StoredFile
    from chapbook_core.installer.workshop import Workshop

MANIFEST, TREE = "manifest", "tree"
WHEELS = f"wheels-{LAYOUT}"
_IN_USE = ".in-use"
_DIGEST_LENGTH = 64
_A_DAY = 24 * 3600.0


class StoreFailed(ChapbookError):
    """The store cannot be written to; nothing half is left in it."""

    def __init__(self, folder: Path, cause: OSError) -> None:
        elsewhere = "choose another folder, as with `CHAPBOOK_CACHE_DIR=PATH`, or do without one: `--no-cache`"
        hints = {
            errno.ENOSPC: "free some space on that disk, for example with `chapbook cache prune`",
            errno.EDQUOT: "free some of your disk quota, for example with `chapbook cache prune`",
            errno.EROFS: elsewhere,
            errno.EACCES: elsewhere,
        }
        hint = hints.get(cause.errno or 0)
        super().__init__(f"cannot store a wheel in `{folder}`: {cause.strerror or cause}", hints=[hint] if hint else [])


class StoreDamaged(ChapbookError):
    """A stored file is not the one that was stored; the entry has to be made again."""

    def __init__(self, stored: StoredWheel, path: str) -> None:
        self.stored = stored
        super().__init__(
            f"{stored.manifest.filename} was changed in the store since it was put there"
            + (f" (`{path}`)" if path else ""),
            hints=["run the command again: it is fetched anew"],
        )


@frozen
class StoredWheel:
    """An unpacked wheel that is in the store."""

    manifest: Manifest
    folder: Path

    @property
    def tree(self) -> Path:
        """The folder that holds what the wheel held."""
        return self.folder / TREE


@frozen
class Entry:
    """A stored wheel, as lists show it."""

    sha256: str
    filename: str
    name: str
    version: str
    size: int
    used: float
    """When it was last put into an environment, to the day."""


class _Opened(Protocol):
    """A wheel that can be unpacked."""

    def sha256(self) -> str: ...
    def unpack(self, sha256: str, tree: Path, watcher: Watcher) -> Manifest: ...


class Store:
    """The wheels in one folder; used from many threads and processes at once."""

    def __init__(self, folder: Path, *, now: Callable[[], float] = time.time) -> None:
        self.folder = folder
        self._now = now
        self._workshop: Workshop | None = None
        self._lock = threading.Lock()
        self._here = -1

    def __enter__(self) -> Self:
        with suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            # Whoever would remove what is used knows by it that somebody is here.
            self._here = os.open(self.folder / _IN_USE, os.O_RDWR | os.O_CREAT, 0o600)
            try_share(self._here)
        return self

    def __exit__(self, *_problem: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove what this process has not finished."""
        with self._lock:
            if self._here >= 0:
                os.close(self._here)
                self._here = -1
            if self._workshop is not None:
                self._workshop.close()
                self._workshop = None

    def find(self, sha256: str) -> StoredWheel | None:
        """Return the wheel with this digest, if it is there."""
        folder = self.place(sha256)
        manifest = _manifest_of(folder, self._touch)
        if manifest is None or manifest.sha256 != sha256.lower():
            return None
        return StoredWheel(manifest, folder)

    def add(
        self,
        wheel: Path,
        filename: str,
        *,
        sha256: str | None = None,
        limits: ArchiveLimits | None = None,
        is_lenient: bool = False,
        watcher: Watcher | None = None,
    ) -> StoredWheel:
        """Check a wheel, unpack it and return it; raises BadWheel or StoreFailed, and then there is nothing of it.

        With `sha256` the wheel has to be that one; whoever has hashed it already gives None and `add_hashed`.
        """
        # What reads wheels is not needed by who only finds them.
        from chapbook_core.installer.bad_wheel import BadWheel
        from chapbook_core.installer.unpacking import file_digest

        digest = file_digest(wheel)
        if sha256 is not None and digest != sha256.lower():
            raise BadWheel(filename, f"wrong sha256: expected {sha256.lower()}, it is {digest}")
        return self.add_hashed(
            wheel, filename, digest, limits=limits, is_lenient=is_lenient, is_ours=False, watcher=watcher
        )

    def add_hashed(
        self,
        wheel: Path,
        filename: str,
        sha256: str,
        *,
        limits: ArchiveLimits | None = None,
        is_lenient: bool = False,
        is_ours: bool = True,
        watcher: Watcher | None = None,
    ) -> StoredWheel:
        """Do the same with a wheel whose digest is known to be right.

        One that is not `is_ours` may have been replaced since, or may be written to at this moment; it is not taken.
        """
        # As above.
        from chapbook_core.installer.archive_directory import ArchiveLimits
        from chapbook_core.installer.unpacking import AnyWheel
        from chapbook_core.installer.usual_wheel import Unusual, UsualWheel

        limits = limits or ArchiveLimits()
        add = partial(self._add, filename=filename, sha256=sha256, is_ours=is_ours, watcher=watcher or Unwatched())
        with suppress(Unusual), UsualWheel(wheel, filename, limits, is_ours=is_ours) as opened:
            return add(opened)
        # Whatever was wrong is found again, by what has the words for it.
        with AnyWheel(wheel, filename, limits, is_lenient=is_lenient) as opened:
            return add(opened)

    def _add(self, wheel: _Opened, *, filename: str, sha256: str, is_ours: bool, watcher: Watcher) -> StoredWheel:
        from chapbook_core.installer.bad_wheel import BadWheel  # as above
        from chapbook_core.installer.workshop import clear

        stored = self.find(sha256)
        if stored is not None and stored.manifest.filename == filename:
            return stored
        try:
            folder = self._opened().new_folder()
        except OSError as cause:
            raise StoreFailed(self.folder, cause) from cause
        try:
            manifest = wheel.unpack(sha256, folder / TREE, watcher)
            if not is_ours and wheel.sha256() != sha256.lower():
                raise BadWheel(filename, "it was changed while it was read")
            (folder / MANIFEST).write_bytes(manifest.blob())
            return self._show(folder, manifest)
        except OSError as cause:
            raise StoreFailed(self.folder, cause) from cause
        finally:
            clear(folder)

    @contextmanager
    def making(self, stored: StoredWheel, name: str) -> Iterator[Path]:
        """Provide an empty folder that stands beside a wheel's files afterwards, under a name that is free.

        Raises StoreFailed. When the entry is gone by then, or another process was faster, nothing comes of it.
        """
        from chapbook_core.installer.workshop import clear  # who only finds wheels makes none

        try:
            folder = self._opened().new_folder()
        except OSError as cause:
            raise StoreFailed(self.folder, cause) from cause
        try:
            yield folder
            place = stored.folder / name
            with suppress(OSError):
                if stored.tree.is_dir():
                    place.parent.mkdir(exist_ok=True)
                    folder.rename(place)
        finally:
            clear(folder)

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """Tell whether no other process had the store open; where that cannot be known somebody may."""
        try:
            is_alone = HAS_SHARED and self._here >= 0 and try_lock(self._here)
        except OSError:
            is_alone = False
        with suppress(OSError):
            # Who asks for it alone has let go of the shared lock, and who comes now has to be seen by the next one.
            try_share(self._here)
        yield is_alone

    def throw_away(self, folder: Path) -> None:
        """Remove a folder below the store, which is gone at once for everybody else; raises OSError."""
        from chapbook_core.installer.workshop import clear  # as above

        aside = self._opened().new_folder()
        folder.rename(aside / "discarded")
        clear(aside)

    def discard(self, sha256: str) -> bool:
        """Remove an entry; tell whether it was there."""
        from chapbook_core.installer.workshop import clear  # as above

        try:
            aside = self._opened().new_folder()
            self.place(sha256).rename(aside / "discarded")
        except FileNotFoundError:
            return False
        except OSError as cause:
            if cause.errno != errno.EXDEV:
                raise StoreFailed(self.folder, cause) from cause
            # The folders of a container's image cannot be moved; without its manifest an entry is none.
            (self.place(sha256) / MANIFEST).unlink(missing_ok=True)
            clear(self.place(sha256))
        clear(aside)
        return True

    def verify(self, stored: StoredWheel, *, is_thorough: bool = False) -> None:
        """Raise StoreDamaged unless every file has the size and time it was stored with, or even its content."""
        require_unchanged(stored, is_thorough=is_thorough)

    def mend(self, stored: StoredWheel) -> bool:
        """Give files that hold what was stored, and only have another time, that time again; tell whether all is well.

        A backup that was brought back may have touched every file there is.
        """
        from chapbook_core.installer.unpacking import file_digest  # hardly a file is ever touched

        # By what stands there: the entry may be another one by now, whose files were written at another time.
        there = self.find(stored.manifest.sha256)
        if there is None:
            return False
        real = there.tree.resolve()
        try:
            for file in there.manifest.files:
                path = there.tree / file.path
                if path.resolve() != real / file.path:
                    return False
                if _is_as_stored(path, file):
                    continue
                if file_digest(path, is_record=True) != file.sha256:
                    return False
                os.utime(path, ns=(file.mtime, file.mtime))
        except OSError:
            return False
        return True

    def entries(self) -> Iterator[Entry]:
        """Give every entry, in the order of their digests."""
        for folder in self._folders():
            manifest = _manifest_of(folder)
            if manifest is not None:
                with suppress(OSError):
                    used = (folder / MANIFEST).stat().st_mtime
                    yield Entry(
                        manifest.sha256, manifest.filename, manifest.name, manifest.version, manifest.size, used
                    )

    def prune(self, *, unused_for: float | None = None, most_bytes: int | None = None) -> tuple[Entry, ...]:
        """Remove and return entries: unused for so many seconds, then the longest unused until the size is right.

        What cannot be read is removed as well, and so is what killed processes have left.
        """
        self._opened()
        for folder in self._folders():
            if _manifest_of(folder) is None:
                self.discard(folder.name)
        kept = sorted(self.entries(), key=lambda entry: entry.used)
        size = sum(entry.size for entry in kept)
        gone = []
        for entry in kept:
            is_old = unused_for is not None and self._now() - entry.used > unused_for
            is_too_much = most_bytes is not None and size > most_bytes
            if (is_old or is_too_much) and self.discard(entry.sha256):
                size -= entry.size
                gone.append(entry)
        return tuple(gone)

    def place(self, sha256: str) -> Path:
        """Return where a wheel is, or would be."""
        digest = sha256.lower()
        if len(digest) != _DIGEST_LENGTH or not set(digest) <= set("0123456789abcdef"):
            raise ValueError(f"not a SHA-256: {sha256!r}")
        return self.folder.joinpath(WHEELS, digest[:2], digest)

    def everywhere(self, sha256: str) -> Iterator[Path]:
        """Give the places where any version of Chapbook has a wheel."""
        return self.folder.glob(f"wheels*/{sha256[:2]}/{sha256}")

    def _folders(self) -> Iterator[Path]:
        yield from sorted((self.folder / WHEELS).glob(f"??/{'[0-9a-f]' * 4}*"))

    def _opened(self) -> Workshop:
        from chapbook_core.installer.workshop import Workshop  # as above

        with self._lock:
            if self._workshop is None:
                self._workshop = Workshop(self.folder / "workshops")
            return self._workshop

    def _show(self, folder: Path, manifest: Manifest) -> StoredWheel:
        """Give the finished entry its name, unless another process was faster; return the one that has it."""
        place = self.place(manifest.sha256)
        place.parent.mkdir(parents=True, exist_ok=True)
        for _ in range(3):
            try:
                folder.rename(place)
            except OSError as problem:
                if problem.errno not in {errno.EEXIST, errno.ENOTEMPTY, errno.EACCES} or not place.exists():
                    raise
            else:
                return StoredWheel(manifest, place)
            if (there := _manifest_of(place)) is not None:
                # The same files, written at another time.
                return StoredWheel(replace(manifest, files=there.files), place)
            # What stands there cannot be used.
            self.discard(place.name)
        raise OSError(errno.EEXIST, "other processes keep making the same entry", str(place))

    def _touch(self, manifest: str, descriptor: int) -> None:
        """Note that an entry is used, at most once a day."""
        with suppress(OSError):
            now = self._now()
            if now - os.fstat(descriptor).st_mtime > _A_DAY:
                os.utime(manifest, (now, now))


def require_unchanged(stored: StoredWheel, *, is_thorough: bool = False) -> None:
    """Raise StoreDamaged unless every file has the size and time it was stored with, or even its content."""
    if is_thorough:
        from chapbook_core.installer.unpacking import file_digest  # hardly anybody asks for so much

    for file in stored.manifest.files:
        path = stored.tree / file.path
        if not _is_as_stored(path, file) or (is_thorough and file_digest(path, is_record=True) != file.sha256):
            raise StoreDamaged(stored, file.path)


def _is_as_stored(path: Path, file: StoredFile) -> bool:
    try:
        status = path.stat(follow_symlinks=False)
    except OSError:
        return False
    return (status.st_size, status.st_mtime_ns) == (file.size, file.mtime)


def _manifest_of(folder: Path, seen: Callable[[str, int], None] | None = None) -> Manifest | None:
    """Return the manifest of an entry, if it can be read; `seen` is called with its file, while that is open."""
    path = f"{folder}/{MANIFEST}"
    try:
        # A command reads hundreds of them.
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123  as said
            manifest = read_manifest(file.read())
            if seen is not None:
                seen(path, file.fileno())
    except (OSError, DamagedManifest, KeyError, TypeError, ValueError):
        return None
    return manifest
