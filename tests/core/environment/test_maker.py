"""Virtualenv in a process, loaded when it is wanted or ahead."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest
from python_discovery import PythonInfo

from chapbook_core.environment.discovery import running_interpreter
from chapbook_core.environment.maker import EnvironmentNotMade, Maker, Recipe
from chapbook_core.value import replace
from tests.core.environment.made import tree

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from chapbook_core.environment.interpreter import Interpreter
    from chapbook_core.environment.probe import Prober

# What is counted are the processes that are started from the moment on that all is at hand.
_MAKES = """
import json, os, sys
from pathlib import Path
from chapbook_core.environment.discovery import running_interpreter
from chapbook_core.environment.maker import MAKER, Recipe
from chapbook_core.environment.probe import Prober
place, is_ahead = Path(sys.argv[1]), sys.argv[2] == "ahead"
recipe = Recipe(Prober(None, os.environ).ask(running_interpreter()), "notes")
before = sorted(Path(sys.modules[Recipe.__module__].__file__).parent.iterdir()), dict(os.environ), os.getcwd()
if is_ahead:
    MAKER.come()
after = sorted(Path(sys.modules[Recipe.__module__].__file__).parent.iterdir()), dict(os.environ), os.getcwd()
started, modules = [], len(sys.modules)
sys.addaudithook(lambda event, words: started.append(event) if event in ("subprocess.Popen", "os.fork") else None)
MAKER.make(place / ".venv", recipe, recipe.prompt, place / "cache")
print(json.dumps([before == after, MAKER.is_at_hand, len(started)]))
"""


@pytest.fixture
def recipe(prober: Prober) -> Recipe:
    return Recipe(prober.ask(running_interpreter()), "notes")


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Note what virtualenv would be told."""
    words: list[list[str]] = []
    monkeypatch.setattr("virtualenv.cli_run", lambda told, **_options: words.append(told))
    return words


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bool]]:
    """Note which Pythons are asked by us, and whether in spite of what is known of them."""
    calls: list[tuple[str, bool]] = []

    def note(program: str, *, ignore_cache: bool = False, **_options: object) -> None:
        calls.append((program, ignore_cache))

    monkeypatch.setattr(PythonInfo, "from_exe", note)
    return calls


def made(place: Path, how: str) -> list[object]:
    place.mkdir()
    words = [sys.executable, "-c", _MAKES, str(place), how]
    done = subprocess.run(words, capture_output=True, text=True, check=True, cwd=place)
    found: list[object] = json.loads(done.stdout)
    return found


def test_what_is_made_by_one_at_hand_is_the_same_to_the_byte_and_takes_no_process(tmp_path: Path) -> None:
    place = tmp_path / "project"
    assert [True, True, 1] == made(place, "then")
    then = tree(place / ".venv")
    assert {"pyvenv.cfg", "bin/activate", "bin/python", ".gitignore"} <= then.keys()
    place.rename(tmp_path / "aside")
    assert [True, True, 0] == made(place, "ahead")
    assert then == tree(place / ".venv")
    # No Python is looked up in the cache for virtualenv either.
    assert [] == list((place / "cache" / "virtualenv").iterdir())


def test_one_that_is_at_hand_makes_environments_of_every_python_as_if_it_were_not(
    tmp_path: Path, python: Callable[[str], Interpreter]
) -> None:
    path = tmp_path / ".venv"
    for version in ("3.9", "3.10", "3.12", "3.13"):
        recipe = Recipe(python(version), "notes")
        trees = []
        for one in (Maker(), Maker()):
            one.come()
            one.make(path, recipe, recipe.prompt, tmp_path / "cache")
            trees.append(tree(path))
            path.rename(tmp_path / f"{version}-{len(trees)}")
        assert trees[0] == trees[1]
        assert f"version = {recipe.interpreter.version}\n".encode() in trees[0]["pyvenv.cfg"][1]


def test_what_cannot_be_done_ahead_is_told_to_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_words: object, **_options: object) -> None:
        raise RuntimeError("no")

    one = Maker()
    monkeypatch.setattr(PythonInfo, "from_exe", fail)
    one.come()
    assert not one.is_at_hand


def test_a_python_that_was_replaced_is_asked_anew(
    tmp_path: Path, recipe: Recipe, told: list[list[str]], asked: list[tuple[str, bool]]
) -> None:
    program = tmp_path / "python"
    program.write_text("one")
    recipe = replace(recipe, interpreter=replace(recipe.interpreter, executable=program))
    one = Maker()
    for _ in range(2):
        one.make(tmp_path / ".venv", recipe, "x", tmp_path)
    assert [] == asked
    program.write_text("another")
    for _ in range(2):
        one.make(tmp_path / ".venv", recipe, "x", tmp_path)
    assert [(str(program), True)] == asked
    assert 4 == len(told)


def test_a_python_that_has_vanished_is_named_and_nothing_is_made(
    tmp_path: Path, recipe: Recipe, told: list[list[str]]
) -> None:
    gone = replace(recipe, interpreter=replace(recipe.interpreter, executable=tmp_path / "gone"))
    with pytest.raises(EnvironmentNotMade, match="gone` is not there any more"):
        Maker().make(tmp_path / ".venv", gone, "x", None)
    assert ([], []) == (told, list(tmp_path.iterdir()))


def test_what_is_wanted_more_than_once_leaves_one_handler_each(
    tmp_path: Path, recipe: Recipe, told: list[list[str]]
) -> None:
    import logging

    one = Maker()
    for _ in range(3):
        one.make(tmp_path / ".venv", recipe, "x", tmp_path)
    assert 3 == len(told)
    assert [1, 1] == [len(logging.getLogger(name).handlers) for name in ("virtualenv", "python_discovery")]


class Later:
    """Stands for a timer, and is run by hand."""

    all: list[Later]

    def __init__(self, seconds: float, what: Callable[[], None]) -> None:
        self.seconds, self.what = seconds, what
        self.daemon = False
        self.all.append(self)

    def start(self) -> None:
        assert self.daemon


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> list[Later]:
    Later.all = []
    monkeypatch.setattr(threading, "Timer", Later)
    return Later.all


def test_only_one_that_was_missed_comes_and_only_once(later: list[Later]) -> None:
    one = Maker()
    one.come_in_a_moment()
    assert [] == later
    one.miss()
    one.come_in_a_moment()
    one.come_in_a_moment()
    assert [one.come] == [timer.what for timer in later]
    one.come()
    assert one.is_at_hand
    one.miss()
    one.come_in_a_moment()
    assert 1 == len(later)


def test_two_that_want_it_at_once_both_get_theirs(tmp_path: Path, recipe: Recipe) -> None:
    one = Maker()
    paths = [tmp_path / f"{number}" / ".venv" for number in range(4)]
    threads = [threading.Thread(target=one.make, args=(path, recipe, "notes", tmp_path / "cache")) for path in paths]
    for thread in (*threads, threading.Thread(target=one.come)):
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert 1 == len({str(sorted(tree(path))) for path in paths})
    assert all((path / "pyvenv.cfg").is_file() for path in paths)
