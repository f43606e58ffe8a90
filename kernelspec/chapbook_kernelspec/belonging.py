"""Belonging: which project a notebook is of, and what it wants of it, told from what a launcher knows."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.commands.kernel_start import KernelWants
from chapbook_core.commands.kernel_wants import read_wants
from chapbook_core.project.discovery import find_project

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PROJECT = "CHAPBOOK_PROJECT"
"""The variable that names the project, whatever else is known."""
NOTEBOOK = "CHAPBOOK_NOTEBOOK"
"""The variable that names the notebook, where who sets it knows better than the server."""
SESSION = "JPY_SESSION_NAME"
"""The variable in which a Jupyter server names the notebook; it follows a renamed one at the next start."""


@dataclass(frozen=True, slots=True)
class Belonging:
    """A notebook, or only a folder, and its project."""

    project: Path
    wants: KernelWants


def find_belonging(variables: Mapping[str, str], folder: Path) -> Belonging:
    """Return the project of a kernel that is to start in `folder`.

    Raises ProjectNotFound for where nothing known leads to one, and ProjectUnreadable.
    """
    notebook = find_notebook(variables)
    project = find_project(_start(variables, notebook, folder))
    return Belonging(project, read_wants(notebook) if notebook is not None else KernelWants())


def find_notebook(variables: Mapping[str, str]) -> Path | None:
    """Return the notebook, if somebody has named one that is there."""
    for name in (NOTEBOOK, SESSION):
        text = variables.get(name, "")
        if not text:
            continue
        for path in (Path(text), *_without_drive(text)):
            if path.is_absolute() and path.is_file():
                return path
    return None


def _start(variables: Mapping[str, str], notebook: Path | None, folder: Path) -> Path:
    named = variables.get(PROJECT, "")
    if named:
        return Path(named).expanduser().absolute()
    if notebook is not None:
        return notebook
    # A console is in a folder and is no file; the server names it all the same.
    session = Path(variables.get(SESSION, ""))
    if session.is_absolute() and session.parent.is_dir():
        return session.parent
    return folder


def _without_drive(text: str) -> Iterator[Path]:
    """Yield a path without the name of a drive, as collaborative servers put it before: `/srv/RTC:sub/a.ipynb`."""
    parts = Path(text).parts
    for place, part in enumerate(parts):
        drive, colon, rest = part.partition(":")
        if colon and len(drive) > 1 and os.sep not in drive:
            yield Path(*parts[:place], rest, *parts[place + 1 :])
