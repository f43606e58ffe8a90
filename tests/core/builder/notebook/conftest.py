from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from chapbook_core.builder.distribution import read_distribution
from chapbook_core.builder.notebook.exporting import export_notebooks
from chapbook_core.project.manifest import read_manifest

if TYPE_CHECKING:
    from pathlib import Path

    from chapbook_core.builder.distribution import Distribution
    from chapbook_core.builder.notebook.exporting import Export

HEAD = '[project]\nname = "spam"\nversion = "1.0"\nrequires-python = ">=3.9"\n\n'
OURS = '[build-system]\nrequires = ["chapbook"]\nbuild-backend = "chapbook_core.builder.backend"\n\n'
EXPORT = '[tool.chapbook.export]\nfolder = "nbs"\n'

Metadata = dict[str, object]


class Notebooks:
    """A project whose sources are notebooks, which a test writes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.declare()

    def declare(self, export: str = EXPORT, head: str = HEAD + OURS) -> None:
        self.write("pyproject.toml", head + export)

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        return path

    def notebook(self, name: str, *cells: str | tuple[str, Metadata], **top: object) -> Path:
        """Write a notebook; a cell that begins with `md:` is Markdown, and a pair has metadata."""
        made = []
        for cell in cells:
            source, metadata = cell if isinstance(cell, tuple) else (cell, {})
            is_prose = source.startswith("md:")
            made.append(
                {
                    "cell_type": "markdown" if is_prose else "code",
                    "metadata": metadata,
                    "source": source.removeprefix("md:").splitlines(keepends=True),
                }
            )
        content = {"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5, **top}
        return self.write(name, json.dumps(content))

    def export(self) -> Export:
        return export_notebooks(read_manifest(self.folder))

    def texts(self) -> dict[str, str]:
        return {file.path: file.text for file in self.export().files}

    def distribution(self) -> Distribution:
        return read_distribution(self.folder, {})


@pytest.fixture
def notebooks(tmp_path: Path) -> Notebooks:
    """Provide a project `spam` whose notebooks are in `nbs`."""
    return Notebooks(tmp_path / "project")
