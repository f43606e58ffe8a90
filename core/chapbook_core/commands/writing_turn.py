"""A command's turn in a project: which one it has for itself, how long it waits for that, and what it mends first."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.commands.away import AWAY, away_from
from chapbook_core.commands.dispatch import FORETOLD, is_changing
from chapbook_core.commands.likely_place import likely_place
from chapbook_core.environment.place import VENV
from chapbook_core.errors import Cancelled, ChapbookError, UsageError
from chapbook_core.events import Notice
from chapbook_core.installer.traces import is_interrupted
from chapbook_core.project.discovery import ProjectNotFound, find_project
from chapbook_core.project.locations import find_locations
from chapbook_core.project.lock_place import STATE_FOLDER
from chapbook_core.project.writer_lock import PATIENCE, hold_project

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chapbook_core.commands.command import Invocation
    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.events import Watcher
    from chapbook_core.installer.transaction import Recovered

TIMEOUT = "CHAPBOOK_LOCK_TIMEOUT"
"""The variable that says how many seconds to wait for another writer."""
_TEMPORARY = ("TMPDIR", "TEMP", "TMP")
_PATIENCE_OF_READERS = 5.0
"""Seconds; a journal that is there for longer than a moment was left by a writer that was killed."""
_DIRECTIONS = {
    "forward": "finished what a command was installing when it was interrupted",
    "back": "undid what a command was installing when it was interrupted",
}


@contextmanager
def writing_turn(
    invocation: Invocation, surroundings: Surroundings, watcher: Watcher, folder: Path | None = None
) -> Iterator[None]:
    """Hold the project of a command that writes, and mend what an interrupted one has left.

    `folder` is the project's, for who has found it.
    """
    writes = invocation.command.writes
    try:
        if folder is None:
            folder = surroundings.start if writes is not None and writes.here else find_project(surroundings.start)
    except ProjectNotFound:
        if writes is None or not writes.begins:
            # Nothing is there to be held; what that means is the command's to say.
            yield
            return
        folder = surroundings.start.resolve()
    patience = _patience(surroundings.variables)
    held = hold_project(folder, _named(invocation), watcher, patience=patience, elsewhere=_elsewhere(surroundings))
    with held:
        mend(folder, surroundings, watcher, is_bound=writes is None or writes.environment)
        if os.path.lexists(folder / FORETOLD):
            _settle(folder, watcher)
        if writes is None or not writes.files:
            yield
            return
        # Loaded only for what changes files.
        from chapbook_core.commands.remembering import remembering

        with remembering(folder, invocation, surroundings, watcher):
            yield


def _settle(folder: Path, watcher: Watcher) -> None:
    """Remember what a command did that was killed before it could."""
    from chapbook_core.commands.remembering import noting  # hardly ever needed
    from chapbook_core.project.history import History  # as above

    with noting(watcher):
        History(folder).settle()


def mend_for_reader(folder: Path, invocation: Invocation, surroundings: Surroundings, watcher: Watcher) -> None:
    """Mend what an interrupted command has left, unless its writer lives; reading goes on whatever happens."""
    # Packaging lasts for minutes, and its files can be read meanwhile.
    longest = _PATIENCE_OF_READERS if is_changing(folder) else 0.0
    patience = min(_patience(surroundings.variables), longest)
    held = hold_project(folder, _named(invocation), watcher, patience=patience, elsewhere=_elsewhere(surroundings))
    try:
        with held:
            mend(folder, surroundings, watcher, patience=patience)
    except Cancelled:
        raise
    except ChapbookError:
        # Whoever may not write here reads what there is.
        return


def mend(
    folder: Path, surroundings: Surroundings, watcher: Watcher, *, is_bound: bool = True, patience: float | None = None
) -> None:
    """Finish or undo a change whose writer was killed; the project must be held.

    Whoever is not bound to the environment, as one that removes it, goes on when that cannot be mended. `patience` is
    for who waits shorter than others for another project that changes the same environment.
    """
    is_away = os.path.lexists(folder / AWAY)
    try:
        _mend_environment(folder / VENV, folder, surroundings, watcher, patience)
        if is_away:
            _mend_away(folder, surroundings, watcher, patience)
    except Cancelled:
        raise
    except ChapbookError as problem:
        if is_bound:
            raise
        watcher.emit(Notice("warning", problem.message))
    else:
        if is_away:
            with suppress(OSError):
                (folder / AWAY).unlink(missing_ok=True)
    if os.path.lexists(folder / STATE_FOLDER / "journal"):
        _mend_files(folder, watcher)
    if os.path.lexists(folder / STATE_FOLDER / "attempt"):
        _take_back(folder, watcher)


@contextmanager
def hold_environment(
    environment: Path, folder: Path, surroundings: Surroundings, watcher: Watcher, *, patience: float | None = None
) -> Iterator[None]:
    """Hold what other projects may change, too, while this one does."""
    if not os.access(environment, os.W_OK):
        # Nothing is changed there.
        yield
        return
    elsewhere = _elsewhere(surroundings)
    if patience is None:
        patience = _patience(surroundings.variables)
    with hold_project(environment, f"chapbook in {folder}", watcher, patience=patience, elsewhere=elsewhere):
        yield


def _mend_away(folder: Path, surroundings: Surroundings, watcher: Watcher, patience: float | None) -> None:
    """Finish or undo what was changed in an environment that is not in the project."""
    from chapbook_core.environment.owner import is_user  # hardly ever needed

    environment = away_from(folder)
    # A sign may come with somebody's archive; that this project changes an environment stands in that, too.
    if environment is None or not is_interrupted(environment) or not is_user(environment, folder):
        environment = likely_place(folder, surroundings)
    _mend_environment(environment, folder, surroundings, watcher, patience)


def _mend_files(folder: Path, watcher: Watcher) -> None:
    """Finish or undo what was written of the project's files."""
    from chapbook_core.project.pair_writing import PairWriter, Recovery  # hardly ever needed

    match PairWriter(folder).recover():
        case None:
            pass
        case Recovery.LEFT:
            _tell_edited(watcher)
        case Recovery.UNDONE:
            watcher.emit(Notice("info", "a command that was interrupted had changed nothing"))
        case Recovery.FINISHED:
            watcher.emit(Notice("info", "finished what a command was writing when it was interrupted"))


