"""Projects that require what no index has: folders, files and repositories."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.commands.conftest import Chapbook


def require(project: Path, *requirements: str, tool: str = "", python: str = ">=3.11") -> None:
    """Write the project file."""
    listed = "\n".join(f"    {requirement!r}," for requirement in requirements)
    head = f'[project]\nname = "here"\nversion = "1"\nrequires-python = "{python}"\n'
    (project / "pyproject.toml").write_text(f"{head}dependencies = [\n{listed}\n]\n\n{tool}", "utf-8")


def require_as_poetry(project: Path, dependencies: str) -> None:
    """Write the project file in Poetry's own words."""
    head = '[tool.poetry]\nname = "here"\nversion = "1"\ndescription = ""\nauthors = []\n'
    text = f'{head}\n[tool.poetry.dependencies]\npython = ">=3.11,<4.0"\n{dependencies}\n'
    (project / "pyproject.toml").write_text(text, "utf-8")


def lock(chapbook: Chapbook, project: Path, *options: str) -> dict[str, dict[str, object]]:
    """Lock the project, and return its packages by their names."""
    outcome = chapbook("lock", *options)
    assert 0 == outcome.status, outcome.err
    data = tomllib.loads((project / "poetry.lock").read_text("utf-8"))
    packages = cast("list[dict[str, object]]", data["package"])
    assert len(packages) == len({package["name"] for package in packages})
    return {str(package["name"]): package for package in packages}


def write_package(folder: Path, text: str) -> Path:
    """Write the project file of another project."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pyproject.toml").write_text(text, "utf-8")
    return folder


def standard(name: str, *dependencies: str, more: str = "") -> str:
    """Return a project file in the standard's words."""
    return f'[project]\nname = "{name}"\nversion = "2.0"\ndependencies = {list(dependencies)}\n{more}\n'
