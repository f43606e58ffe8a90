"""Where the notebook of a kernel is, when the server knows it by the name of a drive, as collaborative servers do."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

from chapbook_kernelspec.belonging import NOTEBOOK

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_MARK = "_chapbook_carries_notebooks"


class SessionManager(Protocol):
    """The server's, as far as it is used here."""

    get_kernel_env: Callable[..., dict[str, str]]
    """Called before each start with the notebook's path as pages write it; returns the kernel's variables."""


def carry_notebooks(session_manager: SessionManager, root: Path) -> None:
    """Have the server tell kernels the true path of their notebook; called once, when the extension is loaded.

    For a path like `RTC:sub/a.ipynb` the server finds no folder, starts the kernel in its root and names a file that
    is not there.
    """
    if getattr(session_manager, _MARK, False):
        return
    before = session_manager.get_kernel_env

    def get_kernel_env(path: str | None, name: str | None = None) -> dict[str, str]:
        variables = before(path, name)
        notebook = find_file(path, root)
        return variables if notebook is None else {**variables, NOTEBOOK: os.fspath(notebook)}

    session_manager.get_kernel_env = get_kernel_env
    setattr(session_manager, _MARK, True)


def find_file(path: str | None, root: Path) -> Path | None:
    """Return the file of a path of the contents API with a drive; None for one without, and outside of the root."""
    drive, colon, rest = (path or "").partition(":")
    if not colon or "/" in drive or not rest:
        return None
    top = root.resolve()
    file = (top / rest.lstrip("/")).resolve()
    return file if file.is_relative_to(top) and file.is_file() else None
