from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from chapbook_core.commands.command import Invocation
from chapbook_core.commands.registry import BY_NAME
from chapbook_core.commands.remembering import remembering
from chapbook_core.commands.surroundings import Surroundings
from chapbook_core.events import Unwatched
from chapbook_core.project.history import History
from tests.core.commands.changed import HEAD, Project, good
from tests.fakes.killed import Killed, killed

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.commands.conftest import Chapbook

PROJECT = f"{HEAD}dependencies = []\n"
pytestmark = pytest.mark.usefixtures("three_packages")


def test_undo_brings_back_project_lock_and_environment_step_by_step(project: Project, chapbook: Chapbook) -> None:
    start = project.files()
    good(chapbook("add", "a"))
    first, first_installed = project.files(), project.installed
    good(chapbook("add", "c"))
    second, second_installed = project.files(), project.installed

    outcome = good(chapbook("undo"))
    assert first == project.files()
    assert first_installed == project.installed == ["a 1.0", "b 1.0"]
    assert "Undid add c (change 2)\n- c 1.0\nWrote pyproject.toml and poetry.lock\n" in outcome.out
    assert "1 removed" in outcome.out

    good(chapbook("undo"))
    assert start == project.files()
    assert "poetry.lock" not in project.files()
    assert [] == project.installed
    assert 1 == chapbook("undo").status

    good(chapbook("redo"))
    assert first == project.files()
    good(chapbook("redo"))
    assert second == project.files()
    assert second_installed == project.installed
    outcome = chapbook("redo")
    assert 1 == outcome.status
    assert "nothing to redo" in outcome.err


@pytest.mark.parametrize("is_locked", [False, True])
def test_undo_goes_back_to_a_lock_that_was_none_or_stale(project: Project, chapbook: Chapbook, is_locked: bool) -> None:
    if is_locked:
        good(chapbook("install"))
    project.require_here("c")
    start = project.files()
    good(chapbook("add", "a"))
    assert ["a 1.0", "b 1.0", "c 1.0"] == project.installed
    good(chapbook("undo"))
    assert start == project.files()
    assert [] == project.installed
    outcome = chapbook("install")
    assert (outcome.status, "c 1.0" in outcome.out) == ((1, False) if is_locked else (0, True))


@pytest.mark.parametrize("words", [["install"], ["sync", "--only", "main"]])
def test_the_lock_that_installing_makes_is_a_change_like_others(
    project: Project, chapbook: Chapbook, words: list[str]
) -> None:
    project.require_here("c")
    start = project.files()
    good(chapbook(*words, "--dry-run"))
    assert 1 == chapbook("undo").status
    good(chapbook(*words))
    made = project.files()
    assert f"  {' '.join(words)}  +1\n" in good(chapbook("history")).out

    good(chapbook("undo"))
    assert start == project.files()
    assert [] == project.installed
    good(chapbook("redo"))
    assert made == project.files()
    assert ["c 1.0"] == project.installed
    # The lock is there: nothing of the project's files changes any more.
    good(chapbook(*words, "--reinstall"))
    assert 1 == len(good(chapbook("history")).out.splitlines())


def test_undo_goes_back_to_before_any_change_at_once(project: Project, chapbook: Chapbook) -> None:
    for name in ("a", "b", "c"):
        good(chapbook("add", "--lock", name))
        if name == "a":
            kept = project.files()
    outcome = good(chapbook("undo", "2", "--dry-run"))
    assert ["a 1.0", "b 1.0", "c 1.0"] == project.pins
    assert outcome.out.startswith("Would undo add c (change 3)\nWould undo add b (change 2)\n- c 1.0\n")
    good(chapbook("undo", "2"))
    assert kept == project.files()
    assert not (project.folder / ".venv").exists()
    good(chapbook("redo"))
    assert ["a 1.0", "b 1.0", "c 1.0"] == project.pins


def test_a_new_change_ends_what_can_be_done_again(project: Project, chapbook: Chapbook) -> None:
    good(chapbook("add", "--lock", "a"))
    good(chapbook("undo"))
    good(chapbook("add", "--lock", "c"))
    good(chapbook("undo"))
    good(chapbook("add", "--lock", "b"))
    good(chapbook("undo"))
    good(chapbook("redo"))
    assert ["b 1.0"] == project.pins


def test_what_was_edited_since_is_not_lost(project: Project, chapbook: Chapbook) -> None:
    start = project.text
    good(chapbook("add", "--lock", "a"))
    edited = project.text + "\n# mine\n"
    project.write(edited)
    before = project.files()
    outcome = chapbook("undo")
    assert 1 == outcome.status
    assert "pyproject.toml` was edited since change 1 (`add a`); nothing was changed" in outcome.err
    assert "--force" in outcome.err
    assert before == project.files()
    good(chapbook("undo", "--force"))
    assert start == project.text
    good(chapbook("redo"))
    assert before == project.files()