def _take_back(folder: Path, watcher: Watcher) -> None:
    """Undo what a command had tried with the project's files."""
    from chapbook_core.project.attempt import take_back  # as above
    from chapbook_core.project.pair_writing import Recovery

    match take_back(folder):
        case Recovery.LEFT:
            message = "a command that was interrupted had changed files of the project, and they were edited since"
            watcher.emit(Notice("warning", f"{message}; they stay as they are", ("look at them with `git diff`",)))
        case Recovery():
            watcher.emit(Notice("info", "took back what a command that was interrupted had changed"))
        case None:
            pass


def _mend_environment(
    environment: Path, project: Path, surroundings: Surroundings, watcher: Watcher, patience: float | None
) -> None:
    """Finish or undo what was changed in an environment, and in the files of the project with it."""
    if not os.path.lexists(environment / STATE_FOLDER / "journal"):
        return
    # Hardly ever needed.
    from chapbook_core.environment.owner import is_used_by_others, is_user
    from chapbook_core.installer.transaction import recover

    with ExitStack() as held:
        if is_user(environment, project) or is_used_by_others(environment, project):
            # Another project may be changing it at this moment.
            held.enter_context(hold_environment(environment, project, surroundings, watcher, patience=patience))
        tell_recovered(recover(environment, project), watcher)


def tell_recovered(recovered: Recovered | None, watcher: Watcher) -> None:
    """Tell what became of a change that was interrupted."""
    if recovered == "edited":
        _tell_edited(watcher)
    elif recovered is not None:
        watcher.emit(Notice("info", _DIRECTIONS[recovered]))


def _tell_edited(watcher: Watcher) -> None:
    message = "a command was interrupted while it wrote, and its files were edited since; they stay as they are"
    watcher.emit(Notice("warning", message, ("run `chapbook check --lock`",)))


def _named(invocation: Invocation) -> str:
    return f"chapbook {invocation.command.name}"


def _patience(variables: Mapping[str, str]) -> float:
    text = variables.get(TIMEOUT, "").strip()
    if not text:
        return PATIENCE
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    # What is not a number is not less than zero either.
    if not seconds >= 0:
        raise UsageError(
            f"the environment variable {TIMEOUT} is not a number of seconds: {text}",
            hints=[f"set it to 0 to wait for nobody, or leave it out to wait {PATIENCE:.0f} s"],
        )
    return seconds


def _elsewhere(surroundings: Surroundings) -> Iterator[Path]:
    """Name where the lock can be when the project cannot hold it: all of this person's programs find the same.

    The cache comes first, because a job or a session may have a folder for temporary files of its own. Where even that
    knows no locks, as a home folder on the network, the temporary files are on a disk of this machine.
    """
    yield find_locations(surroundings.variables, surroundings.home).cache / "locks"
    if sys.platform == "win32":
        person = "chapbook"
    else:
        person = f"chapbook-{os.getuid()}"
    temporary = next((surroundings.variables[name] for name in _TEMPORARY if surroundings.variables.get(name)), "/tmp")  # noqa: S108  the folder made in it is checked to be this person's
    yield Path(temporary) / person
