"""Killing commands that change a project at random moments: `python -m tests.faults.kill_add --points 200`.

A child runs one command after the other and tells when it begins and ends each; it is killed somewhere on the way. Then
any command is run, and project file and lock must be those that one of the child's commands has left, as a pair. Some
kills are aimed at the writing itself, which is short.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.fakes.index import FakeIndex
from tests.faults.verdict import verdict

if TYPE_CHECKING:
    from chapbook_core.project.pair_writing import Step

PROJECT = """\
[project]
name = "killed"
version = "1.0.0"
requires-python = ">=3.11"
dependencies = ["a (>=1.0,<2.0)", "b"]

[tool.poetry]
package-mode = false
"""
COMMANDS: tuple[tuple[str, ...], ...] = (
    ("add", "c", "--lock"),
    ("add", "-G", "dev", "d", "e", "--lock"),
    ("update", "--lock"),
    ("up", "--lock"),
    ("remove", "b", "c", "--lock"),
    ("remove", "d", "--lock"),
)
AFTERWARDS = (("show",), ("check",), ("lock", "--check"), ("version",), ("add", "nothing-of-that-name"), ("why", "a"))
"""Any command mends what a kill has left, whether it reads or writes, and whether it succeeds or not."""
_FILES = ("pyproject.toml", "poetry.lock")
_HOW_OFTEN_IN_THE_WRITING = 0.5


@dataclass
class Outcome:
    """What some kills have shown."""

    points: int = 0
    in_the_writing: int = 0
    """Kills that left a journal."""
    torn: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    """Files that should not have been there after the next command."""
    ways: Counter[str] = field(default_factory=Counter)
    """How often both files were the old ones, and how often the new ones."""


def work(words: list[str], steps: int) -> None:
    """Be the child: run one command, and end at the n-th step of the writing unless somebody else ends it before."""
    from chapbook_core.cli import main
    from chapbook_core.commands import changing
    from chapbook_core.project.pair_writing import PairWriter

    class Ending(PairWriter):
        passed = 0

        def passing(self, step: Step, name: str) -> None:
            assert step
            assert name
            Ending.passed += 1
            if Ending.passed == steps:
                os.kill(os.getpid(), signal.SIGKILL)

    vars(changing)["PairWriter"] = Ending
    print("ready", flush=True)  # noqa: T201  the parent waits for it
    sys.exit(main(words))


def run_points(points: int, seed: int = 0, *, installs: bool = False) -> Outcome:
    """Kill so often; with `installs` the commands change the environment too, in which the kills are not aimed."""
    chance = random.Random(seed)
    outcome = Outcome()
    with FakeIndex() as index, tempfile.TemporaryDirectory() as place:
        for name in "abcde":
            for version in ("1.0", "1.1", "2.0"):
                index.serve(name, version, requires=["e"] if name == "d" else ())
        variables = _variables(Path(place, "home"), index.url)
        states = _states(Path(place), variables)
        for point in range(points):
            number = chance.randrange(len(COMMANDS))
            project = Path(place, f"point{point}")
            _put(project, states[number])
            aimed = chance.random() < _HOW_OFTEN_IN_THE_WRITING and not installs
            given = COMMANDS[number]
            if installs:
                given = tuple(word for word in given if word != "--lock")
                assert _run(project, variables, ("install",)) == 0
            _kill(project, variables, given, chance, aimed=aimed)
            outcome.points += 1
            outcome.in_the_writing += any(
                (project / where / ".chapbook" / "journal").exists() for where in (".", ".venv")
            )
            words = chance.choice(AFTERWARDS)
            _run(project, variables, words)
            _judge(project, states[number], states[number + 1], f"{given} then {words}", outcome)
            if installs:
                _judge_environment(project, variables, outcome)
    return outcome


def _states(place: Path, variables: dict[str, str]) -> list[dict[str, bytes]]:
    """Run every command undisturbed, and return the files before and after each."""
    project = place / "undisturbed"
    _put(project, {"pyproject.toml": PROJECT.encode()})
    _run(project, variables, ("lock", "--resolution", "lowest"))
    states = [_held(project)]
    for words in COMMANDS:
        assert _run(project, variables, words) == 0, words
        states.append(_held(project))
        assert states[-1] != states[-2], words
    return states


def _kill(
    project: Path, variables: dict[str, str], words: tuple[str, ...], chance: random.Random, *, aimed: bool
) -> None:
    steps = chance.randrange(1, 7) if aimed else 0
    child = _child(project, variables, ["--steps", str(steps), *words])
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    if not aimed:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(timeout=chance.uniform(0.0, 0.35 if "--lock" in words else 1.5))
        child.kill()
    child.communicate(timeout=60)


def _child(project: Path, variables: dict[str, str], words: list[str]) -> subprocess.Popen[str]:
    path = os.pathsep.join([str(Path(__file__).parents[2]), *filter(None, [variables.get("PYTHONPATH")])])
    return subprocess.Popen(
        [sys.executable, "-m", "tests.faults.kill_add", *words],
        cwd=project,
        env={**variables, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def _run(project: Path, variables: dict[str, str], words: tuple[str, ...]) -> int:
    """Run a command here, which is quicker."""
    from chapbook_core.cli import main

    before = dict(os.environ)
    try:
        os.environ.clear()
        os.environ.update(variables)
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            return main(["-C", str(project), *words])
    finally:
        os.environ.clear()
        os.environ.update(before)


def _variables(home: Path, index: str) -> dict[str, str]:
    home.mkdir(exist_ok=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "CHAPBOOK_", "POETRY_"))}
    return {**kept, "HOME": str(home), "USERPROFILE": str(home), "PIP_INDEX_URL": index}


def _put(project: Path, files: dict[str, bytes]) -> None:
    project.mkdir()
    for name, content in files.items():
        (project / name).write_bytes(content)


def _held(project: Path) -> dict[str, bytes]:
    return {name: (project / name).read_bytes() for name in _FILES if (project / name).exists()}


def _judge(project: Path, old: dict[str, bytes], new: dict[str, bytes], what: str, outcome: Outcome) -> None:
    held = _held(project)
    if held == old:
        outcome.ways["old"] += 1
    elif held == new:
        outcome.ways["new"] += 1
    else:
        outcome.torn.append(f"{project.name}: {what}")
    extra = {path.name for path in project.iterdir()} - {*_FILES, ".chapbook", ".venv"}
    extra |= {path.name for path in (project / ".chapbook").glob("journal")}
    outcome.left += [f"{project.name}: {what}: {name}" for name in sorted(extra)]


def _judge_environment(project: Path, variables: dict[str, str], outcome: Outcome) -> None:
    """Install once: then the environment holds what the lock does."""
    from chapbook_core.environment.site_packages import scan_site_packages

    status = _run(project, variables, ("sync",))
    place = next((project / ".venv").glob("lib/python*/site-packages"))
    there = {f"{one.name} {one.version}" for one in scan_site_packages(place)}
    lock = tomllib.loads((project / "poetry.lock").read_text("utf-8"))
    wanted = {f"{package['name']} {package['version']}" for package in lock["package"]}
    if status or there != wanted:
        outcome.torn.append(f"{project.name}: status {status}, the environment holds {sorted(there ^ wanted)}")


def main() -> None:
    """Kill from the command line, or be the child."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--points", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--install", action="store_true", help="change the environment too")
    parser.add_argument("--steps", type=int)
    parser.add_argument("words", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    if options.steps is not None:
        work(options.words, options.steps)
        return
    began = time.monotonic()
    outcome = run_points(options.points, options.seed, installs=options.install)
    told = (
        f"{outcome.points} kills, {outcome.in_the_writing} of them in the writing, {time.monotonic() - began:.0f} s: "
        f"both old {outcome.ways['old']}, both new {outcome.ways['new']}, "
        f"torn {len(outcome.torn)}, files left {len(outcome.left)}"
    )
    sys.exit(verdict(told, wrong=[*outcome.torn, *outcome.left], most=20))


if __name__ == "__main__":
    main()
