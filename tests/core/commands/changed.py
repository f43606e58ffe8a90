"""A project on a fake index, for the commands that change it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.core.commands.installing import PYTHON, installed

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.commands.conftest import Outcome

HEAD = '[project]\nname = "here"\nversion = "1"\nrequires-python = ">=3.9"\n'
NO_PACKAGE = "\n[tool.poetry]\npackage-mode = false\n"
LEGACY = '[tool.poetry]\nname = "here"\nversion = "1"\n\n[tool.poetry.dependencies]\npython = ">=3.9"\n'


@dataclass(frozen=True, slots=True)
class Project:
    """The files of a project."""

    folder: Path

    def write(self, text: str) -> None:
        """Write the project file."""
        (self.folder / "pyproject.toml").write_text(text, "utf-8")

    def require(self, *requirements: str, rest: str = "", python: str = ">=3.9") -> None:
        """Write a project file with these requirements."""
        listed = "".join(f"    {json.dumps(requirement)},\n" for requirement in requirements)
        head = HEAD.replace(">=3.9", python)
        self.write(f"{head}dependencies = [\n{listed}]\n{rest}")

    def require_here(self, *requirements: str, rest: str = "") -> None:
        """Write a project file with these requirements, whose environment can be made here."""
        self.require(*requirements, rest=NO_PACKAGE + rest, python=PYTHON)

    @property
    def text(self) -> str:
        """The project file."""
        return (self.folder / "pyproject.toml").read_text("utf-8")

    @property
    def lock(self) -> Path:
        """Where the lock is."""
        return self.folder / "poetry.lock"

    @property
    def pins(self) -> list[str]:
        """What the lock holds."""
        lines = self.lock.read_text("utf-8").splitlines()
        names = [line.split('"')[1] for line in lines if line.startswith("name = ")]
        versions = [line.split('"')[1] for line in lines if line.startswith("version = ")]
        return [f"{name} {version}" for name, version in zip(names, versions, strict=True)]

    @property
    def installed(self) -> list[str]:
        """What is in the environment."""
        return installed(self.folder)

    def files(self) -> dict[str, bytes]:
        """Everything that a command could have changed."""
        return {path.name: path.read_bytes() for path in sorted(self.folder.iterdir()) if path.is_file()}


def good(outcome: Outcome) -> Outcome:
    """Return the outcome of a command that has to succeed."""
    assert 0 == outcome.status, outcome.err
    return outcome
