"""Solving: the questions of the resolver and the answers of indexes, put to and fro."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

from chapbook_core.errors import Cancelled, ChapbookError
from chapbook_core.events import Advanced, Finished, Started
from chapbook_core.resolver.explain import NoSolution
from chapbook_core.resolver.solver import solve

if TYPE_CHECKING:
    from collections.abc import Generator

    from chapbook_core.commands.index_answers import IndexAnswers
    from chapbook_core.events import Watcher
    from chapbook_core.resolver.facts import Facts, Need
    from chapbook_core.resolver.problem import Problem, Solution

_TASK = "resolve"
_GLANCE = 0.1
"""Seconds between two reports of progress."""
_PATIENCE = 10.0
"""Seconds to look for an edit; who waits has been told nothing yet."""

_Found = TypeVar("_Found")


class _OutOfPatience(Exception):
    """An answer that would be welcome takes too long."""


def solved(problem: Problem, answers: IndexAnswers, watcher: Watcher, *, is_advised: bool = True) -> Solution:
    """Return the solution of a problem; raises NoSolution, with an edit that works when one is found in time.

    Where nobody could make the edit, the search for one is spared by `is_advised=False`.
    """
    try:
        return _driven(solve(problem), answers, watcher, "Resolving dependencies")
    except NoSolution as failure:
        if is_advised and not failure.remedies:
            # Otherwise there is something to look at that no edit mends.
            failure.advise(_tried(failure, answers, watcher))
        raise


def _tried(failure: NoSolution, answers: IndexAnswers, watcher: Watcher) -> str:
    """Return an edit with which there is a solution; empty when none is found."""
    # Few commands fail.
    from chapbook_core.resolver.advice import advise

    try:
        advice = _driven(advise(failure), answers, watcher, "Looking for an edit that helps", patience=_PATIENCE)
    except Cancelled:
        raise
    except (_OutOfPatience, ChapbookError):
        # What is wrong with an edit that nobody asked for is of no interest.
        return ""
    return advice.edit if advice is not None else ""


def _driven(
    solving: Generator[Need, Facts, _Found],
    answers: IndexAnswers,
    watcher: Watcher,
    title: str,
    *,
    patience: float | None = None,
) -> _Found:
    began = time.monotonic()
    watcher.emit(Started(_TASK, title))
    told = 0.0
    try:
        need = next(solving)
        while True:
            watcher.checkpoint()
            facts = answers.at_hand(need.hints)
            answers.ahead(need.wanted)
            answers.ahead(hint for hint in need.hints if hint not in facts)
            now = time.monotonic()
            if patience is not None and now - began > patience:
                raise _OutOfPatience
            if now - told >= _GLANCE:
                told = now
                watcher.emit(_progress(need))
            for want in need.wanted:
                facts[want] = answers.tell(want)
            need = solving.send(facts)
    except StopIteration as end:
        found: _Found = end.value
        return found
    finally:
        solving.close()
        watcher.emit(Finished(_TASK, time.monotonic() - began))


def _progress(need: Need) -> Advanced:
    progress = need.progress
    return Advanced(_TASK, progress.decided, progress.known, progress.suspect)
