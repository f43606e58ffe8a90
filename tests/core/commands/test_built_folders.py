"""Required folders that are not imported from where they are, and what is changed in them."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.core.commands.installing import installed, put_in, require, run_python, site_packages
from tests.core.commands.source_projects import BACKEND, told_lib

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.commands.conftest import Chapbook
    from tests.fakes.index import FakeIndex

_READ = "import lib; print(lib.VALUE)"
_AGAIN = "~ lib 1.0 (its folder was changed)\nChanged 1 package\n"
_NOTHING = "Nothing to do: 1 package is installed\n"


@pytest.fixture
def project(equipped: Path) -> Path:
    told_lib(equipped / "one")
    require(equipped, "lib @ file:one")
    return equipped


@pytest.mark.parametrize("command", [["install"], ["sync"], ["sync", "--offline"]])
def test_a_changed_folder_is_built_and_put_in_anew(project: Path, chapbook: Chapbook, command: list[str]) -> None:
    put_in(chapbook)
    assert "1" == run_python(project, _READ)
    (project / "one/lib.py").write_text("VALUE = 22\n")
    assert _AGAIN == chapbook(*command).out
    assert "22" == run_python(project, _READ)
    assert _NOTHING == chapbook(*command).out


def test_so_it_is_by_an_update(project: Path, chapbook: Chapbook) -> None:
    put_in(chapbook)
    (project / "one/lib.py").write_text("VALUE = 22\n")
    outcome = chapbook("update", "lib")
    assert 0 == outcome.status, outcome.err
    assert "its folder was changed" in outcome.out
    assert "22" == run_python(project, _READ)


def test_a_file_that_comes_or_goes_is_a_change(project: Path, chapbook: Chapbook) -> None:
    put_in(chapbook)
    (project / "one/data").mkdir()
    (project / "one/data/table.csv").write_text("1\n")
    assert _AGAIN == chapbook("install").out
    shutil.rmtree(project / "one/data")
    assert _AGAIN == chapbook("install").out
    assert _NOTHING == chapbook("install").out


def test_what_tools_leave_in_the_folder_is_no_change(project: Path, chapbook: Chapbook) -> None:
    put_in(chapbook)
    for name in ("__pycache__", ".pytest_cache", "build", ".git"):
        (project / "one" / name).mkdir(exist_ok=True)
        (project / "one" / name / "x").write_text("1")
    assert _NOTHING == chapbook("install").out


def test_a_dry_run_tells_it_and_builds_nothing(project: Path, chapbook: Chapbook) -> None:
    put_in(chapbook)
    (project / "one/lib.py").write_text("VALUE = 22\n")
    assert "its folder was changed" in chapbook("install", "--dry-run").out
    assert "1" == run_python(project, _READ)


def test_a_build_that_writes_into_its_folder_is_not_made_again_and_again(project: Path, chapbook: Chapbook) -> None:
    backend = BACKEND.replace(
        '    with open("lib.py")', '    open("_version.py", "w").write("1")\n    with open("lib.py")'
    )
    (project / "one/backend.py").write_text(backend)
    put_in(chapbook)
    assert (project / "one/_version.py").exists()
    (project / ".venv/.chapbook/state.json").unlink()
    assert _NOTHING == chapbook("install").out


def test_a_folder_that_is_gone_stays_installed(project: Path, chapbook: Chapbook) -> None:
    put_in(chapbook)
    (project / "one").rename(project / "elsewhere")
    assert _NOTHING == chapbook("install").out


def test_another_version_in_the_folder_is_put_in_once(project: Path, chapbook: Chapbook) -> None:
    put_in(chapbook)
    (project / "one/PKG-INFO").write_text("Metadata-Version: 2.2\nName: lib\nVersion: 2.0.1\n")
    (project / "one/backend.py").write_text(BACKEND.replace('"1.0"', '"2.0.1"', 1))
    assert "lib 1.0 (its folder was changed)" in chapbook("install").out
    assert ["lib 2.0.1"] == installed(project)
    assert _NOTHING == chapbook("install").out
    (project / ".venv/.chapbook/state.json").unlink()
    assert _NOTHING == chapbook("install").out


def test_of_what_another_installer_has_built_nothing_is_known(project: Path, chapbook: Chapbook) -> None:
    put_in(chapbook)
    [note] = site_packages(project).glob("lib-*/built_from.json")
    note.unlink()
    (project / ".venv/.chapbook/state.json").unlink()
    (project / "one/lib.py").write_text("VALUE = 22\n")
    assert _NOTHING == chapbook("install").out


def test_a_folder_that_is_required_no_more_is_looked_at_no_more(project: Path, chapbook: Chapbook) -> None:
    put_in(chapbook)
    state = project / ".venv/.chapbook/state.json"
    assert [str(project / "one")] == list(json.loads(state.read_bytes())["folders"])
    assert 0 == chapbook("remove", "lib").status
    assert "folders" not in json.loads(state.read_bytes())


_PROJECT = """[project]
name = "lib"
version = "{version}"
requires-python = ">=3.11"
dependencies = {requires}
[project.scripts]
{scripts}
"""


def declare(project: Path, requires: str = "[]", scripts: str = "", version: str = "1.0") -> None:
    """Write the project file of an editable folder, which is put in without a build."""
    (project / "one/pyproject.toml").write_text(
        _PROJECT.format(requires=requires, scripts=scripts, version=version), "utf-8"
    )


@pytest.fixture
def editable(equipped: Path, index: FakeIndex) -> Path:
    index.serve("a", "1.0")
    (equipped / "one").mkdir()
    (equipped / "one/lib.py").write_text("def main(): print(7)\n", "utf-8")
    declare(equipped)
    require(equipped, "lib", tool='[tool.poetry.dependencies]\nlib = {path = "one", develop = true}\n')
    return equipped


def test_scripts_of_an_editable_folder_come_when_it_declares_them(editable: Path, chapbook: Chapbook) -> None:
    put_in(chapbook)
    (editable / "one/lib.py").write_text("def main(): print(8)\n")
    assert _NOTHING == chapbook("install").out
    declare(editable, scripts='say = "lib:main"', version="1.1")
    assert _AGAIN == chapbook("install").out
    assert (editable / ".venv/bin/say").exists()
    assert ["lib 1.1"] == installed(editable)
    assert _NOTHING == chapbook("install").out
    (editable / ".venv/.chapbook/state.json").unlink()
    assert _NOTHING == chapbook("install").out


def test_an_editable_folder_that_another_installer_put_in_stays(editable: Path, chapbook: Chapbook) -> None:
    put_in(chapbook)
    [note] = site_packages(editable).glob("lib-*/INSTALLER")
    note.write_text("poetry 2.1.0")
    (editable / ".venv/.chapbook/state.json").unlink()
    declare(editable, scripts='say = "lib:main"')
    assert _NOTHING == chapbook("install").out


def test_what_a_folder_requires_since_it_was_locked_is_told_until_it_is_locked(
    editable: Path, chapbook: Chapbook
) -> None:
    put_in(chapbook)
    declare(editable, requires='["a>=1", "gone; python_version < \'3\'"]')
    told = "warning: `lib` requires `a (>=1)`, and poetry.lock does not know of it\nhint: run `chapbook lock`\n"
    first = chapbook("install")
    assert (_AGAIN, told) == (first.out, first.err)
    again = chapbook("install")
    assert (_NOTHING, told) == (again.out, again.err)
    check = chapbook("lock", "--check")
    assert 1 == check.status
    assert "does not belong to the folders it names: `lib` requires `a (>=1)`" in check.err
    put_in(chapbook)
    assert ["a 1.0", "lib 1.0"] == installed(editable)
    assert 0 == chapbook("lock", "--check").status
    assert "" == chapbook("install").err


def test_other_versions_than_were_locked_are_told(editable: Path, chapbook: Chapbook) -> None:
    declare(editable, requires='["a>=0.5"]')
    put_in(chapbook)
    declare(editable, requires='["a>=0.5,<3"]')
    assert "`lib` requires `a (>=0.5,<3)`" in chapbook("install").err


def test_what_a_folder_requires_in_several_and_poetry_locks_as_one_is_known(editable: Path, chapbook: Chapbook) -> None:
    declare(editable, requires='["a>=0.5", "a!=0.7"]')
    put_in(chapbook)
    lock = editable / "poetry.lock"
    text = lock.read_text("utf-8")
    as_one = re.sub(r"(?m)^a = \[[^\]]*\]", 'a = ">=0.5,!=0.7"', text)
    assert text != as_one
    lock.write_text(as_one, "utf-8")
    assert 0 == chapbook("lock", "--check").status
    declare(editable, requires='["a>=0.5", "a!=0.8"]')
    check = chapbook("lock", "--check")
    assert "`lib` requires `a (>=0.5)`, `lib` requires `a (!=0.8)`" in check.err
    assert 1 == check.status
