"""Projects that are put in where they are: with their backends, their paths, their build scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.core.commands.installing import installed, put_in, require, run_python, site_packages
from tests.core.commands.source_projects import BACKEND, EDITABLE, IN_TREE, direct_url, lib
from tests.fakes.repositories import committed, git, needs_git

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.commands.conftest import Chapbook
    from tests.fakes.index import FakeIndex


@pytest.fixture
def project(workshop: Path) -> Path:
    return workshop


def test_a_backend_makes_its_project_editable(project: Path, chapbook: Chapbook) -> None:
    folder = lib(project / "lib", BACKEND + EDITABLE)
    require(project, "lib", tool='\n[tool.poetry.dependencies]\nlib = { path = "lib", develop = true }\n')
    put_in(chapbook)

    (folder / "lib.py").write_text("VALUE = 3\n")

    assert "3" == run_python(project, "import lib; print(lib.VALUE)")
    assert {"url": folder.as_uri(), "dir_info": {"editable": True}} == direct_url(project)
    assert "Nothing to do: 1 package is installed\n" == chapbook("sync").out


@needs_git
def test_a_repository_to_work_in_is_checked_out_in_the_environment(
    project: Path, chapbook: Chapbook, tmp_path: Path
) -> None:
    top = tmp_path / "origin"
    folder = lib(top / "sub", BACKEND + EDITABLE)
    commit = committed(top)
    table = f'{{ git = "file://{top}", branch = "main", subdirectory = "sub", develop = true }}'
    require(project, "lib", tool=f"\n[tool.poetry.dependencies]\nlib = {table}\n")
    put_in(chapbook)
    checkout = project / ".venv" / "src" / "lib"
    assert f"{checkout}/sub/lib.py" == run_python(project, "import lib; print(lib.__file__)")
    vcs = {"vcs": "git", "requested_revision": "main", "commit_id": commit}
    assert {"url": f"file://{top}", "vcs_info": vcs, "subdirectory": "sub"} == direct_url(project)
    assert commit == git(checkout, "rev-parse", "HEAD")
    assert "Nothing to do: 1 package is installed\n" == chapbook("sync").out

    # Another commit comes beside it, and what nobody has touched goes.
    for value in (2, 3):
        (folder / "lib.py").write_text(f"VALUE = {value}\n")
        git(top, "commit", "--quiet", "-am", "y")
        assert 0 == chapbook("update").status
        assert str(value) == run_python(project, "import lib; print(lib.VALUE)")
        assert 1 == len(list((project / ".venv" / "src").iterdir()))

    # Somebody's work stays.
    (mine,) = (project / ".venv" / "src").iterdir()
    (mine / "sub" / "lib.py").write_text("VALUE = 'mine'\n")
    assert "mine" == run_python(project, "import lib; print(lib.VALUE)")
    outcome = chapbook("remove", "lib")
    assert 0 == outcome.status, outcome.err
    assert f"`{mine}` is used no more, and stays because of the work in it" in outcome.err
    assert "VALUE = 'mine'\n" == (mine / "sub" / "lib.py").read_text()
    assert [] == installed(project)


def test_a_backend_without_editables_is_told_with_what_to_do(project: Path, chapbook: Chapbook) -> None:
    lib(project / "lib")
    require(project, "lib", tool='\n[tool.poetry.dependencies]\nlib = { path = "lib", develop = true }\n')
    assert 0 == chapbook("lock").status

    outcome = chapbook("install")

    assert 1 == outcome.status
    assert "its backend `backend` has no hook to build an editable wheel (PEP 660)" in outcome.err
    assert "develop = true" in outcome.err


def test_a_project_whose_backend_cannot_is_put_in_by_its_paths(project: Path, chapbook: Chapbook) -> None:
    folder = lib(project / "lib")
    (folder / "pyproject.toml").write_text('[project]\nname = "lib"\nversion = "1.0"\n' + IN_TREE.format(requires="[]"))
    require(project, "lib", tool='\n[tool.poetry.dependencies]\nlib = { path = "lib", develop = true }\n')
    assert 0 == chapbook("lock").status

    outcome = chapbook("install")

    assert 0 == outcome.status, outcome.err
    assert "`lib` is put in by the paths of its folders" in outcome.err
    assert "1" == run_python(project, "import lib; print(lib.VALUE)")


def test_the_project_itself_is_made_editable_by_its_backend(project: Path, chapbook: Chapbook) -> None:
    (project / "backend.py").write_text((BACKEND + EDITABLE).replace('NAME, VERSION = "lib"', 'NAME, VERSION = "here"'))
    (project / "lib.py").write_text("VALUE = 8\n")
    require(project, package=True, more=IN_TREE.format(requires="[]"))

    put_in(chapbook)

    assert "8" == run_python(project, "import lib; print(lib.VALUE)")
    assert {"url": project.as_uri(), "dir_info": {"editable": True}} == direct_url(project, "here")
    file = next(site_packages(project).glob("here-*.dist-info/RECORD"))
    before = file.stat().st_mtime_ns
    put_in(chapbook)
    assert before == file.stat().st_mtime_ns
    with (project / "pyproject.toml").open("a") as stream:
        stream.write("\n[tool.other]\nx = 1\n")
    put_in(chapbook)
    assert before != next(site_packages(project).glob("here-*.dist-info/RECORD")).stat().st_mtime_ns


def test_a_build_script_runs_before_the_project_is_put_in(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("poetry-core", "2.0.0")
    (project / "here").mkdir()
    (project / "here" / "__init__.py").touch()
    (project / "build.py").write_text("open('here/made.py', 'w').write('VALUE = 9\\n')\n")
    system = '[build-system]\nrequires = ["poetry-core>=2"]\nbuild-backend = "poetry.core.masonry.api"\n'
    require(project, package=True, more=system, tool='\n[tool.poetry.build]\nscript = "build.py"\n')

    put_in(chapbook)

    assert "9" == run_python(project, "import here.made; print(here.made.VALUE)")
    (project / "here" / "made.py").unlink()
    (project / "build.py").write_text("open('here/made.py', 'w').write('VALUE = 10\\n')\n")
    put_in(chapbook)
    assert "10" == run_python(project, "import here.made; print(here.made.VALUE)")


def test_a_build_script_that_fails_changes_nothing(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("poetry-core", "2.0.0")
    index.serve("a", "1.0")
    (project / "here.py").touch()
    (project / "build.py").write_text("print('no compiler'); 1 / 0\n")
    system = '[build-system]\nrequires = ["poetry-core>=2"]\nbuild-backend = "poetry.core.masonry.api"\n'
    require(project, "a", package=True, more=system, tool='\n[tool.poetry.build]\nscript = "build.py"\n')
    assert 0 == chapbook("lock").status

    outcome = chapbook("install")

    assert 1 == outcome.status
    assert "no compiler" in outcome.err
    assert [] == installed(project)


@needs_git
@pytest.mark.parametrize("backend", [BACKEND + EDITABLE, BACKEND], ids=["built", "by paths"])
def test_whether_a_repository_is_to_be_worked_in_may_change_at_the_same_commit(
    project: Path, chapbook: Chapbook, tmp_path: Path, backend: str
) -> None:
    top = tmp_path / "origin"
    folder = lib(top, backend)
    (folder / "pyproject.toml").write_text(
        (folder / "pyproject.toml").read_text("utf-8") + '\n[project]\nname = "lib"\nversion = "1.0"\n', "utf-8"
    )
    committed(top)
    checkout = project / ".venv" / "src" / "lib"
    for develop, command in (("false", "install"), ("true", "install"), ("false", "sync"), ("true", "sync")):
        table = f'{{ git = "file://{top}", branch = "main", develop = {develop} }}'
        require(project, "lib", tool=f"\n[tool.poetry.dependencies]\nlib = {table}\n")
        assert 0 == chapbook("lock").status
        outcome = chapbook(command)
        assert 0 == outcome.status, outcome.err
        place = run_python(project, "import lib; print(lib.__file__)")
        assert (place == f"{checkout}/lib.py") is (develop == "true")
        assert checkout.exists() is (develop == "true")
        assert "Nothing to do: 1 package is installed\n" == chapbook("sync").out
