"""Run notebooks as tests, each in a kernel of its project."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.commands.report import (
    Blank,
    Block,
    Data,
    Heading,
    Line,
    Message,
    Result,
    Span,
    Table,
    Verbatim,
    as_data,
)
from chapbook_core.commands.testing.collecting import Collection, collect, find_files
from chapbook_core.commands.testing.driver import require_runner, run_trials
from chapbook_core.commands.testing.name_filter import read_filter
from chapbook_core.commands.testing.trial import Failure, Manner, Outcome, Trial
from chapbook_core.errors import ChapbookError, UsageError
from chapbook_core.project.writing import write_file
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chapbook_core.commands.command import Invocation
    from chapbook_core.commands.report import Style, Text
    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.events import Watcher

NOTHING_COLLECTED = 5
"""As other test runners have it, so that a folder that was forgotten is no success."""
_STYLES: dict[str, Style] = {"passed": "good", "failed": "bad", "error": "bad", "not run": "dim"}


@frozen
class NotebooksRun(Result):
    """What came of the notebooks."""

    outcomes: tuple[Outcome, ...]
    skipped: tuple[str, ...] = ()
    """Notebooks in which nothing is to be run."""

    @property
    def exit_status(self) -> int:
        """Fails with a notebook, and without any."""
        if not self.outcomes:
            return NOTHING_COLLECTED
        return int(any(outcome.word != "passed" for outcome in self.outcomes))

    def report(self) -> tuple[Block, ...]:
        """Tell what failed and why, then all of it in a table."""
        if not self.outcomes:
            hints = ("name a notebook, or a folder that holds some",)
            return (Message("error", "there is nothing to run", hints), *self._skipped())
        blocks: list[Block] = []
        for outcome in self.outcomes:
            if outcome.failure is not None:
                blocks += failure_blocks(outcome.notebook, outcome.failure)
        return (*blocks, outcomes_table(self.outcomes), *self._skipped(), _total(self.outcomes))

    def data(self) -> Data:
        """Return it as JSON tells it."""
        return {
            "notebooks": [
                {
                    "notebook": outcome.notebook,
                    "result": outcome.word,
                    "total": outcome.total,
                    "seconds": round(outcome.seconds, 3),
                    "cells": as_data(outcome.cells),
                    "failure": None if outcome.failure is None else as_data(outcome.failure),
                }
                for outcome in self.outcomes
            ],
            "skipped": list(self.skipped),
            "exit_status": self.exit_status,
        }

    def _skipped(self) -> tuple[Block, ...]:
        if not self.skipped:
            return ()
        return (Line(Span(f"nothing to be run in {', '.join(self.skipped)}", "dim"), detail=1),)


def run(invocation: Invocation, surroundings: Surroundings, watcher: Watcher) -> NotebooksRun:
    """Find notebooks, make their projects ready, and run them."""
    manner = _manner(invocation)
    report = _report_file(invocation, surroundings)
    fits = read_filter(invocation.text("keyword") or "") if invocation.text("keyword") is not None else None
    files = [
        (file, shown) for file, shown in find_files(_paths(invocation, surroundings)) if fits is None or fits(shown)
    ]
    collection = collect(files, tagged=invocation.flag("tagged"))
    outcomes = _outcomes(collection, manner, surroundings, watcher)
    tested = NotebooksRun(outcomes, collection.skipped)
    if report is not None:
        from chapbook_core.commands.testing.junit import junit_xml  # only when somebody wants one

        write_file(report, junit_xml(outcomes).encode())
    return tested


def failure_blocks(shown: str, failure: Failure) -> Iterable[Block]:
    """Tell what went wrong in a notebook."""
    yield Heading(f"{shown}, cell {failure.cell}" if failure.cell is not None else shown)
    if failure.source and not failure.traceback:
        # A traceback shows the lines that matter.
        yield Verbatim(failure.source, "python")
    if failure.output:
        yield Verbatim(failure.output)
    yield Verbatim(failure.traceback or failure.message)
    yield Blank()


def outcomes_table(outcomes: Iterable[Outcome]) -> Table:
    """Tell of each notebook how far it went."""
    return Table(tuple(map(_row, outcomes)), ("notebook", "cells", "seconds", "result", ""), cut=True)


def _row(outcome: Outcome) -> tuple[Text, ...]:
    where = ""
    if outcome.failure is not None:
        message = next(iter(outcome.failure.message.splitlines()), "")
        cell = f"cell {outcome.failure.cell}"
        where = message if outcome.failure.cell is None or cell in message else f"{cell}: {message}"
    return (
        Span(outcome.notebook, "name"),
        f"{len(outcome.cells)}/{outcome.total}",
        f"{outcome.seconds:.1f}",
        Span(outcome.word, _STYLES[outcome.word]),
        where,
    )


def _total(outcomes: tuple[Outcome, ...]) -> Line:
    passed = sum(outcome.word == "passed" for outcome in outcomes)
    counted = f"{len(outcomes)} notebook{'' if len(outcomes) == 1 else 's'}"
    if passed == len(outcomes):
        return Line((Span("Passed", "good"), f": {counted}"))
    failed = sum(outcome.failure is not None for outcome in outcomes)
    return Line((Span("Failed", "bad"), f": {failed} of {counted}"))


def _outcomes(
    collection: Collection, manner: Manner, surroundings: Surroundings, watcher: Watcher
) -> tuple[Outcome, ...]:
    broken = [Outcome(one.shown, failure=Failure(_hinted(one.message, one.hint))) for one in collection.unusable]
    if broken and manner.fail_fast:
        left = (Outcome(one.shown, len(one.cells), is_left_out=True) for one in collection.notebooks)
        return (*broken, *left)
    if not collection.notebooks:
        return tuple(broken)
    require_runner()
    # Whoever has nothing to run needs no environment.
    from chapbook_core.commands.testing.kernels import Kernels

    kernels = Kernels(surroundings, watcher)
    trials = [Trial(notebook, kernels.start(notebook.file)) for notebook in collection.notebooks]
    return (*broken, *run_trials(trials, manner, surroundings.variables, watcher))


def _hinted(message: str, hint: str) -> str:
    return f"{message}; {hint}" if hint else message


def _paths(invocation: Invocation, surroundings: Surroundings) -> list[tuple[Path, str]]:
    told = invocation.texts("path")
    if not told:
        return [(surroundings.project or surroundings.folder, "")]
    return [(surroundings.folder / Path(text).expanduser(), text) for text in told]


def _manner(invocation: Invocation) -> Manner:
    jobs = invocation.text("jobs") or "1"
    seconds = invocation.text("cell-timeout")
    return Manner(
        jobs=os.cpu_count() or 1
        if jobs == "auto"
        else read_number(jobs, "--jobs", "a number of notebooks, nor `auto`"),
        cell_timeout=None if seconds is None else read_number(seconds, "--cell-timeout", "a number of seconds"),
        fail_fast=invocation.flag("fail-fast"),
    )


def read_number(text: str, option: str, what: str) -> int:
    """Return a number above zero; raises UsageError."""
    if not (text.isascii() and text.isdecimal() and int(text)):
        raise UsageError(f"`{option}` is not {what}: {text}")
    return int(text)


def _report_file(invocation: Invocation, surroundings: Surroundings) -> Path | None:
    text = invocation.text("junit-xml")
    if text is None:
        return None
    file = surroundings.folder / Path(text).expanduser()
    if file.is_dir():
        raise UsageError(f"`--junit-xml`: `{text}` is a folder", hints=["name a file in it"])
    if not file.parent.is_dir():
        raise ChapbookError(f"`--junit-xml`: `{file.parent}` is not a folder", hints=["make it first"])
    return file
