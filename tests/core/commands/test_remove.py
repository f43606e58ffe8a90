from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.core.commands.changed import LEGACY, Project

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
def project(connected: Path) -> Project:
    made = Project(connected)
    made.require("A>=1", "b")
    return made


def test_a_package_goes_with_what_only_it_required(project: Project, chapbook: Chapbook) -> None:
    chapbook("lock")
    outcome = chapbook("remove", "a", "--lock")
    assert 0 == outcome.status, outcome.err
    assert 'dependencies = [\n    "b",\n]\n' in project.text
    assert ["b 1.0"] == project.pins
    assert (
        "Removed a from the project\n- a 1.0\n- c 1.0\nWrote pyproject.toml and poetry.lock: 1 package" in outcome.out
    )
    assert 0 == chapbook("lock", "--check").status


def test_without_a_group_it_goes_everywhere_and_empty_groups_go_with_it(project: Project, chapbook: Chapbook) -> None:
    groups = '\n[dependency-groups]\ndev = ["a"]\nall = [{ include-group = "dev" }]\ndocs = ["b"]\n'
    project.require("a", "b", rest=groups)
    outcome = chapbook("remove", "A", "--lock")
    assert 0 == outcome.status, outcome.err
    assert project.text.endswith('dependencies = [\n    "b",\n]\n\n[dependency-groups]\ndocs = ["b"]\n')
    assert "Removed A from the project and the group dev\n" in outcome.out


@pytest.mark.parametrize("words", [["-G", "dev"], ["-D"], ["--group", "DEV"]])
def test_with_a_group_it_goes_there_alone(project: Project, chapbook: Chapbook, words: list[str]) -> None:
    project.require("a", rest='\n[dependency-groups]\ndev = ["a", "b"]\n')
    chapbook("remove", "a", "--lock", *words)
    assert '"a",\n]' in project.text
    assert 'dev = ["b"]' in project.text
    assert ["a 1.0", "b 1.0", "c 1.0"] == project.pins


def test_what_something_else_requires_stays_locked_and_that_is_told(project: Project, chapbook: Chapbook) -> None:
    project.require("a", "c")
    outcome = chapbook("remove", "c", "--lock")
    assert ["a 1.0", "c 1.0"] == project.pins
    assert "`c` stays locked: `chapbook why c` tells what requires it" in outcome.out


def test_versions_of_the_others_stay(project: Project, index: FakeIndex, chapbook: Chapbook) -> None:
    chapbook("lock")
    index.serve("b", "2.0")
    chapbook("remove", "a", "--lock", "--refresh")
    assert ["b 1.0"] == project.pins


def test_a_project_of_poetry_works_too(project: Project, chapbook: Chapbook) -> None:
    project.write(f'{LEGACY}a = "^1.0"\n\n[tool.poetry.group.dev.dependencies]\na = "*"\n')
    chapbook("remove", "a", "--lock")
    assert project.text == LEGACY


def test_of_several_names_with_an_unknown_one_none_goes(project: Project, chapbook: Chapbook) -> None:
    project.require("requests-one", "b")
    before = project.files()
    outcome = chapbook("remove", "b", "request-one", "nothing", "--lock")
    assert 1 == outcome.status
    assert "`request-one` and `nothing` are not required by this project" in outcome.err
    assert "did you mean `requests-one`?" in outcome.err
    assert "nothing was changed" in outcome.err
    assert before == project.files()


def test_a_wrong_group_is_told(project: Project, chapbook: Chapbook) -> None:
    project.require("b", rest='\n[dependency-groups]\ndocs = ["a"]\n')
    assert "no group `doc`" in chapbook("remove", "a", "-G", "doc").err
    outcome = chapbook("remove", "b", "-G", "docs")
    assert "`b` is not required in the group `docs`" in outcome.err
    assert "`chapbook remove b` removes it from every group" in outcome.err
    assert 2 == chapbook("remove", "b>=1").status


def test_a_dry_run_writes_nothing(project: Project, chapbook: Chapbook) -> None:
    chapbook("lock")
    before = project.files()
    outcome = chapbook("remove", "a", "--dry-run", "--format", "json")
    told = json.loads(outcome.out)
    assert [{"name": "a", "groups": ["main"]}] == told["removed"]
    assert ["remove", "remove"] == [change["kind"] for change in told["changes"]]
    assert "Would remove a" in chapbook("remove", "a", "--dry-run").out
    assert before == project.files()
