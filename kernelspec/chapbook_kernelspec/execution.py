"""Executes a notebook in a kernel, cell by cell, and tells of each; what was executed stays in the notebook."""

from __future__ import annotations

import asyncio
import signal
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Protocol

from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from chapbook_core.errors import Cancelled, ChapbookError
from chapbook_core.value import frozen
from chapbook_kernelspec.parameters import INJECTED_TAG

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from jupyter_client.manager import AsyncKernelManager
    from nbformat import NotebookNode

_STARTUP_SECONDS = 120


class CellFailed(ChapbookError):
    """A cell has raised an exception, which the notebook does not expect."""

    def __init__(self, number: int, name: str, value: str, traceback: str) -> None:
        self.number = number
        self.traceback = traceback
        super().__init__(f"cell {number} failed: {name}: {value}" if value else f"cell {number} failed: {name}")


class CellTookTooLong(ChapbookError):
    """A cell was still running at its deadline."""

    def __init__(self, number: int, seconds: int) -> None:
        self.number = number
        super().__init__(f"cell {number} was still running after {seconds} s", hints=["see `--cell-timeout`"])


class KernelNotStarted(ChapbookError):
    """The kernel has ended, or said nothing, before the first cell."""

    def __init__(self) -> None:
        super().__init__("the kernel did not start", hints=["what it has written may say why"])


class KernelDied(ChapbookError):
    """The kernel has ended by itself."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(
            f"the kernel died in cell {number}",
            hints=["it may have needed more memory than there is, or crashed in a compiled module"],
        )


class Audience(Protocol):
    """Is told what happens, at once."""

    def cell_started(self, number: int, total: int) -> None:
        """A cell is about to run; cells are counted from 1, those without code included."""

    def cell_finished(self, number: int, total: int, seconds: float) -> None:
        """A cell has run."""

    def said(self, stream: str, text: str) -> None:
        """A cell has written to `stdout` or `stderr`, or shown something that can be read as text."""


@frozen
class Plan:
    """How a notebook is executed."""

    manager: type[AsyncKernelManager]
    folder: Path
    """Where its kernel works."""
    cell_timeout: int | None = None
    allow_errors: bool = False


def execute(notebook: NotebookNode, plan: Plan, audience: Audience) -> None:
    """Execute every cell; raises CellFailed, CellTookTooLong, KernelNotStarted, KernelDied and Cancelled."""
    asyncio.run(_alone(Execution(notebook, plan, audience)))


async def _alone(execution: Execution) -> None:
    with stopping(execution.stop):
        await execution.run()


@contextmanager
def stopping(stop: Callable[[], None]) -> Iterator[None]:
    """Let the first interruption stop what runs; Windows cannot tell a loop of it, and raises it anywhere."""
    if sys.platform == "win32":
        yield
        return
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for number in numbers:
        loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


class Execution(NotebookClient):
    """One execution; nbclient knows how to speak with kernels, and this decides when."""

    def __init__(self, notebook: NotebookNode, plan: Plan, audience: Audience) -> None:
        super().__init__(
            notebook, timeout=plan.cell_timeout, allow_errors=plan.allow_errors, startup_timeout=_STARTUP_SECONDS
        )
        self._plan = plan
        self._audience = audience
        self._number = 0
        self._task: asyncio.Task[None] | None = None
        self._is_stopped = False
        self._is_ending = False

    async def run(self) -> None:
        """Execute every cell; raises what `execute` does."""
        self._task = asyncio.current_task()
        self.km = self._plan.manager()
        try:
            await self._run()
        except (asyncio.CancelledError, DeadKernelError):
            # nbclient takes a cancelled wait for a dead kernel.
            if self._is_stopped:
                raise Cancelled from None
            raise KernelDied(self._number) from None
        finally:
            self._is_ending = True
            if self._is_stopped:
                self.shutdown_kernel = "immediate"
            await self._cleaned_up()

    async def _run(self) -> None:
        await self.async_start_new_kernel(cwd=str(self._plan.folder))
        try:
            await self.async_start_new_kernel_client()
        except RuntimeError:
            # That is what jupyter_client says of a kernel that is gone, or has not answered in time.
            if self._is_stopped:
                raise Cancelled from None
            raise KernelNotStarted from None
        await self._ask_language()
        # A cell that was put in is not counted, so that the numbers are those of the notebook as people know it.
        counted = [INJECTED_TAG not in cell.metadata.get("tags", []) for cell in self.nb.cells]
        total = sum(counted)
        loop = asyncio.get_running_loop()
        for index, cell in enumerate(self.nb.cells):
            self._number = sum(counted[: index + 1])
            self._audience.cell_started(self._number, total)
            began = loop.time()
            try:
                await self.async_execute_cell(cell, index, execution_count=self.code_cells_executed + 1)
            except CellExecutionError as failure:
                raise CellFailed(self._number, failure.ename, failure.evalue, _traceback(cell)) from None
            except CellTimeoutError:
                # It would not hear of an end in good order while it is busy.
                self.shutdown_kernel = "immediate"
                raise CellTookTooLong(self._number, self._plan.cell_timeout or 0) from None
            self._audience.cell_finished(self._number, total, loop.time() - began)
        self.set_widgets_metadata()

    async def _ask_language(self) -> None:
        """Keep what the kernel says of its language, by which others show the notebook."""
        if self.kc is None:
            return
        info = await self.async_wait_for_reply(self.kc.kernel_info())
        if info is not None and "language_info" in info["content"]:
            self.nb.metadata["language_info"] = info["content"]["language_info"]

    async def _cleaned_up(self) -> None:
        if self.km is not None and self.km.has_kernel:
            with suppress(RuntimeError):
                await self._async_cleanup_kernel()

    def stop(self) -> None:
        """End the kernel at once; `run` then raises Cancelled."""
        if self._task is not None and not self._is_stopped and not self._is_ending:
            self._is_stopped = True
            self._task.cancel()

    def process_message(self, msg: dict[str, Any], cell: NotebookNode, cell_index: int) -> NotebookNode | None:
        """Tell what a cell says, besides keeping it; nbclient calls this for each message."""
        match msg["msg_type"], msg["content"]:
            case "stream", {"name": name, "text": text}:
                self._audience.said(name, text)
            case "execute_result" | "display_data", {"data": {"text/plain": str(text)}}:
                self._audience.said("stdout", f"{text}\n")
            case _:
                pass
        return super().process_message(msg, cell, cell_index)


def _traceback(cell: NotebookNode) -> str:
    """Return the traceback that a cell ended with, as the kernel coloured it."""
    lines = [line for output in cell.outputs if output["output_type"] == "error" for line in output["traceback"]]
    return "\n".join(lines)
