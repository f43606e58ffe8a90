"""What the magic costs in a real kernel: `python -m tests.bench.magics`.

Four things: `%load_ext chapbook`, in processor time of a fresh kernel; the modules that the registered magic brings
before it is used; `%poetry add` of a small pure package, warm, from the start of the cell to the package's import; and
the same with `!uv add` in the same kernel, on a project of the same content. The index is on this machine. The two take
turns, each in its own project, and every round takes the package away again, unmeasured. `CHAPBOOK_TEST_UV` names uv.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests.extension.magics.real_kernel import RealKernel
from tests.fakes.index.separate import separate_index

_PROJECT = """[project]
name = "here"
version = "1"
requires-python = ">=3.11"
dependencies = []

[tool.poetry]
package-mode = false

[tool.uv]
package = false
"""
_WORLD = """
[packages.bench-package]
"1.0" = {}
"""
_FILLING = 2
"""Rounds that fill the caches."""
_LOAD = """
import sys, time
before, began, used = set(sys.modules), time.perf_counter(), time.process_time()
get_ipython().run_line_magic("load_ext", "chapbook")
print((time.perf_counter() - began) * 1000, (time.process_time() - used) * 1000, len(set(sys.modules) - before))
"""
_REGISTER = """
import sys, time
before, began = set(sys.modules), time.perf_counter()
import chapbook
chapbook.register(get_ipython())
print((time.perf_counter() - began) * 1000, sorted(set(sys.modules) - before))
"""
_OURS = """
import time
_began = time.perf_counter()
get_ipython().run_line_magic("poetry", "add bench-package")
import bench_package
print((time.perf_counter() - _began) * 1000)
"""
_UV = """
import time, importlib
_began = time.perf_counter()
get_ipython().system("{uv} add --quiet bench-package --project {folder}")
importlib.invalidate_caches()
import bench_package
print((time.perf_counter() - _began) * 1000)
"""
_FORGET = "import sys; sys.modules.pop('bench_package', None); None"


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--index", help="measure against this index and `--package` instead of a fake one")
    parser.add_argument("--package", default="bench-package")
    given = parser.parse_args()
    uv = os.environ.get("CHAPBOOK_TEST_UV") or shutil.which("uv")
    with ExitStack() as stack:
        top = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = given.index
        if url is None:
            world = top / "world.toml"
            world.write_text(_WORLD, "utf-8")
            url = stack.enter_context(separate_index("--from", str(world))).url
        variables = _variables(top, url)
        ours = _project(top / "ours", variables)
        _loading(ours, variables, top, given.rounds)
        _adding(ours, variables, top, given, uv)


def _variables(top: Path, url: str) -> dict[str, str]:
    home = top / "home"
    home.mkdir()
    return {
        "HOME": str(home),
        "IPYTHONDIR": str(home / "ipython"),
        "PIP_INDEX_URL": url,
        "UV_INDEX_URL": url,
        "UV_CACHE_DIR": str(top / "uv-cache"),
        "CHAPBOOK_CACHE_DIR": str(top / "cache"),
    }


def _project(folder: Path, variables: dict[str, str]) -> Path:
    folder.mkdir()
    (folder / "pyproject.toml").write_text(_PROJECT, "utf-8")
    words = [sys.executable, "-m", "chapbook_core.cli", "install", "--quiet"]
    subprocess.run(words, cwd=folder, env={**os.environ, **variables}, check=True)
    return folder


def _kernel(project: Path, variables: dict[str, str], top: Path) -> RealKernel:
    return RealKernel(project / ".venv" / "bin" / "python", project, variables, top / "shelf")


def _loading(project: Path, variables: dict[str, str], top: Path, rounds: int) -> None:
    walls, used, modules = [], [], 0.0
    with _kernel(project, variables, top) as kernel:
        # The first one compiles the modules, as an installer would have.
        kernel.run(_LOAD)
    for _ in range(max(3, rounds // 3)):
        with _kernel(project, variables, top) as kernel:
            kernel.run("pass")
            wall, process, modules = _numbers(kernel.run(_LOAD).stdout)
            walls.append(wall)
            used.append(process)
    _write(f"%load_ext chapbook            {_range(walls)}, of processor time {_range(used)}, {modules:.0f} modules")
    with _kernel(project, variables, top) as kernel:
        kernel.run("pass")
        seconds, names = kernel.run(_REGISTER).stdout.split(" ", 1)
        _write(f"registering the magic alone   {float(seconds):.1f} ms, modules: {names.strip()}")


def _adding(project: Path, variables: dict[str, str], top: Path, given: argparse.Namespace, uv: str | None) -> None:
    name = given.package
    ours, theirs = _OURS, ""
    if uv is not None:
        other = _project(top / "uv", variables)
        theirs = _UV.format(uv=uv, folder=other)
    module = name.replace("-", "_")
    cells = [cell.replace("bench-package", name).replace("bench_package", module) for cell in (ours, theirs)]
    forget = _FORGET.replace("bench_package", module)
    times: dict[str, list[float]] = {"%poetry add": [], "!uv add": []}
    with ExitStack() as stack:
        first = stack.enter_context(_kernel(project, variables, top))
        first.run("%load_ext chapbook")
        second = stack.enter_context(_kernel(top / "uv", variables, top)) if uv is not None else None
        for number in range(given.rounds + _FILLING):
            shown = first.run(cells[0])
            first.run(forget)
            removed = first.run(f"%poetry remove {name}")
            if shown.error or removed.error:
                raise SystemExit(json.dumps([shown.error, removed.error, shown.stdout], indent=1))
            spent = {"%poetry add": float(shown.stdout)}
            if second is not None:
                shown = second.run(cells[1])
                second.run(forget)
                second.run(f"!{uv} remove --quiet {name} --project {top / 'uv'}")
                if shown.error:
                    raise SystemExit(json.dumps([shown.error, shown.stdout], indent=1))
                spent["!uv add"] = float(shown.stdout.split()[-1])
            if number >= _FILLING:
                for way, milliseconds in spent.items():
                    times[way].append(milliseconds)
    for way, all_of_them in times.items():
        _write(f"{way:<29} {_range(all_of_them)}" if all_of_them else f"{way:<29} not measured: there is no uv")


def _write(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _numbers(text: str) -> list[float]:
    return [float(word) for word in text.split()]


def _range(numbers: list[float]) -> str:
    return f"{statistics.median(numbers):.1f} ms (least {min(numbers):.1f}, most {max(numbers):.1f})"


if __name__ == "__main__":
    main()
