"""A cold and a warm reading of many pages and metadata: `python -m tests.bench.fetch`, beside `uv pip compile`.

The index runs in a process of its own and waits before each answer. Both read the same packages; uv solves and writes
as well, ours does not, so the rows say what reading costs, not what locking does. `CHAPBOOK_TEST_UV` names another uv.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from chapbook_core.events import Unwatched
from chapbook_core.index.opening import open_index
from chapbook_core.index.reader import WORKERS
from chapbook_core.index.sources import Sources, index_place
from tests.fakes.index.generated import package_name
from tests.fakes.index.separate import SeparateIndex, separate_index


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement: seconds of wall and of processor, and the requests that the index counted."""

    label: str
    wall: float
    cpu: float
    requests: int


def read_all(url: str, cache: Path, packages: int, workers: int) -> tuple[float, float]:
    """Read every page and its newest release's metadata; give seconds of wall and processor."""
    began, cpu = time.perf_counter(), time.process_time()
    sources = Sources((index_place("bench", url),))
    with open_index(
        sources,
        variables={},
        home=cache,
        watcher=Unwatched(),
        cache_folder=cache,
        keyring=False,
        workers=workers,
    ) as index:
        names = [package_name(place) for place in range(packages)]
        for name in names:
            index.reader.want_versions(name).add_done_callback(
                lambda page: index.reader.want_metadata(page.result().name, page.result().summary.versions[-1])
            )
        for name in names:
            index.reader.metadata(name, index.reader.versions(name).summary.versions[-1])
    return time.perf_counter() - began, time.process_time() - cpu


def run(label: str, command: list[str], index: SeparateIndex, environment: dict[str, str]) -> tuple[Row, str]:
    """Run a program and measure its process as a whole."""
    index.reset_counts()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment}, check=False)
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        raise RuntimeError(f"{label}: {done.stderr[-2000:]}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    counts = index.counts
    requests = sum(
        number for kind, number in counts.items() if kind in {"page", "project-json", "metadata", "range", "file"}
    )
    return Row(label, wall, cpu, requests), done.stdout


def measure(
    index: SeparateIndex, uv: str | None, packages: int, workers: int, python: str = sys.executable
) -> list[Row]:
    """Measure one round of everything."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as place:
        ours = [python, "-m", "tests.bench.fetch", "--packages", str(packages), "--workers", str(workers)]
        ours += ["--worker", index.url, str(Path(place, "ours"))]
        for label in ("cold", "warm"):
            row, output = run(f"ours, {label}, process", ours, index, {"PYTHONPATH": os.pathsep.join(sys.path)})
            wall, cpu = json.loads(output)
            rows += [Row(f"ours, {label}, in-process", wall, cpu, row.requests), row]
        if uv is not None:
            wanted = Path(place, "requirements.in")
            wanted.write_text("".join(f"{package_name(number)}\n" for number in range(packages)))
            command = [uv, "pip", "compile", "--quiet", "--no-config", "--no-build", "--python", python]
            command += ["--index-url", index.url, "--output-file", str(Path(place, "out")), str(wanted)]
            for label in ("cold", "warm"):
                Path(place, "out").unlink(missing_ok=True)
                row, _ = run(f"uv, {label}, process", command, index, {"UV_CACHE_DIR": str(Path(place, "uv"))})
                rows.append(row)
    return rows


def best(rounds: list[list[Row]]) -> list[Row]:
    """Give the least of each column over several rounds."""
    return [
        Row(rows[0].label, min(row.wall for row in rows), min(row.cpu for row in rows), rows[-1].requests)
        for rows in zip(*rounds, strict=True)
    ]


def table(rows: list[Row]) -> str:
    """Write the rows, each with its ratio to uv's of the same temperature."""
    lines = [f"{'':28}{'wall ms':>10}{'cpu ms':>10}{'requests':>10}{'wall/uv':>10}{'cpu/uv':>10}"]
    peers = {row.label.split(", ")[1]: row for row in rows if row.label.startswith("uv")}
    for row in rows:
        line = f"{row.label:28}{row.wall * 1000:10.0f}{row.cpu * 1000:10.0f}{row.requests:10}"
        if (peer := peers.get(row.label.split(", ")[1])) is not None and peer is not row:
            line += f"{row.wall / peer.wall:10.2f}{row.cpu / peer.cpu:10.2f}"
        lines.append(line)
    return "\n".join(lines)


def main() -> None:
    """Measure from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packages", type=int, default=300)
    parser.add_argument("--workers", type=int, default=WORKERS)
    parser.add_argument("--latency-ms", type=float, default=20.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--dialect", default="json")
    parser.add_argument("--worker", nargs=2, metavar=("URL", "CACHE"))
    options = parser.parse_args()
    if options.worker:
        url, cache = options.worker
        sys.stdout.write(json.dumps(read_all(url, Path(cache), options.packages, options.workers)))
        return
    uv = os.environ.get("CHAPBOOK_TEST_UV") or shutil.which("uv")
    if uv is None:
        sys.stderr.write("uv is not measured: it is neither in CHAPBOOK_TEST_UV nor on the path\n")
    arguments = ["--generated", str(options.packages), "--warm", "--latency-ms", str(options.latency_ms)]
    with separate_index(*arguments, "--dialect", options.dialect) as index:
        rounds = [measure(index, uv, options.packages, options.workers) for _ in range(options.rounds)]
    sys.stdout.write(table(best(rounds)) + "\n")


if __name__ == "__main__":
    main()
