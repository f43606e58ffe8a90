from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

HEAD = '[project]\nname = "spam"\nversion = "1.0"\nrequires-python = ">=3.11"\n'


class Sources:
    """A project on disk whose files a test writes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, name: str, content: str = "") -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")
        return path

    def declare(self, more: str = "", head: str = HEAD) -> None:
        self.write("pyproject.toml", head + more)


@pytest.fixture
def sources(tmp_path: Path) -> Sources:
    """Provide a package `spam` of one module."""
    sources = Sources(tmp_path / "project")
    sources.declare()
    sources.write("spam/__init__.py", "x = 1\n")
    return sources
