"""Trial: one notebook to be run in one kernel, and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.value import frozen

if TYPE_CHECKING:
    from chapbook_core.commands.kernel_start import KernelStart
    from chapbook_core.commands.testing.collecting import NotebookToRun


@frozen
class Trial:
    """A notebook with the kernel that it is run in."""

    notebook: NotebookToRun
    start: KernelStart


@frozen
class Manner:
    """How trials are run."""

    jobs: int = 1
    """How many at once."""
    cell_timeout: int | None = None
    """Seconds."""
    fail_fast: bool = False


@frozen
class CellRun:
    """A cell that has run as it should."""

    number: int
    seconds: float


@frozen
class Failure:
    """What is wrong with a notebook."""

    message: str
    """The last line of the traceback, where there is one."""
    cell: int | None = None
    """In which cell; None when it was in none."""
    source: str = ""
    traceback: str = ""
    output: str = ""
    """What the cell wrote before."""


@frozen
class Outcome:
    """What came of a notebook."""

    notebook: str
    total: int = 0
    """How many of its cells were to be run."""
    cells: tuple[CellRun, ...] = ()
    seconds: float = 0.0
    failure: Failure | None = None
    is_left_out: bool = False
    """Whether it was not begun, or not ended, because another one had failed."""

    @property
    def word(self) -> str:
        """How a table says it."""
        if self.failure is not None:
            return "failed" if self.failure.cell is not None else "error"
        return "not run" if self.is_left_out else "passed"
