"""Unpacker: a process that unpacks wheels into the store for another one.

Where `swift` is there several threads of one process unpack at once, and nobody else is needed. Without it they wait
for each other, because in Python one thread runs at a time, and two processes do not.

An unpacker is a help and no more: whatever it cannot do, for whatever reason, its owner does itself, and raises what
there is to be raised. Beside an engine the companion has one at hand; else it is `python -P -c START`.

It takes the folder of the store and then a wheel a line, as JSON, and answers each wheel with `1`, or `0` when it is
not in the store; dots before that only say that it lives. It ends with its input, and leaves nothing half done.
"""

from __future__ import annotations

import json
import os
import select
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from chapbook_core.index.crew import Crew
from chapbook_core.installer.companion import UNPACK, Helper
from chapbook_core.installer.store import Store
from chapbook_core.installer.swift import swift

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Sequence
    from typing import IO, NoReturn

    from chapbook_core.events import Event, Watcher
    from chapbook_core.index.crew import Wish
    from chapbook_core.installer.companion import Companion
    from chapbook_core.installer.store import StoredWheel

_PROCESSORS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
_AT_ONCE = min(4, _PROCESSORS)
_START = "import gc; gc.set_threshold(100_000, 20, 100); from chapbook_core.installer.unpacker import live; live()"
"""Whoever waits for it waits for its start first, which takes two thirds of the time without `-m`, and without looking
for garbage while it loads what it needs."""
_SECONDS_TO_END = 5.0
_DONE, _NOT_DONE, _BEAT = b"1\n", b"0\n", b"."
_SECONDS_BETWEEN_BEATS = 2.0
_PATIENCE = 30.0
"""Seconds for which an unpacker may be silent; one that works is not."""
_GLANCE = 0.25
"""Seconds between two looks at whether the work is to stop."""


class Unpackers:
    """The threads of this process; or others beside it where those are of no use and there is enough to do."""

    def __init__(self, store: Store, companion: Companion | None = None) -> None:
        self._store = store
        self._companion = companion
        self._crew = Crew(_AT_ONCE)
        self._others: list[_Unpacker] = []
        self._idle: SimpleQueue[_Unpacker] = SimpleQueue()
        self._lock = threading.Lock()

    def start(self) -> None:
        """Start the other processes, if there is any use in them and that has not been done."""
        with self._lock:
            if self._others or swift() is not None:
                return
            self._others = [_Unpacker(self._store.folder, self._companion) for _ in range(_AT_ONCE - 1)]
        for other in self._others:
            other.start()
            self._idle.put(other)

    def ask(self, wish: Wish[StoredWheel], size: int) -> None:
        """Queue something that unpacks; of those that wait the largest comes first, lest all wait for it at the end."""
        self._crew.ask(wish, weight=size)

    def unpack(self, wheel: Path, filename: str, sha256: str, watcher: Watcher, *, is_ours: bool = True) -> StoredWheel:
        """Unpack a wheel whose digest is known to be right; raises BadWheel and StoreFailed, see `Store.add_hashed`."""
        watcher.checkpoint()
        try:
            other = self._idle.get_nowait()
        except Empty:
            return self._store.add_hashed(wheel, filename, sha256, is_ours=is_ours, watcher=watcher)
        try:
            is_done = other.unpack((str(wheel), filename, sha256, is_ours), watcher.checkpoint)
            stored = self._store.find(sha256) if is_done else None
            return stored or self._store.add_hashed(wheel, filename, sha256, is_ours=is_ours, watcher=watcher)
        finally:
            self._idle.put(other)

    def close(self, end: float | None = None) -> None:
        """End the other processes, all at once; what they have begun is not finished.

        `end` is the moment, as `time.monotonic` tells it, until which somebody waits for more than them.
        """
        end = min(time.monotonic() + _SECONDS_TO_END, end or float("inf"))
        self._crew.dismiss()
        for other in self._others:
            other.dismiss()
        for other in self._others:
            other.end(end)
        self._crew.close(end - time.monotonic())


