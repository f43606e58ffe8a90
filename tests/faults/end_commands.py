"""Kills and interrupts commands that change everything: `python -m tests.faults.end_commands`.

Each round starts from the same project, lock and environment, and ends `add`, `remove`, `update` or `sync` at a random
moment; one of the packages to add has to be built. Then project file and lock must be both the old ones or both the new
ones, and one `install` has to bring the environment to what is locked. After an interrupt everything must be exactly as
before.
"""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.fakes.index import FakeIndex
from tests.faults.kill_install import Project, judge, locked, serve, snapshot
from tests.faults.verdict import counted, verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

_BUILDING = ("add", "made")
_COMMANDS = (_BUILDING, ("add", "more"), ("remove", "gone"), ("update",), ("sync",))
_NAMES = ("pyproject.toml", "poetry.lock")

Files = dict[str, bytes]


@dataclass(frozen=True)
class Start:
    """Where a round of a command begins, and where it would lead."""

    words: tuple[str, ...]
    before: Files
    environment: Mapping[str, str]
    after: Files
    seconds: float


@dataclass
class Tally:
    """What the rounds have shown."""

    moments: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    slowest_stop: float = 0.0


class World:
    """A project whose state can be brought back."""

    def __init__(self, folder: Path, url: str) -> None:
        self.project = Project(folder, url)
        self.kept = folder / "kept"
        # The lock is of an old `a`; the project allows a newer one.
        self.project.choose("old")
        file = self.project.folder / "pyproject.toml"
        file.write_bytes(file.read_bytes().replace(b"a==1.0", b"a>=1"))
        self._require(*self.project.run("lock"))
        self._require(*self.project.run("sync"))
        self.base = self.files()
        shutil.copytree(self.project.environment, self.kept, symlinks=True)

    def files(self) -> Files:
        """Return the files of the project."""
        return {name: (self.project.folder / name).read_bytes() for name in _NAMES}

    def restore(self, words: tuple[str, ...]) -> None:
        """Bring back where each round begins; `sync` has something to do in it."""
        for name, content in self.base.items():
            (self.project.folder / name).write_bytes(content)
        shutil.rmtree(self.project.environment)
        shutil.copytree(self.kept, self.project.environment, symlinks=True)
        shutil.rmtree(self.project.folder / ".chapbook", ignore_errors=True)
        if words == _BUILDING:
            shutil.rmtree(self.project.cache / "built", ignore_errors=True)
        if words == ("sync",):
            library = next(self.project.environment.glob("lib/python*/site-packages"))
            for path in (library / "b", library / "b-1.0.dist-info"):
                shutil.rmtree(path, ignore_errors=True)

    def started(self, words: tuple[str, ...]) -> Start:
        """Run a command to its end, to know where it leads."""
        self.restore(words)
        environment = snapshot(self.project.environment)
        child = self.project.begin(*words)
        began = time.monotonic()
        _, errors = child.communicate("go\n", timeout=60)
        if child.returncode:
            raise RuntimeError(errors)
        return Start(words, self.base, environment, self.files(), time.monotonic() - began)

    @staticmethod
    def _require(status: int, told: str) -> None:
        if status:
            raise RuntimeError(told)


def run_rounds(kills: int, interrupts: int, seed: int = 1) -> Tally:
    """End commands so often."""
    tally, choice = Tally(), random.Random(seed)  # the same moments each time
    with tempfile.TemporaryDirectory(prefix="end-commands-") as folder, FakeIndex() as index:
        serve(index)
        world = World(Path(folder), index.url)
        starts = [world.started(words) for words in _COMMANDS]
        pace = dict.fromkeys(_COMMANDS, 1.0)
        left = {signal.SIGKILL: kills, signal.SIGINT: interrupts}
        while any(left.values()):
            start = choice.choice(starts)
            end = choice.choices(list(left), list(left.values()))[0]
            moment, wrong, stopped = _round(world, start, end, choice.uniform(0.0, start.seconds * pace[start.words]))
            # Only what was hit while it ran counts.
            pace[start.words] *= 0.9 if moment == "done" else 1.01
            left[end] -= moment != "done"
            tally.moments[f"{end.name} {' '.join(start.words)}: {moment}"] += 1
            tally.slowest_stop = max(tally.slowest_stop, stopped)
            tally.broken += [f"{end.name} {' '.join(start.words)} ({moment}): {text}" for text in wrong]
    return tally


def _round(world: World, start: Start, end: signal.Signals, patience: float) -> tuple[str, list[str], float]:
    world.restore(start.words)
    project = world.project
    out, errors, lasted = project.end(*start.words, end=end, patience=patience)
    is_ended = "ended 0\n" in out
    moment = "done" if is_ended else _moment(project.environment / ".chapbook")
    wrong = ["a traceback: " + errors] if "Traceback" in errors else []
    if end is signal.SIGINT and not is_ended:
        if world.files() != start.before:
            wrong.append("the files were changed by an interrupted command")
        if snapshot(project.environment) != start.environment:
            wrong.append("the environment was changed by an interrupted command")
    # Reading commands mend as well; this one only looks.
    status, told = project.run("check", "--lock")
    if status or "Traceback" in told:
        wrong.append(f"`check --lock` says: {told}")
    if world.files() not in (start.before, start.after):
        wrong.append("project file and lock are neither the old nor the new ones")
    status, told = project.run("install")
    if status or "Traceback" in told:
        wrong.append(f"`install` says: {told}")
    wrong += judge(project, locked(world.files()))
    if start.words == _BUILDING:
        wrong += _left_by_builds(world)
    return moment, wrong, lasted


def _left_by_builds(world: World) -> list[str]:
    """Build once more, and return what is left of all builds."""
    world.restore(_BUILDING)
    status, told = world.project.run(*_BUILDING)
    left = [path.name for path in (world.project.cache / "builds").iterdir()]
    return [f"`add` says: {told}"] * bool(status) + [f"left of builds: {left}"] * bool(left)


def _moment(own: Path) -> str:
    """Tell how far a command came, by what it has left."""
    if (own / "journal").exists():
        return "moving"
    return "staging" if (own / "stage").exists() else "before or after"


def main() -> None:
    """Run as a program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--interrupts", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    words = parser.parse_args()
    tally = run_rounds(words.kills, words.interrupts, words.seed)
    told = f"slowest stop: {tally.slowest_stop:.2f} s; wrong: {len(tally.broken)}"
    sys.exit(verdict(*counted(sorted(tally.moments.items())), told, wrong=tally.broken))


if __name__ == "__main__":
    main()
