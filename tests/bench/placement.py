"""One wheel with 1,100 files into fresh environments: `python -m tests.bench.placement`.

Cold is from the wheel to the environment with an empty store, warm with the wheel in the store. Ours is measured in one
process, without its start; uv is a whole process (found through CHAPBOOK_TEST_UV or PATH), and its start beside it.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.environment.site_packages import scan_site_packages
from chapbook_core.events import Unwatched
from chapbook_core.installer.link import Linker, Method
from chapbook_core.installer.placement import WheelArrival, place_wheels
from chapbook_core.installer.schemes import paths_of_environment
from chapbook_core.installer.store import Store
from chapbook_core.installer.unplacement import take_out
from tests.bench.sample import run_program
from tests.fakes.wheels import numpy_like

if TYPE_CHECKING:
    from collections.abc import Callable

Times = dict[str, list[tuple[float, float]]]


def environment(folder: Path) -> Path:
    """Make a fresh environment, outside of what is measured."""
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    return folder


def measure(times: Times, what: str, work: Callable[[], object]) -> None:
    """Note wall and processor time of some work."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    times.setdefault(what, []).append((time.perf_counter() - wall, time.process_time() - cpu))


def ours(folder: Path, wheel: Path, times: Times) -> None:
    """Measure one round of ours."""
    shutil.rmtree(folder / "store", ignore_errors=True)
    with Store(folder / "store") as store:
        paths = paths_of_environment(environment(folder / "v"))
        linker = Linker()
        measure(times, "chapbook: store (hash, check, unpack)", lambda: store.add(wheel, wheel.name))
        (entry,) = store.entries()

        def place() -> None:
            stored = store.find(entry.sha256)
            assert stored is not None
            place_wheels([WheelArrival(stored, paths, linker)], Unwatched())

        measured: Times = {}
        measure(measured, "place", place)
        times.setdefault(f"chapbook: place ({words(linker, store.folder)})", []).extend(measured["place"])
        found = list(scan_site_packages(paths.root / paths.purelib))
        measure(times, "chapbook: take out", lambda: take_out(found, paths, Unwatched()))
        linker = Linker(Method.LINK)
        linker._binding = True
        measure(times, "chapbook: place (everything linked, as where permissions bind)", place)


def words(linker: Linker, store: Path) -> str:
    """Say how files come into an environment here."""
    device = store.stat().st_dev
    match linker.method((device, device)):
        case Method.CLONE:
            return "clones"
        case Method.LINK:
            return "texts copied, binaries linked" if os.geteuid() == 0 else "links"
        case Method.COPY:
            return "copies"


def uv(program: str, folder: Path, wheel: Path, times: Times) -> None:
    """Measure one round of uv."""
    variables = {**os.environ, "UV_CACHE_DIR": str(folder / "uv-cache"), "UV_NO_CONFIG": "1", "UV_OFFLINE": "1"}
    shutil.rmtree(folder / "uv-cache", ignore_errors=True)
    start = run_program([program, "--version"], folder, variables)
    times.setdefault("uv: start (--version)", []).append((start.wall, start.cpu))
    for kind in ("cold", "warm"):
        python = environment(folder / "v") / "bin" / "python"
        command = [program, "pip", "install", "--no-index", "--no-deps", "--python", str(python), str(wheel)]
        sample = run_program(command, folder, variables)
        times.setdefault(f"uv: pip install, {kind}", []).append((sample.wall, sample.cpu))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, default=None)
    options = parser.parse_args()
    program = os.environ.get("CHAPBOOK_TEST_UV") or shutil.which("uv")
    times: Times = {}
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        wheel = numpy_like().write(folder)
        for _ in range(options.rounds):
            ours(folder, wheel, times)
            if program:
                uv(program, folder, wheel, times)
    sys.stdout.write("| what | wall, median ms | cpu, median ms | best wall |\n|---|---|---|---|\n")
    for what, samples in times.items():
        walls, cpus = [wall * 1e3 for wall, _cpu in samples], [cpu * 1e3 for _wall, cpu in samples]
        sys.stdout.write(
            f"| {what} | {statistics.median(walls):.1f} | {statistics.median(cpus):.1f} | {min(walls):.1f} |\n"
        )
    if not program:
        sys.stdout.write("uv is neither in CHAPBOOK_TEST_UV nor on PATH\n")


if __name__ == "__main__":
    main()