class _Unpacker:
    """Such a process, seen by its owner; used by one thread at a time, and ended by any."""

    def __init__(self, store: Path, companion: Companion | None) -> None:
        self._store = store
        self._companion = companion
        self._helper: Helper | None = None
        self._process: subprocess.Popen[bytes] | None = None
        """Its process, if that is a child of this one."""
        self._lock = threading.Lock()
        self._is_ended = False

    def start(self) -> None:
        """Start the process, if that has not been done; where that cannot be it unpacks nothing."""
        with self._lock, suppress(OSError):
            if self._helper is None and not self._is_ended:
                self._helper = (self._companion and self._companion.send(UNPACK)) or self._started()
                self._helper.inlet.write(json.dumps(str(self._store)).encode() + b"\n")

    def _started(self) -> Helper:
        # Few commands unpack so much.
        import subprocess

        self._process = subprocess.Popen(  # noqa: S603  a list of words, no shell
            [sys.executable, "-P", "-c", _START],
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # An interrupt is its owner's to act on.
            process_group=0 if os.name == "posix" else None,
        )
        assert self._process.stdin is not None  # noqa: S101  as asked for
        assert self._process.stdout is not None  # noqa: S101  as asked for
        return Helper(self._process.stdin, self._process.stdout)

    def unpack(self, words: Sequence[str | bool], checkpoint: Callable[[], None]) -> bool:
        """Unpack a wheel; tell whether the store has it. Raises what the checkpoint raises."""
        helper = self._helper
        if helper is None:
            return False
        try:
            helper.inlet.write(json.dumps(words).encode() + b"\n")
            answer = _answer(helper.outlet, checkpoint)
        except (OSError, ValueError):
            # It has crashed, or was ended.
            return False
        if answer is None:
            # One that hangs is done without, and what it would say later is the answer to nothing.
            self._give_up()
        return answer is not None and answer.lstrip(_BEAT) == _DONE

    def _give_up(self) -> None:
        self.dismiss()
        if self._process is not None:
            self._process.kill()
        elif self._companion is not None:
            # It may be that one, and not the half of it that was sent.
            self._companion.dismiss()

    def dismiss(self) -> None:
        """Tell the process to end; what it has begun is not finished."""
        with self._lock:
            helper, self._is_ended = self._helper, True
        if helper is not None:
            with suppress(OSError):
                helper.inlet.close()

    def end(self, end: float) -> None:
        """See to it that a process which was told to end has ended, by some moment."""
        helper, process = self._helper, self._process
        if helper is None:
            return
        if os.name == "posix":
            _hear_end(helper.outlet, end)
        if process is not None:
            # Loaded by what has started it.
            from subprocess import TimeoutExpired

            try:
                process.wait(max(0.0, end - time.monotonic()))
            except TimeoutExpired:
                process.kill()
                process.wait()
        helper.outlet.close()


def _hear_end(outlet: IO[bytes], end: float) -> None:
    """Wait until an unpacker says no more, which is heard at once; `wait` with a limit looks now and then."""
    poll = select.poll()
    # It may be closed already.
    with suppress(OSError, ValueError):
        poll.register(outlet, select.POLLIN)
        while poll.poll(max(0.0, end - time.monotonic()) * 1000) and os.read(outlet.fileno(), 1024):
            pass


def _answer(outlet: IO[bytes], checkpoint: Callable[[], None]) -> bytes | None:
    """Return what an unpacker answers; nothing when it has ended, None when it has not been heard of for long."""
    if os.name != "posix":
        return outlet.readline()
    # Which takes any number of a file, unlike what else could be asked.
    poll = select.poll()
    poll.register(outlet, select.POLLIN)
    heard, since = b"", time.monotonic()
    # A beat may follow the answer before anybody has read that.
    while b"\n" not in heard:
        checkpoint()
        if poll.poll(_GLANCE * 1000):
            said = os.read(outlet.fileno(), 1024)
            if not said:
                return b""
            heard, since = heard + said, time.monotonic()
        elif time.monotonic() - since > _PATIENCE:
            return None
    return heard.rstrip(_BEAT)


class _Ended(Exception):
    """The owner wants no more."""


class _Input:
    """The lines that come in, read beside the work; watched, the work stops when they have ended."""

    def __init__(self) -> None:
        self.lines: SimpleQueue[bytes] = SimpleQueue()
        self._has_ended = threading.Event()
        for work in (self._read, self._beat):
            threading.Thread(target=work, daemon=True).start()

    def _read(self) -> None:
        for line in sys.stdin.buffer:
            self.lines.put(line)
        self._has_ended.set()
        self.lines.put(b"")
        # Whoever has divided for this cannot be asked to kill it.
        time.sleep(_SECONDS_TO_END)
        os._exit(1)

    def _beat(self) -> None:
        """Say now and then that all is well, which only one says that is not stopped."""
        with suppress(OSError):
            while not self._has_ended.wait(_SECONDS_BETWEEN_BEATS):
                os.write(1, _BEAT)

    def emit(self, event: Event, /) -> None:
        """Tell nobody."""

    def checkpoint(self) -> None:
        """Raise when the owner has closed the input."""
        if self._has_ended.is_set():
            raise _Ended


def main() -> None:
    """Unpack what comes in."""
    given = _Input()
    folder = Path(json.loads(given.lines.get() or '""'))
    with Store(folder) as store, suppress(_Ended, BrokenPipeError):
        while line := given.lines.get():
            path, filename, sha256, is_ours = json.loads(line)
            try:
                store.add_hashed(Path(path), filename, sha256, is_ours=is_ours, watcher=given)
                answer = _DONE
            except _Ended:
                raise
            except Exception:  # noqa: BLE001  the owner will see for itself what is wrong
                answer = _NOT_DONE
            os.write(1, answer)


def live() -> NoReturn:
    """Be the process, to its end; what it holds goes with it."""
    status = 1
    try:
        main()
        status = 0
    finally:
        os._exit(status)
