"""Kills and interrupts `chapbook sync`: `python -m tests.faults.kill_install --points 200 --interrupts 50`.

A project goes to and fro between two locks. Each time the command is ended at a random moment; then one more `sync`
has to bring the environment to exactly what is locked. An interrupt has to leave it exactly as it was, or as it was to
be when it came too late.
"""

from __future__ import annotations

import argparse
import base64
import csv
import hashlib
import io
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.fakes.index import FakeIndex
from tests.faults.verdict import counted, verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

_HOUSE = Path(__file__).parents[2]
_CHILD = """
import signal, sys
# Started in the background of a shell, it would not hear of interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)
from chapbook_core.cli import leave, main
import chapbook_core.commands.install, chapbook_core.commands.installing, chapbook_core.commands.open_lock
import chapbook_core.commands.wheel_supply, chapbook_core.index.opening, chapbook_core.environment.virtualenv
print("ready", flush=True)
sys.stdin.readline()
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
print("begun", flush=True)
def run(_words, interrupts):
    # One may have come before the command had the processor for the first time.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    status = main(sys.argv[1:], interrupts)
    print("ended", status, flush=True)
    return status
leave(run)
"""
_LOCKS = {
    "old": ("a==1.0", "b==1.0", "gone==1.0", "ns-one==1.0"),
    "new": ("a==2.0", "b==1.0", "more==1.0", "ns-one==2.0"),
}
_EXPECTED = {
    "old": {"a": "1.0", "b": "1.0", "gone": "1.0", "ns-one": "1.0", "deep": "1.0"},
    "new": {"a": "2.0", "b": "1.0", "more": "1.0", "ns-one": "2.0", "ns-two": "1.0"},
}
# What virtualenv itself puts into an environment.
_OWNERLESS = ("_virtualenv.py", "_virtualenv.pth")


@dataclass
class Tally:
    """What some rounds have shown."""

    moments: Counter[str] = field(default_factory=Counter)
    """How far the command had come when it was ended."""
    broken: list[str] = field(default_factory=list)
    """What was wrong after one command more, or after an interrupt."""
    slowest_stop: float = 0.0

    @property
    def hits(self) -> int:
        """How often the command had begun and not ended."""
        return sum(count for moment, count in self.moments.items() if moment != "done")

    def add(self, number: int, end: signal.Signals, moment: str, wrong: list[str], lasted: float) -> None:
        """Count one round."""
        self.moments[f"{end.name} {moment}" if moment != "done" else moment] += 1
        self.broken += [f"point {number} ({end.name}, {moment}): {text}" for text in wrong]
        self.slowest_stop = max(self.slowest_stop, lasted)


