"""A command in a copy of this process, with a hook that hears of what it does to the disk."""

from __future__ import annotations

import os
import sys
import tempfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from tests.faults.end_commands import World

    Hook = Callable[[str, tuple[object, ...]], None]

NOTHING_HAPPENED = 77
"""The status of a run to which nothing was done, as it had no such many changes."""
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def in_copy(work: Callable[[], int]) -> tuple[int, str]:
    """Do some work in a copy of this process; return its status and what it wrote."""
    with tempfile.TemporaryFile() as told:
        child = os.fork()
        if child == 0:
            status = 70
            try:
                for stream in (1, 2):
                    os.dup2(told.fileno(), stream)
                sys.stdout = sys.stderr = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115  until the end
                status = work()
                sys.stdout.flush()
            finally:
                os._exit(status)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        told.seek(0)
        return status, told.read().decode()


def perform(world: World, words: tuple[str, ...], hook: Hook) -> int:
    """Run a command in this process, which is a copy, and let the hook hear every audit event of it."""
    from chapbook_core.cli import main

    os.environ.clear()
    os.environ.update(world.project.variables)
    os.chdir(world.project.folder)
    sys.addaudithook(hook)
    return main(list(words))


def changed_path(event: str, arguments: tuple[object, ...], changing: Collection[str]) -> str | None:
    """Return what an event is about to change: a path, or nothing where only a number stands for it.

    `changing` are the events that count besides that a file is opened to be written.
    """
    if event == "open":
        flags = arguments[2]
        if not isinstance(flags, int) or not flags & _WRITING:
            return None
    elif event not in changing:
        return None
    path = arguments[0]
    return os.fsdecode(path) if isinstance(path, bytes | str | os.PathLike) else ""
