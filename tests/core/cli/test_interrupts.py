from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the moments are tried in forks")
REPOSITORY = Path(__file__).parents[3]
NOTHING = "error: cancelled; nothing was changed\n"
STAYS = "error: interrupted; what was done stays\n"
PROJECT = '[project]\nname = "a"\nversion = "1"\nrequires-python = ">=3.11"\n'


@pytest.fixture
def variables(tmp_path: Path) -> dict[str, str]:
    own = ("HOME", "CHAPBOOK_CACHE_DIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME")
    return {**os.environ, "PYTHONPATH": str(REPOSITORY), **dict.fromkeys(own, str(tmp_path / "home"))}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    project = tmp_path / "project"
    project.mkdir()
    (project / "pyproject.toml").write_text(PROJECT)
    return project


def interrupted(times: int, words: Sequence[str], folder: Path, variables: dict[str, str]) -> list[dict[str, Any]]:
    """Return what became of a command that was interrupted at each moment, so many times on end; the last was not."""
    program = [sys.executable, "-m", "tests.core.cli.interrupting", str(times), *words]
    ended = subprocess.run(program, cwd=folder, env=variables, capture_output=True, text=True, check=True)
    *told, last = map(json.loads, ended.stdout.splitlines())
    assert not last["fired"]
    assert "Traceback" not in last["err"]
    assert len(told) > 10
    return [*told, last]


@pytest.mark.parametrize("words", [["--version"], ["--help"], ["about"], ["add"], ["show", "nowhere"]])
@pytest.mark.parametrize("times", [1, 2, 9])
def test_an_interrupt_of_what_changes_nothing_is_told_or_the_answer_is(
    folder: Path, variables: dict[str, str], words: list[str], times: int
) -> None:
    *told, last = interrupted(times, words, folder, variables)
    stories = {"", NOTHING, STAYS} if times > 1 else {NOTHING}
    for one in told:
        is_answered = all(one[part] == last[part] for part in ("status", "out", "err"))
        assert is_answered or (one["status"] == 130 and one["err"].removeprefix(last["err"]) in stories), one
    assert 130 in {one["status"] for one in told}


@pytest.mark.parametrize("times", [1, 2, 9])
def test_no_interrupt_has_told_that_nothing_was_changed_where_something_was(
    folder: Path, variables: dict[str, str], times: int
) -> None:
    *told, last = interrupted(times, ["lock"], folder, variables)
    assert (0, "", True) == (last["status"], last["err"], "poetry.lock" in last["files"])
    for one in told:
        assert one["status"] in {0, 130}, one
        assert ("poetry.lock" in one["files"]) >= (one["status"] == 0), one
        assert one["err"] in {"", NOTHING, STAYS}, one
        assert not (one["err"] == NOTHING and "poetry.lock" in one["files"]), one
        if times == 1 and one["status"]:
            assert NOTHING == one["err"], one


LOADING = """
import signal, sys
from chapbook_core.cli import leave
left = int(sys.argv.pop(1))
def trace(frame, event, argument):
    global left
    left -= frame.f_code.co_name == "<module>"
    if left < 0:
        sys.settrace(None)
        signal.raise_signal(signal.SIGINT)
sys.settrace(trace)
leave()
"""


@pytest.mark.parametrize("modules", [0, 1, 5, 20, 60])
def test_an_interrupt_while_modules_are_loaded_shows_no_traceback(
    folder: Path, variables: dict[str, str], modules: int
) -> None:
    words = [sys.executable, "-c", LOADING, str(modules), "about"]
    ended = subprocess.run(words, cwd=folder, env=variables, capture_output=True, text=True, check=False)
    assert (130, NOTHING) == (ended.returncode, ended.stderr)


def test_who_started_it_deaf_to_interrupts_is_not_overruled(folder: Path, variables: dict[str, str]) -> None:
    deaf = LOADING.replace("left = int", "signal.signal(signal.SIGINT, signal.SIG_IGN)\nleft = int")
    words = [sys.executable, "-c", deaf, "5", "about"]
    ended = subprocess.run(words, cwd=folder, env=variables, capture_output=True, text=True, check=False)
    assert (0, "") == (ended.returncode, ended.stderr)


@pytest.mark.parametrize("delay", [0.0, 0.1])
def test_one_that_comes_where_nothing_can_be_stopped_is_heard_a_moment_later(
    folder: Path, variables: dict[str, str], delay: float
) -> None:
    program = f"""
import signal, sys, threading, time
start = threading.Timer.start

def start_slowly(timer):
    start(timer)
    time.sleep({delay})

threading.Timer.start = start_slowly
signal.signal(signal.SIGINT, signal.default_int_handler)
from chapbook_core.cli import leave

class Going:
    def __del__(self):
        signal.raise_signal(signal.SIGINT)

def run(words, interrupts):
    interrupts.is_working = True
    Going()
    print("went on", flush=True)
    time.sleep(60)
    return 0

leave(run)
"""
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, env=variables, capture_output=True, text=True, check=False
    )
    assert (130, "went on\n", NOTHING) == (ended.returncode, ended.stdout, ended.stderr)


def test_being_told_to_stop_where_nothing_can_be_stopped_is_heard_a_moment_later(
    folder: Path, variables: dict[str, str]
) -> None:
    program = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
from chapbook_core.cli import leave
from chapbook_core.cli.stopping import stopping_by_signals

class Going:
    def __del__(self):
        signal.raise_signal(signal.SIGTERM)

def run(words, interrupts):
    with stopping_by_signals(lambda: False, interrupts):
        Going()
        print("went on", flush=True)
        try:
            time.sleep(20)
        finally:
            print("undone", flush=True)
    return 0

leave(run)
"""
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, env=variables, capture_output=True, text=True, check=False
    )
    assert (143, "went on\nundone\n", "") == (ended.returncode, ended.stdout, ended.stderr)
