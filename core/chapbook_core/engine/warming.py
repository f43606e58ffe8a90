"""Warm-up: what a first command will need is loaded while nobody waits for anything."""

from __future__ import annotations

import gc
import os
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.errors import ChapbookError
from chapbook_core.pattern import compile_ahead
from chapbook_core.value import make_ahead

if TYPE_CHECKING:
    from collections.abc import Callable

_MODULES = (
    "chapbook_core.commands.add",
    "chapbook_core.commands.solving",
    "chapbook_core.index.opening",
    "chapbook_core.index.connection",
    "chapbook_core.index.client",
    "sqlite3",
    "ssl",
    "chapbook_core.commands.installing",
    "chapbook_core.installer.transaction",
    "chapbook_core.commands.applying",
    "chapbook_core.commands.install",
    "chapbook_core.commands.remove",
    "chapbook_core.commands.update",
    "chapbook_core.commands.lock",
    "chapbook_core.commands.writing_turn",
    "chapbook_core.commands.remembering",
    "chapbook_core.commands.held_packages",
    "chapbook_core.index.default_index",
    "chapbook_core.requirements.marker_text",
    "chapbook_core.commands.show",
    "chapbook_core.commands.completing",
    "chapbook_core.commands.glance",
)


def warm_up(wait_for_quiet: Callable[[], bool]) -> None:
    """Load one module after the other; before each it waits until nothing is under way, and it ends when that fails."""
    for name in _MODULES:
        if not wait_for_quiet():
            return
        with suppress(ImportError):
            import_module(name)
    if not wait_for_quiet():
        return
    from chapbook_core.commands.project_environment import foresee_making  # loaded with the commands

    # Nothing but speed depends on it, and what is wrong with a setting is told to whoever runs a command.
    with suppress(ChapbookError, OSError, RuntimeError):
        foresee_making(os.environ, Path.home())
    if not wait_for_quiet():
        return
    # Some twenty milliseconds; the first lock would take half of them.
    compile_ahead()
    make_ahead()
    # All of this stays; the collector would look through it now and then, in the middle of a command.
    gc.freeze()
