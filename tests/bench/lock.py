"""What locking costs beside uv and Poetry: `python -m tests.bench.lock [--sizes 40,110,300] [--index URL]`.

Three states of our tool are told apart: a fresh process; an engine that has imported everything and knows nothing, so
that the disk cache alone is warm (a fork of a process that never locked); and an engine that locked before.
All tools take turns within a round. Ratios are between the medians of one run, each to uv's whole process: of processor
time first, which a busy machine disturbs least. `CHAPBOOK_TEST_UV` and `CHAPBOOK_TEST_POETRY` name the peers.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import urllib.request
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.engine import BenchEngine
from tests.bench.sample import ProgramFailed, Sample, run_program
from tests.fakes.index.generated import Shape, package_name, roots
from tests.fakes.index.separate import separate_index

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_REAL = {
    "p_small": "requests flask sqlalchemy rich",
    "p_100": "requests pandas matplotlib jupyterlab",
    "p_mid": "requests pandas matplotlib jupyterlab scikit-learn seaborn statsmodels ipywidgets boto3 fastapi black",
    "p_300": "requests pandas matplotlib jupyterlab scikit-learn seaborn statsmodels ipywidgets boto3 fastapi black "
    "flask sqlalchemy rich django celery mlflow sphinx dask distributed pytest plotly streamlit poetry",
}
_ADDED = "cowsay"
"""What is added to a real set: one wheel that requires nothing."""
_COLD = "cold"
_SCENARIOS = ("no lock yet", "nothing changed", "one more package", _COLD)


@dataclass(frozen=True, slots=True)
class Peers:
    """The other tools; empty paths are those that are not here."""

    uv: str
    poetry: str


@dataclass
class Bench:
    """One set of requirements with the projects that the tools lock."""

    name: str
    requirements: list[str]
    added: str
    index: str
    folder: Path
    peers: Peers
    slow: Callable[[bool], None]
    """Switches the latency of the index on and off."""
    samples: dict[tuple[str, str], list[Sample]] = field(default_factory=dict)
    packages: dict[str, int] = field(default_factory=dict)
    """How many each tool locked."""

    def prepare(self) -> None:
        """Write the projects, and let every tool fill its cache with all that will be asked."""
        for tool in ("ours", "uv", "poetry"):
            (self.folder / tool).mkdir(parents=True)
        self._write([*self.requirements, self.added])
        for label, command in list(self._processes()):
            try:
                run_program(command, self._place(command), self._environment())
            except ProgramFailed as failure:
                if label == "ours":
                    raise
                sys.stderr.write(f"{self.name}: {label} is left out: {failure}\n")
                self.peers = replace(self.peers, **{label: ""})

    def measure(self, rounds: int, poetry_rounds: int) -> None:
        """Do everything `rounds` times."""
        self._fresh_locks()
        with BenchEngine(self.folder / "ours", self._environment()) as engine:
            for number in range(rounds):
                with_poetry = number < poetry_rounds
                self._write(self.requirements)
                self._fresh_locks()
                self._round("no lock yet", engine, with_poetry=with_poetry, fresh=True)
                self._round("nothing changed", engine, with_poetry=with_poetry, states=("memory",))
                kept = self._locks()
                self.packages = {
                    file.parent.name: content.count(b"[[package]]") - (file.name == "uv.lock")
                    for file, content in kept.items()
                }
                self._write([*self.requirements, self.added])
                self._round("one more package", engine, with_poetry=with_poetry, before=kept)
            self._write(self.requirements)
            self.slow(True)
            for _ in range(max(1, rounds // 2)):
                self._cold_round(engine)
            self.slow(False)

    def _round(
        self,
        scenario: str,
        engine: BenchEngine,
        *,
        with_poetry: bool,
        fresh: bool = False,
        states: tuple[str, ...] = ("memory", "disk"),
        before: dict[Path, bytes] | None = None,
    ) -> None:
        for state in states:
            self._set_out("ours", fresh=fresh, before=before)
            self._note(scenario, f"ours, engine, {state}", engine.lock(state))
        for label, command in self._processes():
            if label == "poetry" and not with_poetry:
                continue
            self._set_out(label, fresh=fresh, before=before)
            self._note(scenario, label, run_program(command, self._place(command), self._environment()))

    def _cold_round(self, engine: BenchEngine) -> None:
        caches = self.folder / "caches"
        aside = self.folder / "aside"
        for label in ("ours, engine, nothing", "ours", "uv"):
            if label == "uv" and not self.peers.uv:
                continue
            self._fresh_locks()
            caches.rename(aside)
            try:
                if label.startswith("ours, engine"):
                    sample = engine.lock("disk")
                else:
                    command = dict(self._processes())[label]
                    sample = run_program(command, self._place(command), self._environment())
            finally:
                shutil.rmtree(caches, ignore_errors=True)
                aside.rename(caches)
            self._note(_COLD, label, sample)

    def _set_out(self, tool: str, *, fresh: bool, before: dict[Path, bytes] | None) -> None:
        if fresh:
            self._fresh_locks(tool)
        for file, content in (before or {}).items():
            if file.parent.name == tool:
                file.write_bytes(content)

    def _note(self, scenario: str, label: str, sample: Sample) -> None:
        self.samples.setdefault((scenario, label), []).append(sample)

    def _processes(self) -> Iterator[tuple[str, list[str]]]:
        yield "ours", [sys.executable, "-m", "chapbook_core.cli", "lock", "--quiet"]
        if self.peers.uv:
            cache = str(self.folder / "caches" / "uv")
            yield "uv", [self.peers.uv, "lock", "--quiet", "--no-config", "--no-build", "--cache-dir", cache]
        if self.peers.poetry:
            yield "poetry", [self.peers.poetry, "lock", "--no-interaction"]

    def _place(self, command: list[str]) -> Path:
        return self.folder / {self.peers.uv: "uv", self.peers.poetry: "poetry"}.get(command[0], "ours")

    def _environment(self) -> dict[str, str]:
        variables = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        caches = self.folder / "caches"
        return variables | {
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
            "PIP_INDEX_URL": self.index,
            "CHAPBOOK_CACHE_DIR": str(caches / "ours"),
            "CHAPBOOK_CONFIG_DIR": str(self.folder / "config"),
            "UV_DEFAULT_INDEX": self.index,
            "UV_PYTHON": sys.executable,
            "POETRY_CACHE_DIR": str(caches / "poetry"),
            "POETRY_CONFIG_DIR": str(self.folder / "config"),
            "POETRY_VIRTUALENVS_CREATE": "false",
        }

    def _locks(self) -> dict[Path, bytes]:
        files = (self.folder / tool / name for tool in ("ours", "uv", "poetry") for name in ("poetry.lock", "uv.lock"))
        return {file: file.read_bytes() for file in files if file.exists()}

    def _fresh_locks(self, *tools: str) -> None:
        for file in self._locks():
            if not tools or file.parent.name in tools:
                file.unlink()

    def _write(self, requirements: list[str]) -> None:
        quoted = ", ".join(f'"{requirement}"' for requirement in requirements)
        text = (
            '[project]\nname = "bench"\nversion = "1"\nrequires-python = ">=3.10,<4.0"\n'
            f"dependencies = [{quoted}]\n[tool.poetry]\npackage-mode = false\n"
        )
        # Poetry takes no index from the environment.
        source = f'[[tool.poetry.source]]\nname = "bench"\nurl = "{self.index}"\n'
        for tool in ("ours", "uv", "poetry"):
            (self.folder / tool / "pyproject.toml").write_text(text + (source if tool == "poetry" else ""))

    def table(self) -> str:
        """Write the medians, and what they are in parts of uv's and Poetry's whole processes."""
        lines = [
            f"\n{self.name}: packages locked {self.packages}",
            f"{'':46}{'cpu ms':>8}{'wall ms':>9}{'peak MB':>9}{'cpu/uv':>8}{'wall/uv':>9}{'cpu/Poetry':>12}",
        ]
        for scenario in _SCENARIOS:
            medians = {label: _median(samples) for (its, label), samples in self.samples.items() if its == scenario}
            uv, poetry = medians.get("uv"), medians.get("poetry")
            for label, one in medians.items():
                line = f"{scenario + ': ' + label:46}{one.cpu * 1000:8.1f}{one.wall * 1000:9.1f}"
                line += f"{one.memory / 1e6:9.0f}" if one.memory else " " * 9
                line += f"{one.cpu / uv.cpu:8.2f}{one.wall / uv.wall:9.2f}" if uv else " " * 17
                line += f"{one.cpu / poetry.cpu:12.4f}" if poetry else ""
                lines.append(line)
        return "\n".join(lines) + "\n"


def _median(samples: list[Sample]) -> Sample:
    return Sample(
        statistics.median(one.wall for one in samples),
        statistics.median(one.cpu for one in samples),
        max(one.memory for one in samples),
    )


def _peer(variable: str, program: str, *, wanted: bool) -> str:
    found = (os.environ.get(variable) or shutil.which(program) or "") if wanted else ""
    if not found:
        why = f"it is neither in {variable} nor on the path" if wanted else "not asked for"
        sys.stderr.write(f"{program} is not measured: {why}\n")
    return found


def _generated(options: argparse.Namespace, peers: Peers, stack: ExitStack) -> Iterator[Bench]:
    for size in map(int, options.sizes.split(",")):
        # What so many packages require is about as much as is asked for.
        shape = Shape(packages=round(size * 1.6))
        chosen = roots(shape, max(4, size // 3))
        index = stack.enter_context(separate_index("--generated", str(shape.packages), "--warm"))
        added = next(name for place in range(shape.packages - 1, 0, -1) if (name := package_name(place)) not in chosen)

        def slow(on: bool, index=index) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001  bound early
            index.change(latency_ms=options.latency_ms if on else 0)

        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-", dir=options.folder)))
        yield Bench(f"generated, {size}", chosen, added, index.url, folder, peers, slow)


def _real(options: argparse.Namespace, peers: Peers, stack: ExitStack) -> Iterator[Bench]:
    def slow(on: bool) -> None:
        if options.latency_url:
            url = options.latency_url.format(options.latency_ms if on else 0)
            urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=10).close()

    for name in options.sets.split(","):
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-", dir=options.folder)))
        yield Bench(name, _REAL[name].split(), _ADDED, options.index, folder, peers, slow)


def main() -> None:
    """Measure from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="40,110,300", help="packages of generated worlds")
    parser.add_argument("--index", help="the URL of an index with real packages, in place of generated ones")
    parser.add_argument("--sets", default=",".join(_REAL), help="which real sets")
    parser.add_argument("--latency-ms", type=float, default=20.0, help="of the index in the cold rounds")
    parser.add_argument("--latency-url", help="how that index is told its latency: a URL with {} in it")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--poetry-rounds", type=int, default=1)
    parser.add_argument("--folder", help="where projects and caches go; a folder in memory disturbs least")
    options = parser.parse_args()
    peers = Peers(
        _peer("CHAPBOOK_TEST_UV", "uv", wanted=True),
        _peer("CHAPBOOK_TEST_POETRY", "poetry", wanted=options.poetry_rounds > 0),
    )
    benches = _real if options.index else _generated
    with ExitStack() as stack:
        for bench in benches(options, peers, stack):
            bench.prepare()
            bench.measure(options.rounds, options.poetry_rounds)
            sys.stdout.write(bench.table())
            sys.stdout.flush()


if __name__ == "__main__":
    main()
