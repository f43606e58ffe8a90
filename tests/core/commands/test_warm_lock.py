"""What a lock costs a process that has locked before, counted."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from chapbook_core.commands.dispatch import perform
from chapbook_core.commands.index_answers import IndexAnswers
from chapbook_core.commands.registry import BY_NAME
from chapbook_core.commands.surroundings import Surroundings
from chapbook_core.commands.words import parse
from chapbook_core.events import Unwatched
from chapbook_core.index.database import Database
from chapbook_core.index.memory import Memory
from chapbook_core.project import writing
from tests.core.commands.changed import Project

if TYPE_CHECKING:
    from tests.fakes.index import FakeIndex

PACKAGES = 12


@pytest.fixture
def project(connected: Path, index: FakeIndex) -> Project:
    """A project whose packages require each other in a row, and each of which brings two that require nothing."""
    index.max_age = 600
    for number in range(PACKAGES):
        following = [f"a{number + 1}"] if number + 1 < PACKAGES else []
        index.serve(f"a{number}", "1.0", requires=[*following, f"b{number}", f"c{number}"])
        index.serve(f"b{number}", "1.0")
        index.serve(f"c{number}", "1.0")
    project = Project(connected)
    project.require("a0")
    return project


@pytest.fixture
def counts(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """How often something was done."""
    counts = dict.fromkeys(("reads", "writes", "questions"), 0)
    run, stage, at_hand = Database._run, writing.stage_file, IndexAnswers.at_hand

    def read(self: Database, act: Any, otherwise: object) -> object:
        counts["reads"] += 1
        return run(self, act, otherwise)

    def write(*words: Any, **named: Any) -> writing.StagedFile:
        counts["writes"] += 1
        return stage(*words, **named)

    def ask(self: IndexAnswers, hints: Any) -> dict[Any, Any]:
        counts["questions"] += 1
        return at_hand(self, hints)

    monkeypatch.setattr(Database, "_run", read)
    monkeypatch.setattr(writing, "stage_file", write)
    monkeypatch.setattr(IndexAnswers, "at_hand", ask)
    return counts


def lock(project: Project, memory: Memory, *words: str) -> None:
    invocation = parse(["lock", *words], BY_NAME).invocation
    assert invocation is not None
    surroundings = Surroundings(
        folder=project.folder,
        variables=dict(os.environ),
        home=Path.home(),
        python=sys.version_info[:2],
        memory=memory,
    )
    perform(invocation, surroundings, Unwatched())


def relocked(project: Project, memory: Memory, counts: dict[str, int]) -> dict[str, int]:
    """Lock once more without a lock; return what that took."""
    project.lock.unlink()
    counts.update(dict.fromkeys(counts, 0))
    lock(project, memory)
    return dict(counts)


def test_one_that_remembers_reads_no_database_and_is_told_of_releases_unasked(
    project: Project, counts: dict[str, int]
) -> None:
    memory = Memory()
    lock(project, memory)
    # The first lock has written to the database; the second one finds out that nothing else has changed.
    relocked(project, memory, counts)
    before = project.lock.read_bytes()
    taken = relocked(project, memory, counts)
    assert before == project.lock.read_bytes()
    assert 0 == taken["reads"]
    # The page of a package is asked for and its metadata, and b and c bring no question of their own.
    assert taken["questions"] <= 2 * PACKAGES + 2
    # The lock, what is foretold of it in the history, and the record of what it was made from.
    assert taken["writes"] <= 3


def test_what_others_wrote_to_the_database_is_looked_at_once(
    project: Project, index: FakeIndex, counts: dict[str, int]
) -> None:
    memory = Memory()
    lock(project, memory)
    relocked(project, memory, counts)
    other = Project(project.folder.parent / "other")
    other.folder.mkdir()
    other.require("d")
    index.serve("d", "1.0")
    lock(other, memory)
    taken = relocked(project, memory, counts)
    assert (1, True) == (taken["reads"], taken["writes"] <= 3)
    assert 0 == relocked(project, memory, counts)["reads"]


def test_one_that_remembers_nothing_reads_its_keepsake_alone(project: Project, counts: dict[str, int]) -> None:
    lock(project, Memory())
    relocked(project, Memory(), counts)
    assert 0 == relocked(project, Memory(), counts)["reads"]
