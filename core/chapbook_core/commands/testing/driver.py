"""Runs trials in a program beside this one, because what speaks with kernels is loaded in no process of ours.

Requests go to its standard input, and events come back, each a line of JSON. When its input ends, it stops its kernels.
"""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import tempfile
import threading
import time
from typing import IO, TYPE_CHECKING, Self

from chapbook_core.commands.lab_extra import require_extra
from chapbook_core.commands.testing.trial import CellRun, Failure, Outcome
from chapbook_core.errors import ChapbookError
from chapbook_core.events import Advanced, Finished, Started
from chapbook_core.value import members, replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from chapbook_core.commands.testing.trial import Manner, Trial
    from chapbook_core.events import Watcher

_MODULE = "chapbook_kernelspec.testing"
_TASK = "test"
_GLANCE = 0.1
_PATIENCE = 15.0
"""Seconds for kernels to end."""
_TOLD = 2000


class RunnerBroke(ChapbookError):
    """The program that runs notebooks has ended before them."""

    def __init__(self, said: str) -> None:
        hints = ["run one of them with `chapbook run` to see more"]
        super().__init__(
            "the program that runs notebooks has ended early" + (f":\n{said}" if said else ""), hints=hints
        )


def require_runner(purpose: str = "running notebooks") -> None:
    """Raise ExtraMissing where notebooks cannot be run, before anything is made ready for them."""
    require_extra(purpose, "nbclient", "ipykernel")


def run_trials(
    trials: Sequence[Trial],
    manner: Manner,
    variables: Mapping[str, str],
    watcher: Watcher,
    on_end: Callable[[int, Outcome], None] = lambda _number, _outcome: None,
) -> tuple[Outcome, ...]:
    """Run notebooks, and return what came of each, in their order; raises ExtraMissing, RunnerBroke and Cancelled."""
    if not trials:
        return ()
    require_runner()
    progress = _Progress(trials, watcher, on_end)
    began = time.monotonic()
    watcher.emit(Started(_TASK, "Testing", progress.total))
    try:
        with tempfile.TemporaryFile() as said, _Child(variables, said) as child:
            child.ask(_request(trials, manner))
            for event in child.events(watcher):
                progress.take(event)
            if not progress.is_complete:
                said.seek(0)
                raise RunnerBroke(said.read().decode("utf-8", "replace").strip()[-_TOLD:])
    finally:
        watcher.emit(Finished(_TASK, time.monotonic() - began))
    return progress.outcomes


def _request(trials: Sequence[Trial], manner: Manner) -> dict[str, object]:
    listed = [
        {
            "file": str(trial.notebook.file),
            "start": members(trial.start),
            "cells": [members(cell) for cell in trial.notebook.cells],
        }
        for trial in trials
    ]
    return {**members(manner), "trials": listed}


class _Progress:
    """Puts events together."""

    def __init__(self, trials: Sequence[Trial], watcher: Watcher, on_end: Callable[[int, Outcome], None]) -> None:
        self._trials = trials
        self._watcher = watcher
        self._on_end = on_end
        self._cells: list[list[CellRun]] = [[] for _ in trials]
        self._ended: dict[int, Outcome] = {}
        self.is_complete = False
        self.total = sum(len(trial.notebook.cells) for trial in trials)

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """What came of each; what was not begun is left out."""
        return tuple(
            self._ended.get(number) or replace(self._outcome(number, 0.0), is_left_out=True)
            for number in range(len(self._trials))
        )

    def take(self, event: Mapping[str, object]) -> None:
        """Take note of one."""
        match event:
            case {"event": "cell", "trial": int(number), "cell": int(cell)}:
                self._watcher.emit(Advanced(_TASK, self._done, self.total, f"{self._shown(number)}, cell {cell}"))
            case {"event": "cell-ended", "trial": int(number), "cell": int(cell), "seconds": float(seconds)}:
                self._cells[number].append(CellRun(cell, seconds))
            case {"event": "ended", "trial": int(number), "seconds": float(seconds), "failure": dict(told)}:
                self._end(number, replace(self._outcome(number, seconds), failure=self._failure(number, told)))
            case {"event": "ended", "trial": int(number), "seconds": float(seconds)}:
                self._end(number, self._outcome(number, seconds))
            case {"event": "all-ended"}:
                self.is_complete = True
            case _:
                pass

    def _end(self, number: int, outcome: Outcome) -> None:
        self._ended[number] = outcome
        self._on_end(number, outcome)

    @property
    def _done(self) -> int:
        return sum(map(len, self._cells))

    def _shown(self, number: int) -> str:
        return self._trials[number].notebook.shown

    def _outcome(self, number: int, seconds: float) -> Outcome:
        total = len(self._trials[number].notebook.cells)
        return Outcome(self._shown(number), total, tuple(self._cells[number]), seconds)

    def _failure(self, number: int, told: Mapping[str, object]) -> Failure:
        cell = told.get("cell")
        at = cell if isinstance(cell, int) else None
        return Failure(
            message=str(told.get("message", "")),
            cell=at,
            source=self._trials[number].notebook.source(at),
            traceback=str(told.get("traceback", "")),
            output=str(told.get("output", "")),
        )


class _Child:
    """The program; it does not outlive the block."""

    def __init__(self, variables: Mapping[str, str], said: IO[bytes]) -> None:
        # Without the present folder on its path, where a file might be called as one of the modules it imports. In a
        # session of its own it hears of an interruption from us, so that it can end its kernels in peace.
        self._process = subprocess.Popen(  # noqa: S603  our own module
            [sys.executable, "-P", "-m", _MODULE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            env=dict(variables),
            start_new_session=True,
        )
        self._lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            if self._process.stdin is not None:
                self._process.stdin.close()
        except OSError:
            # It has ended already.
            pass
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def ask(self, request: Mapping[str, object]) -> None:
        """Send the request."""
        if self._process.stdin is None:
            return
        try:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
        except OSError:
            # Whoever reads its events learns that there are none.
            return

    def events(self, watcher: Watcher) -> Iterator[Mapping[str, object]]:
        """Yield what it tells, until it says that this is all, or ends."""
        while True:
            watcher.checkpoint()
            try:
                line = self._lines.get(timeout=_GLANCE)
            except queue.Empty:
                continue
            if line is None:
                return
            event: dict[str, object] = json.loads(line)
            yield event
            if event.get("event") == "all-ended":
                return

    def _read(self) -> None:
        if self._process.stdout is not None:
            for line in self._process.stdout:
                self._lines.put(line)
            self._process.stdout.close()
        self._lines.put(None)
