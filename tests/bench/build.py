"""Build a package of a thousand files, side by side with the builders of others: `python -m tests.bench.build`.

Every backend runs as a frontend calls it: a fresh process that imports it and calls one hook. uv builds its own way, as
the whole command `uv build` with the backend that is in it. All of them have the same files and the same disk.
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from tests.bench.sample import Sample, run_program

FILES = 1000
ROUNDS = 7
UV = shutil.which(os.environ.get("CHAPBOOK_TEST_UV", "uv"))
HEAD = '[project]\nname = "thousand"\nversion = "1.0"\ndescription = "Many files"\nrequires-python = ">=3.11"\n'
BACKENDS = {
    "chapbook": ("chapbook_core.builder.backend", ""),
    "poetry-core": ("poetry.core.masonry.api", ""),
    "hatchling": ("hatchling.build", ""),
    "flit-core": ("flit_core.buildapi", ""),
}
MODULE = '''"""Module {number} of many."""

from __future__ import annotations

import os
from dataclasses import dataclass

LIMIT = {number}


@dataclass(frozen=True)
class Thing{number}:
    """A thing that knows its number and its folder."""

    number: int = LIMIT
    folder: str = os.curdir

    def doubled(self) -> int:
        """Return twice the number {number}."""
        return self.number * 2
'''
VARIABLES = {
    "PATH": os.environ["PATH"],
    "HOME": os.environ.get("HOME", "/"),
    "PYTHONPATH": str(Path(__file__).parents[2] / "core"),
}


def write_project(folder: Path, backend: str, more: str) -> None:
    """Write the package, of folders of fifty modules."""
    package = folder / "thousand"
    for number in range(FILES):
        part = package / f"part{number // 50}"
        if number % 50 == 0:
            part.mkdir(parents=True)
            (part / "__init__.py").write_text("", "utf-8")
        (part / f"module{number}.py").write_text(MODULE.format(number=number), "utf-8")
    (package / "__init__.py").write_text('"""Many files."""\n', "utf-8")
    # uv takes the backend in itself only when its own version is asked for.
    requires = '["uv_build>=0.7,<2"]' if backend == "uv_build" else "[]"
    system = f'[build-system]\nrequires = {requires}\nbuild-backend = "{backend}"\n'
    (folder / "pyproject.toml").write_text(f"{system}{HEAD}{more}", "utf-8")


def hook(backend: str, kind: str) -> list[str]:
    """Return the call of one hook in a process of its own."""
    code = f"import {backend} as backend; backend.build_{kind}('dist')"
    return [sys.executable, "-c", code]


def main() -> None:
    """Measure in turns, so that a busy moment of the machine meets everybody."""
    samples: dict[tuple[str, str], list[Sample]] = {}
    with tempfile.TemporaryDirectory() as top:
        folders = {}
        for name, (backend, more) in BACKENDS.items():
            folders[name] = Path(top, name)
            write_project(folders[name], backend, more)
        if UV is not None:
            folders["uv build"] = Path(top, "uv")
            write_project(folders["uv build"], "uv_build", '[tool.uv.build-backend]\nmodule-root = ""\n')
        for _ in range(ROUNDS):
            for kind in ("wheel", "sdist"):
                for name, folder in folders.items():
                    shutil.rmtree(folder / "dist", ignore_errors=True)
                    (folder / "dist").mkdir()
                    if name == "uv build":
                        words = [UV or "", "build", f"--{kind}", "--offline", "--no-config", "-o", "dist"]
                    else:
                        words = hook(BACKENDS[name][0], kind)
                    samples.setdefault((name, kind), []).append(run_program(words, folder, VARIABLES))
        sizes = {
            name: sum(file.stat().st_size for file in (folder / "dist").glob("*.tar.gz"))
            for name, folder in folders.items()
        }
    lines = [
        f"{FILES} files, median and best of {ROUNDS} rounds, seconds",
        f"{'':14}{'wheel':>16}{'cpu':>8}{'sdist':>16}{'cpu':>8}{'MB':>8}{'sdist kB':>10}",
    ]
    for name in folders:
        cells = []
        for kind in ("wheel", "sdist"):
            walls = [sample.wall for sample in samples[name, kind]]
            cpu = min(sample.cpu for sample in samples[name, kind])
            cells.append(f"{statistics.median(walls):>10.3f}/{min(walls):.3f}{cpu:>8.3f}")
        memory = max(sample.memory for sample in samples[name, "wheel"]) / 1e6
        lines.append(f"{name:14}{''.join(cells)}{memory:>8.0f}{sizes[name] / 1000:>10.0f}")
    sys.stdout.write("\n".join([*lines, ""]))


if __name__ == "__main__":
    main()
