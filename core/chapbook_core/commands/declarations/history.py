"""The commands that look at what was done to a project, and take it back."""

from __future__ import annotations

from chapbook_core.commands.command import Argument, Command, Example, Option, Writes
from chapbook_core.commands.declarations.index import READING_EXCLUSIVE, READING_OPTIONS
from chapbook_core.commands.declarations.live import LIVE_EXCLUSIVE, LIVE_OPTIONS

_FORMAT = Option("format", "how to print the result", value="FORMAT", choices=("text", "json"))
_OPTIONS = (
    Option("dry-run", "say what would change, and change nothing"),
    Option("lock", "change `pyproject.toml` and `poetry.lock`, and install nothing"),
    Option("force", "go back even if the files were edited since; `redo` brings the edits back"),
    *LIVE_OPTIONS,
    _FORMAT,
    *READING_OPTIONS,
)
_EXCLUSIVE = (READING_EXCLUSIVE, LIVE_EXCLUSIVE, frozenset({"lock", "apply-now"}))
# They note in the history what they do, as what it is.
_WRITES = Writes(not_with=frozenset({"dry-run"}), files=False)

HISTORY = Command(
    name="history",
    summary="List what was done to the project",
    run="chapbook_core.commands.history:show",
    description=(
        "Every command that changes `pyproject.toml` or `poetry.lock` is listed, the newest first; those that were "
        "undone are marked. With a number, everything that this change did."
    ),
    arguments=(Argument("number", "the change to look at", required=False),),
    options=(Option("all", "list all of them, not only the last twenty"), _FORMAT),
    examples=(
        Example("history", "list the last changes"),
        Example("history 12", "show what change 12 did to the project file and the locked versions"),
    ),
)

UNDO = Command(
    name="undo",
    summary="Take back the last change: project file, lock and environment",
    run="chapbook_core.commands.history:undo",
    writes=_WRITES,
    description=(
        "Project file and lock get the bytes that they had before the change, and the environment follows. "
        "Again, it takes back the change before; with a number, that change and all later ones. "
        "Files that were edited since are left alone, unless `--force` is given."
    ),
    arguments=(Argument("number", "the oldest change to take back, as `history` numbers them", required=False),),
    options=_OPTIONS,
    exclusive=_EXCLUSIVE,
    examples=(
        Example("undo", "take back what the last command did to the project"),
        Example("undo 12", "bring everything to where it was before change 12"),
    ),
)

REDO = Command(
    name="redo",
    summary="Do again what the last `undo` took back",
    run="chapbook_core.commands.history:redo",
    writes=_WRITES,
    options=_OPTIONS,
    exclusive=_EXCLUSIVE,
    examples=(Example("redo", "bring back what `undo` has taken away"),),
)

COMMANDS = (HISTORY, UNDO, REDO)
