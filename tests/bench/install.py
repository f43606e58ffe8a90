"""What installing costs beside uv, Poetry and pip: `python -m tests.bench.install [--index URL [--set SET]]`.

The scenes, each from the same locked versions: `cold`, with empty caches and no environment; `warm`, with full caches
and no environment, its creation counted; `no-op`, not the first one; `one more`, a locked package that the environment
lacks; and, for a set of real packages, `import`, the first one in an environment that was made from full caches. Our
tool is measured as a whole process, and as a warm engine; the time of the processor is that of all its processes
together. What it does in the background has ended before the next one is measured; `warm, unready` is without anything
that was laid out ahead. All take turns within a round, the ratios are between medians. `CHAPBOOK_TEST_UV` and
`CHAPBOOK_TEST_POETRY` name the peers.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

from chapbook_core.installer.bytecode import FOLDER as BYTECODE
from chapbook_core.installer.readying import YARD
from chapbook_core.installer.spare import FOLDER as SPARE
from chapbook_core.installer.store import WHEELS
from tests.bench.sample import Sample, run_program
from tests.fakes.index.generated import Shape, package_name, roots
from tests.fakes.index.separate import separate_index

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

_HOUSE = Path(__file__).parents[2]
_OURS = [sys.executable, "-m", "chapbook_core.cli"]
_SCENES = ("cold", "warm", "no-op", "one more")
_UNREADY = "warm, unready"
_SETS = {
    "science": (("numpy", "pandas", "scipy", "matplotlib", "scikit-learn"), "seaborn"),
    "notebook": (("jupyterlab", "ipykernel"), "ipywidgets"),
}
_IMPORTS = {
    "science": "import numpy, scipy.stats, scipy.optimize, scipy.sparse",
    "notebook": "import jupyterlab.labapp, ipykernel.kernelapp",
}
_REST = 2.1
"""Seconds."""
_READY_AFTER = 300.0
"""Seconds that work in the background may take."""
_ENGINE = """
import json, os, resource, sys, time
from contextlib import redirect_stdout, suppress
from io import StringIO
from pathlib import Path
from chapbook_core.cli import main, terminal
from chapbook_core.commands.sights import Sights
from chapbook_core.engine.attached import start_attached
from chapbook_core.engine.warming import warm_up
from chapbook_core.installer.companion import Companion
from chapbook_core.value import replace
# What is done in the background is started as an engine does it, when it has answered; it has a companion, it remembers
# what it saw, and it is given its variables.
terminal._leave_behind = start_attached
own, companion, sights, variables = terminal._surroundings, Companion(), Sights(), dict(os.environ)
terminal._surroundings = lambda manner: replace(own(manner), companion=companion, sights=sights, variables=variables)
main(["sync", "--quiet"])
warm_up(lambda: True)
print("ready", flush=True)
def spent():
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    # Those that have not ended yet, as the companion, are told of by the system alone, and so are those they had.
    living = 0
    for task in Path("/proc/self/task").iterdir():
        for child in (task / "children").read_text().split():
            with suppress(OSError):
                living += int(Path("/proc", child, "schedstat").read_text().split()[0])
                ended = Path("/proc", child, "stat").read_text().rpartition(")")[2].split()[13:15]
                living += sum(map(int, ended)) * 10**9 // os.sysconf("SC_CLK_TCK")
    return sum(one.ru_utime + one.ru_stime for one in used) + living / 1e9
for line in sys.stdin:
    cpu, wall = spent(), time.perf_counter()
    with redirect_stdout(StringIO()):
        status = main(["sync", "--quiet"])
    print(json.dumps([status, time.perf_counter() - wall, spent() - cpu]), flush=True)
