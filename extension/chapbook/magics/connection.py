"""The one engine of this kernel, and what it is told with every request."""

from __future__ import annotations

import os
import sys

from chapbook.magics.client import Engine
from chapbook.magics.place import notebook_of, tool_python, working_folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from chapbook.magics.liveness import Liveness

_engine: Engine | None = None
_liveness: Liveness | None = None
WIDTH = 88
"""Columns that a cell's plain text may take."""


def engine() -> Engine:
    """Return the engine; it is started by the first request, or before by `start`."""
    global _engine  # noqa: PLW0603  # a kernel has one, as it has one `get_ipython()`
    if _engine is None:
        _engine = Engine(tool_python())
    return _engine


def end() -> None:
    """Stop the engine, if there is one; a later request starts another."""
    if _engine is not None:
        _engine.stop()


def here(shell: Any) -> dict[str, Any]:
    """Return what the engine needs to know of the place it is asked from."""
    return {"cwd": working_folder(), "notebook": notebook_of(shell), "variables": dict(os.environ)}


def liveness() -> Liveness:
    """Return what this kernel knows of its environment since it began, or since Chapbook was loaded."""
    global _liveness  # noqa: PLW0603  # likewise
    if _liveness is None:
        # A look at the folders of packages, which completion does without.
        from chapbook.magics.liveness import Liveness

        # In the kernel of a project the launcher has looked around when it began.
        began = sys.modules.get("project_kernel")
        _liveness = Liveness(getattr(began, "entries", None), getattr(began, "lock_stamp", None))
    return _liveness


def facts(shell: Any, width: int) -> dict[str, Any]:
    """Return what a command needs to know of the kernel, besides."""
    kernel = liveness().parameters(fresh=is_fresh(shell))
    return {**here(shell), "kernel": kernel, "interactive": can_ask(shell), "width": width}


def is_fresh(shell: Any) -> bool:
    """Tell whether nothing was run but magics of Chapbook, so that a restart loses nothing."""
    cells = getattr(shell.history_manager, "input_hist_raw", ["?"])
    return all(_is_ours(cell) for cell in cells)


def _is_ours(cell: str) -> bool:
    if cell.lstrip().startswith("%%poetry"):
        return True
    lines = [line.strip() for line in cell.splitlines()]
    return all(not line or line.startswith(("#", "%poetry", "%load_ext chapbook")) for line in lines)


def can_ask(shell: Any) -> bool:
    """Tell whether somebody is there to answer."""
    kernel = getattr(shell, "kernel", None)
    if kernel is not None:
        return bool(getattr(kernel, "_allow_stdin", False))
    return sys.stdin is not None and sys.stdin.isatty()
