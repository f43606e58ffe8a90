"""Noting in the history of a project what commands do to its files."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from chapbook_core.commands.held_packages import held_packages
from chapbook_core.errors import ChapbookError
from chapbook_core.events import Notice
from chapbook_core.project.discovery import PROJECT_FILE
from chapbook_core.project.history import Held, History, begin, end
from chapbook_core.requirements.url import masked_url

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chapbook_core.commands.command import Given, Invocation
    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.events import Watcher


_TELLING = frozenset(
    {
        "allow-prereleases",
        "dev",
        "editable",
        "extras",
        "group",
        "markers",
        "only",
        "optional",
        "platform",
        "pre",
        "python",
        "regenerate",
        "with",
        "without",
    }
)
"""The options that say what a change was about; none of them holds a secret."""


@contextmanager
def remembering(folder: Path, invocation: Invocation, surroundings: Surroundings, watcher: Watcher) -> Iterator[None]:
    """Note what a command does to the files of a project; one that fails has done nothing."""
    history = History(folder)
    # Taken before the files are read, so that a write in between counts as one.
    marks = history.marks()
    before = history.present()
    held = held_packages(folder, surroundings)
    words = _words(invocation)
    if before[PROJECT_FILE] is not None:
        begin(folder, words, surroundings.now())
    try:
        yield
        if history.marks() == marks:
            return
        after = history.present()
        if before == after or before[PROJECT_FILE] is None:
            return
        with noting(watcher):
            sides = Held(held, held_packages(folder, surroundings))
            history.add(words, surroundings.now(), before, after, held=sides)
    finally:
        end(folder)


@contextmanager
def noting(watcher: Watcher) -> Iterator[None]:
    """Tell when a change could not be noted; it stands all the same."""
    try:
        yield
    except (OSError, ChapbookError) as problem:
        message = f"the change was made, and could not be noted for `chapbook undo`: {problem}"
        hints = problem.hints if isinstance(problem, ChapbookError) else ()
        watcher.emit(Notice("warning", message, hints))


def _words(invocation: Invocation) -> str:
    """Return the command as it was typed, without the options whose values may be secrets."""
    given = invocation.values
    texts = [invocation.command.name]
    for argument in invocation.command.arguments:
        texts += map(_quoted, _each(given.get(argument.name, ())))
    for option in invocation.command.options:
        if option.name in _TELLING and option.name in given:
            values = _each(given[option.name]) if option.value else ("",)
            texts += [f"--{option.name} {_quoted(value)}".rstrip() for value in values]
    return masked_url(" ".join(texts))


def _each(given: Given) -> tuple[str, ...]:
    return given if isinstance(given, tuple) else (str(given),)


def _quoted(text: str) -> str:
    """Return one word as one, however many spaces it has."""
    mark = '"' if "'" in text else "'"
    return f"{mark}{text}{mark}" if " " in text else text
