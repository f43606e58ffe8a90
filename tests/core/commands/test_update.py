from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.core.commands.changed import Project
from tests.fakes.index import reply_faults

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.commands.conftest import Chapbook
    from tests.fakes.index import FakeIndex


@pytest.fixture
def index(index: FakeIndex) -> FakeIndex:
    index.serve("a", "1.0", requires=["c"])
    index.serve("b", "1.0")
    index.serve("c", "1.0")
    return index


@pytest.fixture
def project(connected: Path, index: FakeIndex, chapbook: Chapbook) -> Project:
    """A project that was locked before newer releases came."""
    made = Project(connected)
    made.require("a<3", "b")
    assert 0 == chapbook("lock").status
    for version in ("2.0", "3.0"):
        index.serve("a", version, requires=["c"])
        index.serve("b", version)
        index.serve("c", version)
    return made


def test_without_names_everything_becomes_as_new_as_is_allowed(project: Project, chapbook: Chapbook) -> None:
    before = project.text
    outcome = chapbook("update", "--lock", "--refresh")
    assert 0 == outcome.status, outcome.err
    assert ["a 2.0", "b 3.0", "c 3.0"] == project.pins
    assert before == project.text
    assert "~ a 1.0 -> 2.0\n" in outcome.out
    assert "Wrote poetry.lock: 3 packages locked\n" in outcome.out


def test_what_was_kept_is_not_taken_for_the_newest_when_the_index_fails(
    project: Project, index: FakeIndex, chapbook: Chapbook
) -> None:
    before = project.lock.read_bytes()
    index.faults.always("/simple/*", reply_faults.status(503, retry_after=0))
    outcome = chapbook("update", "--lock", "--refresh")
    assert 1 == outcome.status
    assert "error: " in outcome.err
    assert "the server has trouble (HTTP 503)" in outcome.err
    assert before == project.lock.read_bytes()


def test_what_was_kept_for_a_while_is_used_with_a_warning_when_the_index_fails(
    project: Project, index: FakeIndex, chapbook: Chapbook
) -> None:
    index.max_age = 0
    assert 0 == chapbook("update", "b", "--lock", "--refresh").status
    index.faults.always("/simple/*", reply_faults.status(503, retry_after=0))
    outcome = chapbook("update", "--lock")
    assert 0 == outcome.status, outcome.err
    assert ["a 2.0", "b 3.0", "c 3.0"] == project.pins
    for name in "abc":
        assert f"the server has trouble (HTTP 503); using the page of {name} kept 0 minutes ago" in outcome.err


def test_with_names_only_they_change(project: Project, chapbook: Chapbook) -> None:
    outcome = chapbook("update", "C", "a", "--lock", "--refresh")
    assert 0 == outcome.status, outcome.err
    assert ["a 2.0", "b 1.0", "c 3.0"] == project.pins


def test_what_a_named_package_needs_changes_with_it(project: Project, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("a", "2.1", requires=["c>=2"])
    chapbook("update", "a", "--lock", "--refresh")
    assert ["a 2.1", "b 1.0", "c 3.0"] == project.pins


def test_a_package_that_does_not_move_is_told(project: Project, chapbook: Chapbook) -> None:
    project.require("a<2", "b")
    outcome = chapbook("update", "a", "--lock", "--refresh")
    assert "`a` stays: `chapbook why a` tells" in outcome.out
    assert ["a 1.0", "b 1.0", "c 1.0"] == project.pins


def test_without_a_lock_one_is_made(project: Project, chapbook: Chapbook) -> None:
    (project.folder / "poetry.lock").unlink()
    assert 0 == chapbook("update", "a", "--lock", "--refresh").status
    assert ["a 2.0", "b 3.0", "c 3.0"] == project.pins


@pytest.mark.parametrize(
    ("words", "told", "hint"),
    [
        (["a>=2"], "takes names without versions: a>=2", "chapbook add 'a>=2'"),
        (["a@latest"], "takes names without versions: a@latest", "chapbook add 'a@latest'"),
        (["nothing"], "`nothing` is neither required nor locked", "chapbook add nothing"),
        (["a", "--only", "doc"], "no group `doc`", "its groups"),
    ],
)
def test_words_that_make_no_sense_are_refused(
    project: Project, chapbook: Chapbook, words: list[str], told: str, hint: str
) -> None:
    before = project.files()
    outcome = chapbook("update", *words)
    assert outcome.status in (1, 2)
    assert told in outcome.err
    assert hint in outcome.err
    assert before == project.files()


def test_a_dry_run_writes_nothing(project: Project, chapbook: Chapbook) -> None:
    before = project.files()
    told = json.loads(chapbook("update", "--dry-run", "--refresh", "--format", "json").out)
    assert ["a", "b", "c"] == [change["name"] for change in told["changes"]]
    assert "Would write poetry.lock" in chapbook("update", "--dry-run").out
    assert before == project.files()


def test_without_a_solution_the_lock_stays(project: Project, chapbook: Chapbook) -> None:
    project.require("a<2", "a>2")
    before = project.files()
    assert 1 == chapbook("update", "--lock").status
    assert before == project.files()
