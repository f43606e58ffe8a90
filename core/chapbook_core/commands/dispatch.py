"""From an invocation to its result: finds the code of a command, which is imported only when asked for."""

from __future__ import annotations

from importlib import import_module
from os.path import lexists
from typing import TYPE_CHECKING, NamedTuple, cast

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Protocol

    from chapbook_core.commands.command import Invocation
    from chapbook_core.commands.report import Result
    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.events import Watcher

JOURNAL = ".chapbook/journal"
"""As `project.pair_writing` writes it; that module is loaded when there is one."""
AWAY = ".chapbook/away"
"""As `commands.away` has it."""
ATTEMPT = ".chapbook/attempt"
"""As `project.attempt` has it."""
FORETOLD = ".chapbook/history/underway"
"""As `project.history` writes it."""
_PLACES = (f".venv/{JOURNAL}", JOURNAL, AWAY)


class Seen(NamedTuple):
    """What a command that writes sees of its project before its turn."""

    folder: Path
    result: Result | None
    """What the command would return, when there is nothing to do."""


if TYPE_CHECKING:
    # Only named, by whoever calls them.

    class Run(Protocol):
        """The code of a command."""

        def __call__(self, invocation: Invocation, surroundings: Surroundings, watcher: Watcher, /) -> Result:
            """Do it, and say what was done."""

    class Glance(Protocol):
        """Tells whether a command that writes has anything to do; nobody is kept out meanwhile."""

        def __call__(self, invocation: Invocation, surroundings: Surroundings, /) -> Seen:
            """Return what was seen; raises ProjectNotFound and FileMistakes."""


def glance(invocation: Invocation, surroundings: Surroundings) -> Seen | None:
    """Return what the command sees of its project before it begins; None where it does not look."""
    name = invocation.command.glance
    if not name:
        return None
    module = import_module(invocation.command.run.partition(":")[0])
    return cast("Glance", getattr(module, name))(invocation, surroundings)


def perform(invocation: Invocation, surroundings: Surroundings, watcher: Watcher, seen: Seen | None = None) -> Result:
    """Run the command; while one that writes runs, no other does in that project.

    `seen` is for who has let it glance.
    """
    seen = seen or glance(invocation, surroundings)
    if seen is not None and seen.result is not None:
        return seen.result
    module, _, function = invocation.command.run.partition(":")
    run = cast("Run", getattr(import_module(module), function))
    if not invocation.is_writing:
        if (unfinished := _unfinished(surroundings.start)) is not None:
            from chapbook_core.commands.writing_turn import mend_for_reader  # as below

            mend_for_reader(unfinished, invocation, surroundings, watcher)
        return run(invocation, surroundings, watcher)
    # Readers need none of it.
    from chapbook_core.commands.writing_turn import writing_turn

    with writing_turn(invocation, surroundings, watcher, None if seen is None else seen.folder):
        return run(invocation, surroundings, watcher)


def _unfinished(start: Path) -> Path | None:
    """Return the nearest folder with the journal of a change that somebody was writing; nearly never is there one."""
    places = (*_PLACES, ATTEMPT)
    return next((folder for folder in (start, *start.parents) for place in places if lexists(folder / place)), None)


def is_changing(folder: Path) -> bool:
    """Tell whether files or the environment of a project are being changed at this moment, or were when a kill came."""
    return any(lexists(folder / place) for place in _PLACES)


def is_left_alone(folder: Path) -> bool:
    """Tell whether nobody is writing in a project, and nobody was interrupted who did."""
    return not any(lexists(f"{folder}/{place}") for place in (*_PLACES, ATTEMPT, FORETOLD))
