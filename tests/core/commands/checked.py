"""Project files for `check`."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

from poetry.core.factory import Factory

if TYPE_CHECKING:
    from pathlib import Path

HEAD = '[project]\nname = "x"\nversion = "1"\nrequires-python = ">=3.11,<3.13"\n'
NO_PACKAGE = "\n[tool.poetry]\npackage-mode = false\n"
SOUND = HEAD + NO_PACKAGE


def write(folder: Path, content: str | bytes) -> None:
    """Write the project file."""
    (folder / "pyproject.toml").write_bytes(content if isinstance(content, bytes) else content.encode())


def poetry_finds(content: bytes) -> tuple[int, int]:
    """Return how many errors and warnings Poetry's own validation has."""
    found = Factory.validate(tomllib.loads(content.decode()), strict=True)
    return len(found["errors"]), len(found["warnings"])
