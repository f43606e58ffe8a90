"""Fetching: wheels come from an index, or from a folder, into the store, several at once.

    with Fetching(2, store, client, watcher) as fetching:
        fetching.want(a)              # begins at once
        fetching.want(b)
        stored = fetching.stored()    # waits

What goes wrong first ends the rest.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, BinaryIO, Protocol, Self
from urllib.parse import urlsplit

from chapbook_core.errors import ChapbookError
from chapbook_core.events import Advanced, Finished, Started
from chapbook_core.index.address import masked
from chapbook_core.index.crew import Crew, Wish
from chapbook_core.index.failure import WrongHash
from chapbook_core.installer.lanes import LARGE, Lanes
from chapbook_core.installer.part import opened_part, remove_part, sweep_parts
from chapbook_core.installer.store import StoreFailed
from chapbook_core.installer.unpacker import Unpackers
from chapbook_core.installer.unpacking import file_digest
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from io import FileIO
    from pathlib import Path
    from types import TracebackType

    from chapbook_core.events import Watcher
    from chapbook_core.installer.companion import Companion
    from chapbook_core.installer.store import Store, StoredWheel

TASK = "download"
WORKERS = 8
_EAGER = 2
"""So many threads begin with the small downloads, and with the large ones; more help where each takes long."""
MOST_BYTES = 8 * 1024**3
"""Of one wheel, when the index does not tell its size."""
_MUCH = 8 << 20
_MANY = 24
"""So many bytes, or wheels, are worth further processes that unpack, which have a bit to do before they begin."""
_PATIENCE = 10.0
"""Seconds that all together get to notice that they are to stop: they look several times a second, unless they hang."""
_STEP = 1 << 18
"""How many bytes pass between two words about progress."""
_FILE = "file:"
_MOST_KEPT = 64
"""So many downloads wait to be unpacked: each keeps a file open, of which some systems let a process have only 256."""
_GLANCE = 0.05
"""Seconds between two looks at whether there are fewer."""


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


class Fetching:
    """Wheels on their way into the store; the first problem ends the rest."""

    def __init__(
        self,
        count: int,
        store: Store,
        client: Downloader,
        watcher: Watcher,
        *,
        workers: int = WORKERS,
        companion: Companion | None = None,
    ) -> None:
        """`count` is how many will be wanted, `workers` how many are downloaded at once."""
        self._store = store
        self._progress = _Progress(watcher, count)
        lanes = Lanes(workers)
        # Of two crews, because a large one that waits for its lane must not keep a thread from the small ones.
        self._small, self._large = Crew(workers, eager=_EAGER), Crew(workers, eager=_EAGER)
        self._fetcher = _Fetcher(store, client, self._progress, lanes, Unpackers(store, companion))
        if count >= _MANY:
            self._fetcher.get_ready()
        self._found: dict[WantedWheel, StoredWheel] = {}
        self._wishes: dict[WantedWheel, Wish[Wish[StoredWheel]]] = {}
        """To have each downloaded, and then unpacked."""

    def want(self, wheel: WantedWheel) -> None:
        """Begin to get a wheel, unless the store has it."""
        if wheel in self._found or wheel in self._wishes:
            self._progress.expect(0)
            return
        stored = self._store.find(wheel.sha256) if wheel.sha256 else None
        if stored is not None:
            self._progress.expect(0)
            self._found[wheel] = stored
            return
        if not self._wishes:
            sweep_parts(self._store.folder)
        if self._progress.expect(wheel.size) >= _MUCH:
            self._fetcher.get_ready()
        wish = self._wishes[wheel] = Wish(lambda: self._fetcher.fetch(wheel))
        size = wheel.size or 0
        # What takes longest begins first; else it is what all wait for at the end.
        (self._large if size >= LARGE else self._small).ask(wish, weight=size)

    def stored(self) -> dict[WantedWheel, StoredWheel]:
        """Wait, and return all that were wanted out of the store; raises what went wrong first."""
        for wheel, wish in self._wishes.items():
            try:
                self._found[wheel] = wish.waited(self.checkpoint).waited(self.checkpoint)
            except _Stopped:
                self.checkpoint()
                raise
        return self._found

    def checkpoint(self) -> None:
        """Raise what went wrong, if something has; whoever waits for anything else looks here."""
        if self._progress.cause is not None:
            # The others only say that they were stopped.
            raise self._progress.cause from None
        self._progress.checkpoint()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        if problem is not None:
            self._progress.stop()
        end = time.monotonic() + _PATIENCE
        crews = (self._small, self._large)
        for crew in crews:
            crew.dismiss()
        self._fetcher.close(end)
        for crew in crews:
            crew.close(end - time.monotonic())
        self._fetcher.sweep()
        self._progress.end()


class _Stopped(Exception):
    """Another wheel could not be had."""


class _Progress:
    """Counts bytes for the watcher, and stops the threads when one has failed."""

    def __init__(self, watcher: Watcher, count: int) -> None:
        self._watcher = watcher
        self._label = f"Fetching {count} packages" if count > 1 else "Fetching"
        self._untold = count
        """Of how many it is not known yet how large they are."""
        self._total = 0
        self._done = 0
        self._told = 0
        self._began: float | None = None
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self.cause: BaseException | None = None

    def expect(self, size: int | None) -> int:
        """Take note of how many bytes one of the wheels brings, and return how many all of them do so far."""
        with self._lock:
            if size is not None:
                self._untold -= 1
                self._total += size
            begins = self._began is None and size != 0
            if begins:
                self._began = time.monotonic()
            total = self._known_total()
        if begins:
            self._watcher.emit(Started(TASK, self._label, total))
        return self._total

    def advance(self, count: int, filename: str) -> None:
        with self._lock:
            self._done += count
            is_due = self._done - self._told >= _STEP
            if is_due:
                self._told = self._done
            total = self._known_total()
        if is_due:
            self._watcher.emit(Advanced(TASK, self._done, total, filename.partition("-")[0]))

    def _known_total(self) -> int | None:
        return None if self._untold else self._total

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

    def end(self) -> None:
        if self._began is not None:
            self._watcher.emit(Finished(TASK, time.monotonic() - self._began))


class _Fetcher:
    def __init__(
        self, store: Store, client: Downloader, progress: _Progress, lanes: Lanes, unpackers: Unpackers
    ) -> None:
        self._store = store
        self._client = client
        self._progress = progress
        self._lanes = lanes
        self._unpackers = unpackers
        self._open: set[ExitStack] = set()
        """What keeps a download until it is unpacked."""
        self._lock = threading.Lock()
        self._is_over = False

    def get_ready(self) -> None:
        self._unpackers.start()

    def close(self, end: float) -> None:
        self._unpackers.close(end)

    def sweep(self) -> None:
        """Remove what was downloaded and is not unpacked any more, and keep nothing that somebody who hung brings."""
        with self._lock:
            self._is_over = True
        while self._open:
            self._open.pop().close()

    def fetch(self, wheel: WantedWheel) -> Wish[StoredWheel]:
        """Have a wheel here, and return the wish to have it unpacked."""
        with self._telling():
            self._progress.checkpoint()
            while len(self._open) >= _MOST_KEPT:
                time.sleep(_GLANCE)
                self._progress.checkpoint()
            if wheel.url[: len(_FILE)].lower() == _FILE:
                return self._from_folder(wheel)
            return self._from_index(wheel)

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Stop the others when anything goes wrong."""
        try:
            yield
        except _Stopped:
            raise
        except BaseException as problem:
            self._progress.fail(problem)
            raise

    @contextmanager
    def _storing(self) -> Iterator[None]:
        try:
            yield
        except OSError as cause:
            raise StoreFailed(self._store.folder, cause) from cause

    def _from_folder(self, wheel: WantedWheel) -> Wish[StoredWheel]:
        # Where all wheels come from an index, this would only bring a client for HTTP.
        from pathlib import Path
        from urllib.request import url2pathname

        path = Path(url2pathname(urlsplit(wheel.url).path))
        try:
            for name, digest in wheel.hashes:
                if name != "sha256" and name in hashlib.algorithms_available:
                    _check(wheel, name, digest, hashlib.new(name, path.read_bytes()).hexdigest())
            actual = file_digest(path)
            size = path.stat().st_size
        except OSError as cause:
            raise WheelUnreachable(path, cause) from cause
        _check(wheel, "sha256", wheel.sha256 or actual, actual)
        return self._unpacking(path, size, wheel.filename, actual, ExitStack(), is_ours=False)

    def _from_index(self, wheel: WantedWheel) -> Wish[StoredWheel]:
        with self._storing(), ExitStack() as stack:
            sha256 = wheel.sha256
            path, stream = stack.enter_context(opened_part(self._store.folder, sha256, self._progress.checkpoint))
            if sha256 and (stored := self._store.find(sha256)):
                # Another process has fetched it meanwhile.
                remove_part(path, stream)
                found = Wish(lambda: stored)
                found.give(stored)
                return found
            with self._lanes.turn(wheel.size or 0, self._progress.checkpoint):
                self._download(wheel, path, stream)
            stack.callback(remove_part, path, stream)
            size = os.fstat(stream.fileno()).st_size
            return self._unpacking(path, size, wheel.filename, sha256 or file_digest(path), stack.pop_all())

    def _download(self, wheel: WantedWheel, path: Path, stream: FileIO) -> None:
        def came(count: int) -> None:
            self._progress.advance(count, wheel.filename)
            self._lanes.advance(count)

        sink = _Counted(stream, self._progress.checkpoint, came, self._store.folder)
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
            remove_part(path, stream)
            raise

    def _unpacking(
        self, path: Path, size: int, filename: str, sha256: str, stack: ExitStack, *, is_ours: bool = True
    ) -> Wish[StoredWheel]:
        """Queue the unpacking of a wheel that is here; what the stack keeps goes afterwards."""

        def unpack() -> StoredWheel:
            with self._telling(), self._storing():
                try:
                    return self._unpackers.unpack(path, filename, sha256, self._progress, is_ours=is_ours)
                finally:
                    self._open.discard(stack)
                    stack.close()

        with self._lock:
            is_over = self._is_over
            if not is_over:
                self._open.add(stack)
        if is_over:
            stack.close()
            raise _Stopped
        wish = Wish(unpack)
        self._unpackers.ask(wish, size)
        return wish


class _Counted:
    """A file that tells how much is written to it; raises when the work is to stop."""

    def __init__(
        self, stream: FileIO, checkpoint: Callable[[], None], came: Callable[[int], None], folder: Path
    ) -> None:
        self._stream = stream
        self._checkpoint = checkpoint
        self._came = came
        self._folder = folder
        self.read = stream.read
        self.seek = stream.seek
        self.truncate = stream.truncate

    def write(self, piece: bytes | memoryview) -> int:
        self._checkpoint()
        self._came(len(piece))
        try:
            written = self._stream.write(piece)
            while written < len(piece):
                written += self._stream.write(memoryview(piece)[written:])
        except OSError as cause:
            raise StoreFailed(self._folder, cause) from cause
        return written


def _check(wheel: WantedWheel, algorithm: str, expected: str, actual: str) -> None:
    if expected.lower() != actual:
        raise WrongHash(masked(wheel.url), algorithm, expected, actual)
