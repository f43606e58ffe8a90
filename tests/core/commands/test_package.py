from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

import pytest

from chapbook_core.commands.dispatch import perform
from chapbook_core.commands.package import NotRequired, Packaged
from chapbook_core.commands.registry import BY_NAME
from chapbook_core.commands.surroundings import Surroundings
from chapbook_core.commands.words import parse
from chapbook_core.environment.discovery import running_interpreter
from chapbook_core.environment.maker import Recipe
from chapbook_core.environment.probe import Prober
from chapbook_core.environment.virtualenv import make_environment
from chapbook_core.events import Unwatched
from tests.core.commands.packaging.answers import Answers
from tests.fakes.engine import is_alive, wait_until
from tests.kernelspec.notebooks import code, text, write_notebook

if TYPE_CHECKING:
    from chapbook_core.commands.report import Result
    from tests.core.commands.conftest import Chapbook
    from tests.fakes.index import FakeIndex


@pytest.fixture
def index(index: FakeIndex) -> FakeIndex:
    index.serve("scikit-learn", "1.5", requires=["joblib"], files={"sklearn/__init__.py": "fit = 1"})
    index.serve("joblib", "1.0", files={"joblib/__init__.py": ""})
    index.serve("odd-name", "1.0", files={"odd/__init__.py": ""})
    index.serve("stranger", "1.0", files={"weird/__init__.py": ""})
    return index


