"""Readying: what makes the next environment fast is done after a command, in a process that nobody waits for.

    <store>/readying-3-3/<name>.json    a request: which wheels, for which Python
    <store>/readying-3-3/.lock          held by the one process that works them off

For each wheel its modules are compiled (`bytecode`) by the Python that is to run them, and a spare is laid out.
`python -P -m chapbook_core.installer.readying STORE` is that process. It gives way to everything else, ends by itself
when it has worked for long, and with `--attached` also with the process that holds the other end of its input.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.installer.bytecode import FOLDER as BYTECODE
from chapbook_core.installer.bytecode import read_bytecode, worth_compiling
from chapbook_core.installer.compiling import compile_modules
from chapbook_core.installer.link import Changed
from chapbook_core.installer.manifest import LAYOUT
from chapbook_core.installer.sheet import LAYOUT as OF_SPARES
from chapbook_core.installer.spare import drop_spare, has_spare, make_spare, spare_folder
from chapbook_core.installer.store import Store, StoreFailed
from chapbook_core.project.kernel_lock import try_lock
from chapbook_core.project.small_file import write_small
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chapbook_core.installer.store import StoredWheel

YARD = f"readying-{LAYOUT}-{OF_SPARES}"
"""Another version, which may look for these things elsewhere, works off its own requests."""
MODULE = "chapbook_core.installer.readying"
ATTACHED = "--attached"
_LONGEST = 600.0
"""Seconds that one process works at most."""
_LOW = 10
"""A tenth of what anything else gets: what gets nothing on a busy machine holds on to the lock for ever."""


@frozen
class ReadyRequest:
    """Wheels that were put into an environment, and the Python of that."""

    python: Path
    """The interpreter that the environment was made from."""
    tag: str
    """Of the bytecode that it takes."""
    digests: tuple[str, ...]


class OutOfTime(Exception):
    """It has worked for long enough."""


def wanting(stored: Sequence[StoredWheel], tag: str) -> tuple[str, ...]:
    """Return the digests of the wheels for which something is still to be done."""
    return tuple(
        wheel.manifest.sha256
        for wheel in stored
        if not (os.path.isdir(f"{wheel.folder}/{BYTECODE}/{tag}") and has_spare(wheel.folder, tag))  # noqa: PTH112  many, fast
    )


def post(store: Path, request: ReadyRequest) -> None:
    """Leave a request for the process that works them off; raises OSError."""
    place = f"{store}/{YARD}/{os.urandom(6).hex()}"
    content = {"python": str(request.python), "tag": request.tag, "digests": request.digests}
    # Whoever has asked for a change waits for this, and paths are dearer.
    os.makedirs(f"{store}/{YARD}", exist_ok=True)  # noqa: PTH103  as said
    write_small(f"{place}.tmp", json.dumps(content).encode())
    os.replace(f"{place}.tmp", f"{place}.json")  # noqa: PTH105  as said


def work_off(folder: Path, *, deadline: float) -> int:
    """Do what was asked for, unless another process is at it; return how many wheels were looked at."""

    def checkpoint() -> None:
        if time.monotonic() > deadline:
            raise OutOfTime

    done = 0
    with suppress(OutOfTime), Store(folder) as store:
        # A request that comes while the lock is let go of is seen by the next look.
        while _requests(folder) and (count := _turn(store, checkpoint)) is not None:
            done += count
    return done


def _turn(store: Store, checkpoint: _Checkpoint) -> int | None:
    done = 0
    with _held(store.folder / YARD) as is_held:
        if not is_held:
            return None
        for file in _requests(store.folder):
            request = _read(file)
            for digest in () if request is None else request.digests:
                checkpoint()
                stored = store.find(digest)
                if stored is not None and request is not None:
                    _ready(store, stored, request, checkpoint)
                    done += 1
            file.unlink(missing_ok=True)
    return done


def _ready(store: Store, stored: StoredWheel, request: ReadyRequest, checkpoint: _Checkpoint) -> None:
    tag = request.tag
    with suppress(OSError, StoreFailed, Changed):
        if read_bytecode(stored.folder, tag) is None:
            modules = tuple(worth_compiling(stored.manifest.files, stored.manifest.data))
            with store.making(stored, f"{BYTECODE}/{tag}") as folder:
                compile_modules(request.python, stored.tree, modules, folder, checkpoint)
            # One that was laid out before is without.
            drop_spare(spare_folder(stored.folder, tag))
    with suppress(OSError, StoreFailed, Changed):
        if not has_spare(stored.folder, tag):
            make_spare(store, stored, tag, checkpoint)


def _requests(store: Path) -> list[Path]:
    return sorted((store / YARD).glob("*.json"))


def _read(file: Path) -> ReadyRequest | None:
    try:
        data = json.loads(file.read_bytes())
        return ReadyRequest(Path(data["python"]), str(data["tag"]), tuple(map(str, data["digests"])))
    except (OSError, ValueError, KeyError, TypeError):
        return None


@contextmanager
def _held(yard: Path) -> Iterator[bool]:
    descriptor = os.open(yard / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        yield try_lock(descriptor)
    finally:
        os.close(descriptor)


def _give_way() -> None:
    """Let everything else have most of the machine."""
    with suppress(OSError, AttributeError):
        os.nice(_LOW)
    # A session of its own is scheduled beside others, whatever the processes in it are worth.
    with suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(_LOW), encoding="ascii")


def _end_with_input() -> None:
    """End as soon as the process that has started this one does."""
    while os.read(0, 1):
        pass
    os._exit(0)


def main(words: Sequence[str]) -> int:
    """Work off what there is."""
    if ATTACHED in words:
        threading.Thread(target=_end_with_input, daemon=True).start()
    _give_way()
    work_off(Path(words[0]), deadline=time.monotonic() + _LONGEST)
    return 0


if TYPE_CHECKING:
    from collections.abc import Callable

    _Checkpoint = Callable[[], None]

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
