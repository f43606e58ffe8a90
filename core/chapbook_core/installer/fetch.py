"""Fetching: wheels come from an index, or from a folder, into the store, several at once.

A download that was broken off is kept for a while, by the hash it is to have, and continued by whoever wants that wheel
next. Nothing else is left of one that failed.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, BinaryIO, Protocol
from urllib.parse import urlsplit
from urllib.request import url2pathname

from chapbook_core.errors import ChapbookError
from chapbook_core.events import Advanced, Finished, Started
from chapbook_core.index.address import masked
from chapbook_core.index.failure import WrongHash
from chapbook_core.installer.archive_directory import ArchiveLimits
from chapbook_core.installer.store import StoreFailed
from chapbook_core.installer.unpacking import file_digest
from chapbook_core.project.kernel_lock import try_lock
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from chapbook_core.events import Watcher
    from chapbook_core.installer.store import Store, StoredWheel

TASK = "download"
WORKERS = 8
MOST_BYTES = 8 * 1024**3
"""Of one wheel, when the index does not tell its size."""
_KEPT = 7 * 24 * 3600.0
_GLANCE = 0.1
_STEP = 1 << 18
"""How many bytes pass between two words about progress."""


class WheelUnreachable(ChapbookError):
    """A wheel on this machine is not where it is said to be."""

    def __init__(self, path: Path, cause: OSError) -> None:
        super().__init__(
            f"cannot read the wheel `{path}`: {cause.strerror or cause}", hints=["run `chapbook lock` if it has moved"]
        )


class Downloader(Protocol):
    """What fetching needs of an index's client."""

    def download(
        self, url: str, file: BinaryIO, *, hashes: Mapping[str, str], size: int, continued: bool = False
    ) -> None:
        """Write what a URL holds to an open file, and check its hashes."""


@frozen
class WantedWheel:
    """A wheel that is to be in the store."""

    filename: str
    url: str
    """May be a `file:` URL."""
    hashes: tuple[tuple[str, str], ...] = ()
    """Algorithm and hexadecimal digest; each is checked."""
    size: int | None = None

    @property
    def sha256(self) -> str | None:
        """The digest that the store knows it by, if it is told."""
        return next((digest.lower() for name, digest in self.hashes if name == "sha256"), None)


def fetch_wheels(
    wanted: Sequence[WantedWheel],
    store: Store,
    client: Downloader,
    watcher: Watcher,
    *,
    workers: int = WORKERS,
    limits: ArchiveLimits = ArchiveLimits(),  # noqa: B008  a frozen value
    is_lenient: bool = False,
) -> dict[WantedWheel, StoredWheel]:
    """Return the wheels out of the store, after getting those that it lacks; the first problem ends the rest."""
    found = {wheel: stored for wheel in wanted if wheel.sha256 and (stored := store.find(wheel.sha256)) is not None}
    missing = [wheel for wheel in dict.fromkeys(wanted) if wheel not in found]
    if not missing:
        return found
    _sweep(store)
    with _told(missing, watcher) as progress:
        fetcher = _Fetcher(store, client, progress, limits, is_lenient=is_lenient)
        with ThreadPoolExecutor(min(workers, len(missing)), "chapbook-fetch") as pool:
            futures = [(wheel, pool.submit(fetcher.fetch, wheel)) for wheel in missing]
            try:
                found.update((wheel, future.result()) for wheel, future in futures)
            except BaseException:
                progress.stop()
                for _wheel, future in futures:
                    future.cancel()
                if progress.cause is not None:
                    # The others only say that they were stopped.
                    raise progress.cause from None
                raise
    return found


class _Stopped(Exception):
    """Another wheel could not be had."""


class _Progress:
    """Counts bytes for the watcher, and stops the threads when one has failed."""

    def __init__(self, watcher: Watcher, total: int | None) -> None:
        self._watcher = watcher
        self._total = total
        self._done = 0
        self._told = 0
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self.cause: BaseException | None = None

    def advance(self, count: int, filename: str) -> None:
        with self._lock:
            self._done += count
            is_due = self._done - self._told >= _STEP
            if is_due:
                self._told = self._done
        if is_due:
            self._watcher.emit(Advanced(TASK, self._done, self._total, filename.partition("-")[0]))

    def checkpoint(self) -> None:
        if self._stopped.is_set():
            raise _Stopped
        self._watcher.checkpoint()

    def emit(self, event: object) -> None:
        """Pass nothing on; unpacking has nothing to tell."""

    def fail(self, cause: BaseException) -> None:
        with self._lock:
            self.cause = self.cause or cause
        self._stopped.set()

    def stop(self) -> None:
        self._stopped.set()


def _label(missing: Sequence[WantedWheel]) -> str:
    return f"Fetching {len(missing)} packages" if len(missing) > 1 else "Fetching"


