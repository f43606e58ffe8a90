"""Installs real packages on many Pythons and uses them: `python -m tests.interop.imports --index URL 3.9 3.10 ...`.

One lock for all of them. For each Python, in an environment of its own: every module that a distribution brings is
imported, every RECORD verifies, `pip check` is content, `pip list` and `uv pip list` tell what is locked, and when
everything is uninstalled the environment is what it was before.
"""

from __future__ import annotations

import argparse
import base64
import csv
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from chapbook_core.installer.readying import YARD
from tests.bench.install import hurry

_HOUSE = Path(__file__).parents[2]
_SETS = {
    "science": ("numpy", "pandas", "matplotlib", "scipy", "scikit-learn", "seaborn", "statsmodels", "requests"),
    "notebook": ("ipykernel", "nbclient", "nbformat", "ipywidgets"),
}
_IMPORT = """
import importlib, sys, warnings
warnings.simplefilter("ignore")
failed = []
for name in sys.argv[1:]:
    try:
        importlib.import_module(name)
    except BaseException as problem:
        failed.append(f"{name}: {type(problem).__name__}: {problem}")
print("\\n".join(failed))
"""
# Modules that are not meant to be imported by themselves there: tests of the package, and what other systems have.
_ELSEWHERE = ("win32", "_win")


