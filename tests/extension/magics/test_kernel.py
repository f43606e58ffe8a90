from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from chapbook_core.cli import main
from chapbook_core.commands.thin_magics import place_thin_magics
from tests.extension.magics.real_kernel import LAUNCHER, RealKernel
from tests.fakes.index import FakeIndex, reply_faults
from tests.fakes.kernel_ports import with_steady_ports

if TYPE_CHECKING:
    from collections.abc import Iterator

PYTHON = f">={sys.version_info[0]}.{sys.version_info[1]}"
HEAD = f'[project]\nname = "here"\nversion = "1"\nrequires-python = "{PYTHON}"\ndependencies = []\n'
PROJECT = f"{HEAD}\n[tool.poetry]\npackage-mode = false\n"


@pytest.fixture(scope="module")
def index() -> Iterator[FakeIndex]:
    with FakeIndex() as index:
        index.serve("humanize", "4.9", requires=["tiny"])
        index.serve("tiny", "1.0")
        index.serve("lonely", "1.0")
        index.serve("laggard", "1.0")
        index.serve("slowpoke", "1.0")
        index.serve("early", "1.0")
        index.serve("early", "2.0")
        index.serve("quarrel", "1.0", requires=["early<2"])
        yield index


@pytest.fixture(scope="module")
def variables(index: FakeIndex, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A person without any settings, on a machine whose index is ours."""
    home = tmp_path_factory.mktemp("home")
    return {
        "HOME": str(home),
        "IPYTHONDIR": str(home / "ipython"),
        "PIP_INDEX_URL": index.url,
        "CHAPBOOK_CACHE_DIR": str(tmp_path_factory.mktemp("cache")),
        "GIT_CONFIG_GLOBAL": str(home / ".gitconfig"),
    }


def make_project(folder: Path, variables: dict[str, str]) -> Path:
    (folder / "pyproject.toml").write_text(PROJECT, "utf-8")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "VIRTUAL_ENV"))}
    subprocess.run(
        [sys.executable, "-m", "chapbook_core.cli", "install"],
        cwd=folder,
        env={**kept, **variables},
        check=True,
        capture_output=True,
    )
    return folder


@pytest.fixture(scope="module")
def project(variables: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_project(tmp_path_factory.mktemp("project"), variables)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shelf")


@pytest.fixture(scope="module")
def kernel(project: Path, variables: dict[str, str], shelf: Path) -> Iterator[RealKernel]:
    with RealKernel(project / ".venv" / "bin" / "python", project, variables, shelf) as kernel:
        loaded = kernel.run("%load_ext chapbook")
        assert (loaded.stdout, loaded.displays) == ("", {})
        yield kernel


def fingerprint(folder: Path) -> dict[str, str]:
    """Everything below a folder that is a file, but for compiled modules, which importing makes."""
    files = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_what_is_added_can_be_imported_in_the_next_line(kernel: RealKernel) -> None:
    shown = kernel.run("told = %poetry add humanize\nimport humanize, tiny\nprint(sorted(told.added))")
    assert shown.error == {}
    assert shown.stdout == "['humanize', 'tiny']\n"
    assert "+ humanize 4.9" in shown.text
    assert len(shown.displays) == 1
    (data,) = shown.displays.values()
    assert "humanize" in data["text/html"]
    assert "\x1b" not in data["text/plain"] + data["text/html"]


def test_a_line_is_not_told_twice(kernel: RealKernel) -> None:
    kernel.run("%poetry add tiny")
    shown = kernel.run("%poetry show")
    assert len(shown.displays) == 1
    assert shown.values == []
    assert kernel.run("%poetry show;").displays


def test_the_project_is_shown_at_a_glance(kernel: RealKernel) -> None:
    assert "here" in kernel.run("%poetry").text


def test_an_error_is_a_story_and_one_line(kernel: RealKernel) -> None:
    shown = kernel.run("%poetry add no-such-package", answers=[])
    assert shown.status == "error"
    assert "no-such-package" in shown.text
    assert shown.error["ename"] == "CommandFailed"
    # What the box says is not said again below it; whoever catches the error has all of it.
    assert shown.error["traceback"] == ["CommandFailed: `%poetry add no-such-package`, see above"]
    assert shown.error["evalue"].startswith("`%poetry add no-such-package`: ")
    assert "\n" not in shown.error["evalue"]


def test_a_cell_stops_at_its_first_error(kernel: RealKernel) -> None:
    shown = kernel.run("%%poetry\nadd lonely\nadd no-such-package\nremove lonely\n")
    assert shown.status == "error"
    assert "+ lonely 1.0" in shown.text
    assert "Not run: line 4 `remove lonely`" in shown.text
    assert kernel.run("import lonely").error == {}


def test_commands_options_and_packages_are_completed(kernel: RealKernel) -> None:
    kernel.run("%poetry add tiny")
    assert "%poetry remove" in kernel.complete("%poetry rem")
    assert "%poetry add --group" in kernel.complete("%poetry add --gr")
    assert "%poetry remove tiny" in kernel.complete("%poetry remove ti")
    assert "%%poetry\n# some\nremove tiny" in kernel.complete("%%poetry\n# some\nremove ti")


def test_a_secret_that_is_typed_is_in_no_history(kernel: RealKernel) -> None:
    shown = kernel.run("%poetry config http-basic.wheels me hunter2 --local\nprint('hunt' 'er2' in repr((In, _i)))")
    assert "a password stands in this cell" in shown.text
    assert "hunter2" not in shown.text
    assert shown.stdout == "False\n"
    assert kernel.run("print('hunt' 'er2' in repr((In, _i, _ii)))").stdout == "False\n"


def test_a_secret_is_asked_for_by_the_front_end(kernel: RealKernel, variables: dict[str, str]) -> None:
    shown = kernel.run("%poetry config http-basic.asked me", answers=["open sesame"])
    assert shown.error == {}
    assert "sesame" not in shown.text + shown.stdout
    assert "open sesame" in Path(variables["HOME"], ".config", "chapbook", "auth.toml").read_text("utf-8")


def test_an_interrupt_leaves_everything_as_it_was_and_the_kernel_usable(
    kernel: RealKernel, project: Path, index: FakeIndex
) -> None:
    before = fingerprint(project)
    index.faults.always("*laggard*.whl", reply_faults.slow(30))
    try:
        shown = kernel.run("%poetry add laggard\nafter = 1", interrupt_at="etching")
    finally:
        index.faults.clear()
    assert shown.error["ename"] == "CommandCancelled"
    assert "nothing was changed" in shown.text
    assert fingerprint(project) == before
    assert kernel.run("print('after' in globals())").stdout == "False\n"
    assert "+ laggard 1.0" in kernel.run("%poetry add laggard\nimport laggard").text


def test_another_environment_is_told_once(variables: dict[str, str], tmp_path: Path, shelf: Path) -> None:
    folder = make_project(tmp_path, variables)
    with RealKernel(Path(sys.executable), folder, variables, shelf) as kernel:
        assert "does not run in the project's environment" in kernel.run("%load_ext chapbook").stdout
        shown = kernel.run("%poetry add tiny")
        assert "Change Kernel" not in shown.text
        assert "changed outside" not in shown.text
    with RealKernel(Path(sys.executable), folder, variables, shelf) as kernel:
        kernel.run("%load_ext chapbook.magics")
        assert "Change Kernel" in kernel.run("%poetry add lonely").text
        assert "Change Kernel" not in kernel.run("%poetry remove lonely").text


# Notebooks that run without anybody there


@pytest.fixture
def notebook_kernel(variables: dict[str, str], shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project, and a kernel of it that other programs start by its name."""
    folder = tmp_path / "project"
    folder.mkdir()
    make_project(folder, variables)
    outside = json.dumps([str(place_thin_magics(shelf)), sysconfig.get_path("purelib")])
    argv = [str(folder / ".venv" / "bin" / "python"), "-c", LAUNCHER, outside, "-f", "{connection_file}"]
    spec = tmp_path / "share" / "kernels" / "tested" / "kernel.json"
    spec.parent.mkdir(parents=True)
    spec.write_text(json.dumps({"argv": argv, "display_name": "tested", "language": "python", "env": variables}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "share"))
    monkeypatch.setenv("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    return folder


def run_notebook(folder: Path, *cells: str) -> tuple[nbformat.NotebookNode, CellExecutionError | None]:
    # The functions that make notebooks have no types.
    make: Any = nbformat.v4
    notebook = make.new_notebook(cells=[make.new_code_cell(cell) for cell in cells])
    client = NotebookClient(
        notebook,
        kernel_name="tested",
        kernel_manager_class=with_steady_ports(AsyncKernelManager),
        timeout=300,
        resources={"metadata": {"path": str(folder)}},
    )
    try:
        client.execute()
    except CellExecutionError as error:
        return notebook, error
    return notebook, None


def test_a_saved_notebook_holds_the_last_state_alone(notebook_kernel: Path, index: FakeIndex) -> None:
    index.faults.once("*slowpoke*.whl", reply_faults.slow(0.8))
    cells = ("%load_ext chapbook\n%poetry add slowpoke", "import slowpoke", "%poetry remove slowpoke --dry-run")
    notebook, error = run_notebook(notebook_kernel, *cells)
    assert error is None
    added, imported, removed = (cell.outputs for cell in notebook.cells)
    assert [output.output_type for output in added] == ["display_data"]
    assert "+ slowpoke 1.0" in added[0].data["text/plain"]
    assert "etching" not in json.dumps(added)
    assert imported == []
    assert [output.output_type for output in removed] == ["display_data"]


def test_an_error_stops_a_notebook(notebook_kernel: Path) -> None:
    cells = ("%load_ext chapbook", "%poetry add early==2 quarrel", "print('after')")
    notebook, error = run_notebook(notebook_kernel, *cells)
    assert error is not None
    # Nobody looks at the box here.
    assert "CommandFailed: `%poetry add early==2 quarrel`: " in str(error)
    story, line = notebook.cells[1].outputs
    assert story.output_type == "display_data"
    assert "quarrel" in story.data["text/plain"]
    assert (line.output_type, line.ename) == ("error", "CommandFailed")
    assert notebook.cells[2].outputs == []


def test_the_terminal_and_the_magic_say_the_same(
    kernel: RealKernel,
    project: Path,
    variables: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(project)
    kernel.run("%poetry add tiny")
    for words in ("show", "show --tree", "why tiny"):
        assert main(words.split()) == 0
        assert kernel.run(f"%poetry {words}").text == capsys.readouterr().out.replace("chapbook ", "%poetry ").rstrip()
