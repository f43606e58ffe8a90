"""Packages made of notebooks, in environments of their own: installed from a wheel, and editable."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from chapbook_core.builder.distribution import read_distribution
from chapbook_core.builder.notebook.editable_files import editable_files
from chapbook_core.builder.wheel import build_editable, build_wheel
from chapbook_core.project.manifest import read_manifest

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = """\
[build-system]
requires = ["chapbook"]
build-backend = "chapbook_core.builder.backend"

[project]
name = "spam"
version = "1.0"
requires-python = ">=3.9"

[tool.chapbook.export]
folder = "nbs"
"""
HALF = """\
#| export
from __future__ import annotations


def half(number: Undefined) -> Undefined:
    if number % 2:
        raise ValueError(number)
    return number // 2"""
HALVES = """\
#| export
class Halves:
    def __init__(self, numbers):
        self.numbers = [half(number) for number in numbers]"""
SCRIPT = """\
# %% [markdown]
# # More
# %% tags=["export"]
from spam.core import half

def quarter(number):
    return half(half(number))
"""
_PATIENCE = 120


def write_notebook(path: Path, *sources: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cells = [{"cell_type": "code", "metadata": {}, "source": source.splitlines(keepends=True)} for source in sources]
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))


def python(executable: Path | str, code: str, *words: str) -> str:
    """Run some code far away from the project, and return what it printed."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PIP_", "VIRTUAL_ENV"))}
    ended = subprocess.run(
        [executable, "-c", dedent(code), *words],
        cwd=Path(executable).anchor,
        env=kept,
        capture_output=True,
        text=True,
        timeout=_PATIENCE,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "pyproject.toml").write_text(PROJECT)
    write_notebook(folder / "nbs/00_core.ipynb", "#| default_exp core", HALF, HALVES)
    (folder / "nbs/01_more.py").write_text(SCRIPT)
    return folder


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make an environment with pip, once."""
    folder = tmp_path_factory.mktemp("environment") / "bare"
    subprocess.run([sys.executable, "-m", "virtualenv", "--quiet", "--copies", str(folder)], check=True)
    return folder


@pytest.fixture
def environment(bare: Path) -> Iterator[Path]:
    """Provide the interpreter of an environment that is empty again afterwards."""
    executable = next(path for path in (bare / "bin/python", bare / "Scripts/python.exe") if path.exists())
    yield executable
    subprocess.run([executable, "-m", "pip", "uninstall", "-q", "-y", "spam", "wordcount"], check=True)
    assert not list(bare.rglob("*spam*")), "an uninstallation leaves nothing"


def install(executable: Path, wheel: Path) -> None:
    words = ["install", "-q", "--no-index", "--no-deps", "--disable-pip-version-check", str(wheel)]
    subprocess.run([executable, "-m", "pip", *words], check=True)


def test_a_fresh_environment_imports_the_wheel(project: Path, environment: Path, tmp_path: Path) -> None:
    install(environment, build_wheel(read_distribution(project, {}), tmp_path))
    shutil.rmtree(project)
    printed = python(
        environment,
        """
        from spam.core import *
        from spam.more import quarter
        import spam.core, spam.more
        print(quarter(8), Halves([2]).numbers, spam.core.__all__, spam.more.__doc__, spam.core.__file__)
        """,
    )
    assert printed.startswith("2 [1] ['half', 'Halves'] More ")
    assert printed.rstrip().endswith(str(Path("site-packages", "spam", "core.py")))


def test_an_nbdev_project_is_installed_and_imported(environment: Path, tmp_path: Path) -> None:
    project = tmp_path / "nbdev"
    shutil.copytree(Path(__file__).parents[1] / "data" / "nbdev", project)
    install(environment, build_wheel(read_distribution(project, {}), tmp_path))
    code = "from wordcount.report.table import rows, Count; print(rows(Count('a b a'), 1), rows.__module__)"
    assert "['         a 2'] wordcount.report.table\n" == python(environment, code)


TRACEBACK = """
    import inspect, traceback
    import spam, spam.core, spam.more
    for call in (lambda: spam.core.half(3), lambda: spam.more.quarter(6), lambda: spam.core.Halves([1])):
        try:
            call()
        except ValueError:
            print("".join(line for line in traceback.format_exc().splitlines(True) if "^^" not in line))
    print(inspect.getsource(spam.core.half).splitlines()[0])
    print(inspect.getsource(spam.core.Halves))
    print(spam.core.__file__, spam.core.__all__, spam.core.half.__annotations__)
"""


