"""What making an environment costs, beside uv and the standard library: `python -m tests.bench.environment [RUNS]`.

The makers take turns, so that a busy machine slows all alike; each makes a fresh folder, removed unmeasured.
"""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.environment.discovery import running_interpreter
from chapbook_core.environment.maker import Recipe
from chapbook_core.environment.probe import Prober
from chapbook_core.environment.virtualenv import make_environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

UV = shutil.which(os.environ.get("CHAPBOOK_TEST_UV", "uv"))
PROJECT = '[project]\nname = "notes"\nversion = "1.0"\n'


def makers(root: Path) -> Iterator[tuple[str, Callable[[Path], object]]]:
    """Yield the name of each way, and what it does to a project's folder."""
    cache = root / "cache"
    interpreter = Prober(cache / "interpreters", os.environ).ask(running_interpreter())
    recipe = Recipe(interpreter, "notes")
    make_environment(root / "first" / ".venv", recipe, cache=cache / "environments")
    variables = {**os.environ, "CHAPBOOK_CACHE_DIR": str(cache)}
    program = [sys.executable, "-m", "chapbook_core.cli", "env", "use", "system"]
    python = str(interpreter.executable)

    def in_process(folder: Path) -> None:
        make_environment(folder / ".venv", recipe, cache=cache / "environments")

    def by_virtualenv(folder: Path) -> None:
        make_environment(folder / ".venv", recipe, cache=None)

    def as_process(words: list[str]) -> Callable[[Path], object]:
        def make(folder: Path) -> None:
            subprocess.run(words, cwd=folder, env=variables, check=True, capture_output=True)

        return make

    def first_process(folder: Path) -> None:
        first = {**variables, "CHAPBOOK_CACHE_DIR": str(folder / "cache")}
        subprocess.run(program, cwd=folder, env=first, check=True, capture_output=True)

    yield "ours, in a warm process", in_process
    yield "virtualenv, in a warm process", by_virtualenv
    yield "chapbook env use", as_process(program)
    yield "chapbook env use, first ever", first_process
    if UV is not None:
        yield "uv venv", as_process([UV, "venv", "--offline", "--python", python, ".venv"])
    yield "python -m venv --without-pip", as_process([python, "-m", "venv", "--without-pip", ".venv"])
    yield "python -m virtualenv --no-seed", as_process([sys.executable, "-m", "virtualenv", "--no-seed", ".venv"])


def cpu() -> float:
    """Return the processor time of this process and its children, in milliseconds."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used) * 1000


def main(runs: int) -> None:
    """Print a table."""
    with tempfile.TemporaryDirectory() as text:
        root = Path(text)
        ways = tuple(makers(root))
        walls: dict[str, list[float]] = {name: [] for name, _ in ways}
        cpus: dict[str, list[float]] = {name: [] for name, _ in ways}
        for _ in range(runs):
            for name, make in ways:
                folder = Path(tempfile.mkdtemp(dir=root))
                (folder / "pyproject.toml").write_text(PROJECT)
                wall, spent = time.perf_counter(), cpu()
                make(folder)
                walls[name].append((time.perf_counter() - wall) * 1000)
                cpus[name].append(cpu() - spent)
                shutil.rmtree(folder)
    sys.stdout.write(f"milliseconds of {runs} runs each, Python {sys.version.split()[0]}\n")
    sys.stdout.write(f"{'':34}{'wall min':>10}{'median':>10}{'CPU min':>10}{'median':>10}\n")
    for name, taken in walls.items():
        numbers = (min(taken), statistics.median(taken), min(cpus[name]), statistics.median(cpus[name]))
        sys.stdout.write(f"{name:34}" + "".join(f"{number:10.1f}" for number in numbers) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
