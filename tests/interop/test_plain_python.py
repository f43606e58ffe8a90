"""Real Poetry and we, each installed into its own environment, work on one Python that is no virtual one."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.fakes.index import FakeIndex
from tests.fakes.plain_python import PlainPython, make_plain_python
from tests.interop.poetry_program import POETRY, WITHOUT_POETRY, Answer

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(POETRY is None or os.name == "nt", reason=WITHOUT_POETRY)

MINOR = f"{sys.version_info[0]}.{sys.version_info[1]}"
PROJECT = """
[project]
name = "here"
version = "1"
requires-python = ">={minor},<4.0"
dependencies = ["alpha"]

[tool.poetry]
package-mode = false

[[tool.poetry.source]]
name = "ours"
url = "{url}"
"""
CHAPBOOK = "import sys; from chapbook_core.cli import main; sys.exit(main(sys.argv[1:]))"
WHERE = "import os, poetry, sys; print('%d.%d' % sys.version_info[:2], os.path.dirname(list(poetry.__path__)[0]))"
_POETRYS = re.compile(r"- (Installing|Updating|Removing) (\S+) \((\S+?)(?: -> (\S+?))?\)(?!.*Skipped)")
_OURS = re.compile(r"(?m)^([+-]) (\S+) (\S+)$")


class Bench:
    """A Python, a project, and both programs in environments that were made from it."""

    def __init__(self, folder: Path, index: FakeIndex, poetrys: str) -> None:
        self.folder = folder / "work"
        self.folder.mkdir()
        (self.folder / "pyproject.toml").write_text(PROJECT.format(minor=MINOR, url=index.url), "utf-8")
        self.python: PlainPython = make_plain_python(folder / "usr")
        self._poetry = self._environment(folder / "poetry", [poetrys])
        self._chapbook = self._environment(folder / "chapbook", list(filter(None, sys.path)))
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("POETRY_", "CHAPBOOK_"))}
        for name in ("VIRTUAL_ENV", "CONDA_PREFIX", "CONDA_DEFAULT_ENV", "PIP_BREAK_SYSTEM_PACKAGES", "PYTHONPATH"):
            kept.pop(name, None)
        places = {f"POETRY_{kind}_DIR": str(folder / kind.lower()) for kind in ("CACHE", "CONFIG", "DATA")}
        ours = {"CHAPBOOK_CACHE_DIR": str(folder / "ours"), "POETRY_VIRTUALENVS_CREATE": "false"}
        self._variables = {**kept, **places, **ours, "HOME": str(folder)}

    def _environment(self, folder: Path, paths: list[str]) -> Path:
        subprocess.run([self.python.program, "-m", "venv", "--without-pip", folder], check=True)
        library = next(folder.glob("lib/python*/site-packages"))
        (library / "paths.pth").write_text("".join(f"{path}\n" for path in paths), "utf-8")
        return folder / "bin" / "python"

    def poetry(self, *words: str) -> Answer:
        return self._run(self._poetry, "-m", "poetry", "--no-ansi", "--no-interaction", *words)

    def chapbook(self, *words: str) -> Answer:
        return self._run(self._chapbook, "-c", CHAPBOOK, *words)

    def _run(self, *words: str | Path) -> Answer:
        done = subprocess.run(
            words, cwd=self.folder, env=self._variables, capture_output=True, text=True, check=False, timeout=120
        )
        return Answer(done.returncode == 0, (done.stdout + done.stderr).strip())

    def poetrys_plan(self, *words: str) -> set[str]:
        answer = self.poetry(*words, "--dry-run")
        assert answer.succeeded, answer.text
        marks = {"Installing": "+", "Removing": "-"}
        return {f"{marks[verb]} {name} {version}" for verb, name, version, _after in _POETRYS.findall(answer.text)}

    def our_plan(self, *words: str) -> set[str]:
        answer = self.chapbook(*words, "--dry-run")
        assert answer.succeeded, answer.text
        return {" ".join(step) for step in _OURS.findall(answer.text)}


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """Provide both on one Python, which Poetry has to have been installed for."""
    program = Path(str(POETRY)).read_bytes().partition(b"\n")[0].decode().removeprefix("#!").strip()
    told = ""
    with suppress(OSError):
        told = subprocess.run([program, "-c", WHERE], capture_output=True, text=True, check=False).stdout.strip()
    minor, _, poetrys = told.partition(" ")
    if minor != MINOR:
        pytest.skip(f"needs a Poetry that was installed for Python {MINOR}")
    with FakeIndex() as index:
        index.serve("alpha", "1.0", requires=["beta"])
        index.serve("beta", "2.0")
        try:
            made = Bench(tmp_path, index, poetrys)
        except OSError as reason:
            pytest.skip(f"the running Python cannot be had under another prefix: {reason}")
        yield made


def test_both_find_the_same_python_and_plan_the_same_for_it(bench: Bench) -> None:
    for name, version in (("stray", "1.0"), ("pip", "23.0"), ("setuptools", "65.0"), ("wheel", "0.40")):
        bench.python.put(name, version)
    assert bench.chapbook("lock").succeeded
    assert f"{bench.python.top}" in bench.poetry("env", "info").text
    assert f"{bench.python.top}" == bench.chapbook("env", "info", "--path").text
    assert {"+ alpha 1.0", "+ beta 2.0"} == bench.poetrys_plan("install") == bench.our_plan("install")
    gone = {"- stray 1.0", "- setuptools 65.0", "- wheel 0.40"}
    assert {"+ alpha 1.0", "+ beta 2.0", *gone} == bench.poetrys_plan("sync") == bench.our_plan("sync")


def test_what_one_has_installed_there_is_in_order_for_the_other(bench: Bench) -> None:
    assert bench.chapbook("lock").succeeded
    assert bench.poetry("install").succeeded
    assert ["alpha 1.0", "beta 2.0"] == bench.python.installed
    assert "Everything agrees" in bench.chapbook("status").text
    assert "Nothing to do: 2 packages are installed" == bench.chapbook("sync").text
    assert bench.chapbook("install", "--reinstall").succeeded
    assert set() == bench.poetrys_plan("sync")