@pytest.fixture
def notebooks(equipped: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = equipped / "tools"
    made.mkdir()
    monkeypatch.chdir(made)
    return made


def files(folder: Path) -> dict[str, bytes]:
    paths = (path for path in folder.rglob("*") if path.is_file() and ".chapbook" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def package(chapbook: Chapbook, *words: str) -> tuple[int, dict[str, Any]]:
    outcome = chapbook("package", "-n", "--no-tests", "--format", "json", *words)
    return outcome.status, json.loads(outcome.out) if outcome.out else {"error": outcome.err}


def test_a_folder_of_notebooks_becomes_a_wheel_that_was_tried(notebooks: Path, chapbook: Chapbook) -> None:
    cells = (code("#| export\nfrom sklearn import fit"), code("#| export\ndef twice(): return 2 * fit"), code("1/0"))
    write_notebook(notebooks / "model.ipynb", text("# Model"), *cells)
    status, told = package(chapbook, "--add", "--set-version", "1.2")
    assert (0, True) == (status, told["good"]), told
    assert ["exports", "requirements", "build", "install", "import"] == [check["step"] for check in told["checks"]]
    details = {check["step"]: check["told"] for check in told["checks"]}
    assert ("1 module: tools.model", "2 of 2 modules") == (details["exports"], details["import"])
    assert "3 packages in an environment of its own" == details["install"]
    assert ["scikit-learn"] == told["added"]
    wheel = notebooks / "dist" / "tools-1.2-py3-none-any.whl"
    with ZipFile(wheel) as archive:
        assert "tools/model.py" in archive.namelist()
        assert b"Requires-Dist: scikit-learn" in archive.read("tools-1.2.dist-info/METADATA")
    assert {"model.ipynb", "pyproject.toml", "poetry.lock"} <= files(notebooks).keys()
    assert [".chapbook", "dist", "model.ipynb", "poetry.lock", "pyproject.toml"] == sorted(
        path.name for path in notebooks.iterdir()
    )


def test_what_is_imported_and_not_required_is_told_and_changes_nothing(notebooks: Path, chapbook: Chapbook) -> None:
    write_notebook(notebooks / "model.ipynb", text("# Model"), code("#| export\nimport sklearn"))
    before = files(notebooks)
    outcome = chapbook("package", "-n", "--no-tests")
    assert 1 == outcome.status
    assert "model.ipynb, cell 2 imports `sklearn`, which is not required; `scikit-learn` brings it" in outcome.err
    assert "`chapbook package --add`" in outcome.err
    assert before == files(notebooks)


def test_what_only_developers_get_does_not_do(notebooks: Path, chapbook: Chapbook) -> None:
    (notebooks / "pyproject.toml").write_text(
        '[project]\nname = "tools"\nversion = "1"\nrequires-python = ">=3.11"\n'
        '[dependency-groups]\ndev = ["scikit-learn"]\n'
    )
    write_notebook(notebooks / "model.ipynb", code("#| export\nimport sklearn"))
    before = files(notebooks)
    outcome = chapbook("package", "-n", "--no-tests")
    assert "which only the group `dev` requires" in outcome.err
    assert before == files(notebooks)


def test_a_module_that_cannot_be_imported_changes_nothing(notebooks: Path, chapbook: Chapbook) -> None:
    write_notebook(notebooks / "model.ipynb", code("#| export\nimport odd"))
    write_notebook(notebooks / "sound.ipynb", code("#| export\nx = 1"))
    before = files(notebooks)
    outcome = chapbook("package", "-n", "--no-tests")
    assert 1 == outcome.status
    assert "ModuleNotFoundError: No module named 'odd'" in outcome.out
    assert "import        failed  2 of 3 modules" in outcome.out
    assert "tools 0.1.0 was not made; nothing was changed" in outcome.out + outcome.err
    assert "--require NAME" in outcome.out + outcome.err
    assert before == files(notebooks)
    status, told = package(chapbook, "--require", "odd-name", "-o", "../made")
    assert (0, ["odd-name"]) == (status, told["added"]), told
    assert ["tools-0.1.0-py3-none-any.whl", "tools-0.1.0.tar.gz"] == sorted(
        path.name for path in (notebooks.parent / "made").iterdir()
    )


def test_it_is_tried_in_an_environment_of_its_own_even_where_none_are_made(
    notebooks: Path, chapbook: Chapbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHAPBOOK_VIRTUALENVS_CREATE", "false")
    monkeypatch.setenv("CHAPBOOK_VIRTUALENVS_IN_PROJECT", "false")
    active = notebooks.parent / "active"
    make_environment(active, Recipe(Prober(None, os.environ).ask(running_interpreter()), "active"), cache=None)
    monkeypatch.setenv("VIRTUAL_ENV", str(active))
    before = files(active)
    write_notebook(notebooks / "model.ipynb", code("#| export\nx = 1"))
    status, told = package(chapbook)
    assert (0, True) == (status, told["good"]), told
    assert before == files(active)


def test_packages_come_from_where_the_project_gets_them(
    notebooks: Path, index: FakeIndex, chapbook: Chapbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple/")
    (notebooks / "pyproject.toml").write_text(
        '[project]\nname = "tools"\nversion = "1"\nrequires-python = ">=3.11"\ndependencies = ["odd-name"]\n'
        '[dependency-groups]\ndev = ["stranger"]\n'
        f'[[tool.poetry.source]]\nname = "mine"\nurl = "{index.url}"\n'
        '[tool.chapbook]\nexclude-newer = 2999-01-01\n[tool.chapbook.tasks]\nlook = "ls"\n'
    )
    write_notebook(notebooks / "model.ipynb", code("#| export\nimport odd"))
    status, told = package(chapbook)
    assert (0, True) == (status, told["good"]), told


def test_what_is_there_because_of_others_is_told(notebooks: Path, chapbook: Chapbook) -> None:
    write_notebook(notebooks / "model.ipynb", code("#| export\nimport sklearn"))
    assert 0 == package(chapbook, "--add")[0]
    write_notebook(notebooks / "model.ipynb", code("#| export\nimport sklearn, joblib"))
    status, told = package(chapbook)
    details = {check["step"]: check["told"] for check in told["checks"]}
    expected = "model.ipynb, cell 1 imports `joblib` from `joblib`, which is only there because of others"
    assert (0, f"declared: scikit-learn; {expected}") == (status, details["requirements"])


def asked(notebooks: Path, answers: Answers) -> Result:
    invocation = parse(["package", "--no-tests"], BY_NAME).invocation
    assert invocation is not None
    surroundings = Surroundings(notebooks, dict(os.environ), Path.home(), sys.version_info[:2], ask=answers)
    return perform(invocation, surroundings, Unwatched())


def test_a_person_is_asked_for_what_nobody_else_knows(notebooks: Path) -> None:
    write_notebook(notebooks / "model.ipynb", code("#| export\nimport sklearn\nimport weird"))
    answers = Answers("", "3.0", "yes", "stranger")
    made = asked(notebooks, answers)
    assert isinstance(made, Packaged)
    assert (True, ("scikit-learn", "stranger"), "3.0") == (made.is_good, made.added, made.version)
    assert [
        ("name of the package", "tools"),
        ("its version", "0.1.0"),
        ("require `scikit-learn`?", "yes"),
        ("the package that brings `weird` (nothing to go on without)", ""),
    ] == answers.asked
    assert 2 == len(answers.told)


def test_a_person_may_refuse(notebooks: Path) -> None:
    write_notebook(notebooks / "model.ipynb", code("#| export\nimport sklearn"))
    before = files(notebooks)
    with pytest.raises(NotRequired):
        asked(notebooks, Answers("", "", "no"))
    assert before == files(notebooks)


def test_what_was_made_is_undone_like_any_other_change(notebooks: Path, chapbook: Chapbook) -> None:
    (notebooks / "pyproject.toml").write_text('[project]\nname = "tools"\nversion = "1"\nrequires-python = ">=3.11"\n')
    write_notebook(notebooks / "model.ipynb", code("#| export\nx = 1"))
    before = (notebooks / "pyproject.toml").read_text()
    assert 0 == package(chapbook)[0]
    assert "[tool.chapbook.export]" in (notebooks / "pyproject.toml").read_text()
    assert 0 == chapbook("undo").status
    assert before == (notebooks / "pyproject.toml").read_text()


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("#| export\ndef broken(", "the cell is exported and must be valid Python"),
        ("x = 1", "no cell of the notebooks in `.` is exported"),
    ],
)
def test_notebooks_that_make_no_package_are_told(notebooks: Path, chapbook: Chapbook, cell: str, message: str) -> None:
    write_notebook(notebooks / "model.ipynb", code(cell))
    before = files(notebooks)
    outcome = chapbook("package", "-n", "--no-tests")
    assert (1, True) == (outcome.status, message in outcome.err), outcome
    assert before == files(notebooks)


def test_without_notebooks_there_is_nothing_to_package(notebooks: Path, chapbook: Chapbook) -> None:
    outcome = chapbook("package", "-n")
    assert (1, True) == (outcome.status, "no project in" in outcome.err)
    assert {} == files(notebooks)


@pytest.mark.skipif(sys.platform == "win32", reason="signals are those of POSIX")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_whoever_stops_it_finds_everything_as_it_was(notebooks: Path, tmp_path: Path, number: int) -> None:
    before = files(notebooks)
    child, sign = being_imported(notebooks, tmp_path)
    before |= {"slow.ipynb": (notebooks / "slow.ipynb").read_bytes()}
    assert before != files(notebooks)
    child.send_signal(number)
    assert {signal.SIGINT: 130, signal.SIGTERM: 143}[signal.Signals(number)] == child.wait(30)
    assert before == files(notebooks)
    # It is killed, and gone when the system has come round to that.
    assert wait_until(lambda: not is_alive(int(sign.read_text())))


@pytest.mark.skipif(sys.platform == "win32", reason="signals are those of POSIX")
@pytest.mark.parametrize(
    "project", ["", '[project]\nname = "tools"  # mine\nversion = "3"\nrequires-python = ">=3.11"\n']
)
def test_what_it_had_changed_when_it_was_killed_is_taken_back(
    notebooks: Path, tmp_path: Path, chapbook: Chapbook, project: str
) -> None:
    if project:
        (notebooks / "pyproject.toml").write_text(project, "utf-8")
    before = files(notebooks)
    child, sign = being_imported(notebooks, tmp_path, "--require", "joblib")
    before |= {"slow.ipynb": (notebooks / "slow.ipynb").read_bytes()}
    assert "joblib" in (notebooks / "pyproject.toml").read_text("utf-8")
    # Who reads does not wait for it, and takes nothing of it back.
    assert chapbook("status").status == 0
    assert child.poll() is None
    assert before != files(notebooks)
    child.kill()
    child.wait()
    os.kill(int(sign.read_text()), signal.SIGKILL)
    assert before != files(notebooks)
    outcome = chapbook("status")
    assert "took back what a command that was interrupted had changed" in outcome.err
    assert before == files(notebooks)
    assert "took back" not in chapbook("status").err


@pytest.mark.skipif(sys.platform == "win32", reason="signals are those of POSIX")
def test_what_was_edited_since_it_was_killed_stays(notebooks: Path, tmp_path: Path, chapbook: Chapbook) -> None:
    child, sign = being_imported(notebooks, tmp_path)
    child.kill()
    child.wait()
    os.kill(int(sign.read_text()), signal.SIGKILL)
    file = notebooks / "pyproject.toml"
    file.write_text(mine := file.read_text("utf-8") + "# mine\n", "utf-8")
    outcome = chapbook("lock")
    assert outcome.status == 0, outcome.err
    assert "they were edited since; they stay as they are" in outcome.err
    assert mine == file.read_text("utf-8")
    assert "edited since" not in chapbook("lock").err


def being_imported(notebooks: Path, tmp_path: Path, *words: str) -> tuple[subprocess.Popen[bytes], Path]:
    """Begin to make a package whose import takes ten minutes; return then, with the file that names its process."""
    sign = tmp_path / "sign"
    source = f"#| export\nimport os, time\nopen({str(sign)!r}, 'w').write(str(os.getpid()))\ntime.sleep(600)"
    write_notebook(notebooks / "slow.ipynb", code(source))
    command = [sys.executable, "-P", "-m", "chapbook_core.cli", "package", "-n", "--no-tests", *words]
    child = subprocess.Popen(command, cwd=notebooks, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not (sign.exists() and sign.read_text()):
        assert time.monotonic() < deadline
        assert child.poll() is None
        time.sleep(0.05)
    return child, sign
