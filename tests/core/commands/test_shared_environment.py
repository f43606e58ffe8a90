"""Environments that a project comes to through a link, or because they are active: other people's stay as they are."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from chapbook_core.commands.dispatch import perform
from chapbook_core.commands.project_environment import EnvironmentOfAnother
from chapbook_core.commands.registry import BY_NAME
from chapbook_core.commands.surroundings import Surroundings
from chapbook_core.commands.words import parse
from chapbook_core.events import Unwatched
from chapbook_core.project.writer_lock import hold_project
from tests.core.commands.installing import installed, require
from tests.core.commands.packaging.answers import Answers
from tests.fakes.killed import Killed, killed

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.commands.conftest import Chapbook
    from tests.fakes.index import FakeIndex

pytestmark = pytest.mark.skipif(os.name == "nt", reason="links need rights there")


@pytest.fixture
def index(index: FakeIndex) -> FakeIndex:
    for name in ("alpha", "beta"):
        index.serve(name, "1.0")
    return index


@pytest.fixture
def theirs(equipped: Path, chapbook: Chapbook, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with `alpha` in its environment."""
    folder = equipped.parent / "theirs"
    folder.mkdir()
    require(folder, "alpha")
    monkeypatch.chdir(folder)
    assert 0 == chapbook("install").status
    return folder


@pytest.fixture
def mine(equipped: Path, theirs: Path, chapbook: Chapbook, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that wants `beta`, locked."""
    assert theirs.is_dir()
    require(equipped, "beta")
    monkeypatch.chdir(equipped)
    assert 0 == chapbook("lock").status
    return equipped


def answering(mine: Path, *words: str, answers: Answers) -> None:
    """Run a command as somebody who is there."""
    invocation = parse(words, BY_NAME).invocation
    assert invocation is not None
    surroundings = Surroundings(mine, dict(os.environ), mine.parent / "home", (3, 11), ask=answers)
    perform(invocation, surroundings, Unwatched())


@pytest.mark.parametrize("words", [("sync",), ("install",), ("add", "alpha"), ("remove", "beta")])
def test_the_environment_of_another_project_is_not_changed(
    mine: Path, theirs: Path, chapbook: Chapbook, words: tuple[str, ...]
) -> None:
    (mine / ".venv").symlink_to(theirs / ".venv")
    before = {path.name: path.read_bytes() for path in mine.iterdir() if path.is_file()}
    outcome = chapbook(*words)
    assert 1 == outcome.status
    assert (
        f"`{mine / '.venv'}` leads to `{theirs / '.venv'}`, which belongs to the project in `{theirs}`" in outcome.err
    )
    assert "remove the link and run the command again" in outcome.err
    assert ["alpha 1.0"] == installed(theirs)
    assert before == {path.name: path.read_bytes() for path in mine.iterdir() if path.is_file()}
    # Looking is free.
    assert "beta" in chapbook("sync", "--dry-run").out


def test_whoever_agrees_shares_it_from_then_on(mine: Path, theirs: Path, chapbook: Chapbook) -> None:
    (mine / ".venv").symlink_to(theirs / ".venv")
    with pytest.raises(EnvironmentOfAnother):
        answering(mine, "install", answers=Answers("no"))
    assert ["alpha 1.0"] == installed(theirs)
    answers = Answers("yes")
    answering(mine, "install", answers=answers)
    ((question, default),) = answers.asked
    assert f"belongs to the project in `{theirs}`: may this project change it" in question
    assert "no" == default
    assert ["alpha 1.0", "beta 1.0"] == installed(theirs)
    assert 0 == chapbook("sync").status
    assert ["beta 1.0"] == installed(theirs)


def test_the_active_environment_of_another_project_is_not_changed_either(
    mine: Path, theirs: Path, chapbook: Chapbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHAPBOOK_VIRTUALENVS_CREATE", "false")
    monkeypatch.setenv("VIRTUAL_ENV", str(theirs / ".venv"))
    outcome = chapbook("sync")
    assert 1 == outcome.status
    assert f"`{theirs / '.venv'}` belongs to the project in `{theirs}`" in outcome.err
    assert "deactivate it" in outcome.err
    assert ["alpha 1.0"] == installed(theirs)
    assert not (mine / ".venv").exists()


def test_a_link_to_a_folder_elsewhere_is_ones_own(mine: Path, theirs: Path, chapbook: Chapbook) -> None:
    disk = mine.parent / "disk"
    disk.mkdir()
    assert 0 == chapbook("install").status
    (mine / ".venv").rename(disk / "environment")
    (mine / ".venv").symlink_to(disk / "environment")
    state = disk / "environment" / ".chapbook" / "state.json"
    state.write_text(state.read_text("utf-8").replace(str(mine / ".venv"), str(disk / "environment")), "utf-8")
    assert 0 == chapbook("add", "alpha").status
    outcome = chapbook("remove", "beta")
    assert (0, "") == (outcome.status, outcome.err)
    assert ["alpha 1.0"] == installed(mine)
    # Two who link to it are one too many.
    (theirs / ".venv").rename(theirs / "before")
    (theirs / ".venv").symlink_to(disk / "environment")
    outcome = chapbook("-C", str(theirs), "sync")
    assert f"belongs to the project in `{mine}`" in outcome.err


def test_whose_environment_it_is_waits_for_the_other_project(
    mine: Path, theirs: Path, chapbook: Chapbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    from concurrent.futures import ThreadPoolExecutor

    environment = theirs / ".venv"
    (mine / ".venv").symlink_to(environment)
    answering(mine, "install", answers=Answers("yes"))
    monkeypatch.setenv("CHAPBOOK_LOCK_TIMEOUT", "0")
    for folder in (theirs, mine):
        with hold_project(environment, "chapbook in /elsewhere", Unwatched()), ThreadPoolExecutor(1) as crew:
            (environment / ".chapbook" / "journal").touch()
            outcome = crew.submit(chapbook, "-C", str(folder), "sync").result()
            assert f".venv` is held by process {os.getpid()}" in outcome.err
            (environment / ".chapbook" / "journal").unlink()
            outcome = crew.submit(chapbook, "-C", str(folder), "sync").result()
            assert f".venv` is held by process {os.getpid()}" in outcome.err
        assert 0 == chapbook("-C", str(folder), "sync").status


def test_what_one_was_interrupted_in_is_not_finished_in_the_files_of_the_other(
    mine: Path, theirs: Path, chapbook: Chapbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    (mine / ".venv").symlink_to(theirs / ".venv")
    answering(mine, "install", answers=Answers("yes"))
    for folder, other, name in ((mine, theirs, "alpha"), (theirs, mine, "beta")):
        with monkeypatch.context() as patched:
            patched.setattr("chapbook_core.installer.transaction.carry_forward", killed)
            patched.setattr("chapbook_core.installer.transaction.undo", killed)
            with pytest.raises(Killed):
                chapbook("-C", str(folder), "add", name)
        before = (other / "pyproject.toml").read_bytes()
        outcome = chapbook("-C", str(other), "install")
        assert f"the project in `{folder}` was interrupted while it changed" in outcome.err
        assert before == (other / "pyproject.toml").read_bytes()
        assert 0 == chapbook("-C", str(folder), "install").status
        assert name.encode() in (folder / "pyproject.toml").read_bytes()
