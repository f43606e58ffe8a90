"""What a command costs in a warm engine, beside a process of its own: `python -m tests.bench.requests [RUNS]`."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from chapbook.magics.client import Engine
from tests.fakes.index import FakeIndex

if TYPE_CHECKING:
    from collections.abc import Callable

COMMANDS = (("version",), ("lock",), ("add", "p3", "--dry-run"), ("install",))
_PACKAGES = 30


def measured(act: Callable[[], object]) -> float:
    """Return the milliseconds of a call."""
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000


def hello() -> None:
    """Start an engine, wait for its first line, and end it."""
    words = [sys.executable, "-P", "-m", "chapbook_core.engine"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        process.stdout.readline()
        process.stdin.close()


def first_reply(folder: Path) -> None:
    """Start an engine, and wait for its first reply."""
    engine = Engine(sys.executable)
    engine.start()
    assert engine.run({"argv": ["version"], "cwd": str(folder)}).ok
    engine.stop()


def say(name: str, times: list[float]) -> None:
    """Print a row."""
    sys.stdout.write(f"{name:44}{min(times):9.1f}{statistics.median(times):9.1f}\n")
    sys.stdout.flush()


def main(runs: int) -> None:
    """Print a table; both sides take turns, so that a busy machine slows them alike."""
    sys.stdout.write(f"{'wall milliseconds of ' + str(runs) + ' runs':44}{'min':>9}{'median':>9}\n")
    with TemporaryDirectory() as top, FakeIndex() as index:
        folder = Path(top) / "project"
        folder.mkdir()
        for number in range(_PACKAGES):
            index.serve(f"p{number}", "1.0", requires=[f"p{number + 1}"] if number + 1 < _PACKAGES else [])
        os.environ |= {"PIP_INDEX_URL": index.url, "CHAPBOOK_CACHE_DIR": str(Path(top) / "cache")}
        (folder / "pyproject.toml").write_text(
            '[project]\nname = "here"\nversion = "1"\nrequires-python = ">=3.9"\n'
            f"dependencies = {json.dumps([f'p{number}' for number in range(0, _PACKAGES, 3)])}\n"
            "[tool.poetry]\npackage-mode = false\n",
            "utf-8",
        )
        say("engine: start to hello, and end", [measured(hello) for _ in range(runs)])
        say("client: start to the first reply, and end", [measured(lambda: first_reply(folder)) for _ in range(runs)])
        engine = Engine(sys.executable)
        for words in (("install",), *COMMANDS):
            outcome = engine.run({"argv": list(words), "cwd": str(folder)})
            assert outcome.ok, outcome.text
        time.sleep(2)
        for words in COMMANDS:
            warm, fresh = [], []
            for _ in range(runs):
                warm.append(measured(lambda words=words: engine.run({"argv": list(words), "cwd": str(folder)})))  # type: ignore[misc]  # a default
                fresh.append(measured(lambda words=words: alone(words, folder)))  # type: ignore[misc]  # a default
            say(f"{' '.join(words)}: warm engine", warm)
            say(f"{' '.join(words)}: process of its own", fresh)
        engine.stop()


def alone(words: tuple[str, ...], folder: Path) -> None:
    """Run a command as a terminal does."""
    subprocess.run([sys.executable, "-m", "chapbook_core.cli", *words], cwd=folder, check=True, capture_output=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
