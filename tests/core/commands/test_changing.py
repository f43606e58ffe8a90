from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chapbook_core.commands.changing import following
from chapbook_core.commands.dispatch import JOURNAL, perform
from chapbook_core.commands.registry import BY_NAME
from chapbook_core.commands.surroundings import Surroundings
from chapbook_core.commands.words import parse
from chapbook_core.errors import Cancelled
from chapbook_core.project.journal import FileChange, Journal, journal_bytes
from chapbook_core.project.pair_writing import has_journal
from tests.core.commands.changed import HEAD, Project
from tests.fakes.holding import held_by_another
from tests.fakes.watcher import RecordingWatcher

if TYPE_CHECKING:
    from tests.core.commands.conftest import Chapbook
    from tests.fakes.index import FakeIndex


@pytest.fixture
def index(index: FakeIndex) -> FakeIndex:
    index.serve("a", "1.0", requires=["b"])
    index.serve("b", "1.0")
    return index


@pytest.fixture
def project(connected: Path) -> Project:
    made = Project(connected)
    made.require("b")
    return made


@pytest.mark.parametrize(
    ("versions", "constraint"),
    [(["3.20"], "^3.20"), (["1.0", "2.1"], ">=1.0,<3.0"), (["2.0", "0.4.6"], ">=0.4.6,<3.0"), (["1.2+cpu"], "^1.2")],
)
def test_what_follows_versions_allows_them_and_what_is_compatible(versions: list[str], constraint: str) -> None:
    found = following(versions)
    assert constraint == found.text
    assert all(found.allows(version) for version in versions)


@pytest.mark.parametrize(
    "words", [["add", "a", "--lock"], ["remove", "b", "--lock"], ["update", "--lock"], ["up", "--lock"]]
)
def test_being_told_to_stop_at_any_moment_leaves_everything_as_it_was(project: Project, words: list[str]) -> None:
    project.require("b>=0.5")
    before = project.files()
    invocation = parse(words, BY_NAME).invocation
    assert invocation is not None
    stopped = 0
    for moment in range(100):
        surroundings = Surroundings(project.folder, dict(os.environ), Path.home(), (3, 12))
        try:
            perform(invocation, surroundings, RecordingWatcher(cancel_after=moment))
        except Cancelled:
            stopped += 1
            assert before == project.files()
        else:
            break
    assert stopped
    assert before != project.files()


@pytest.mark.parametrize("words", ["show", "check", "lock --check", "version", "lock", "remove nothing", "export"])
def test_any_command_finishes_what_a_killed_one_was_writing(project: Project, chapbook: Chapbook, words: str) -> None:
    project.require("b>=0.5")
    chapbook("lock")
    old = project.files()
    chapbook("add", "a", "--lock")
    new = project.files()
    for name, content in old.items():
        (project.folder / name).write_bytes(content)
    changes = tuple(FileChange(name, old[name], new[name], "0123456789abcdef") for name in old)
    (project.folder / JOURNAL).write_bytes(journal_bytes(Journal(changes)))
    (project.folder / "pyproject.toml").write_bytes(new["pyproject.toml"])

    outcome = chapbook(*words.split())

    assert new == project.files()
    assert not has_journal(project.folder)
    assert "Traceback" not in outcome.err


def test_a_reader_leaves_a_living_writer_alone(
    project: Project, chapbook: Chapbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHAPBOOK_LOCK_TIMEOUT", "0")
    chapbook("lock")
    before = project.files()
    changes = tuple(FileChange(name, content, b"new", "0123456789abcdef") for name, content in before.items())
    (project.folder / JOURNAL).write_bytes(journal_bytes(Journal(changes)))
    with held_by_another(project.folder):
        outcome = chapbook("show")
    assert 0 == outcome.status
    assert before == project.files()
    assert has_journal(project.folder)


def test_files_that_were_edited_after_a_kill_are_left_and_that_is_told(project: Project, chapbook: Chapbook) -> None:
    chapbook("lock")
    journal = Journal((FileChange("pyproject.toml", b"old", b"new", "0123456789abcdef"),))
    (project.folder / JOURNAL).write_bytes(journal_bytes(journal))
    outcome = chapbook("version", "patch")
    assert 0 == outcome.status
    assert "its files were edited since; they stay as they are" in outcome.err
    assert HEAD not in project.text
