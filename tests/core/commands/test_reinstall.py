"""Packages whose files were changed or removed, and how they are brought back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.core.commands.installing import installed, require, run_python, site_packages

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.commands.conftest import Chapbook
    from tests.fakes.index import FakeIndex


@pytest.fixture
def project(equipped: Path, index: FakeIndex, chapbook: Chapbook) -> Path:
    index.serve("a", "1.0", requires=["b"], files={"a/__init__.py": "", "a/core.py": "VALUE = 1\n"})
    index.serve("b", "1.0", files={"b/__init__.py": "VALUE = 2\n"})
    require(equipped, "a")
    outcome = chapbook("install")
    assert 0 == outcome.status, outcome.err
    index.reset_counts()
    return equipped


@pytest.mark.parametrize("command", ["install", "sync"])
def test_one_package_is_put_in_anew_without_any_index(
    project: Path, index: FakeIndex, chapbook: Chapbook, command: str
) -> None:
    (site_packages(project) / "a/core.py").unlink()
    kept = (site_packages(project) / "b/__init__.py").stat().st_ino

    outcome = chapbook(command, "--reinstall-package", "A", "--offline")

    assert 0 == outcome.status, outcome.err
    assert "~ a 1.0 (as asked)\nChanged 1 package; 1 package is as before\n" == outcome.out
    assert "1" == run_python(project, "import a.core; print(a.core.VALUE)")
    assert kept == (site_packages(project) / "b/__init__.py").stat().st_ino
    assert 0 == sum(index.counts[kind] for kind in ("page", "metadata", "file", "range"))
    assert "Nothing to do: 2 packages are installed\n" == chapbook(command).out


def test_all_of_them_are(project: Path, chapbook: Chapbook) -> None:
    (site_packages(project) / "a/core.py").unlink()
    (site_packages(project) / "b/__init__.py").write_text("edited = 1\n")
    outcome = chapbook("sync", "--reinstall", "--offline")
    assert "~ b 1.0 (as asked)\n~ a 1.0 (as asked)\nChanged 2 packages\n" == outcome.out
    assert "1 2" == run_python(project, "import a.core, b; print(a.core.VALUE, b.VALUE)")
    assert ["a 1.0", "b 1.0"] == installed(project)


def test_a_dry_run_only_tells_it(project: Path, chapbook: Chapbook) -> None:
    (site_packages(project) / "a/core.py").unlink()
    assert "~ a 1.0 (as asked)" in chapbook("install", "--reinstall-package=a", "--dry-run").out
    assert not (site_packages(project) / "a/core.py").exists()


def test_a_package_that_is_not_wanted_is_an_error(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    outcome = chapbook("install", "--reinstall-package", "c,bread")
    assert 1 == outcome.status
    assert "`bread` and `c` are not among the packages to install" in outcome.err
    assert "`chapbook show` lists them" in outcome.err
    index.serve("numpy", "1.0")
    require(project, "numpy")
    assert 0 == chapbook("lock").status
    assert "hint: did you mean `numpy`?" in chapbook("install", "--reinstall-package", "nunpy").err


def test_the_project_itself_is_put_in_anew(equipped: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("a", "1.0")
    require(equipped, "a", package=True)
    (equipped / "here").mkdir()
    (equipped / "here/__init__.py").write_text("VALUE = 3\n")
    assert 0 == chapbook("install").status
    for file in site_packages(equipped).glob("*.pth"):
        file.unlink()
    assert "`here.pth` is missing" in chapbook("status").out
    outcome = chapbook("install", "--reinstall-package", "here")
    assert "~ here 1.0 (this project, put in anew)\nChanged 1 package; 1 package is as before\n" == outcome.out
    assert "3" == run_python(equipped, "import here; print(here.VALUE)")


def test_the_state_of_the_project_tells_which_packages_need_it(project: Path, chapbook: Chapbook) -> None:
    assert "Everything agrees" in chapbook("status", "--verify").out
    (site_packages(project) / "a/core.py").unlink()
    (site_packages(project) / "a/__init__.py").write_text("edited = 1\n")
    outcome = chapbook("status")
    assert "files are not as they were put in: a (`a/__init__.py` was changed, and 1 more)" in outcome.out
    assert "run `chapbook install --reinstall-package a` to put them in anew" in outcome.out
    assert "Everything agrees" not in outcome.out


def test_an_edit_that_keeps_the_size_is_told_when_contents_are_asked_for(project: Path, chapbook: Chapbook) -> None:
    (site_packages(project) / "b/__init__.py").unlink()
    (site_packages(project) / "b/__init__.py").write_text("VALUE = 9\n")
    assert "Everything agrees" in chapbook("status").out
    outcome = chapbook("status", "--verify", "--format", "json")
    assert '"drift": "altered"' in outcome.out
    assert '"`b/__init__.py` was changed"' in outcome.out