def main() -> None:
    """Run as a program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--index", required=True)
    parser.add_argument("--set", choices=sorted(_SETS), default="science")
    parser.add_argument("pythons", nargs="+")
    words = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="imports-") as name:
        folder = Path(name)
        failures = _Run(folder, words.index, _SETS[words.set]).all(words.pythons)
        # What works in the background would write into what is removed.
        while list((folder / "cache" / "store" / YARD).glob("*.json")):
            hurry(str(folder / "cache" / "store"))
            time.sleep(0.1)
    sys.exit(bool(failures))


class _Run:
    """One lock, and an environment for each Python."""

    def __init__(self, folder: Path, index: str, requirements: tuple[str, ...]) -> None:
        self._folder = folder
        self._requirements = requirements
        (folder / "home").mkdir()
        self._variables = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder / "home"),
            "PIP_INDEX_URL": index,
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PYTHONPATH": str(_HOUSE / "core"),
            "CHAPBOOK_CACHE_DIR": str(folder / "cache"),
            "PYTHONWARNINGS": "ignore",
        }

    def all(self, pythons: list[str]) -> int:
        """Try every Python; return how many things were wrong."""
        lock = self._lock()
        wrong = 0
        for python in pythons:
            project = self._folder / f"on-{Path(python).name}-{len(list(self._folder.iterdir()))}"
            project.mkdir()
            for file in ("pyproject.toml", "poetry.lock"):
                shutil.copy(lock / file, project)
            told = self._one(project, python)
            wrong += len(told)
            print("\n".join(f"  {line}" for line in told) or "  nothing wrong", flush=True)  # noqa: T201  its result
        return wrong

    def _lock(self) -> Path:
        folder = self._folder / "locked"
        folder.mkdir()
        self._write(folder, self._requirements)
        self._chapbook(folder, "lock")
        return folder

    def _write(self, folder: Path, requirements: tuple[str, ...]) -> None:
        (folder / "pyproject.toml").write_text(
            '[project]\nname = "here"\nversion = "1"\nrequires-python = ">=3.9"\n'
            f"dependencies = {list(requirements)!r}\n"
            "\n[tool.poetry]\npackage-mode = false\n"
            # The release of scipy that still knows the oldest of them has no wheel for the newest.
            '\n[tool.chapbook]\nfork-strategy = "requires-python"\n',
            "utf-8",
        )

    def _one(self, project: Path, python: str) -> list[str]:
        self._chapbook(project, "env", "use", python)
        environment = project / ".venv"
        empty = _names(environment)
        self._chapbook(project, "sync")
        library = next(environment.glob("lib/python*/site-packages"))
        installed = {}
        wrong: list[str] = []
        modules: set[str] = set()
        for information in sorted(library.glob("*.dist-info")):
            name, _, version = information.name.removesuffix(".dist-info").rpartition("-")
            installed[name.replace("_", "-").replace(".", "-").lower()] = version
            rows = list(csv.reader((information / "RECORD").read_text("utf-8").splitlines()))
            wrong += _unverified(library, rows)
            modules |= set(_modules(rows))
        version = self._python(project, "-c", "import platform; print(platform.python_version())").strip()
        print(f"Python {version}: {len(installed)} packages, {len(modules)} modules")  # noqa: T201  its result
        failed = self._python(project, "-c", _IMPORT, *sorted(modules)).strip()
        wrong += failed.splitlines()
        # A newer pip may not run on an old Python; the one that came with it does.
        pip = [python, "-m", "pip", "--python", str(environment / "bin" / "python")]
        checked = subprocess.run([*pip, "check"], capture_output=True, text=True, check=False, env=self._variables)
        if checked.returncode:
            wrong.append(f"pip check: {checked.stdout}{checked.stderr}")
        wrong += _unequal("pip list", installed, self._listed([*pip, "list", "--format", "json"]))
        uv = shutil.which(os.environ.get("CHAPBOOK_TEST_UV", "uv"))
        if uv is None:
            wrong.append("uv was not asked: it is neither in CHAPBOOK_TEST_UV nor on PATH")
        else:
            words = [uv, "pip", "list", "--format", "json", "--python", str(environment / "bin" / "python")]
            wrong += _unequal("uv pip list", installed, self._listed(words))
        self._write(project, ())
        self._chapbook(project, "lock")
        self._chapbook(project, "sync")
        wrong += [f"left behind: {name}" for name in sorted(_names(environment) - empty)]
        wrong += [f"gone: {name}" for name in sorted(empty - _names(environment))]
        return wrong

    def _chapbook(self, folder: Path, *words: str) -> None:
        ended = subprocess.run(
            [sys.executable, "-m", "chapbook_core.cli", *words],
            cwd=folder,
            env=self._variables,
            capture_output=True,
            text=True,
            check=False,
        )
        if ended.returncode:
            raise RuntimeError(f"chapbook {' '.join(words)}: {ended.stdout}{ended.stderr}")

    def _python(self, project: Path, *words: str) -> str:
        variables = {name: value for name, value in self._variables.items() if name != "PYTHONPATH"}
        program = str(project / ".venv" / "bin" / "python")
        ended = subprocess.run([program, *words], env=variables, capture_output=True, text=True, check=False)
        return ended.stdout if not ended.returncode else f"{ended.stdout}{ended.stderr}"

    def _listed(self, words: list[str]) -> dict[str, str]:
        variables = {name: value for name, value in self._variables.items() if name != "PYTHONPATH"}
        ended = subprocess.run(words, env=variables, capture_output=True, text=True, check=True)
        return {
            one["name"].replace("_", "-").replace(".", "-").lower(): one["version"] for one in json.loads(ended.stdout)
        }


def _unverified(library: Path, rows: list[list[str]]) -> list[str]:
    wrong = []
    for path, digest, size in rows:
        file = library / path
        if not file.is_file():
            wrong.append(f"RECORD names {path}, which is not there")
        elif digest:
            algorithm, _, expected = digest.partition("=")
            content = file.read_bytes()
            found = base64.urlsafe_b64encode(hashlib.new(algorithm, content).digest()).decode().rstrip("=")
            if found != expected or (size and int(size) != len(content)):
                wrong.append(f"{path} is not what RECORD says")
    return wrong


def _modules(rows: list[list[str]]) -> set[str]:
    """Return the top-level modules, and the public ones directly in packages."""
    found = set()
    for path, *_ in rows:
        parts = path.split("/")
        if path.startswith("../") or parts[0].endswith((".dist-info", ".data", ".libs")) or "." in parts[0][:1]:
            continue
        name = parts[-1].partition(".")[0]
        if len(parts) == 1 and path.endswith((".py", ".so")):
            found.add(name)
        elif len(parts) == 2 and parts[-1] == "__init__.py":
            found.add(parts[0])
    return {name for name in found if name.isidentifier() and not any(text in name for text in _ELSEWHERE)}


def _unequal(who: str, installed: dict[str, str], listed: dict[str, str]) -> list[str]:
    names = sorted(name for name in installed | listed if installed.get(name) != listed.get(name))
    return [f"{who} says {name} {listed.get(name)}, installed is {installed.get(name)}" for name in names]


def _names(environment: Path) -> set[str]:
    return {
        path.relative_to(environment).as_posix()
        for path in environment.rglob("*")
        # The module that virtualenv puts into every environment is compiled when its Python first starts.
        if ".chapbook" not in path.parts and path.name != "__pycache__" and not path.name.startswith("_virtualenv.")
    }


if __name__ == "__main__":
    main()
