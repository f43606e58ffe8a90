"""Releases that are not wheels, and wheels that are for others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.core.commands.references import lock, require
from tests.fakes.index.sdist import pack

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.commands.conftest import Chapbook
    from tests.fakes.index import FakeIndex


@pytest.fixture
def project(among_others: Path) -> Path:
    return among_others


def test_a_release_that_tells_nothing_is_built_and_said_so(
    project: Path, index: FakeIndex, chapbook: Chapbook, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    index.serve("b", "1.0")
    index.serve("a", "1.0", requires=["b"], sdist="dynamic-only", build_log=str(log))
    require(project, "a")

    outcome = chapbook("lock")

    assert 0 == outcome.status, outcome.err
    assert "a 1.0 tells what it requires only to its build backend; building it" in outcome.err
    assert ["get_requires_for_build_wheel", "prepare_metadata_for_build_wheel"] == log.read_text().split()
    chapbook("lock", "--regenerate")
    assert 2 == len(log.read_text().split())


@pytest.mark.parametrize("way", ["option", "setting"])
def test_no_build_runs_when_it_is_forbidden(
    project: Path, index: FakeIndex, chapbook: Chapbook, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    index.serve("a", "1.0")
    index.serve("a", "2.0", sdist="dynamic-only", build_log=str(project / "log"))
    require(project, "a")
    if way == "setting":
        monkeypatch.setenv("CHAPBOOK_INSTALLER_ONLY_BINARY", "a")

    locked = lock(chapbook, project, *(["--no-build"] if way == "option" else []))

    assert "1.0" == locked["a"]["version"]
    assert not (project / "log").exists()


def test_a_release_whose_build_fails_is_passed_over_and_its_words_are_shown(
    project: Path, index: FakeIndex, chapbook: Chapbook
) -> None:
    index.serve("a", "1.0")
    members = {
        "a-2.0/PKG-INFO": b"Metadata-Version: 1.1\nName: a\nVersion: 2.0\n",
        "a-2.0/pyproject.toml": b'[build-system]\nrequires = []\nbuild-backend = "b"\nbackend-path = ["."]\n',
        "a-2.0/b.py": b"raise SystemExit('there is no compiler')",
    }
    index.add_file("a", "a-2.0.tar.gz", pack(members))
    require(project, "a")

    outcome = chapbook("lock")

    assert 0 == outcome.status, outcome.err
    assert "there is no compiler" in outcome.err
    assert "1.0" == lock(chapbook, project)["a"]["version"]


@pytest.mark.parametrize("tag", ["cp27-cp27mu-manylinux1_x86_64", "py2-none-any", "cp39-cp39-win_amd64"])
def test_a_release_whose_files_fit_nowhere_is_passed_over(
    project: Path, index: FakeIndex, chapbook: Chapbook, tag: str
) -> None:
    index.serve("a", "1.0")
    index.serve("a", "2.0", tags=(tag,))
    require(project, "a")

    assert "1.0" == lock(chapbook, project)["a"]["version"]


def test_a_release_whose_files_fit_no_environment_of_the_project_is_passed_over(
    project: Path, index: FakeIndex, chapbook: Chapbook
) -> None:
    index.serve("a", "1.0")
    index.serve("a", "2.0", tags=("cp311-cp311-macosx_11_0_arm64",))
    require(project, "a", tool="[tool.chapbook]\nenvironments = [\"sys_platform == 'linux'\"]\n")

    assert "1.0" == lock(chapbook, project)["a"]["version"]


def test_when_no_release_has_a_file_that_fits_that_is_the_story(
    project: Path, index: FakeIndex, chapbook: Chapbook
) -> None:
    index.serve("a", "2.0", tags=("cp27-cp27mu-manylinux1_x86_64",))
    require(project, "a")

    outcome = chapbook("lock")

    assert 1 == outcome.status
    assert "no wheel for any Python and platform of the project" in outcome.err
