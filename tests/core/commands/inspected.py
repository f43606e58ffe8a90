"""A project on a fake index, locked in this process, for the commands that look at locks."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.fakes.index import FakeIndex

GOLDEN = Path(__file__).parents[2] / "golden" / "inspect"

DEMO = """\
[project]
name = "demo"
version = "1"
requires-python = ">=3.9,<3.14"
dependencies = ["a (>=1)", "c[fast]"]

[project.optional-dependencies]
plot = ["p"]

[dependency-groups]
dev = ["t (<2)"]

[tool.poetry]
package-mode = false

[tool.poetry.group.docs]
optional = true

[tool.poetry.group.docs.dependencies]
s = "*"
"""


def serve_demo(index: FakeIndex) -> None:
    """Publish what the project `demo` needs, at first with nothing newer."""
    index.serve("a", "1.0", requires=["b>=1,<2", "w>=1; sys_platform == 'nowhere'"], summary="The first of all")
    index.serve("b", "1.5", requires=["c"], summary="In the middle")
    index.serve("c", "2.0", extras={"fast": ("f>=1",)}, python=">=3.8")
    index.serve("f", "1.0")
    index.serve("p", "3.0", requires=["c>=1"], summary="Draws")
    index.serve("s", "1.0")
    index.serve("t", "1.0", requires=["b>=1"], summary="Tries things out")
    index.serve("w", "1.0")


def serve_newer(index: FakeIndex) -> None:
    """Publish newer versions of some of it."""
    index.serve("a", "1.1")
    index.serve("b", "2.0")
    index.serve("c", "2.1", python=">=3.12")
    index.serve("f", "2.0rc1")
    index.serve("t", "1.1", yanked="broken")


def write_project(folder: Path, text: str = DEMO) -> None:
    """Write the project file."""
    (folder / "pyproject.toml").write_text(text, "utf-8")


def assert_golden(name: str, text: str) -> None:
    """Compare with an approved text; CHAPBOOK_WRITE_GOLDEN=1 writes it anew."""
    file = GOLDEN / f"{name}.txt"
    if os.environ.get("CHAPBOOK_WRITE_GOLDEN"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    assert file.read_text(encoding="utf-8") == text


def make_environment(folder: Path, python: str, *distributions: str) -> None:
    """Make what looks like a virtual environment with some distributions."""
    packages = folder / ".venv" / "lib" / f"python{python.rpartition('.')[0]}" / "site-packages"
    packages.mkdir(parents=True)
    (folder / ".venv" / "pyvenv.cfg").write_text(
        f"home = /nowhere\nimplementation = CPython\nversion_info = {python}.final.0\n", "utf-8"
    )
    for distribution in distributions:
        (packages / f"{distribution}.dist-info").mkdir()
