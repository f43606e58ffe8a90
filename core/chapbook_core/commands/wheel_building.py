"""Builds wheels out of sources and puts them into the store; what was built before is found there."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Protocol

from chapbook_core.builder.build_failure import BuildFailed
from chapbook_core.builder.isolation import NeedsItself
from chapbook_core.events import Advanced, Finished, Started
from chapbook_core.index.file import File
from chapbook_core.index.filename import UnusableName, read_wheel_name
from chapbook_core.requirements.version_key import version_key
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from chapbook_core.builder.isolation import BuildEnvironments
    from chapbook_core.commands.build_sources import BuildSource
    from chapbook_core.commands.workbench import Workbench
    from chapbook_core.events import Watcher
    from chapbook_core.installer.store import StoredWheel

TASK = "build"
Chain = tuple[str, ...]
"""The packages that are being built, each needed by the one before it."""


class EnvironmentsFor(Protocol):
    """Gives the environments for the build of one package."""

    def __call__(self, name: str, chain: Chain, /) -> BuildEnvironments:
        """`chain` ends with the name."""


def build_wheels(
    bench: Workbench, sources: Sequence[BuildSource], environments: EnvironmentsFor, chain: Chain = ()
) -> dict[str, StoredWheel]:
    """Build and store a wheel of each source, several at a time; the first failure ends the rest.

    Raises BuildFailed, BadWheel, StoreFailed and what getting the sources fails with.
    """
    bench.make_ready()
    watcher = bench.session.watcher
    began = time.monotonic()
    progress = _Progress(watcher, len(sources), is_told=not chain)
    stored: dict[str, StoredWheel] = {}
    progress.start()
    try:
        if len(sources) == 1 or chain:
            builder = _Builder(bench, environments, chain, progress, bench.watcher)
            return {source.name: builder.build(source) for source in sources}
        builder = _Builder(bench, environments, chain, progress, bench.watcher)
        with ThreadPoolExecutor(min(_workers(bench), len(sources)), "chapbook-build") as pool:
            futures = [(source, pool.submit(builder.build, source)) for source in sources]
            try:
                stored.update((source.name, future.result()) for source, future in futures)
            except BaseException:
                bench.stopping.set()
                for _source, future in futures:
                    future.cancel()
                if progress.cause is not None:
                    # The others only say that they were stopped.
                    raise progress.cause from None
                raise
    finally:
        progress.finish(time.monotonic() - began)
    return stored


def take_wheel(bench: Workbench, source: BuildSource, wheel: Path) -> StoredWheel:
    """Check a wheel that was built and put it into the store; raises BuildFailed, BadWheel and StoreFailed."""
    check_wheel(bench, source.name, source.version, source.what, wheel.name, is_own=source.is_own)
    stored = bench.store.add(wheel, wheel.name)
    bench.built.keep_wheel(bench.key("wheel", source.identity, source.name), stored)
    return stored


def check_wheel(bench: Workbench, name: str, version: str, what: str, filename: str, *, is_own: bool = False) -> None:
    """Raise BuildFailed unless a built wheel is of a package, of its version, and for this Python."""
    try:
        told = read_wheel_name(filename)
    except UnusableName as problem:
        raise BuildFailed(what, f"its backend made `{filename}`, which is {problem}") from None
    hints = ["correct its name in one of the two places"] if is_own else ["do not use it, and tell its owners"]
    if told.name != name:
        raise BuildFailed(what, f"its backend made a wheel of `{told.name}`: `{filename}`", hints=hints)
    if version and version_key(told.version) != version_key(version):
        raise BuildFailed(what, f"its backend made version {told.version}: `{filename}`", hints=hints)
    if bench.tags.rank(File(filename, told.version, "")) is None:
        hints = ["look at the settings of its build: the wheel is for another machine or Python"]
        raise BuildFailed(what, f"its backend made a wheel that does not fit this Python: `{filename}`", hints=hints)


@frozen
class _Builder:
    """Builds one source after another, for others to see how far it is."""

    bench: Workbench
    environments: EnvironmentsFor
    chain: Chain
    progress: _Progress
    watcher: Watcher

    def build(self, source: BuildSource) -> StoredWheel:
        if source.name in self.chain:
            raise NeedsItself((*self.chain[self.chain.index(source.name) :], source.name))
        self.watcher.checkpoint()
        self.progress.at(source.name)
        try:
            environments = self.environments(source.name, (*self.chain, source.name))
            frontend = self.bench.frontend(environments, self.watcher, is_own=source.is_own)
            with source.tree() as tree:
                wheel = frontend.wheel(tree, source.what, self.bench.settings(source.name))
            stored = take_wheel(self.bench, source, wheel)
        except BaseException as problem:
            self.progress.fail(problem)
            raise
        self.progress.done(source.name)
        return stored


def _workers(bench: Workbench) -> int:
    settings = bench.session.settings
    if not settings.flag("installer.parallel"):
        return 1
    return min(cores(), settings.number("installer.max-workers") or cores())


def cores() -> int:
    """Return how many builds the machine has room for at once."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Progress:
    """Tells how many packages are built; builds that others need tell nothing of themselves."""

    def __init__(self, watcher: Watcher, total: int, *, is_told: bool) -> None:
        self._watcher = watcher
        self._total = total
        self._done = 0
        self._is_told = is_told
        self._lock = threading.Lock()
        self.cause: BaseException | None = None

    def start(self) -> None:
        if self._is_told:
            packages = "1 package" if self._total == 1 else f"{self._total} packages"
            self._watcher.emit(Started(TASK, f"Building {packages}", self._total))

    def at(self, name: str) -> None:
        if self._is_told:
            self._watcher.emit(Advanced(TASK, self._done, self._total, name))

    def done(self, name: str) -> None:
        with self._lock:
            self._done += 1
        self.at(name)

    def fail(self, problem: BaseException) -> None:
        with self._lock:
            self.cause = self.cause or problem

    def finish(self, seconds: float) -> None:
        if self._is_told:
            self._watcher.emit(Finished(TASK, seconds))
