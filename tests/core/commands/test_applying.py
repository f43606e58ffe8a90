from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from chapbook_core.commands import away, dispatch
from chapbook_core.commands.arrivals import bring_arrivals
from chapbook_core.commands.dispatch import JOURNAL
from chapbook_core.installer.traces import JOURNAL as INSTALLER_JOURNAL
from chapbook_core.installer.traces import OWN_FOLDER

if TYPE_CHECKING:
    from tests.core.commands.changed import Project
    from tests.core.commands.conftest import Chapbook
    from tests.fakes.index import FakeIndex


@pytest.fixture
def index(index: FakeIndex) -> FakeIndex:
    index.serve("a", "1.0", requires=["b"])
    index.serve("b", "1.0")
    return index


def test_the_environment_follows_every_change(project: Project, index: FakeIndex, chapbook: Chapbook) -> None:
    before = project.text
    outcome = chapbook("add", "a")
    assert 0 == outcome.status, outcome.err
    assert ["a 1.0", "b 1.0"] == project.pins == project.installed
    assert "The environment matches: 2 installed" in outcome.out
    index.serve("a", "2.0")
    outcome = chapbook("up", "--refresh")
    assert 0 == outcome.status, outcome.err
    assert ["a 2.0"] == project.pins == project.installed
    assert "The environment matches: 1 installed, 1 removed" in outcome.out
    index.serve("a", "2.1")
    chapbook("update", "a", "--refresh")
    assert ["a 2.1"] == project.pins == project.installed
    outcome = chapbook("remove", "a")
    assert 0 == outcome.status, outcome.err
    assert [] == project.pins == project.installed
    assert project.text == before


def test_what_a_plain_install_leaves_out_is_added_with_word_of_how_to_have_it(
    project: Project, chapbook: Chapbook
) -> None:
    outcome = chapbook("add", "a", "--optional", "net")
    assert "note: the extra net is installed on demand alone\nhint: run `chapbook install --extras net`" in outcome.out
    assert "on demand" not in chapbook("add", "b", "--optional", "net", "--lock").out
    project.require_here(rest="\n[tool.poetry.group.docs]\noptional = true\n")
    outcome = chapbook("add", "a", "--group", "docs")
    assert "note: the group docs is installed on demand alone\nhint: run `chapbook install --with docs`" in outcome.out
    assert "on demand" not in chapbook("add", "a", "--group", "dev").out


def test_what_happens_in_the_environment_alone_is_told_too(
    project: Project, index: FakeIndex, chapbook: Chapbook
) -> None:
    index.serve("c", "3.0")
    chapbook("add", "a")
    chapbook("add", "c", "--lock")
    assert ["a 1.0", "b 1.0"] == project.installed
    outcome = chapbook("remove", "a")
    assert "- a 1.0\n- b 1.0\nWrote pyproject.toml and poetry.lock: 1 package locked\n" in outcome.out
    assert "In the environment besides:\n+ c 3.0\nThe environment matches: 1 installed, 2 removed\n" in outcome.out
    assert "besides" not in chapbook("update").out


def test_after_a_change_install_knows_at_once_that_nothing_is_left_to_do(
    project: Project, index: FakeIndex, chapbook: Chapbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    def looked(*_arguments: object) -> None:
        raise AssertionError

    index.serve("a", "0.9")
    for words in (["add", "a<1"], ["update"], ["update", "--sync"], ["up"], ["remove", "a"]):
        assert 0 == chapbook(*words).status
        with monkeypatch.context() as patched:
            patched.setattr("chapbook_core.commands.installing.install_lock", looked)
            assert 0 == chapbook("install").status, words
    assert 0 == chapbook("add", "a", "--dry-run").status
    project.write(project.text + "\n")
    with monkeypatch.context() as patched:
        patched.setattr("chapbook_core.commands.installing.install_lock", looked)
        assert 0 != chapbook("install").status


def test_when_installing_fails_project_lock_and_environment_stay(
    project: Project, index: FakeIndex, chapbook: Chapbook
) -> None:
    chapbook("add", "b")
    before, there = project.files(), project.installed
    index.serve("bad", "1.0", record_text="nonsense")
    outcome = chapbook("add", "bad")
    assert 1 == outcome.status
    assert "Traceback" not in outcome.err
    assert (before, there) == (project.files(), project.installed)


def test_what_is_saved_in_an_editor_while_packages_are_fetched_is_not_lost(
    project: Project, chapbook: Chapbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    def saved(*arguments: Any) -> Any:
        project.write(f"{project.text}# mine\n")
        return bring_arrivals(*arguments)

    monkeypatch.setattr("chapbook_core.commands.installing.bring_arrivals", saved)
    before = project.text
    outcome = chapbook("add", "a")
    assert 1 == outcome.status
    assert "was changed while the command ran; nothing was written" in outcome.err
    assert f"{before}# mine\n" == project.text
    assert [] == project.installed
    assert not project.lock.exists()


def test_a_dry_run_makes_no_environment(project: Project, chapbook: Chapbook) -> None:
    outcome = chapbook("add", "a", "--dry-run")
    assert 0 == outcome.status
    assert "In the environment:\n+ b 1.0\n+ a 1.0\n" in outcome.out
    assert not (project.folder / ".venv").exists()
    assert "In the environment" not in chapbook("add", "a", "--dry-run", "--lock").out


def test_a_dry_run_tells_of_the_environment_what_the_lock_does_not(
    project: Project, index: FakeIndex, chapbook: Chapbook
) -> None:
    chapbook("add", "a")
    chapbook("remove", "a", "--lock")
    index.serve("c", "1.0")
    before = project.files()
    outcome = chapbook("add", "c", "--dry-run")
    assert "In the environment:\n+ c 1.0\n" in outcome.out
    outcome = chapbook("update", "--sync", "--dry-run")
    assert "In the environment:\n- a 1.0\n- b 1.0\n" in outcome.out
    told = json.loads(chapbook("update", "--sync", "--dry-run", "--format", "json").out)
    assert ["a", "b"] == [change["name"] for change in told["applied"]["would_change"]]
    assert before == project.files()
    assert ["a 1.0", "b 1.0"] == project.installed


def test_a_dry_run_tells_what_stands_in_the_way_of_the_environment(project: Project, chapbook: Chapbook) -> None:
    (project.folder / ".venv").write_text("mine")
    outcome = chapbook("add", "a", "--dry-run")
    assert "Would add a (^1.0)" in outcome.out
    assert "the environment would stay as it is: " in outcome.err
    assert "mine" == (project.folder / ".venv").read_text()


def test_any_command_looks_for_the_journal_of_the_environment_where_it_is() -> None:
    assert JOURNAL == f"{OWN_FOLDER}/{INSTALLER_JOURNAL}"
    assert dispatch.AWAY == away.AWAY
