"""Readiness: whether the kernel of a project can start at once, told from a few files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chapbook_core.commands.kernel_start import KernelStart, KernelStarts
from chapbook_core.errors import ChapbookError
from chapbook_core.project.locations import find_locations
from chapbook_core.project.trust import is_trusted
from chapbook_kernelspec.belonging import Belonging, find_belonging

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Ready:
    """The environment is what the project locks, and everything else is there."""

    belonging: Belonging
    start: KernelStart


@dataclass(frozen=True, slots=True)
class Unprepared:
    """Something has changed, or nothing was ever made; `chapbook kernel prepare` sees to it."""

    belonging: Belonging


@dataclass(frozen=True, slots=True)
class Refused:
    """The project's kernel cannot start; a person has to do something."""

    reason: str
    hints: tuple[str, ...]


Readiness = Ready | Unprepared | Refused


def look(variables: Mapping[str, str], folder: Path, home: Path) -> Readiness:
    """Look at the project of a kernel that is to start in `folder`; nothing is run and nothing is written."""
    try:
        belonging = find_belonging(variables, folder)
        if not is_trusted(belonging.project, find_locations(variables, home)):
            return _untrusted(belonging.project)
        start = KernelStarts(belonging.project, belonging.wants, variables, home).remembered()
    except ChapbookError as error:
        return Refused(error.message, error.hints)
    return Unprepared(belonging) if start is None else Ready(belonging, start)


def _untrusted(project: Path) -> Refused:
    return Refused(
        f"you have not said that you trust `{project}`, so nothing of it was run or installed",
        ("look at its pyproject.toml; if it is yours or you know where it comes from, run `chapbook trust`",),
    )
