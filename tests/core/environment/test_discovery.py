from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from chapbook_core.environment.discovery import Whereabouts, find_executables, find_interpreters, find_on_path
from chapbook_core.environment.probe import Prober
from tests.fakes.interpreter import write_interpreter

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the stand-ins are shell scripts")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def found_below(folder: Path, whereabouts: Whereabouts) -> list[str]:
    found = (path for path in find_executables(whereabouts) if path.is_relative_to(folder))
    return [str(path.relative_to(folder)) for path in found]


@pytest.mark.parametrize(
    "place",
    [
        ".pyenv/versions/3.12.1/bin/python3.12",
        ".local/share/uv/python/cpython-3.13.0-linux-x86_64-gnu/bin/python3.13",
        ".local/share/pypoetry/python/cpython@3.11.9/bin/python3",
        ".asdf/installs/python/3.10.1/bin/python",
        ".local/share/mise/installs/python/3.10/bin/python3",
        "managed/cpython@3.9.9/bin/python3",
    ],
)
def test_the_pythons_of_version_managers_are_found(home: Path, place: str) -> None:
    write_interpreter(home / place, "3.12.1")
    assert [place] == found_below(home, Whereabouts({}, home, managed=(home / "managed",)))


def test_the_variables_of_version_managers_move_their_folders(home: Path, tmp_path: Path) -> None:
    variables = {"PYENV_ROOT": str(tmp_path / "pyenv"), "UV_PYTHON_INSTALL_DIR": str(tmp_path / "uv")}
    write_interpreter(tmp_path / "pyenv/versions/3.12.1/bin/python", "3.12.1")
    write_interpreter(tmp_path / "uv/cpython-3.13/bin/python", "3.13.1")
    expected = ["pyenv/versions/3.12.1/bin/python", "uv/cpython-3.13/bin/python"]
    assert expected == found_below(tmp_path, Whereabouts(variables, home))


def test_path_comes_first_and_each_program_counts_once(home: Path, tmp_path: Path) -> None:
    program = write_interpreter(tmp_path / "a" / "python3.12", "3.12.1")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "python3").symlink_to(program)
    write_interpreter(home / ".pyenv/versions/3.13.0/bin/python", "3.13.0")
    path = os.pathsep.join([str(tmp_path / "b"), str(tmp_path / "a")])
    expected = ["a/python3.12", "home/.pyenv/versions/3.13.0/bin/python"]
    assert expected == found_below(tmp_path, Whereabouts({"PATH": path}, home))


@pytest.mark.parametrize(
    "name", ["python-config", "python3-argcomplete", "pythonw3", "python2", "ipython", "python3.12-gdb.py"]
)
def test_other_programs_are_no_pythons(home: Path, tmp_path: Path, name: str) -> None:
    write_interpreter(tmp_path / "bin" / name, "3.12.1")
    assert [] == found_below(tmp_path, Whereabouts({"PATH": str(tmp_path / "bin")}, home))


def test_a_planted_python_is_not_found(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = tmp_path / "project"
    write_interpreter(project / "python3", "3.12.1")
    write_interpreter(project / "bin" / "python3", "3.12.1")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "python3").symlink_to(project / "python3")
    monkeypatch.chdir(project)
    path = os.pathsep.join(["", ".", "bin", str(project), str(project / "bin"), str(outside)])
    whereabouts = Whereabouts({"PATH": path}, home, avoid=(project,))
    assert [] == found_below(tmp_path, whereabouts)
    assert find_on_path("python3", Whereabouts({"PATH": ".:bin"}, home, avoid=(project,))) is None


def test_shims_are_left_alone(home: Path) -> None:
    write_interpreter(home / ".pyenv" / "shims" / "python3", "3.12.1")
    assert [] == found_below(home, Whereabouts({"PATH": str(home / ".pyenv" / "shims")}, home))


def test_a_virtual_environment_stands_for_the_python_it_was_made_from(home: Path, tmp_path: Path) -> None:
    base = write_interpreter(tmp_path / "opt" / "bin" / "python3.12", "3.12.1")
    environment = tmp_path / "environment"
    write_interpreter(environment / "bin" / "python", "3.12.1")
    (environment / "pyvenv.cfg").write_text(f"home = {base.parent}\nversion = 3.12.1\nexecutable = {base}\n")
    expected = ["opt/bin/python3.12"]
    assert expected == found_below(tmp_path, Whereabouts({"PATH": str(environment / "bin")}, home))


def test_what_cannot_be_asked_does_not_hide_the_others(home: Path) -> None:
    write_interpreter(home / ".pyenv/versions/3.12.1/bin/python", "3.12.1")
    broken = home / ".pyenv/versions/broken/bin/python"
    broken.parent.mkdir(parents=True)
    broken.write_text("no program at all")
    broken.chmod(0o755)
    found = find_interpreters(Whereabouts({}, home), Prober(None, os.environ))
    assert "3.12.1" in [one.version for one in found.interpreters if one.executable.is_relative_to(home)]
    assert [broken] == [error.executable for error in found.unusable if error.executable.is_relative_to(home)]
