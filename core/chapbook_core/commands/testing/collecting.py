"""Which notebooks are tests, and which of their cells are run."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from chapbook_core.builder.notebook.hook.document import read_document
from chapbook_core.builder.notebook.hook.mistake import NotebookMistake
from chapbook_core.errors import UsageError
from chapbook_core.pattern import late_pattern
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from chapbook_core.builder.notebook.hook.cell import Cell
    from chapbook_core.builder.notebook.hook.document import Document

    Replaced = Callable[[str, Cell], str]

SUFFIX = ".ipynb"
_SCRIPT = ".py"
_SKIPPED_FOLDERS = frozenset({"__pycache__", "node_modules", "site-packages", "build", "dist"})
_ENVIRONMENT = "pyvenv.cfg"
_SKIP_TAG = "skip-execution"
_FRONT_MATTER = late_pattern(r"^\s*---\s*$(?P<body>.*?)^\s*---\s*$", re.MULTILINE | re.DOTALL)
_SKIP_LINE = late_pattern(r"^\s*skip_exec\s*:\s*true\s*$", re.MULTILINE | re.IGNORECASE)


@frozen
class CellToRun:
    """A cell that is run."""

    number: int
    """From 1, cells of every kind counted."""
    source: str
    may_raise: bool = False
    """Whether an error is what its author wants to show."""


@frozen
class NotebookToRun:
    """A notebook, and what of it is run, in order."""

    file: Path
    shown: str
    """How reports call it."""
    cells: tuple[CellToRun, ...]

    def source(self, number: int | None) -> str:
        """Return what a cell says; empty for none."""
        return next((cell.source for cell in self.cells if cell.number == number), "")


@frozen
class Unusable:
    """A notebook that cannot be run."""

    shown: str
    message: str
    hint: str = ""


@frozen
class Collection:
    """What was found."""

    notebooks: tuple[NotebookToRun, ...] = ()
    unusable: tuple[Unusable, ...] = ()
    skipped: tuple[str, ...] = ()
    """Notebooks that say so themselves, or in which nothing is to be run."""


def collect(files: Iterable[tuple[Path, str]], *, tagged: bool = False) -> Collection:
    """Read notebooks, given with how they are called; with `tagged` only what their authors call tests is run."""
    notebooks, unusable, skipped = [], [], []
    for file, shown in files:
        try:
            document = read_document(str(file), shown)
        except NotebookMistake as mistake:
            unusable.append(Unusable(shown, mistake.message, mistake.hint))
            continue
        if document.language != "python":
            skipped.append(shown)
            continue
        notebook = NotebookToRun(file, shown, cells_to_run(document, tagged=tagged))
        if notebook.cells:
            notebooks.append(notebook)
        else:
            skipped.append(shown)
    return Collection(tuple(notebooks), tuple(unusable), tuple(skipped))


def cells_to_run(
    document: Document, *, tagged: bool = False, replaced: Callable[[Cell], str | None] = lambda _: None
) -> tuple[CellToRun, ...]:
    """Return what is run of a notebook: all that is code, but for cells and notebooks that say they are not.

    `replaced` tells what is run in place of an exported cell; None for the cell itself.
    """
    if _is_skipped_whole(document) or (tagged and not any(_is_run(cell) and cell.is_test for cell in document.cells)):
        return ()
    cells = []
    for cell in document.cells:
        if not _is_run(cell) or (tagged and not cell.is_test and not cell.is_exported):
            continue
        source = replaced(cell) if cell.is_exported else None
        cells.append(CellToRun(cell.number, cell.source if source is None else source, cell.may_raise))
    return tuple(cell for cell in cells if cell.source.strip())


def find_files(paths: Iterable[tuple[Path, str]]) -> Iterator[tuple[Path, str]]:
    """Yield the notebooks that paths mean, each with how it is called; a folder means those in it and below.

    Raises UsageError for what is not there, and for files that are no notebooks.
    """
    seen = set()
    for path, shown in paths:
        if path.is_dir():
            found: Iterable[tuple[Path, str]] = sorted(_below(path, shown), key=lambda entry: entry[1])
        elif not path.is_file():
            raise UsageError(f"there is no notebook and no folder `{shown}`")
        elif path.suffix not in {SUFFIX, _SCRIPT}:
            raise UsageError(f"`{shown}` is not a notebook", hints=["notebooks are `.ipynb` files and percent scripts"])
        else:
            found = [(path, shown)]
        for file, called in found:
            if file not in seen:
                seen.add(file)
                yield file, called


def _below(folder: Path, shown: str) -> Iterator[tuple[Path, str]]:
    for place, folders, names in os.walk(folder):
        folders[:] = [
            name
            for name in folders
            if not name.startswith(".")
            and name not in _SKIPPED_FOLDERS
            and not os.path.exists(os.path.join(place, name, _ENVIRONMENT))  # noqa: PTH110, PTH118  as `walk` gives them
        ]
        inner = os.path.relpath(place, folder)
        for name in names:
            if name.endswith(SUFFIX) and not name.startswith("."):
                parts = [part for part in (shown, inner) if part not in {"", "."}]
                yield (
                    folder / inner / name,
                    "/".join([*(part.replace(os.sep, "/").rstrip("/") for part in parts), name]),
                )


def _is_run(cell: Cell) -> bool:
    return cell.kind == "code" and not cell.is_skipped and _SKIP_TAG not in cell.tags


def _is_skipped_whole(document: Document) -> bool:
    """Tell whether the first lines of a notebook, as nbdev reads them, say that it is not run."""
    for cell in document.cells[:2]:
        match = _FRONT_MATTER.search(cell.source) if cell.kind in {"raw", "markdown"} else None
        if match is not None and _SKIP_LINE.search(match["body"]):
            return True
    return False
