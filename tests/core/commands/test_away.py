"""The sign that an environment elsewhere is being changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chapbook_core.commands.away import AWAY, away_from, told_away
from chapbook_core.errors import ChapbookError
from chapbook_core.installer.traces import JOURNAL, OWN_FOLDER

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    path = tmp_path / "project"
    path.mkdir()
    return path


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    path = tmp_path / "elsewhere"
    (path / OWN_FOLDER).mkdir(parents=True)
    return path


def _fail(project: Path, environment: Path, error: BaseException) -> None:
    with told_away(project, environment):
        assert (project / AWAY).exists()
        raise error


@pytest.mark.parametrize("error", [ChapbookError("no room"), KeyboardInterrupt()], ids=["error", "interrupt"])
def test_the_sign_goes_with_a_change_that_failed_and_was_undone(
    project: Path, environment: Path, error: BaseException
) -> None:
    with pytest.raises(type(error)):
        _fail(project, environment, error)
    assert not (project / AWAY).exists()


def test_the_sign_stays_where_a_change_was_neither_finished_nor_undone(project: Path, environment: Path) -> None:
    (environment / OWN_FOLDER / JOURNAL).touch()
    with pytest.raises(ChapbookError):
        _fail(project, environment, ChapbookError("no way back"))
    assert (project / AWAY).exists()


def test_the_environment_of_the_project_itself_needs_no_sign(project: Path) -> None:
    with told_away(project, project / ".venv"):
        assert not (project / AWAY).exists()


def test_the_name_of_the_environment_may_be_no_text(project: Path, tmp_path: Path) -> None:
    environment = tmp_path / "\udce4lsewhere"
    with told_away(project, environment):
        assert away_from(project) == environment