"""


class Engine:
    """A process that has done it before."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _ENGINE],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"

    def sync(self) -> Sample:
        """Let it work once."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        status, wall, cpu = json.loads(self._process.stdout.readline())
        if status:
            raise SystemExit("our sync failed in the engine")
        return Sample(wall, cpu)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()


class Bench:
    """One set of packages, with a project for each tool."""

    def __init__(self, folder: Path, index: str, requirements: list[str], added: str, imports: str = "") -> None:
        self._folder = folder
        self._index = index
        self._full, self._less = [*requirements, added], requirements
        self._imports = imports
        self._uv = shutil.which(os.environ.get("CHAPBOOK_TEST_UV", "uv"))
        self._poetry = shutil.which(os.environ.get("CHAPBOOK_TEST_POETRY", "poetry"))
        self.samples: defaultdict[tuple[str, str], list[Sample]] = defaultdict(list)
        self.packages = 0

    @property
    def _environment(self) -> dict[str, str]:
        variables = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        caches = self._folder / "caches"
        return variables | {
            "HOME": str(self._folder / "home"),
            "PYTHONPATH": os.pathsep.join([str(_HOUSE / "core"), str(_HOUSE)]),
            "PIP_INDEX_URL": self._index,
            "PIP_CACHE_DIR": str(caches / "pip"),
            "CHAPBOOK_CACHE_DIR": str(caches / "ours"),
            "UV_DEFAULT_INDEX": self._index,
            "UV_PYTHON": sys.executable,
            "UV_CACHE_DIR": str(caches / "uv"),
            "POETRY_CACHE_DIR": str(caches / "poetry"),
            "POETRY_VIRTUALENVS_IN_PROJECT": "true",
        }

    def prepare(self) -> None:
        """Lock both states for every tool, and fill every cache."""
        (self._folder / "home").mkdir()
        for which, requirements in (("less", self._less), ("full", self._full)):
            for tool in ("ours", "uv", "poetry", "pip"):
                self._lock(tool, which, requirements)
        for tool in self._commands():
            self._choose(tool, "full")
            self._run(tool)

    def _lock(self, tool: str, which: str, requirements: list[str]) -> None:
        folder = self._folder / tool / which
        folder.mkdir(parents=True)
        listed = ", ".join(f'"{one}"' for one in requirements)
        python = f">={sys.version_info[0]}.{sys.version_info[1]},<{sys.version_info[0]}.{sys.version_info[1] + 1}"
        text = (
            f'[project]\nname = "bench"\nversion = "1"\nrequires-python = "{python}"\ndependencies = [{listed}]\n'
            "[tool.poetry]\npackage-mode = false\n[tool.uv]\npackage = false\n"
        )
        if tool == "poetry":
            # Poetry takes no index from the environment.
            text += f'[[tool.poetry.source]]\nname = "bench"\nurl = "{self._index}"\n'
        (folder / "pyproject.toml").write_text(text)
        if tool == "uv":
            if self._uv:
                run_program([self._uv, "lock", "--quiet"], folder, self._environment)
            return
        run_program([*_OURS, "lock", "--quiet"], folder, self._environment)
        self.packages = (folder / "poetry.lock").read_text().count("[[package]]")
        if tool == "pip":
            run_program([*_OURS, "export", "--output", "requirements.txt"], folder, self._environment)

    def _commands(self) -> dict[str, list[str]]:
        commands = {"ours": [*_OURS, "sync", "--quiet"]}
        if self._uv:
            commands["uv"] = [self._uv, "sync", "--quiet", "--frozen"]
        if self._poetry:
            commands["poetry"] = [self._poetry, "sync", "--quiet", "--no-interaction"]
        if self._uv:
            # The environment is made by the fastest there is.
            script = f'test -d .venv || "{self._uv}" venv -q .venv; '
            script += (
                f'"{sys.executable}" -m pip --python .venv install -q --disable-pip-version-check -r requirements.txt'
            )
            commands["pip"] = ["/bin/sh", "-c", script]
        return commands

    def _choose(self, tool: str, which: str) -> None:
        for file in (self._folder / tool / which).iterdir():
            if file.is_file():
                shutil.copyfile(file, self._folder / tool / file.name)

    def _run(self, tool: str) -> Sample:
        return run_program(self._commands()[tool], self._folder / tool, self._environment)

    def _settle(self) -> None:
        """Wait until nothing works in the background."""
        yard = self._store / YARD
        end = time.monotonic() + _READY_AFTER
        while list(yard.glob("*.json")):
            hurry(str(self._store))
            if time.monotonic() > end:
                raise SystemExit("what was to be done in the background was not")
            time.sleep(0.1)

    def _unready(self) -> None:
        """Take away what was laid out and compiled ahead."""
        for kind in (SPARE, BYTECODE):
            for folder in self._store.glob(f"{WHEELS}/*/*/{kind}"):
                self._discard(folder)

    @property
    def _store(self) -> Path:
        return self._folder / "caches" / "ours" / "store"

    def _drop(self, tool: str) -> None:
        self._discard(self._folder / tool / ".venv")

    def _discard(self, path: Path) -> None:
        """Put something aside until the end: where thousands of files were just removed, making some takes longer."""
        if path.exists():
            (self._folder / "discarded").mkdir(exist_ok=True)
            path.rename(self._folder / "discarded" / secrets.token_hex(6))

    def measure(self, scenes: Sequence[str], rounds: int, slow_rounds: int) -> None:
        """Do everything `rounds` times, with Poetry and pip in the first few of them only."""
        with Engine(self._folder / "ours", self._environment) as engine:
            for number in range(rounds):
                tools = [tool for tool in self._commands() if tool in ("ours", "uv") or number < slow_rounds]
                for scene in scenes:
                    if scene == "no-op":
                        # As each tool has done one, see `_set`; an engine remembers what has rested for a moment.
                        time.sleep(_REST)
                        engine.sync()
                    for tool in tools:
                        self._set(tool, scene)
                        self.samples[scene, tool].append(self._run(tool))
                        self._settle()
                    self._set("ours", scene)
                    self.samples[scene, "ours, engine"].append(engine.sync())
                    self._settle()
                    if scene == "warm" and self._imports:
                        self._measure_imports(tools)
                if "warm" in scenes:
                    self._measure_unready(engine)

    def _measure_unready(self, engine: Engine) -> None:
        self._set("ours", "warm")
        self._unready()
        self.samples[_UNREADY, "ours, engine"].append(engine.sync())
        self._settle()
        if self._uv:
            self._set("uv", "warm")
            self.samples[_UNREADY, "uv"].append(self._run("uv"))

    def _measure_imports(self, tools: list[str]) -> None:
        for tool in tools:
            python = self._folder / tool / ".venv" / "bin" / "python"
            self.samples["import", tool].append(
                run_program([str(python), "-c", self._imports], self._folder, self._environment)
            )

    def _set(self, tool: str, scene: str) -> None:
        """Bring a tool's project to where the scene begins."""
        if scene == "cold":
            for name in ("store", "index", "") if tool == "ours" else ("",):
                self._discard(self._folder / "caches" / tool / name)
        if scene in ("cold", "warm"):
            self._drop(tool)
            self._choose(tool, "full")
        elif scene == "no-op":
            # What a tool looks up about an environment that it has just made is not asked of it again.
            self._run(tool)
        elif scene == "one more":
            self._choose(tool, "less")
            self._drop(tool)
            self._run(tool)
            self._choose(tool, "full")

    def table(self) -> str:
        """Write the medians, and what they are in parts of uv's and Poetry's."""
        head = f"{'':26}{'wall ms':>10}{'cpu ms':>10}{'wall/uv':>9}{'cpu/uv':>9}{'wall/Poetry':>13}"
        lines = [f"\n{self.packages} packages", head]
        for scene in dict.fromkeys(scene for scene, _tool in self.samples):
            medians = {tool: _median(samples) for (its, tool), samples in self.samples.items() if its == scene}
            uv, poetry = medians.get("uv"), medians.get("poetry")
            for tool, one in medians.items():
                line = f"{f'{scene}: {tool}':26}{one.wall * 1000:10.1f}{one.cpu * 1000:10.1f}"
                line += f"{one.wall / uv.wall:9.2f}{one.cpu / uv.cpu:9.2f}" if uv else ""
                line += f"{one.wall / poetry.wall:13.4f}" if poetry else ""
                lines.append(line)
        return "\n".join(lines) + "\n"


