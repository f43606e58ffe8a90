"""Groups and extras that exclude each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.core.commands.changed import Project

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.commands.conftest import Chapbook
    from tests.fakes.index import FakeIndex

RIVALS = """
[dependency-groups]
old = ["a<2"]
new = ["a>=2"]

[tool.chapbook]
conflicts = [[{ group = "old" }, { group = "new" }]]
"""


@pytest.fixture
def project(connected: Path) -> Project:
    return Project(connected)


def test_conflicts_name_extras_and_groups_that_there_are(
    project: Project, index: FakeIndex, chapbook: Chapbook
) -> None:
    index.serve("a", "1.0")
    project.require("a", rest='[tool.chapbook]\nconflicts = [[{ extra = "cpu" }, { group = "gpu" }]]\n')

    outcome = chapbook("lock")

    assert 1 == outcome.status
    assert "the project has no extra `cpu`" in outcome.err
    assert "the project has no group `gpu`" in outcome.err


def test_a_group_cannot_take_the_place_of_what_the_project_needs(
    project: Project, index: FakeIndex, chapbook: Chapbook
) -> None:
    index.serve("a", "1.0")
    index.serve("a", "2.0")
    project.require("a", rest=RIVALS)

    outcome = chapbook("lock")

    assert 1 == outcome.status
    assert "its group old needs 1.0 in its place" in outcome.err
    assert not project.lock.exists()


def test_groups_that_exclude_each_other_are_locked_where_the_project_needs_neither(
    project: Project, index: FakeIndex, chapbook: Chapbook
) -> None:
    index.serve("a", "1.0")
    index.serve("a", "2.0")
    project.require(rest=RIVALS)

    outcome = chapbook("lock")

    assert 0 == outcome.status, outcome.err
    assert ["a 1.0", "a 2.0"] == project.pins