def test_an_undoing_that_was_killed_before_it_was_noted_stands_in_nobodys_way(
    project: Project, chapbook: Chapbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    good(chapbook("add", "a"))
    good(chapbook("add", "c"))
    with monkeypatch.context() as patched:
        patched.setattr(History, "add", killed)
        with pytest.raises(Killed):
            chapbook("undo")
    assert ["a 1.0", "b 1.0"] == project.pins == project.installed
    good(chapbook("undo"))
    assert ["a 1.0", "b 1.0"] == project.pins
    good(chapbook("undo"))
    assert [] == project.installed
    good(chapbook("redo"))
    assert ["a 1.0", "b 1.0"] == project.pins == project.installed


@pytest.mark.usefixtures("project")
def test_the_list_tells_what_was_done_and_what_was_undone(chapbook: Chapbook) -> None:
    assert "nothing was done to this project yet" in good(chapbook("history")).out
    good(chapbook("add", "--lock", "a"))
    good(chapbook("remove", "--lock", "a"))
    good(chapbook("install"))
    good(chapbook("undo"))
    changes = json.loads(good(chapbook("history", "--format", "json")).out)["changes"]
    assert [("remove a", 0, 2, True), ("add a", 2, 0, False)] == [
        (one["words"], one["added"], one["removed"], one["is_undone"]) for one in changes
    ]
    out = good(chapbook("history", "1")).out
    assert "+ a 1.0\n+ b 1.0\n" in out
    assert '+    "a (>=1.0,<2.0)"' in out
    assert 1 == chapbook("history", "7").status
    assert 2 == chapbook("history", "last").status


def test_a_command_that_fails_is_not_in_it(project: Project, chapbook: Chapbook) -> None:
    assert 0 != chapbook("add", "--lock", "nothing-of-that-name").status
    assert not (project.folder / ".chapbook" / "history").exists()


def test_credentials_of_an_address_are_not_noted(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    words = ("git+https://me:hidden@example.org/x.git", "b")
    invocation = Invocation(BY_NAME["add"], {"name": words, "source": "secret"})
    surroundings = Surroundings(tmp_path, {}, tmp_path, (3, 11))
    with remembering(tmp_path, invocation, surroundings, Unwatched()):
        (tmp_path / "pyproject.toml").write_text(HEAD)
    (noted,) = History(tmp_path).entries()
    assert "add git+https://****@example.org/x.git b" == noted.words


def test_the_options_that_say_what_a_change_was_about_are_noted(project: Project, chapbook: Chapbook) -> None:
    good(chapbook("add", "--lock", "-D", "c"))
    good(chapbook("add", "--lock", "a ; python_version > '3'", "-G", "docs"))
    words = [entry.words for entry in History(project.folder).entries()]
    assert ["add c --dev", """add "a ; python_version > '3'" --group docs"""] == words


def test_a_history_that_leads_elsewhere_or_was_damaged_is_refused(
    project: Project, chapbook: Chapbook, tmp_path: Path
) -> None:
    good(chapbook("add", "--lock", "a"))
    history = project.folder / ".chapbook" / "history"
    kept = project.files()
    for content in (history / "contents").iterdir():
        content.write_bytes(b"nonsense")
    outcome = chapbook("undo")
    assert 1 == outcome.status
    assert "missing or damaged" in outcome.err
    (history / "log").write_text("nonsense\n")
    assert "line 1 of `log` is not a change" in chapbook("undo").err
    history.rename(tmp_path / "elsewhere")
    history.symlink_to(tmp_path / "elsewhere")
    assert "is a link" in chapbook("history").err
    # Noting is not worth failing for.
    outcome = good(chapbook("add", "--lock", "c"))
    assert "could not be noted" in outcome.err
    assert kept != project.files()


def test_when_going_back_fails_everything_stays(
    project: Project, chapbook: Chapbook, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    good(chapbook("add", "a"))
    good(chapbook("remove", "a"))
    before, there = project.files(), project.installed
    # What has to be fetched again is nowhere.
    monkeypatch.setenv("CHAPBOOK_CACHE_DIR", str(tmp_path / "empty"))
    outcome = chapbook("undo", "--offline")
    assert 0 != outcome.status
    assert before == project.files()
    assert there == project.installed
    assert [] == [one for one in json.loads(chapbook("history", "--format", "json").out)["changes"] if one["is_undone"]]


@pytest.mark.parametrize("words", [("add", "a"), ("add", "a", "--lock")])
def test_a_change_of_a_command_that_was_killed_before_it_was_noted_can_be_undone(
    project: Project, chapbook: Chapbook, words: tuple[str, ...]
) -> None:
    code = (
        "import os, sys\n"
        "from chapbook_core.cli import main\n"
        "from chapbook_core.project.history import History\n"
        "History.add = lambda *_words, **_options: os._exit(9)\n"
        "main(sys.argv[1:])\n"
    )
    good(chapbook("add", "c", *words[2:]))
    before = project.files()
    ended = subprocess.run([sys.executable, "-c", code, *words], check=False, capture_output=True)
    assert 9 == ended.returncode
    assert ["a 1.0", "b 1.0", "c 1.0"] == project.pins
    good(chapbook("undo", *words[2:]))
    assert before == project.files()
    good(chapbook("redo", *words[2:]))
    assert "add a" in good(chapbook("history")).out
