"""The project itself, where something that it requires requires it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.core.commands.references import lock, require, write_package

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.commands.conftest import Chapbook
    from tests.fakes.index import FakeIndex


@pytest.fixture
def project(among_others: Path) -> Path:
    return among_others


def test_a_package_that_requires_the_project_gets_the_project(
    project: Path, index: FakeIndex, chapbook: Chapbook
) -> None:
    index.serve("plugin", "1.0", requires=["here[more]>=1"])
    index.serve("here", "9.0", requires=["wrong"])
    index.serve("b", "1.0")
    index.serve("c", "1.0")
    more = '[project.optional-dependencies]\nmore = ["c"]\n[dependency-groups]\ndev = ["plugin"]\n'
    require(project, "b", tool=more)

    locked = lock(chapbook, project)

    assert ["b", "c", "plugin"] == sorted(locked)
    assert ["main"] == locked["b"]["groups"] == locked["c"]["groups"]
    assert not any("/here/" in request.path for request in index.requests)


def test_a_package_that_requires_another_version_of_the_project_is_a_conflict(
    project: Path, index: FakeIndex, chapbook: Chapbook
) -> None:
    index.serve("plugin", "1.0", requires=["here>=2"])
    require(project, "plugin")

    outcome = chapbook("lock")

    assert 1 == outcome.status
    assert "here" in outcome.err


def test_a_folder_that_requires_the_project_gets_the_project(project: Path, chapbook: Chapbook) -> None:
    write_package(
        project / "lib",
        '[tool.poetry]\nname = "lib"\nversion = "1"\ndescription = ""\nauthors = []\n'
        '[tool.poetry.dependencies]\nhere = { path = ".." }\n',
    )
    require(project, "lib @ file:lib")

    assert ["lib"] == sorted(lock(chapbook, project))
