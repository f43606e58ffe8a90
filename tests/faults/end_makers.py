"""Kills commands that make something: `python -m tests.faults.end_makers --kills 100`.

`build`, `publish --build`, `env use` and `kernel install` are killed at random moments, with all that they have
started. What is there then under its own name must be whole: the old or the new one. The same command once more has to
finish, and to leave exactly what it leaves undisturbed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.fakes.index import FakeIndex
from tests.faults import kill_install
from tests.faults.kill_install import Project
from tests.faults.verdict import counted, verdict

Files = dict[str, str]
Words = tuple[str, ...]
BUILD: Words = ("build",)
PUBLISH: Words = ("publish", "--build", "-r", "work")
ENVIRONMENT: Words = ("env", "use", "system")
KERNEL: Words = ("kernel", "install", "--name", "killed")
COMMANDS = (BUILD, PUBLISH, ENVIRONMENT, KERNEL)
_PROJECT = """\
[project]
name = "spam"
version = "1.0"
requires-python = ">=3.11"

[build-system]
requires = ["poetry-core>=2"]
build-backend = "poetry.core.masonry.api"
"""


@dataclass
class Tally:
    """What the kills have shown."""

    moments: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    litter: Counter[str] = field(default_factory=Counter)
    """Files under passing names that a kill has left; the next command has to remove them."""


class World:
    """A project that makes things, and the places where these are."""

    def __init__(self, folder: Path, index: FakeIndex) -> None:
        kill_install.serve(index)
        self.index = index
        self.project = Project(folder, index.url)
        self.project.variables |= {
            "CHAPBOOK_REPOSITORIES_WORK_URL": index.upload_url,
            "CHAPBOOK_KEYRING_ENABLED": "false",
            "JUPYTER_DATA_DIR": str(folder / "jupyter"),
            "SOURCE_DATE_EPOCH": "1600000000",
        }
        self.kernels = folder / "jupyter" / "kernels"
        (self.project.folder / "poetry.lock").unlink()
        (self.project.folder / "pyproject.toml").write_text(_PROJECT)
        (self.project.folder / "spam").mkdir()
        self.dist = self.project.folder / "dist"
        self.old = self._made("old")
        self.new = self._made("new")
        self._require("kernel", "install", "--name", "killed")
        self.kernel = contents(self.kernels)
        self.seconds = {words: self._measured(words) for words in COMMANDS}

    def _made(self, text: str) -> Files:
        shutil.rmtree(self.dist, ignore_errors=True)
        lines = "\n".join(f"value_{number} = {text!r}" for number in range(20_000))
        (self.project.folder / "spam" / "__init__.py").write_text(lines)
        self._require("build")
        made = contents(self.dist)
        shutil.copytree(self.dist, self.project.folder.parent / f"dist-{text}", dirs_exist_ok=True)
        return made

    def _require(self, *words: str) -> None:
        status, told = self._run(words)
        if status:
            raise RuntimeError(told)

    def _run(self, words: tuple[str, ...]) -> tuple[int, str]:
        # As a program of its own, because some commands go on as another one.
        ended = subprocess.run(
            [sys.executable, "-m", "chapbook_core.cli", *words],
            cwd=self.project.folder,
            env=self.project.variables,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        return ended.returncode, ended.stdout + ended.stderr

    def restore(self, words: tuple[str, ...]) -> None:
        """Bring back what is there before the command."""
        shutil.rmtree(self.dist, ignore_errors=True)
        shutil.copytree(self.project.folder.parent / "dist-old", self.dist)
        self.index.uploads.accepted.clear()
        if self.index.files("spam"):
            self.index.remove("spam")
        if words in (ENVIRONMENT, KERNEL):
            shutil.rmtree(self.project.environment, ignore_errors=True)
        if words == KERNEL:
            shutil.rmtree(self.kernels, ignore_errors=True)

    def _measured(self, words: tuple[str, ...]) -> float:
        self.restore(words)
        began = time.monotonic()
        self._require(*words)
        return time.monotonic() - began

    def kill(self, words: tuple[str, ...], patience: float) -> bool:
        """Begin a command, and end it and what it has started; tell whether it had still been running."""
        child = self.project.begin(*words)
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
        time.sleep(patience)
        was_running = child.poll() is None
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.communicate(timeout=60)
        return was_running

    def faults(self, words: tuple[str, ...], tally: Tally) -> list[str]:
        """Return what is wrong after a kill, and after the same command once more."""
        wrong = [f"half of it is there: {text}" for text in self._halves(words, tally)]
        status, told = self._run(words)
        if status or "Traceback" in told:
            wrong.append(f"once more: {status} {told}")
        return wrong + self._unfinished(words)

    def _halves(self, words: tuple[str, ...], tally: Tally) -> list[str]:
        sent = {upload.filename: digest(upload.content) for upload in self.index.uploads.accepted}
        wrong = [f"{name} was sent" for name, found in sent.items() if self.new.get(name) != found]
        for name, found in contents(self.dist).items():
            if name not in self.new:
                tally.litter[words[0]] += 1
            elif found not in (self.old[name], self.new[name]):
                wrong.append(name)
        if words == ENVIRONMENT and os.path.lexists(self.project.environment):
            wrong += self._environment()
        for folder in self.kernels.glob("*") if words == KERNEL else ():
            there = {path: at for path, at in contents(self.kernels).items() if path.startswith(f"{folder.name}/")}
            if not (folder / "kernel.json").exists():
                # No kernel as Jupyter sees it.
                tally.litter[words[0]] += 1
            elif there != self.kernel:
                wrong.append(f"{folder.name}: {sorted(there)}")
        return wrong

    def _environment(self) -> list[str]:
        program = self.project.environment / "bin" / "python"
        asked = [str(program), "-c", "import sys; print(sys.prefix != sys.base_prefix)"]
        try:
            told = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
        except OSError as problem:
            return [str(problem)]
        return [] if told == "True\n" else [f"its Python says {told!r}"]

    def _unfinished(self, words: tuple[str, ...]) -> list[str]:
        wrong = []
        if words in (BUILD, PUBLISH) and contents(self.dist) != self.new:
            wrong.append(f"dist/ is not what it is undisturbed: {sorted(contents(self.dist))}")
        if words == PUBLISH:
            sent = {upload.filename: digest(upload.content) for upload in self.index.uploads.accepted}
            wrong += [] if sent == self.new else [f"sent was {sorted(sent)}"]
        if words == ENVIRONMENT:
            wrong += self._environment()
        if words == KERNEL:
            wrong += [] if contents(self.kernels) == self.kernel else [f"kernels: {sorted(contents(self.kernels))}"]
            wrong += [str(path) for path in self.kernels.rglob("kernel.json") if not json.loads(path.read_text())]
        names = {path.name for path in self.project.folder.iterdir()}
        return wrong + [
            f"left: {name}" for name in sorted(names - {"pyproject.toml", "spam", "dist", ".venv", ".chapbook"})
        ]


def digest(content: bytes) -> str:
    """Return the SHA-256 of bytes."""
    return hashlib.sha256(content).hexdigest()


def contents(folder: Path) -> Files:
    """Return the files below a folder by their names."""
    return {
        path.relative_to(folder).as_posix(): digest(path.read_bytes()) for path in folder.rglob("*") if path.is_file()
    }


def run_kills(kills: int, seed: int = 1, commands: tuple[tuple[str, ...], ...] = COMMANDS) -> Tally:
    """Kill so often while a command runs, each command in turn."""
    tally, chance = Tally(), random.Random(seed)  # the same moments each time
    with tempfile.TemporaryDirectory(prefix="end-makers-") as folder, FakeIndex() as index:
        world = World(Path(folder), index)
        pace = dict.fromkeys(commands, 1.0)
        left = kills
        while left:
            words = commands[left % len(commands)]
            world.restore(words)
            hit = world.kill(words, chance.uniform(0.0, world.seconds[words] * pace[words]))
            pace[words] *= 1.01 if hit else 0.8
            left -= hit
            tally.moments[f"{' '.join(words)}: {'killed' if hit else 'done'}"] += 1
            tally.broken += [f"kill {left} of {' '.join(words)}: {text}" for text in world.faults(words, tally)]
    return tally


def main() -> None:
    """Run as a program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    words = parser.parse_args()
    tally = run_kills(words.kills, words.seed)
    told = f"left under passing names: {dict(tally.litter)}; wrong: {len(tally.broken)}"
    sys.exit(verdict(*counted(sorted(tally.moments.items())), told, wrong=tally.broken, most=40))


if __name__ == "__main__":
    main()