class Project:
    """A project with two locks, in a folder of its own."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder / "project"
        self.folder.mkdir()
        self.cache = folder / "cache"
        home = folder / "home"
        home.mkdir()
        self.variables = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "PIP_INDEX_URL": url,
            "PYTHONPATH": str(_HOUSE / "core"),
            "CHAPBOOK_CACHE_DIR": str(self.cache),
        }
        self.files: dict[str, dict[str, bytes]] = {}
        for which in _LOCKS:
            self._lock(which)

    @property
    def environment(self) -> Path:
        """Where its environment is."""
        return self.folder / ".venv"

    def _lock(self, which: str) -> None:
        listed = ", ".join(f'"{requirement}"' for requirement in _LOCKS[which])
        python = f">={sys.version_info[0]}.{sys.version_info[1]}"
        (self.folder / "pyproject.toml").write_text(
            f'[project]\nname = "here"\nversion = "1"\nrequires-python = "{python}"\ndependencies = [{listed}]\n'
            "\n[tool.poetry]\npackage-mode = false\n",
            "utf-8",
        )
        status, told = self.run("lock")
        if status:
            raise RuntimeError(told)
        names = ("pyproject.toml", "poetry.lock")
        self.files[which] = {name: (self.folder / name).read_bytes() for name in names}

    def choose(self, which: str) -> None:
        """Put the files of a lock in their places."""
        for name, content in self.files[which].items():
            (self.folder / name).write_bytes(content)

    def forget_cache(self) -> None:
        """Make the next run fetch everything."""
        shutil.rmtree(self.cache / "store", ignore_errors=True)

    def run(self, *words: str) -> tuple[int, str]:
        """Run a command to its end, in this process."""
        from chapbook_core.cli import main

        out = io.StringIO()
        before, here = dict(os.environ), Path.cwd()
        try:
            os.environ.clear()
            os.environ.update(self.variables)
            os.chdir(self.folder)
            with redirect_stdout(out), redirect_stderr(out):
                return main(list(words)), out.getvalue()
        finally:
            os.chdir(here)
            os.environ.clear()
            os.environ.update(before)

    def begin(self, *words: str) -> subprocess.Popen[str]:
        """Start a command in a process that waits for a line."""
        child = subprocess.Popen(
            [sys.executable, "-c", _CHILD, *words],
            cwd=self.folder,
            env=self.variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        return child

    def end(self, *words: str, end: signal.Signals, patience: float) -> tuple[str, str, float]:
        """End a command after so many seconds; return its output, its errors, and how long it took to stop."""
        child = self.begin(*words)
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write("go\n")
        child.stdin.flush()
        assert child.stdout.readline() == "begun\n"
        time.sleep(patience)
        stopped = time.monotonic()
        child.send_signal(end)
        out, errors = child.communicate(timeout=60)
        return out, errors, time.monotonic() - stopped


def serve(index: FakeIndex) -> None:
    """Publish the packages."""
    many = {f"a/part{number}.py": f"value = {number}\n" for number in range(40)}
    index.serve(
        "a", "1.0", files={"a/__init__.py": "", **many, "a_old.py": ""}, scripts={"a-tool": "a:main"}, requires=["b"]
    )
    index.serve(
        "a", "2.0", files={"a/__init__.py": "2", **many, "a/new.py": ""}, scripts={"a-tool": "a:run"}, requires=["b"]
    )
    index.serve("b", "1.0", weight=200_000)
    index.serve("gone", "1.0", files={"gone/__init__.py": "", ".data/data/share/gone/x.txt": "x"}, requires=["deep"])
    index.serve("deep", "1.0", files={"deep/a/b/c/d.py": "1\n"})
    index.serve("more", "1.0", files={"more/__init__.py": "", ".data/scripts/more.sh": "#!/bin/sh\n"})
    index.serve("made", "1.0", sdist="only", requires=["b"])
    index.serve("ns-one", "1.0", files={"ns/one.py": "1\n"})
    index.serve("ns-one", "2.0", files={"ns/one.py": "2\n", "ns/more/one.py": "2\n"}, requires=["ns-two"])
    index.serve("ns-two", "1.0", files={"ns/two.py": "2\n"})


def run_points(points: int, interrupts: int, seed: int = 1) -> Tally:
    """Kill and interrupt so often."""
    tally, choice = Tally(), random.Random(seed)  # the same points each time
    with tempfile.TemporaryDirectory(prefix="kill-install-") as folder, FakeIndex() as index:
        serve(index)
        project = Project(Path(folder), index.url)
        lasting = _measured(project)
        ends = [signal.SIGKILL] * points + [signal.SIGINT] * interrupts
        choice.shuffle(ends)
        for number, end in enumerate(ends):
            moment, wrong, stopped = _round(project, number, end, choice.uniform(0.0, lasting))
            tally.add(number, end, moment, wrong, stopped)
            # The machine may be busier now, or less; few of the moments are to come too late.
            lasting *= 0.8 if moment == "done" else 1.05
    return tally


def _measured(project: Project) -> float:
    """Return how long a warm run takes, when nobody else is busy."""
    seconds = []
    for which in ("old", "new", "old"):
        project.choose(which)
        child = project.begin("sync")
        began = time.monotonic()
        _, errors = child.communicate("go\n", timeout=60)
        seconds.append(time.monotonic() - began)
        if child.returncode:
            raise RuntimeError(errors)
    return min(seconds)


def _round(project: Project, number: int, end: signal.Signals, patience: float) -> tuple[str, list[str], float]:
    """End a command after so many seconds; return how far it came, what is wrong, and how long it took to stop."""
    which = ("new", "old")[number % 2]
    project.choose(which)
    if number % 10 == 9:
        project.forget_cache()
    if number % 25 == 24:
        shutil.rmtree(project.environment)
    before = snapshot(project.environment)
    out, errors, lasted = project.end("sync", end=end, patience=patience)
    moment = _moment(project, before, is_ended="ended 0\n" in out)
    wrong = []
    if "Traceback" in errors:
        wrong.append(errors)
    if end is signal.SIGINT and moment not in ("done", "untouched") and before:
        wrong.append(f"{moment} after an interrupt: {_difference(before, snapshot(project.environment))}")
    if project.files[which] != {name: (project.folder / name).read_bytes() for name in project.files[which]}:
        wrong.append("the files of the project were changed")
    status, told = project.run("sync")
    if status or "Traceback" in told:
        wrong.append(told)
    return moment, wrong + judge(project, _EXPECTED[which]), lasted


def _moment(project: Project, before: dict[str, str], *, is_ended: bool) -> str:
    own = project.environment / ".chapbook"
    if is_ended:
        return "done"
    if (own / "journal").exists():
        return "moving"
    if (own / "stage").exists():
        return "staging"
    return "untouched" if snapshot(project.environment) == before else "moved"


def judge(project: Project, expected: dict[str, str]) -> list[str]:
    """Return everything that is wrong with an environment that is to hold these packages."""
    wrong = []
    library = next(project.environment.glob("lib/python*/site-packages"))
    found: dict[str, str] = {}
    owned: set[Path] = set()
    for information in library.glob("*.dist-info"):
        name, _, version = information.name.removesuffix(".dist-info").rpartition("-")
        found[name.replace("_", "-")] = version
        for path, digest, _size in csv.reader((information / "RECORD").read_text("utf-8").splitlines()):
            file = Path(os.path.normpath(library / path))
            owned.add(file)
            if not file.is_file():
                wrong.append(f"{information.name} lacks {path}")
            elif digest and digest.partition("=")[2] != _digest(file):
                wrong.append(f"{information.name} has another {path}")
    if found != expected:
        wrong.append(f"installed is {found}")
    for file in library.rglob("*"):
        is_own = file.is_dir() or "__pycache__" in file.parts or file.name in _OWNERLESS
        if not is_own and file not in owned:
            wrong.append(f"{file} belongs to nobody")
        if file.is_dir() and file.name != "__pycache__" and not any(file.iterdir()):
            wrong.append(f"{file} is empty")
    left = sorted(path.name for path in (project.environment / ".chapbook").iterdir())
    if left != ["state.json"]:
        wrong.append(f"left over: {left}")
    litter = [path.name for path in project.folder.iterdir() if path.name.endswith(".tmp")]
    return wrong + litter


def locked(files: Mapping[str, bytes]) -> dict[str, str]:
    """Return the versions in a lock."""
    packages = tomllib.loads(files["poetry.lock"].decode()).get("package", [])
    return {package["name"]: package["version"] for package in packages}


def snapshot(folder: Path) -> dict[str, str]:
    """Return what is in an environment: names, modes and contents; nothing of Chapbook's own."""
    found: dict[str, str] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if name.startswith(".chapbook") or "__pycache__" in name:
            continue
        status = path.lstat()
        content = str(path.readlink()) if path.is_symlink() else "" if path.is_dir() else _digest(path)
        found[name] = f"{status.st_mode:o} {content}"
    return found


def _difference(one: dict[str, str], other: dict[str, str]) -> list[str]:
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))[:10]


def _digest(file: Path) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(file.read_bytes()).digest()).decode().rstrip("=")


def main() -> None:
    """Run as a program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=200)
    parser.add_argument("--interrupts", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    words = parser.parse_args()
    tally = run_points(words.points, words.interrupts, words.seed)
    ends = f"{words.points} kills, {words.interrupts} interrupts; {tally.hits} before the end"
    told = f"slowest stop: {tally.slowest_stop:.2f} s; wrong afterwards: {len(tally.broken)}"
    sys.exit(verdict(ends, *counted(sorted(tally.moments.items())), told, wrong=tally.broken))


if __name__ == "__main__":
    main()
