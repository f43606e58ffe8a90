"""What `%load_ext chapbook` says, and that it has the engine started meanwhile."""

from __future__ import annotations

from pathlib import Path

from chapbook.magics.place import is_this_environment, project_of, start_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_told: set[str] = set()
"""Environments of which the person knows that this kernel does not run in them."""
_advice = ["choose the kernel `Project (Chapbook)` (menu Kernel, Change Kernel) to run in it"]
"""What to do about it, the last word being the best."""


def welcome(shell: Any, *, is_asked_for: bool) -> None:
    """Start the engine in the background; say what a person who loads Chapbook by hand may not expect."""
    # Starting a thread is all it does here.
    from chapbook.magics.connection import engine, liveness

    engine().start()
    liveness()
    if is_asked_for:
        for line in greetings(shell):
            print(line)


def greetings(shell: Any) -> list[str]:
    """Say that there is no project, or that this kernel does not run in it; nothing when all is well."""
    start = start_of(shell)
    project = project_of(start)
    if project is None:
        return [f"There is no project in {start} or above it: `%poetry init` makes one here"]
    environment = Path(project, ".venv")
    return elsewhere(shell, str(environment)) if environment.is_dir() else []


def advise(text: str) -> None:
    """Have another thing said; called by a kernel that stands in for the project's, and knows better."""
    _advice.append(text)


def elsewhere(shell: Any, environment: str) -> list[str]:
    """Say that this kernel cannot import what is installed there; once, and nothing where it can."""
    if environment in _told or is_this_environment(environment):
        return []
    _told.add(environment)
    here, what = (
        ("kernel", _advice[-1]) if hasattr(shell, "kernel") else ("IPython", "what is put there cannot be imported")
    )
    return [f"This {here} does not run in the project's environment, {environment}: {what}"]
