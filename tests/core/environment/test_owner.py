from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from chapbook_core.environment.owner import note_user, other_owner
from chapbook_core.environment.place import place_of
from chapbook_core.environment.state import read_state, set_fingerprint

if TYPE_CHECKING:
    from pathlib import Path

PROJECT = '[project]\nname = "x"\n'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return project_in(tmp_path / "here")


def project_in(folder: Path) -> Path:
    folder.mkdir()
    (folder / "pyproject.toml").write_text(PROJECT, "utf-8")
    return folder


def linked(project: Path, environment: Path) -> Path:
    environment.mkdir(parents=True, exist_ok=True)
    (project / ".venv").symlink_to(environment)
    return project / ".venv"


def test_what_is_in_the_project_is_its_own_whatever_leads_there(project: Path, tmp_path: Path) -> None:
    (project / ".venv").mkdir()
    (tmp_path / "link").symlink_to(project)
    assert None is other_owner(project / ".venv", project, "x")
    assert None is other_owner(tmp_path / "link" / ".venv", tmp_path / "link", "x")
    assert None is other_owner(tmp_path / "link" / ".venv", project, "x")


def test_a_folder_elsewhere_is_nobodys_until_somebody_fills_it(project: Path, tmp_path: Path) -> None:
    environment = tmp_path / "disk" / ".venv"
    assert None is other_owner(linked(project, environment), project, "x")
    note_user(project / ".venv", project)
    set_fingerprint(project / ".venv", "f")
    assert None is other_owner(project / ".venv", project, "x")
    other = project_in(tmp_path / "other")
    assert f"the project in `{project}`" == other_owner(linked(other, environment), other, "x")
    # Who uses it no more does not own it.
    (project / ".venv").unlink()
    assert None is other_owner(other / ".venv", other, "x")


def test_what_is_in_another_project_is_that_projects(project: Path, tmp_path: Path) -> None:
    other = project_in(tmp_path / "other")
    assert f"the project in `{other}`" == other_owner(linked(project, other / ".venv"), project, "x")
    assert f"the project in `{other}`" == other_owner(other / ".venv", project, "x")
    note_user(project / ".venv", project)
    assert None is other_owner(project / ".venv", project, "x")
    (other / "pyproject.toml").write_text("[tool.ruff]\n", "utf-8")
    shutil.rmtree(other / ".venv" / ".chapbook")
    assert None is other_owner(project / ".venv", project, "x")


def test_what_is_named_for_another_project_is_that_projects(project: Path, tmp_path: Path) -> None:
    central = tmp_path / "central"
    own = place_of(project, "x", central).path("3.12")
    other = place_of(tmp_path / "other", "x", central).path("3.12")
    for environment in (own, other, central / "shared"):
        environment.mkdir(parents=True)
    assert None is other_owner(own, project, "x")
    assert None is other_owner(central / "shared", project, "x")
    assert "the project that it is named for" == other_owner(other, project, "x")


def test_an_environment_in_its_project_notes_nobody(project: Path) -> None:
    (project / ".venv").mkdir()
    note_user(project / ".venv", project)
    assert None is read_state(project / ".venv")