def hurry(store: str) -> None:
    """Let what works in the background of a store have as much of the machine as anybody, where that is allowed."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, ValueError):
            if store.encode() in (process / "cmdline").read_bytes().split(b"\0"):
                for one in (process, *children(process)):
                    os.setpriority(os.PRIO_PROCESS, int(one.name), 0)
                (process / "autogroup").write_text("0")


def children(process: Path) -> list[Path]:
    """Return the processes that one has started."""
    names = (process / "task" / process.name / "children").read_text().split()
    return [Path("/proc", name) for name in names]


def _median(samples: list[Sample]) -> Sample:
    return Sample(statistics.median(one.wall for one in samples), statistics.median(one.cpu for one in samples))


def main() -> None:
    """Measure from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--index", help="the URL of an index with real packages, in place of generated ones")
    parser.add_argument("--set", default="science", choices=sorted(_SETS), help="which packages of a real index")
    parser.add_argument("--size", type=int, default=60, help="of the generated world")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--slow-rounds", type=int, default=1)
    parser.add_argument("--scene", action="append", choices=_SCENES, help="only this one; may be given several times")
    parser.add_argument("--folder", help="where projects and caches go; a folder in memory disturbs least")
    options = parser.parse_args()
    with ExitStack() as stack:
        if options.index:
            chosen, added = _SETS[options.set]
            index, requirements, imports = options.index, list(chosen), _IMPORTS[options.set]
        else:
            imports = ""
            shape = Shape(packages=round(options.size * 1.6))
            requirements = roots(shape, max(4, options.size // 3))
            added = next(
                name for n in range(shape.packages - 1, 0, -1) if (name := package_name(n)) not in requirements
            )
            index = stack.enter_context(separate_index("--generated", str(shape.packages), "--warm")).url
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-", dir=options.folder)))
        bench = Bench(folder, index, requirements, added, imports)
        bench.prepare()
        bench.measure(options.scene or _SCENES, options.rounds, options.slow_rounds)
        sys.stdout.write(bench.table())


if __name__ == "__main__":
    main()