def check_traceback(printed: str, project: Path) -> None:
    core, more = project / "nbs/00_core.ipynb", project / "nbs/01_more.py"
    assert f'  File "{core}#cell-2", line 7, in half\n    raise ValueError(number)\n' in printed
    assert f'  File "{more}", line 7, in quarter\n    return half(half(number))\n' in printed
    assert f'  File "{core}#cell-3", line 4, in __init__\n    self.numbers =' in printed
    assert "def half(number: Undefined) -> Undefined:\nclass Halves:\n    def __init__(self, numbers):\n" in printed
    assert printed.rstrip().endswith(f"{core} ['half', 'Halves'] {{'number': 'Undefined', 'return': 'Undefined'}}")


def test_tracebacks_of_an_editable_installation_name_notebook_and_cell(
    project: Path, environment: Path, tmp_path: Path
) -> None:
    install(environment, build_editable(read_distribution(project, {}), tmp_path))
    check_traceback(python(environment, TRACEBACK), project)


@pytest.mark.parametrize("version", ["3.9", "3.10", "3.12", "3.13", "3.14"])
def test_they_do_so_in_every_python(version: str, project: Path, tmp_path: Path) -> None:
    executable = interpreter(version)
    site = unpacked_hook(project, tmp_path)
    check_traceback(python(executable, f"import site\nsite.addsitedir({str(site)!r})\n" + dedent(TRACEBACK)), project)


def interpreter(version: str) -> str:
    """Find a Python of that version, or skip the test."""
    known = [Path(found) for found in [shutil.which(f"python{version}")] if found]
    known += sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    for path in known:
        if subprocess.run([path, "--version"], capture_output=True, check=False).returncode == 0:
            return str(path)
    pytest.skip(f"there is no Python {version}")


def unpacked_hook(project: Path, tmp_path: Path) -> Path:
    site = tmp_path / "site"
    for name, content in editable_files(read_manifest(project)).items():
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_bytes(content)
    return site


def hooked(project: Path, tmp_path: Path, code: str) -> str:
    """Run some code in this Python with the hook of the project."""
    site = unpacked_hook(project, tmp_path)
    start = f"import site, sys\nsite.addsitedir({str(site)!r})\n"
    return python(sys.executable, start + dedent(code).replace("PROJECT", repr(str(project))))


CHANGE = """
    import json, os, pathlib
    def change(name, old, new):
        path = pathlib.Path(PROJECT, "nbs", name)
        before = path.stat().st_mtime_ns
        text = path.read_text()
        assert json.dumps(old)[1:-1] in text
        path.write_text(text.replace(json.dumps(old)[1:-1], json.dumps(new)[1:-1]))
        os.utime(path, ns=(before + 10**9, before + 10**9))
"""


def test_nothing_is_read_before_something_of_the_project_is_imported(project: Path, tmp_path: Path) -> None:
    code = """
    print(sorted(name for name in sys.modules if name.startswith("_chapbook")))
    import colorsys
    print(sorted(name for name in sys.modules if name.startswith("_chapbook")))
    """
    alone = "['_chapbook_notebooks_spam']\n"
    assert alone + alone == hooked(project, tmp_path, code)


def test_a_reload_follows_an_edit(project: Path, tmp_path: Path) -> None:
    code = dedent(CHANGE) + dedent("""
    import importlib, spam.core
    print(spam.core.half(4))
    change("00_core.ipynb", "number // 2", "number / 2")
    importlib.reload(spam.core)
    print(spam.core.half(4))
    """)
    assert "2\n2.0\n" == hooked(project, tmp_path, code)


def test_autoreload_follows_an_edit(project: Path, tmp_path: Path) -> None:
    pytest.importorskip("IPython")
    code = dedent(CHANGE) + dedent("""
    from IPython.core.interactiveshell import InteractiveShell
    shell = InteractiveShell.instance()
    shell.user_ns["change"] = change
    def run(cell):
        shell.run_cell(cell).raise_error()
    run("import spam.core, spam.more; from spam.core import half, Halves; one = Halves([2])")
    run("change('00_core.ipynb', 'number // 2', 'number / 2')")
    run("print(half(4))")
    run("%load_ext autoreload")
    run("%autoreload 2")
    run("change('00_core.ipynb', 'number / 2', 'number * 10')")
    run("print(half(4), spam.more.quarter(2))")
    run("change('00_core.ipynb', 'return number', 'return return')")
    run("print(half(4))")
    run("change('00_core.ipynb', 'return return', 'return -number')")
    run("print(half(4))")
    """)
    assert ["2", "40 200", "40", "-40"] == hooked(project, tmp_path, code).split("\n")[:4]


