from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import chapbook
from chapbook.magics import connection, place, welcome

if TYPE_CHECKING:
    import pytest

    from tests.extension.magics.conftest import Shell

PROJECT = '[project]\nname = "here"\nversion = "1"\n'
LOADING = """
import json, sys
from IPython.core.interactiveshell import InteractiveShell
before = set(sys.modules)
import chapbook
at_import = sorted(set(sys.modules) - before)
shell = InteractiveShell.instance()
before = set(sys.modules)
chapbook.register(shell)
print(json.dumps([at_import, sorted(set(sys.modules) - before)]))
"""


def test_the_front_door_brings_nothing_along(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADING],
        capture_output=True,
        text=True,
        check=True,
        env={"IPYTHONDIR": str(tmp_path), "PATH": ""},
    )
    at_import, registered = json.loads(done.stdout)
    assert at_import == ["chapbook"]
    assert registered == ["chapbook.magics", "chapbook.magics.completion", "chapbook.magics.missing"]


def test_the_kernel_of_a_project_knows_the_magic_and_starts_nothing(
    shell: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run_line_magic("load_ext", "chapbook.magics")
    assert shell.find_line_magic("poetry") is chapbook.poetry
    assert capsys.readouterr().out == ""
    assert connection.engine().pid is None


def test_the_magic_is_known_until_the_extension_is_unloaded(shell: Shell) -> None:
    assert shell.find_line_magic("poetry") is chapbook.poetry
    assert shell.find_cell_magic("poetry") is chapbook.poetry
    shell.run_line_magic("load_ext", "chapbook")
    shell.run_line_magic("unload_ext", "chapbook")
    assert shell.find_line_magic("poetry") is None
    assert shell.find_cell_magic("poetry") is None


def test_loading_it_where_there_is_no_project_says_how_to_make_one(
    shell: Shell, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run_line_magic("load_ext", "chapbook")
    assert capsys.readouterr().out == f"There is no project in {tmp_path} or above it: `%poetry init` makes one here\n"


def test_loading_it_elsewhere_than_in_the_project_is_told_once(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    assert welcome.greetings(shell) == []
    (tmp_path / ".venv").mkdir()
    environment = tmp_path / ".venv"
    (told,) = welcome.greetings(shell)
    assert told.startswith(f"This IPython does not run in the project's environment, {environment}: ")
    assert welcome.greetings(shell) == []


def test_loading_it_in_the_kernel_of_the_project_says_nothing(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    (tmp_path / ".venv").mkdir()
    monkeypatch.setattr(sys, "prefix", str(tmp_path / ".venv"))
    assert welcome.greetings(shell) == []


def test_a_file_that_only_configures_tools_is_no_project(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    below = tmp_path / "notebooks"
    below.mkdir()
    (below / "pyproject.toml").write_text("[tool.ruff]\nline-length = 100\n")
    assert place.project_of(str(below)) == str(tmp_path)


def test_a_notebook_is_found_by_what_editors_and_servers_tell(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.ipynb", "b.ipynb", "c.ipynb"):
        (tmp_path / name).write_text("{}")
    assert place.notebook_of(shell) is None
    shell.user_ns["__vsc_ipynb_file__"] = str(tmp_path / "c.ipynb")
    assert place.notebook_of(shell) == str(tmp_path / "c.ipynb")
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "b.ipynb"))
    assert place.notebook_of(shell) == str(tmp_path / "b.ipynb")
    monkeypatch.setenv("CHAPBOOK_NOTEBOOK", str(tmp_path / "a.ipynb"))
    assert place.notebook_of(shell) == str(tmp_path / "a.ipynb")
    assert place.start_of(shell) == str(tmp_path)


def test_a_session_that_is_no_file_is_no_notebook(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JPY_SESSION_NAME", "relative.ipynb")
    assert place.notebook_of(shell) is None
    monkeypatch.setenv("JPY_SESSION_NAME", "/nowhere/gone.ipynb")
    assert place.notebook_of(shell) is None


def test_the_named_project_comes_first(shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "other"
    other.mkdir()
    monkeypatch.setenv("CHAPBOOK_PROJECT", str(other))
    assert place.start_of(shell) == str(other)


def test_a_copy_knows_where_the_tool_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert place.tool_python() == sys.executable
    monkeypatch.setattr(place, "__file__", str(tmp_path / "place.py"))
    Path(tmp_path, "tool.json").write_text('{"python": "/opt/tool/bin/python", "version": "1"}')
    assert place.tool_python() == "/opt/tool/bin/python"


def test_help_tells_what_can_be_typed() -> None:
    assert chapbook.poetry.__doc__ is not None
    assert "%poetry add pandas" in chapbook.poetry.__doc__
