from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.project.locations import find_locations
from chapbook_core.project.trust import is_trusted

if TYPE_CHECKING:
    from tests.core.commands.conftest import Chapbook

PROJECT = '[project]\nname = "here"\nversion = "1.0"\nrequires-python = ">=3.11"\n'


def trusted(folder: Path) -> bool:
    return is_trusted(folder, find_locations({}, Path.home()))


def test_trusting_is_said_once_and_taken_back(folder: Path, chapbook: Chapbook) -> None:
    (folder / "pyproject.toml").write_text(PROJECT)
    assert f"{folder} is trusted\n" == chapbook("trust").out
    assert f"{folder} was trusted already\n" == chapbook("trust").out
    assert trusted(folder)
    assert "install nothing by themselves" in chapbook("trust", "--remove").out
    assert f"{folder} was not trusted\n" == chapbook("trust", "--remove").out
    assert not trusted(folder)


def test_the_list_says_what_became_of_each(folder: Path, chapbook: Chapbook) -> None:
    assert "No project is trusted\n" == chapbook("trust", "--list").out
    for name in ("kept", "gone", "other"):
        chapbook("new", name)
    shutil.rmtree(folder / "gone")
    shutil.rmtree(folder / "other")
    (folder / "other").mkdir()
    lines = [line.removeprefix(str(folder)) for line in chapbook("trust", "--list").out.splitlines()]
    assert ["/gone   gone", "/kept", "/other  another project is there by now, and is not trusted"] == lines
    data = json.loads(chapbook("trust", "--list", "--format", "json").out)
    assert ["gone", "trusted", "replaced"] == [one["state"] for one in data["projects"]]


def test_outside_of_projects_there_is_nothing_to_trust(chapbook: Chapbook) -> None:
    outcome = chapbook("trust")
    assert 1 == outcome.status
    assert "no project in" in outcome.err


def test_what_a_person_makes_is_trusted(folder: Path, chapbook: Chapbook) -> None:
    chapbook("new", "made")
    assert trusted(folder / "made")
    chapbook("init", "-n")
    assert trusted(folder)


def test_who_installs_trusts_and_who_only_looks_or_locks_does_not(folder: Path, chapbook: Chapbook) -> None:
    (folder / "pyproject.toml").write_text(PROJECT)
    assert 0 == chapbook("lock").status
    assert 0 == chapbook("show").status
    assert 0 == chapbook("install", "--dry-run").status
    assert not trusted(folder)
    assert 0 == chapbook("install", "--no-root").status
    assert trusted(folder)
