from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from chapbook_core.commands.registry import BY_NAME
from chapbook_core.commands.words import parse
from tests.fakes.holding import held_by_another

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.commands.conftest import Chapbook

READERS = frozenset(
    {
        "about",
        "build",
        "cache clear",
        "cache info",
        "cache list",
        "cache prune",
        "check",
        "completions",
        "debug resolve",
        "env activate",
        "env info",
        "env list",
        "export",
        "find-module",
        "help",
        "history",
        "kernel install",
        "kernel list",
        "kernel prune",
        "kernel remove",
        "lab",
        "list",
        "merge-driver run",
        "new",
        "pack",
        "publish",
        "run",
        "search",
        "shell",
        "show",
        "source show",
        "status",
        "test",
        "unpack",
        "trust",
        "verify",
        "why",
    }
)
"""Commands that leave the files of the project they are started in as they are, or are started by who changes them."""

PROJECT = '[project]\nname = "here"\nversion = "1.0"\n'


@pytest.fixture
def project(folder: Path) -> Path:
    (folder / "pyproject.toml").write_text(PROJECT)
    return folder


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAPBOOK_LOCK_TIMEOUT", "0")


def test_it_is_decided_of_every_command_whether_it_writes() -> None:
    undecided = {command.name for command in BY_NAME.values() if command.writes is None} - READERS
    assert set() == undecided, "declare what it writes (`commands.command.Writes`), or list it among the readers here"


def test_what_a_declaration_of_writing_names_is_declared() -> None:
    for command in BY_NAME.values():
        if command.writes is not None:
            options = {option.name for option in command.options}
            assert command.writes.not_with <= options
            assert command.writes.only_with <= options | {argument.name for argument in command.arguments}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("version", False),
        ("version --short", False),
        ("version minor", True),
        ("version minor --dry-run", False),
        ("source add a https://example.org/simple/", True),
        ("source remove a", True),
        ("source show", False),
        ("init", True),
        ("lock", True),
        ("lock --regenerate", True),
        ("lock --check", False),
        ("lock --dry-run", False),
        ("config virtualenvs.in-project", False),
        ("config virtualenvs.in-project true --local", True),
        ("merge-driver install", True),
        ("new somewhere", False),
    ],
)
def test_a_command_writes_when_its_words_say_so(words: str, expected: bool) -> None:
    invocation = parse(words.split(), BY_NAME).invocation
    assert invocation is not None
    assert expected == invocation.is_writing


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    "words",
    [
        "version minor",
        "source add a https://example.org/simple/",
        "source remove a",
        "lock",
        "config virtualenvs.in-project true --local",
        "merge-driver install",
    ],
)
def test_what_writes_does_nothing_while_another_process_does(project: Path, chapbook: Chapbook, words: str) -> None:
    with held_by_another(project, command="chapbook import") as other:
        outcome = chapbook(*words.split())
    assert 1 == outcome.status
    assert f"`{project}` is held by process {other.pid} (`chapbook import`) since " in outcome.err
    assert PROJECT == (project / "pyproject.toml").read_text()
    assert {"pyproject.toml", ".chapbook"} == {path.name for path in project.iterdir()}


@pytest.mark.usefixtures("impatient")
def test_a_project_is_held_from_wherever_in_it_one_starts(project: Path, chapbook: Chapbook) -> None:
    (project / "notebooks").mkdir()
    with held_by_another(project):
        assert 1 == chapbook("-C", "notebooks", "version", "minor").status
        assert 1 == chapbook("-C", "/", "-P", str(project), "version", "minor").status


@pytest.mark.usefixtures("impatient", "project")
@pytest.mark.parametrize("words", ["version", "source show", "config --list", "version minor --dry-run", "check"])
def test_what_reads_waits_for_nobody(folder: Path, chapbook: Chapbook, words: str) -> None:
    with held_by_another(folder):
        assert "held by" not in chapbook(*words.split()).err


@pytest.mark.usefixtures("impatient")
def test_a_folder_is_held_before_it_is_a_project(folder: Path, chapbook: Chapbook) -> None:
    with held_by_another(folder):
        assert 1 == chapbook("init", "-n").status
    assert not (folder / "pyproject.toml").exists()
    assert 0 == chapbook("init", "-n").status


def test_a_failed_init_leaves_the_folder_as_it_was(folder: Path, chapbook: Chapbook) -> None:
    assert 2 == chapbook("init", "-n", "--name", "!").status
    assert [] == list(folder.iterdir())


@pytest.mark.usefixtures("project")
def test_reading_leaves_nothing_behind(folder: Path, chapbook: Chapbook) -> None:
    assert 0 == chapbook("version").status
    assert ["pyproject.toml"] == [path.name for path in folder.iterdir()]


def test_a_new_project_may_be_where_only_a_lock_was(folder: Path, chapbook: Chapbook) -> None:
    with held_by_another(folder):
        pass
    assert [folder / ".chapbook"] == list(folder.iterdir())
    assert 0 == chapbook("new", ".", "--notebook").status


def test_what_is_chapbook_s_own_is_not_taken_for_notebooks(folder: Path, chapbook: Chapbook) -> None:
    (folder / ".chapbook").mkdir()
    (folder / ".chapbook" / "a.ipynb").write_text('{"cells": [{"cell_type": "code", "source": "import pandas"}]}')
    outcome = chapbook("init", "-n")
    assert "a package" in outcome.out
    assert "pandas" not in outcome.out + outcome.err


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("text", ["soon", "-1", "nan", "1 h"])
def test_a_wrong_number_of_seconds_is_named(chapbook: Chapbook, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("CHAPBOOK_LOCK_TIMEOUT", text)
    outcome = chapbook("version", "minor")
    assert 2 == outcome.status
    assert f"CHAPBOOK_LOCK_TIMEOUT is not a number of seconds: {text}" in outcome.err


def test_a_waiter_reads_the_project_only_when_it_has_it(project: Path, chapbook: Chapbook) -> None:
    with held_by_another(project) as other:

        def write_and_let_go() -> None:
            (project / "pyproject.toml").write_text(PROJECT.replace("1.0", "2.0"))
            other.let_go()

        writing = threading.Timer(0.2, write_and_let_go)
        writing.start()
        outcome = chapbook("version", "minor")
        writing.join()
    assert "Bumped here from 2.0 to 2.1\n" == outcome.out
