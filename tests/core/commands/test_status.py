from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chapbook_core.commands.glance import glance_at
from chapbook_core.commands.surroundings import Surroundings
from chapbook_core.events import Unwatched
from tests.core.commands.inside import perform_inside, running_kernel, told

if TYPE_CHECKING:
    from chapbook_core.commands.report import Result
    from tests.core.commands.changed import Project
    from tests.core.commands.conftest import Chapbook
    from tests.fakes.index import FakeIndex


pytestmark = pytest.mark.usefixtures("three_packages")


@pytest.fixture
def project(project: Project) -> Project:
    project.require_here("a")
    return project


def drifts(result: Result) -> dict[str, object]:
    data = result.data()
    assert isinstance(data, dict)
    packages = data["packages"]
    assert isinstance(packages, list)
    return {str(one["name"]): one["drift"] for one in packages if isinstance(one, dict)}


@pytest.mark.usefixtures("project")
def test_a_project_that_is_only_declared(chapbook: Chapbook) -> None:
    outcome = chapbook("status")
    assert 0 == outcome.status, outcome.err
    assert "here: no environment" in outcome.out
    assert "a        *         -       -          not locked" in outcome.out
    assert "there is no lock" in outcome.out
    assert "run `chapbook lock`" in outcome.out


def test_what_is_locked_and_not_installed_is_no_drift_without_an_environment(
    project: Project, chapbook: Chapbook
) -> None:
    chapbook("lock")
    assert {"a": None, "b": None} == drifts(perform_inside(project.folder, "status"))


@pytest.mark.usefixtures("project")
def test_everything_agrees_after_an_installation(chapbook: Chapbook) -> None:
    chapbook("install")
    outcome = chapbook("status")
    assert "Everything agrees" in outcome.out
    assert "1 more, shown with `--all`" in outcome.out
    data = json.loads(chapbook("status", "--format", "json").out)
    assert (True, "fresh", "sound") == (data["in_order"], data["lock"], data["condition"])
    versions = {"declared": "*", "locked": "1.0", "elsewhere": None, "installed": "1.0", "loaded": None}
    expected: dict[str, object] = {"name": "a", **versions, "drift": None, "alterations": []}
    assert expected == data["packages"][0]
    assert "b " in chapbook("status", "--all").out


def test_each_difference_has_its_word(project: Project, index: FakeIndex, chapbook: Chapbook) -> None:
    chapbook("install")
    index.serve("a", "2.0")
    chapbook("add", "c", "--refresh")
    chapbook("update", "--lock", "--refresh")
    project.require_here("a", "d")
    expected = {"a": "another version", "b": "not wanted", "c": None, "d": "not locked"}
    assert expected == drifts(perform_inside(project.folder, "status"))
    outcome = chapbook("status")
    assert 0 == outcome.status
    assert "another version is installed" in outcome.out
    assert "poetry.lock does not belong to pyproject.toml" in outcome.out


def test_what_is_installed_and_not_locked_is_counted(project: Project, chapbook: Chapbook) -> None:
    chapbook("add", "c")
    chapbook("remove", "c", "--lock")
    assert {"a": None, "b": None, "c": "not wanted"} == drifts(perform_inside(project.folder, "status"))
    assert "1 package is installed and not locked" in chapbook("status").out


def test_a_kernel_tells_what_it_has_loaded(project: Project, index: FakeIndex, chapbook: Chapbook) -> None:
    chapbook("install")
    index.serve("a", "1.1", requires=["b"])
    with running_kernel(project.folder, "a") as kernel:
        result = perform_inside(project.folder, "status", kernel.value)
        assert {"a": None, "b": None} == drifts(result)
        assert "package  declared  locked  installed  loaded" in told(result)
        perform_inside(project.folder, "update --apply-now --refresh", kernel.started("a=1.0"))
        result = perform_inside(project.folder, "status", kernel.started("a=1.0"))
    assert {"a": "restart", "b": None} == drifts(result)
    assert "restart the kernel" in told(result)


def test_a_lock_that_cannot_be_read_is_told(project: Project, chapbook: Chapbook) -> None:
    (project.folder / "poetry.lock").write_text("nonsense")
    outcome = chapbook("status")
    assert 0 == outcome.status
    assert "poetry.lock" in outcome.err


def test_what_waits_for_the_restart_is_not_to_be_installed_by_hand(
    project: Project, index: FakeIndex, chapbook: Chapbook
) -> None:
    chapbook("install")
    index.serve("a", "1.1", requires=["b"])
    with running_kernel(project.folder, "a") as kernel:
        perform_inside(project.folder, "update a --next-start --refresh", kernel.value)
        result = perform_inside(project.folder, "status", kernel.value)
        inside = Surroundings(project.folder, dict(os.environ), Path.home(), sys.version_info[:2], kernel=kernel.value)
        glance = told(glance_at(inside, Unwatched()))
    assert {"a": "waiting", "b": None} == drifts(result)
    assert "restart the kernel" in told(result)
    assert "poetry install" not in told(result)
    assert "chapbook install" not in told(result)
    assert "restart the kernel to change a" in glance
    assert "install what is locked" not in glance


def test_what_only_other_environments_get_is_told(project: Project, chapbook: Chapbook) -> None:
    project.require_here("c ; sys_platform == 'none'")
    chapbook("install")
    outcome = chapbook("status")
    assert "c        *         -       -          1.0 is locked for other environments\n" in outcome.out
    assert "Everything agrees" in outcome.out
