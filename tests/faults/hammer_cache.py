"""Many processes on one index cache, killed at random: `python -m tests.faults.hammer_cache --seconds 30`.

A worker writes entries whose content follows from their names, flushes, and only then notes them in a file of its own.
Afterwards every entry is read back: none noted may be lost, and none may hold anything but its own content.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.index.blob import pack, unpack
from chapbook_core.index.cache import Cache, KeptPage
from chapbook_core.index.http_cache import Validity
from tests.fakes.watcher import RecordingWatcher

if TYPE_CHECKING:
    from chapbook_core.index.file_table import Stream

_KIND = b"H1"
_SOURCE = "https://example.org/simple/"
_EVERYTHING = 1 << 30
_NAMES = 400


@dataclass
class Outcome:
    """What a hammering has shown."""

    seconds: float = 0.0
    kills: int = 0
    starts: int = 0
    noted: int = 0
    lost: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    refused: int = 0
    """Batches that the database did not take in time; they are not noted."""
    stuck: int = 0
    integrity: str = ""
    warnings: list[str] = field(default_factory=list)


def content(name: str) -> bytes:
    """Make the value of an entry: 200 bytes to 40 kB."""
    digest = hashlib.sha256(name.encode()).digest()
    return pack(_KIND, (name, digest * (6 + digest[0] * 5)))


def read_all(stream: Stream) -> bytes:
    """Read a value to its end."""
    return stream.read(_EVERYTHING)


def work(folder: Path, note: Path, seed: int) -> None:
    """Write and read until killed."""
    choose = random.Random(seed)
    cache = Cache(folder, RecordingWatcher())
    with note.open("a") as notes:
        while True:
            names = [f"n{choose.randrange(_NAMES)}" for _ in range(choose.randrange(1, 20))]
            for name in names:
                cache.keep_page(_SOURCE, name, KeptPage(content(name), Validity(1.0, 600.0)), content(name))
                cache.keep_metadata(_SOURCE, name, "1.0", "file", content(name))
            notes.write("".join(f"{name}\n" for name in names) if cache.flush() else "!\n")
            notes.flush()
            for number in choose.sample(range(_NAMES), 10):
                kept = cache.page(_SOURCE, f"n{number}")
                if kept is not None and kept.value != content(f"n{number}"):
                    notes.write(f"?n{number}\n")
                    notes.flush()


def hammer(seconds: float, processes: int = 8) -> Outcome:
    """Let processes hammer one cache, and kill one every tenth of a second."""
    outcome = Outcome(seconds=seconds)
    with tempfile.TemporaryDirectory() as place:
        folder, notes = Path(place, "cache"), Path(place, "notes")
        notes.mkdir()
        end = time.monotonic() + seconds
        running: list[subprocess.Popen[bytes]] = []
        while time.monotonic() < end:
            while len(running) < processes:
                running.append(_start(folder, notes / f"{outcome.starts}", outcome.starts))
                outcome.starts += 1
            time.sleep(random.uniform(0.05, 0.15))
            victim = running.pop(random.randrange(len(running)))
            outcome.kills += 1
            _kill(victim, outcome)
        for victim in running:
            _kill(victim, outcome)
        _judge(folder, notes, outcome)
    return outcome


def _start(folder: Path, note: Path, seed: int) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-m", "tests.faults.hammer_cache", "--worker", str(folder), str(note), str(seed)]
    return subprocess.Popen(words, cwd=Path(__file__).parents[2])


def _kill(victim: subprocess.Popen[bytes], outcome: Outcome) -> None:
    os.kill(victim.pid, signal.SIGKILL)
    try:
        victim.wait(timeout=10)
    except subprocess.TimeoutExpired:
        outcome.stuck += 1


def _judge(folder: Path, notes: Path, outcome: Outcome) -> None:
    watcher = RecordingWatcher()
    cache = Cache(folder, watcher)
    noted: set[str] = set()
    for note in notes.iterdir():
        # The last line may be cut by the kill.
        for line in note.read_text().split("\n")[:-1]:
            if line == "!":
                outcome.refused += 1
            elif line.startswith("?"):
                outcome.wrong.append(line)
            else:
                noted.add(line)
    outcome.noted = len(noted)
    for name in sorted(noted):
        page = cache.page(_SOURCE, name)
        values = [
            page.value if page else None,
            cache.files(_SOURCE, name, read_all),
            cache.metadata(_SOURCE, name, "1.0"),
        ]
        if None in values:
            outcome.lost.append(name)
        elif any(value != content(name) for value in values):
            outcome.wrong.append(name)
        else:
            unpack(_KIND, content(name))
    path = cache.info().path
    cache.close()
    with sqlite3.connect(path) as connection:
        (outcome.integrity,) = connection.execute("PRAGMA integrity_check").fetchone()
    connection.close()
    outcome.warnings = watcher.warnings


def main() -> None:
    """Hammer from the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--worker", nargs=3)
    options = parser.parse_args()
    if options.worker:
        place, note, seed = options.worker
        work(Path(place), Path(note), int(seed))
        return
    for name, value in vars(hammer(options.seconds, options.processes)).items():
        print(f"{name:12} {value}")  # noqa: T201  a script for people


if __name__ == "__main__":
    main()