@contextmanager
def _told(missing: Sequence[WantedWheel], watcher: Watcher) -> Iterator[_Progress]:
    sizes = [wheel.size for wheel in missing]
    total = None if None in sizes else sum(size or 0 for size in sizes)
    began = time.monotonic()
    watcher.emit(Started(TASK, _label(missing), total))
    try:
        yield _Progress(watcher, total)
    finally:
        watcher.emit(Finished(TASK, time.monotonic() - began))


class _Fetcher:
    def __init__(
        self, store: Store, client: Downloader, progress: _Progress, limits: ArchiveLimits, *, is_lenient: bool
    ) -> None:
        self._store = store
        self._client = client
        self._progress = progress
        self._limits = limits
        self._is_lenient = is_lenient

    def fetch(self, wheel: WantedWheel) -> StoredWheel:
        try:
            self._progress.checkpoint()
            if urlsplit(wheel.url).scheme == "file":
                return self._from_folder(wheel)
            return self._from_index(wheel)
        except _Stopped:
            raise
        except BaseException as problem:
            self._progress.fail(problem)
            raise

    def _from_folder(self, wheel: WantedWheel) -> StoredWheel:
        from pathlib import Path  # not worth its time where all wheels come from an index

        path = Path(url2pathname(urlsplit(wheel.url).path))
        try:
            for name, digest in wheel.hashes:
                if name != "sha256" and name in hashlib.algorithms_available:
                    _check(wheel, name, digest, hashlib.new(name, path.read_bytes()).hexdigest())
            actual = file_digest(path)
        except OSError as cause:
            raise WheelUnreachable(path, cause) from cause
        _check(wheel, "sha256", wheel.sha256 or actual, actual)
        return self._stored(path, wheel, actual)

    def _from_index(self, wheel: WantedWheel) -> StoredWheel:
        folder = self._store.folder / "downloads"
        try:
            with self._opened(folder, wheel) as (path, stream):
                if wheel.sha256 and (stored := self._store.find(wheel.sha256)):
                    # Another process has fetched it meanwhile.
                    path.unlink(missing_ok=True)
                    return stored
                sink = _Counted(stream, self._progress, wheel.filename, folder)
                try:
                    self._client.download(
                        wheel.url,
                        sink,  # type: ignore[arg-type]  # it has those methods of a file that a download uses
                        hashes=dict(wheel.hashes),
                        size=wheel.size or MOST_BYTES,
                        continued=wheel.sha256 is not None,
                    )
                except (WrongHash, StoreFailed):
                    # What fills a disk is not left on it.
                    path.unlink(missing_ok=True)
                    raise
                stream.flush()
                try:
                    return self._stored(path, wheel, wheel.sha256 or file_digest(path))
                finally:
                    path.unlink(missing_ok=True)
        except OSError as cause:
            raise StoreFailed(folder, cause) from cause

    def _stored(self, path: Path, wheel: WantedWheel, sha256: str) -> StoredWheel:
        return self._store.add_hashed(
            path,
            wheel.filename,
            sha256,
            limits=self._limits,
            is_lenient=self._is_lenient,
            watcher=self._progress,
        )

    @contextmanager
    def _opened(self, folder: Path, wheel: WantedWheel) -> Iterator[tuple[Path, BinaryIO]]:
        """Open the file of a download, which one process at a time writes to."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{wheel.sha256 or secrets.token_hex(16)}.part"
        while True:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
            with os.fdopen(descriptor, "r+b") as stream:
                if _is_locked(descriptor) and _is_still(path, descriptor):
                    try:
                        yield path, stream
                    finally:
                        if wheel.sha256 is None or _is_empty(path):
                            with suppress(OSError):
                                path.unlink(missing_ok=True)
                    return
            self._progress.checkpoint()
            time.sleep(_GLANCE)


class _Counted:
    """A file that tells how much is written to it; raises when the work is to stop."""

    def __init__(self, stream: BinaryIO, progress: _Progress, filename: str, folder: Path) -> None:
        self._stream = stream
        self._progress = progress
        self._filename = filename
        self._folder = folder
        self.read = stream.read
        self.seek = stream.seek
        self.truncate = stream.truncate

    def write(self, piece: bytes) -> int:
        self._progress.checkpoint()
        self._progress.advance(len(piece), self._filename)
        try:
            return self._stream.write(piece)
        except OSError as cause:
            raise StoreFailed(self._folder, cause) from cause


def _check(wheel: WantedWheel, algorithm: str, expected: str, actual: str) -> None:
    if expected.lower() != actual:
        raise WrongHash(masked(wheel.url), algorithm, expected, actual)


def _is_locked(descriptor: int) -> bool:
    try:
        return try_lock(descriptor)
    except OSError:
        # Where files cannot be locked the hash tells when two have written to one.
        return True


def _is_still(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _is_empty(path: Path) -> bool:
    try:
        return path.stat().st_size == 0
    except OSError:
        return False


def _sweep(store: Store) -> None:
    """Forget downloads that nobody has continued for a week."""
    with suppress(OSError):
        for path in (store.folder / "downloads").iterdir():
            if time.time() - path.stat().st_mtime > _KEPT:
                path.unlink()
