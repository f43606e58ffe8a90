"""Runs notebooks that are tests: `python -m chapbook_kernelspec.testing`, which `chapbook test` starts.

A request is read from standard input, and events are written to standard output, each a line of JSON. When the input
ends, because whoever asked has enough or is gone, every kernel is stopped.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
import threading
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from nbformat.v4 import new_code_cell, new_notebook

from chapbook_core.commands.kernel_start import read_start
from chapbook_core.errors import Cancelled, ChapbookError
from chapbook_kernelspec.belonging import NOTEBOOK
from chapbook_kernelspec.execution import (
    CellFailed,
    CellTookTooLong,
    Execution,
    KernelDied,
    KernelNotStarted,
    Plan,
    stopping,
)
from chapbook_kernelspec.project_kernel import manager_class

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Tell = Callable[[Mapping[str, object]], None]

_TERMINAL_CODES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_MOST_OUTPUT = 20_000


def main() -> int:
    """Serve one request."""
    # What a library prints by itself must not come between the events.
    events = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    line = sys.stdin.buffer.readline()
    if line:
        asyncio.run(_Testing(json.loads(line), _teller(events)).run())
    # The thread that waits for the end of the input must not be waited for.
    events.close()
    os._exit(0)


def _teller(stream: IO[str]) -> Tell:
    def tell(event: Mapping[str, object]) -> None:
        stream.write(json.dumps(event) + "\n")
        stream.flush()

    return tell


class _Testing:
    """All notebooks of a request."""

    def __init__(self, request: Mapping[str, Any], tell: Tell) -> None:
        self._request = request
        self._tell = tell
        self._running: set[Execution] = set()
        self._is_stopped = False

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        threading.Thread(target=_wait_for_end, args=(loop, self._stop), daemon=True).start()
        turns = asyncio.Semaphore(max(1, self._request["jobs"]))
        with stopping(self._stop):
            await asyncio.gather(
                *(self._turn(turns, number, trial) for number, trial in enumerate(self._request["trials"]))
            )
        self._tell({"event": "all-ended"})

    def _stop(self) -> None:
        self._is_stopped = True
        for execution in self._running:
            execution.stop()

    async def _turn(self, turns: asyncio.Semaphore, number: int, trial: Mapping[str, Any]) -> None:
        async with turns:
            if self._is_stopped:
                return
            began = time.monotonic()
            execution = _TestExecution(trial, self._request["cell_timeout"], number, self._tell)
            self._running.add(execution)
            try:
                failure = await execution.failure()
            except Cancelled:
                return
            finally:
                self._running.discard(execution)
            ended: dict[str, object] = {"event": "ended", "trial": number, "seconds": time.monotonic() - began}
            self._tell(ended if failure is None else {**ended, "failure": failure})
            if failure is not None and self._request["fail_fast"]:
                self._stop()


class _TestExecution(Execution):
    """One notebook."""

    def __init__(self, trial: Mapping[str, Any], seconds: int | None, number: int, tell: Tell) -> None:
        file = Path(trial["file"])
        start = read_start(trial["start"])
        self._numbers = [cell["number"] for cell in trial["cells"]]
        manager = manager_class(start, {**os.environ, NOTEBOOK: str(file)})
        plan = Plan(manager, file.parent, seconds)
        super().__init__(_notebook(trial["cells"]), plan, _Telling(tell, number, self._numbers))

    async def failure(self) -> dict[str, object] | None:
        """Run it, and return what went wrong; raises Cancelled."""
        try:
            await self.run()
        except CellFailed as failed:
            return self._told(failed, failed.number, _plain(failed.traceback))
        except (CellTookTooLong, KernelDied) as failed:
            return self._told(failed, failed.number)
        except KernelNotStarted as failed:
            return {"message": failed.message, "traceback": ""}
        except Cancelled:
            raise
        except Exception as problem:  # noqa: BLE001  # whatever keeps a kernel from starting is told of this notebook
            return {"message": f"its kernel could not be run: {type(problem).__name__}: {problem}", "traceback": ""}
        return None

    def _told(self, failed: ChapbookError, place: int, traceback: str = "") -> dict[str, object]:
        """Say it with the number that the cell has in the notebook."""
        if not place:
            return {"message": "its kernel died before the first cell", "traceback": ""}
        number = self._numbers[place - 1]
        message = failed.message.replace(f"cell {place} failed: ", "", 1).replace(f"cell {place}", f"cell {number}", 1)
        output = "".join(str(one["text"]) for one in self.nb.cells[place - 1].outputs if one["output_type"] == "stream")
        return {"cell": number, "message": message, "traceback": traceback, "output": _plain(output[-_MOST_OUTPUT:])}


class _Telling:
    """Tells of the cells of one notebook."""

    def __init__(self, tell: Tell, trial: int, numbers: Sequence[int]) -> None:
        self._tell = tell
        self._trial = trial
        self._numbers = numbers

    def cell_started(self, number: int, total: int) -> None:
        """Tell it."""
        del total
        self._tell({"event": "cell", "trial": self._trial, "cell": self._numbers[number - 1]})

    def cell_finished(self, number: int, total: int, seconds: float) -> None:
        """Tell it."""
        del total
        cell = self._numbers[number - 1]
        self._tell({"event": "cell-ended", "trial": self._trial, "cell": cell, "seconds": float(seconds)})

    def said(self, stream: str, text: str) -> None:
        """Keep it in the notebook alone."""


def _notebook(cells: Sequence[Mapping[str, Any]]) -> Any:
    made = []
    for cell in cells:
        tags = ["raises-exception"] if cell["may_raise"] else []
        made.append(new_code_cell(cell["source"], metadata={"tags": tags}))  # type: ignore[no-untyped-call]  # it has no types
    return new_notebook(cells=made)  # type: ignore[no-untyped-call]  # likewise


def _wait_for_end(loop: asyncio.AbstractEventLoop, stop: Callable[[], None]) -> None:
    while os.read(sys.stdin.fileno(), 1024):
        continue
    if not loop.is_closed():
        loop.call_soon_threadsafe(stop)


def _plain(text: str) -> str:
    return _TERMINAL_CODES.sub("", text).rstrip()


if __name__ == "__main__":
    sys.exit(main())
