from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from chapbook_core.commands.testing.collecting import collect
from chapbook_core.commands.testing.driver import run_trials
from chapbook_core.commands.testing.trial import Manner, Outcome, Trial
from chapbook_core.errors import Cancelled
from chapbook_core.events import Advanced, Event, Unwatched
from tests.kernelspec.notebooks import code, make_ready, own_start, text, write_notebook

ROOT = str(Path(__file__).parents[2])


class Watching(Unwatched):
    """Keeps what it is told, and stops when a file is there."""

    def __init__(self, stop: Path | None = None) -> None:
        self.notes: list[str] = []
        self._stop = stop

    def emit(self, event: Event, /) -> None:
        if isinstance(event, Advanced):
            self.notes.append(event.note)

    def checkpoint(self) -> None:
        if self._stop is not None and self._stop.exists():
            raise Cancelled


def run(folder: Path, manner: Manner, watcher: Watching) -> dict[str, Outcome]:
    files = [(file, file.name) for file in sorted(folder.glob("*.ipynb"))]
    trials = [Trial(notebook, own_start()) for notebook in collect(files).notebooks]
    outcomes = run_trials(trials, manner, os.environ, watcher)
    return {outcome.notebook: outcome for outcome in outcomes}


def test_notebooks_run_beside_each_other_and_each_tells_what_became_of_it(tmp_path: Path) -> None:
    wait = "import time, pathlib\nwhile not pathlib.Path('{}').exists(): time.sleep(0.05)"
    write_notebook(
        tmp_path / "good.ipynb",
        text("# Words"),
        code("open('here', 'w').close(); x = 1"),
        code("1/0", "raises-exception"),
        code("1/0", "skip"),
        code("assert x == 1\nimport os; assert os.environ['CHAPBOOK_NOTEBOOK'].endswith('good.ipynb')", "test"),
    )
    write_notebook(
        tmp_path / "bad.ipynb", text("# Words"), code(wait.format("here")), code("print('before')\nmissing"), code("2")
    )
    write_notebook(tmp_path / "dies.ipynb", code("import os, signal; os.kill(os.getpid(), signal.SIGKILL)"))
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    watcher = Watching()
    outcomes = run(tmp_path, Manner(jobs=2, cell_timeout=60), watcher)

    assert {"bad.ipynb": "failed", "dies.ipynb": "failed", "good.ipynb": "passed"} == {
        name: outcome.word for name, outcome in outcomes.items()
    }
    assert ([2, 3, 5], 3) == ([cell.number for cell in outcomes["good.ipynb"].cells], outcomes["good.ipynb"].total)
    bad = outcomes["bad.ipynb"].failure
    assert bad is not None
    assert (3, "NameError: name 'missing' is not defined", "before") == (bad.cell, bad.message, bad.output)
    assert "print('before')\nmissing" == bad.source
    assert "----> 2 missing" in bad.traceback
    assert "\x1b" not in bad.traceback
    dies = outcomes["dies.ipynb"].failure
    assert dies is not None
    assert "the kernel died in cell 1" == dies.message
    assert "good.ipynb, cell 5" in watcher.notes
    assert before == {path: path.read_bytes() for path in before}


def test_a_cell_that_takes_too_long_fails_its_notebook(tmp_path: Path) -> None:
    write_notebook(tmp_path / "slow.ipynb", code("import time; time.sleep(600)"))
    (outcome,) = run(tmp_path, Manner(cell_timeout=1), Watching()).values()
    assert "failed" == outcome.word
    assert outcome.failure is not None
    assert "cell 1 was still running after 1 s" == outcome.failure.message


def test_with_the_first_failure_everything_can_be_stopped(tmp_path: Path) -> None:
    write_notebook(tmp_path / "a.ipynb", code("1/0"))
    write_notebook(tmp_path / "b.ipynb", code("open('begun', 'w')"))
    outcomes = run(tmp_path, Manner(jobs=1, fail_fast=True), Watching())
    assert ["failed", "not run"] == [outcome.word for outcome in outcomes.values()]
    assert not (tmp_path / "begun").exists()


def test_a_kernel_that_cannot_start_fails_its_notebook_alone(tmp_path: Path) -> None:
    file = write_notebook(tmp_path / "a.ipynb", code("1"))
    start = own_start()
    broken = type(start)(start.environment, str(tmp_path / "gone"), "", (), (), (), "7.0")
    (notebook,) = collect([(file, "a.ipynb")]).notebooks
    (outcome,) = run_trials([Trial(notebook, broken)], Manner(), os.environ, Unwatched())
    assert "error" == outcome.word
    assert outcome.failure is not None
    assert "its kernel could not be run" in outcome.failure.message


def test_whoever_cancels_leaves_no_kernel_behind(tmp_path: Path) -> None:
    source = "import os; open('pid', 'w').write(str(os.getpid())); open('now', 'w')\nimport time; time.sleep(60)"
    write_notebook(tmp_path / "a.ipynb", code(source))
    with pytest.raises(Cancelled):
        run(tmp_path, Manner(), Watching(tmp_path / "now"))
    assert_ends(int((tmp_path / "pid").read_text()))


@pytest.mark.skipif(sys.platform == "win32", reason="signals are those of POSIX")
def test_the_command_tests_in_the_kernel_of_the_project_and_an_interrupt_ends_it(tmp_path: Path) -> None:
    variables = a_person(tmp_path)
    project = tmp_path / "project"
    make_ready(project, tmp_path / "home", variables)
    write_notebook(project / "good.ipynb", code("x = 1"), code("assert x == 1", "test"))
    write_notebook(project / "slow.ipynb", code("import os; open('pid', 'w').write(str(os.getpid()))"), slow_cell())

    told = chapbook(project, variables, "test", "good.ipynb", "--format", "json")
    assert (0, ["passed"]) == (told.returncode, [one["result"] for one in json.loads(told.stdout)["notebooks"]]), told

    words = [sys.executable, "-P", "-m", "chapbook_core.cli", "test"]
    child = subprocess.Popen(words, cwd=project, env=variables, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not (project / "slow").exists():
        assert time.monotonic() < deadline
        assert child.poll() is None
        time.sleep(0.05)
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=30)
    assert (130, True) == (child.returncode, "error: cancelled" in err)
    assert_ends(int((project / "pid").read_text()))


def slow_cell() -> dict[str, object]:
    return code("open('slow', 'w').close()\nimport time; time.sleep(60)")


def a_person(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "project").mkdir()
    (tmp_path / "home").mkdir()
    unwanted = ("XDG_", "CHAPBOOK_", "POETRY_", "PYTEST_", "COLUMNS")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
    home = str(tmp_path / "home")
    return {**kept, "HOME": home, "USERPROFILE": home, "PYTHONPATH": ROOT}


def chapbook(folder: Path, variables: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "chapbook_core.cli", *words],
        cwd=folder,
        env=variables,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def assert_ends(number: int) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            os.kill(number, 0)
        except ProcessLookupError:
            return
        assert time.monotonic() < deadline, "the kernel was left behind"
        time.sleep(0.1)
