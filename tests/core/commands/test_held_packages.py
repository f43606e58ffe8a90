"""Going back also brings back what was installed, whatever the locks say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.core.commands.changed import Project, good
from tests.core.commands.installing import run_python, site_packages
from tests.core.commands.source_projects import lib
from tests.fakes.repositories import committed, needs_git

if TYPE_CHECKING:
    from tests.core.commands.conftest import Chapbook
    from tests.fakes.index import FakeIndex


pytestmark = pytest.mark.usefixtures("three_packages")


def _put_in_by_hand(project: Project, name: str, version: str = "1.0") -> None:
    folder = site_packages(project.folder) / f"{name}-{version}.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (folder / "RECORD").write_text(f"{folder.name}/METADATA,,\n{folder.name}/RECORD,,\n")


def test_what_was_locked_and_not_installed_is_not_installed_by_going_back(project: Project, chapbook: Chapbook) -> None:
    good(chapbook("install"))
    good(chapbook("add", "--lock", "a"))
    assert [] == project.installed
    good(chapbook("add", "c"))
    assert ["a 1.0", "b 1.0", "c 1.0"] == project.installed
    good(chapbook("undo"))
    assert [] == project.installed
    good(chapbook("redo"))
    assert ["a 1.0", "b 1.0", "c 1.0"] == project.installed
    good(chapbook("undo"))
    assert [] == project.installed
    good(chapbook("install"))
    assert ["a 1.0", "b 1.0"] == project.installed


def test_what_was_there_before_there_was_a_lock_stays(project: Project, chapbook: Chapbook) -> None:
    good(chapbook("env", "use", "system"))
    _put_in_by_hand(project, "b")
    good(chapbook("add", "a"))
    assert ["a 1.0", "b 1.0"] == project.installed
    good(chapbook("undo"))
    assert "poetry.lock" not in project.files()
    assert ["b 1.0"] == project.installed


def test_what_came_by_hand_since_is_left_alone(project: Project, chapbook: Chapbook) -> None:
    good(chapbook("add", "a"))
    good(chapbook("add", "c"))
    _put_in_by_hand(project, "mine")
    good(chapbook("undo", "1"))
    assert ["mine 1.0"] == project.installed


def test_what_an_option_had_brought_along_comes_back(project: Project, chapbook: Chapbook) -> None:
    project.require_here(
        "a", rest='\n[tool.poetry.group.docs]\noptional = true\n[tool.poetry.group.docs.dependencies]\nc = "*"\n'
    )
    good(chapbook("install", "--with", "docs"))
    good(chapbook("remove", "c", "--group", "docs"))
    assert ["a 1.0", "b 1.0"] == project.installed
    good(chapbook("undo"))
    assert ["a 1.0", "b 1.0", "c 1.0"] == project.installed


def test_what_no_lock_has_is_told(project: Project, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("b", "0.5")
    good(chapbook("env", "use", "system"))
    _put_in_by_hand(project, "b", "0.5")
    _put_in_by_hand(project, "mine")
    good(chapbook("add", "a"))
    (site_packages(project.folder) / "mine-1.0.dist-info/METADATA").unlink()
    (site_packages(project.folder) / "mine-1.0.dist-info/RECORD").unlink()
    (site_packages(project.folder) / "mine-1.0.dist-info").rmdir()
    outcome = good(chapbook("undo"))
    assert "not brought back as it was, because no lock has it: `b` 0.5, `mine` 1.0" in outcome.err


@needs_git
def test_another_commit_of_the_same_version_is_told_and_taken_back(project: Project, chapbook: Chapbook) -> None:
    upstream = lib(project.folder.parent / "upstream")
    first = committed(upstream)[:7]
    good(chapbook("add", f"lib @ git+{upstream.as_uri()}@main"))
    (upstream / "lib.py").write_text("VALUE = 2\n")
    second = committed(upstream)[:7]

    def value() -> str:
        return run_python(project.folder, "import lib; print(lib.VALUE)")

    outcome = good(chapbook("update", "lib"))
    assert outcome.out.startswith(f"~ lib 1.0 {first} -> 1.0 {second}\nWrote poetry.lock: 1 package locked\n")
    assert "stays" not in outcome.out
    assert "besides" not in outcome.out
    assert "2" == value()
    outcome = good(chapbook("undo"))
    assert f"~ lib 1.0 {second} -> 1.0 {first}\n" in outcome.out
    assert "1" == value()
    good(chapbook("redo"))
    assert "2" == value()
