"""What it costs to build twenty old source archives, beside uv and Poetry: `python -m tests.bench.sources --index URL`.

The index has to be a mirror with real releases. Two scenes, each from the same locked versions: `cold`, with empty
caches; `warm`, with full caches and no environment. All take turns within a round, the ratios are between medians.
`CHAPBOOK_TEST_UV` and `CHAPBOOK_TEST_POETRY` name the peers.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.sample import run_program

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.bench.sample import Sample

_OURS = [sys.executable, "-m", "chapbook_core.cli"]
_RELEASES = {
    "antlr4-python3-runtime": "4.9.3", "backcall": "0.1.0", "configobj": "5.0.6", "docopt": "0.6.2", "emoji": "1.7.0",
    "fire": "0.4.0", "func-timeout": "4.3.5", "future": "0.18.2", "htmlmin": "0.1.12", "langdetect": "1.0.9",
    "odfpy": "1.4.1", "pathtools": "0.1.2", "progress": "1.5", "pyperclip": "1.8.2", "ratelimit": "2.2.1",
    "sgmllib3k": "1.0.0", "stringcase": "1.2.0", "termcolor": "1.1.0", "unicodecsv": "0.14.1", "wget": "3.2",
}  # fmt: skip


class Bench:
    """One folder with the project, and for each tool its own caches."""

    def __init__(self, top: Path, index: str) -> None:
        self.top = top
        self.index = index
        hidden = ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL", "PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV")
        self.variables = {name: text for name, text in os.environ.items() if name not in hidden}
        self.variables |= {"PIP_INDEX_URL": index, "HOME": str(top / "home")}
        (top / "home").mkdir()

    def project(self, tool: str) -> Path:
        """Make the project of one tool."""
        folder = self.top / tool
        folder.mkdir()
        listed = "".join(f'    "{name}=={version}",\n' for name, version in _RELEASES.items())
        (folder / "pyproject.toml").write_text(
            f'[project]\nname = "p"\nversion = "1"\nrequires-python = ">=3.11"\ndependencies = [\n{listed}]\n'
            "[tool.poetry]\npackage-mode = false\n"
            f'[[tool.poetry.source]]\nname = "mirror"\nurl = "{self.index}"\npriority = "primary"\n'
        )
        return folder

    def run(self, words: list[str], folder: Path, **more: str) -> Sample:
        """Run one tool; it must succeed."""
        return run_program(words, folder, {**self.variables, **more})


def ours(bench: Bench) -> Callable[[bool], Sample]:
    """Prepare our tool."""
    folder, cache = bench.project("ours"), bench.top / "ours-cache"
    more = {"CHAPBOOK_CACHE_DIR": str(cache)}
    bench.run([*_OURS, "lock", "--quiet"], folder, **more)

    def measure(is_cold: bool) -> Sample:
        shutil.rmtree(folder / ".venv", ignore_errors=True)
        if is_cold:
            shutil.rmtree(cache, ignore_errors=True)
        return bench.run([*_OURS, "sync", "--quiet"], folder, **more)

    return measure


def uv(bench: Bench, program: str) -> Callable[[bool], Sample]:
    """Prepare uv."""
    folder, cache = bench.project("uv"), bench.top / "uv-cache"
    more = {"UV_CACHE_DIR": str(cache), "UV_DEFAULT_INDEX": bench.index, "UV_PYTHON": sys.executable}
    more["UV_NO_BINARY_PACKAGE"] = " ".join(_RELEASES)
    bench.run([program, "lock", "--quiet"], folder, **more)

    def measure(is_cold: bool) -> Sample:
        shutil.rmtree(folder / ".venv", ignore_errors=True)
        if is_cold:
            shutil.rmtree(cache, ignore_errors=True)
        return bench.run([program, "sync", "--quiet", "--frozen", "--no-install-project"], folder, **more)

    return measure


def poetry(bench: Bench, program: str) -> Callable[[bool], Sample]:
    """Prepare Poetry."""
    folder, cache = bench.project("poetry"), bench.top / "poetry-cache"
    more = {"POETRY_CACHE_DIR": str(cache), "POETRY_VIRTUALENVS_IN_PROJECT": "true"}
    bench.run([program, "lock", "--quiet"], folder, **more)

    def measure(is_cold: bool) -> Sample:
        shutil.rmtree(folder / ".venv", ignore_errors=True)
        if is_cold:
            shutil.rmtree(cache, ignore_errors=True)
        return bench.run([program, "sync", "--quiet"], folder, **more)

    return measure


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--index", required=True)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        bench = Bench(Path(folder), chosen.index)
        tools = {"chapbook": ours(bench)}
        for name, make in (("uv", uv), ("poetry", poetry)):
            program = os.environ.get(f"CHAPBOOK_TEST_{name.upper()}") or shutil.which(name)
            if program is None:
                sys.stdout.write(f"{name} is neither in CHAPBOOK_TEST_{name.upper()} nor on PATH: left out" + "\n")
            else:
                tools[name] = make(bench, program)
        samples: dict[tuple[str, str], list[Sample]] = defaultdict(list)
        for _ in range(chosen.rounds):
            for scene in ("cold", "warm"):
                for name, measure in tools.items():
                    samples[scene, name].append(measure(scene == "cold"))
    sys.stdout.write(
        f"{len(_RELEASES)} source archives, {chosen.rounds} rounds, medians; load {os.getloadavg()[0]:.1f}" + "\n"
    )
    for scene in ("cold", "warm"):
        base = statistics.median(one.wall for one in samples[scene, "chapbook"])
        for name in tools:
            wall = statistics.median(one.wall for one in samples[scene, name])
            cpu = statistics.median(one.cpu for one in samples[scene, name])
            sys.stdout.write(
                f"{scene:5} {name:9} {wall:7.2f} s {cpu:7.2f} s CPU  chapbook is {base / wall:.2f} of it" + "\n"
            )


if __name__ == "__main__":
    main()