def test_a_module_can_be_started_as_a_program(project: Path, tmp_path: Path) -> None:
    body = "#| export\nfrom __future__ import annotations\ndef go() -> Undefined:\n    raise SystemExit"
    write_notebook(project / "nbs/02_go.ipynb", "#| export\nimport sys", body, "#| export\nprint(__name__)\ngo()")
    code = """
    import runpy, traceback
    try:
        runpy.run_module("spam.go", run_name="__main__")
    except SystemExit:
        traceback.print_exc(file=sys.stdout)
    """
    printed = hooked(project, tmp_path, code)
    assert printed.startswith("__main__\n")
    assert f'File "{project / "nbs/02_go.ipynb"}", line 8, in go\n    raise SystemExit\n' in printed


def test_what_comes_after_the_installation_is_found(project: Path, tmp_path: Path) -> None:
    code = """
    import importlib, pathlib, json, spam.core
    path = pathlib.Path(PROJECT, "nbs", "02_late.ipynb")
    text = pathlib.Path(PROJECT, "nbs", "00_core.ipynb").read_text()
    path.write_text(text.replace("default_exp core", "default_exp late"))
    pathlib.Path(PROJECT, "spam").mkdir()
    pathlib.Path(PROJECT, "spam", "plain.py").write_text("x = 1")
    importlib.invalidate_caches()
    import spam.late, spam.plain
    print(spam.late.half(2), spam.plain.x)
    try:
        import spam.nothing
    except ModuleNotFoundError as error:
        print(error)
    """
    assert "1 1\nNo module named 'spam.nothing'\n" == hooked(project, tmp_path, code)


def test_what_is_wrong_in_a_notebook_is_told_by_the_import(project: Path, tmp_path: Path) -> None:
    write_notebook(project / "nbs/02_wrong.ipynb", "#| export\nx = 1\nx =")
    write_notebook(project / "nbs/03_magic.ipynb", "#| export\n!ls")
    code = """
    for name in ("wrong", "magic"):
        try:
            __import__(f"spam.{name}")
        except (SyntaxError, ImportError) as error:
            print(type(error).__name__, getattr(error, "filename", None), getattr(error, "lineno", None), error)
    import pathlib
    pathlib.Path(PROJECT, "nbs", "04_broken.ipynb").write_text("export {")
    import importlib
    importlib.invalidate_caches()
    import spam.core
    try:
        import spam.broken
    except ImportError as error:
        print(error)
    """
    wrong, magic, broken = hooked(project, tmp_path, code).splitlines()
    assert wrong.startswith(f"SyntaxError {project / 'nbs/02_wrong.ipynb'}#cell-1 3 ")
    assert magic.startswith(
        "ImportError None None cell 1 of `nbs/03_magic.ipynb`, line 2: `!ls` is a command for IPython"
    )
    assert broken.startswith(
        "cannot find `spam.broken`, maybe because `nbs/04_broken.ipynb` is not a notebook: it is not JSON"
    )


def test_data_beside_the_modules_are_found(project: Path, tmp_path: Path) -> None:
    (project / "spam").mkdir()
    (project / "spam/data.txt").write_text("words")
    code = 'from importlib.resources import files\nprint(files("spam").joinpath("data.txt").read_text())'
    assert hooked(project, tmp_path, code) == "words\n"


def test_the_tool_installs_its_project_so_too(project: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    unwanted = ("XDG_", "CHAPBOOK_", "POETRY_", "VIRTUAL_ENV", "PYTHONPATH")
    variables = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
    variables |= {"HOME": str(home), "USERPROFILE": str(home)}

    def chapbook(*words: str) -> str:
        command = [sys.executable, "-P", "-m", "chapbook_core.cli", *words]
        ended = subprocess.run(command, cwd=project, env=variables, capture_output=True, text=True, check=False)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    chapbook("lock")
    chapbook("install")
    executable = next(
        path for path in (project / ".venv/bin/python", project / ".venv/Scripts/python.exe") if path.exists()
    )
    check_traceback(python(executable, TRACEBACK), project)
    assert "Nothing to do" in chapbook("install")
    (project / "pyproject.toml").write_text(PROJECT + 'package = "spam.deep"\n')
    (project / "nbs/01_more.py").unlink()
    chapbook("lock")
    assert "spam" in chapbook("install")
    assert "2\n" == python(executable, "import spam.deep.core; print(spam.deep.core.half(4))")
