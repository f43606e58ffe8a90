"""Projects that are put into environments of their own, and what is found there."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from chapbook_core.environment.site_packages import scan_site_packages

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.commands.conftest import Chapbook, Outcome

PYTHON = f">={sys.version_info[0]}.{sys.version_info[1]}"
"""What a project may ask for whose environment is made here."""


def require(
    project: Path, *requirements: str, tool: str = "", package: bool = False, more: str = "", version: str = "1.0"
) -> None:
    """Write the project file."""
    listed = "".join(f"    {requirement!r},\n" for requirement in requirements)
    mode = "" if package else "package-mode = false\n"
    (project / "pyproject.toml").write_text(
        f'[project]\nname = "here"\nversion = "{version}"\nrequires-python = "{PYTHON}"\n'
        f"dependencies = [\n{listed}]\n{more}\n[tool.poetry]\n{mode}{tool}",
        "utf-8",
    )


def put_in(chapbook: Chapbook, *words: str) -> Outcome:
    """Lock what is required, and install it."""
    for command in (["lock"], ["install", *words]):
        outcome = chapbook(*command)
        assert 0 == outcome.status, outcome.err
    return outcome


def site_packages(project: Path) -> Path:
    """Return where modules are in the project's environment."""
    return next((project / ".venv").glob("lib/python*/site-packages"))


def installed(project: Path) -> list[str]:
    """Return the distributions that are there, with their versions; none without an environment."""
    if not (project / ".venv").exists():
        return []
    return sorted(f"{one.name} {one.version}" for one in scan_site_packages(site_packages(project)))


def run_python(project: Path, code: str) -> str:
    """Return what a program prints there."""
    python = project / ".venv" / "bin" / "python"
    ended = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    assert 0 == ended.returncode, ended.stderr
    return ended.stdout.strip()
