"""What the notebooks and modules of a folder import from outside it."""

from __future__ import annotations

import ast
import json
import os
import re
import sys
import warnings
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.pattern import late_pattern
from chapbook_core.project.cell_source import UNPARSED, python_source
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_SKIPPED_FOLDERS = frozenset({"__pycache__", "node_modules", "site-packages", "build", "dist", "venv", "env"})
_MOST_FOLDERS = 2000
"""Somebody's whole home folder is not looked into; what comes in its first folders is enough to see that."""
UNREAD = (OSError, ValueError, RecursionError)
"""What is raised over a file that cannot be looked into."""
_LARGEST = 64 * 2**20
"""Bytes; a notebook beyond that is mostly pictures, and reading it would take long."""
# Finds the imports of a cell that is not valid Python.
_IMPORT_LINE = late_pattern(
    r"^[ \t]*(?:import[ \t]+([\w.]+(?:[ \t]*,[ \t]*[\w.]+)*)|from[ \t]+(\w[\w.]*)[ \t]+import\b)", re.MULTILINE
)


@frozen
class Import:
    """Something imported from outside, and where it is asked for."""

    name: str
    """With dots, as in `google.cloud.storage`; its last part may be a module or something in one."""
    files: tuple[str, ...]
    """Relative to the folder, in order."""


@frozen
class Unread:
    """A file that could not be looked into."""

    file: str
    reason: str


@frozen
class Imports:
    """Everything found in a folder."""

    found: tuple[Import, ...]
    """By name; neither the standard library nor the folder's own modules."""
    unread: tuple[Unread, ...]
    notebooks: tuple[str, ...]


def find_imports(folder: Path) -> Imports:
    """Look into every notebook and module below a folder, but not into hidden folders, environments, other projects."""
    files = code_files(folder)
    found: dict[str, list[str]] = {}
    unread = []
    for file in files:
        shown = file.relative_to(folder).as_posix()
        try:
            names = _imports_of(file)
        except UNREAD as error:
            unread.append(Unread(shown, reason_unread(error)))
            continue
        for name in names:
            found.setdefault(name, []).append(shown)
    own = own_modules(folder, files)
    inside = sys.stdlib_module_names | own
    outside = {name: paths for name, paths in found.items() if name.partition(".")[0] not in inside}
    return Imports(
        found=tuple(Import(name, tuple(paths)) for name, paths in sorted(outside.items())),
        unread=tuple(unread),
        notebooks=tuple(file.relative_to(folder).as_posix() for file in files if file.suffix == ".ipynb"),
    )


def code_files(folder: Path) -> tuple[Path, ...]:
    """Return the notebooks and modules below a folder, in order; see `find_imports`."""
    return tuple(sorted(_files(folder), key=lambda path: path.relative_to(folder).parts))


def holds_notebooks(folder: Path) -> bool:
    """Tell whether there is a notebook in a folder or in one directly below it."""
    found = (path.relative_to(folder).parts for pattern in ("*.ipynb", "*/*.ipynb") for path in folder.glob(pattern))
    return any(not part.startswith(".") for parts in found for part in parts[:1])


def imported_names(source: str) -> frozenset[str]:
    """Return the names that a piece of Python imports, the relative ones left out; magics are tolerated."""
    source = python_source(source)
    try:
        with warnings.catch_warnings():
            # What is odd about a person's strings is not ours to tell.
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except UNPARSED:
        return frozenset(_guessed(source))
    return frozenset(_named(tree))


def _named(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(str(module), names, 0):
                # `from google.cloud import storage` names a module; whether it does is not visible here.
                yield from (f"{module}.{alias.name}" if alias.name != "*" else module for alias in names)
            case _:
                pass


def _guessed(source: str) -> Iterator[str]:
    for names, module in _IMPORT_LINE.findall(source):
        yield from (name.strip() for name in (names or module).split(","))


def code_pieces(file: Path) -> tuple[str, ...]:
    """Return the code cells of a notebook, or the one text of a module; raises one of `UNREAD`.

    `reason_unread` puts what is raised into words. A notebook's cells of other kinds are empty here: the number of a
    piece is the number of its cell.
    """
    if file.stat().st_size > _LARGEST:
        raise ValueError(f"it is larger than {_LARGEST // 2**20} MiB")
    content = file.read_bytes()
    return (content.decode(),) if file.suffix == ".py" else tuple(_code_cells(json.loads(content)))


def _imports_of(file: Path) -> frozenset[str]:
    return frozenset(name for piece in code_pieces(file) for name in imported_names(piece))


def _code_cells(notebook: object) -> Iterator[str]:
    if not isinstance(notebook, dict):
        raise ValueError("it is not a notebook")  # noqa: TRY004  # the file is wrong, not the program
    sheets = notebook.get("worksheets")
    # Format 3 kept its cells in sheets, and called the source `input`.
    tables = sheets if isinstance(sheets, list) else [notebook]
    for table in tables:
        cells = table.get("cells", []) if isinstance(table, dict) else []
        if not isinstance(cells, list):
            raise ValueError("it is not a notebook: its cells are no list")  # noqa: TRY004  as above
        for cell in cells:
            is_code = isinstance(cell, dict) and cell.get("cell_type") == "code"
            yield _text(cell.get("source", cell.get("input", ""))) if is_code else ""


def _text(source: object) -> str:
    match source:
        case str():
            text = source
        case list():
            text = "".join(part for part in source if isinstance(part, str))
        case _:
            return ""
    # JSON can tell half a character, which no file can hold.
    return text if text.isascii() else text.encode(errors="replace").decode()


def _files(folder: Path) -> Iterator[Path]:
    for place, folders, names in islice(os.walk(folder), _MOST_FOLDERS):
        path = Path(place)
        if path != folder and ("pyvenv.cfg" in names or "pyproject.toml" in names):
            folders.clear()
            continue
        folders[:] = [name for name in folders if not name.startswith(".") and name not in _SKIPPED_FOLDERS]
        yield from (path / name for name in names if name.endswith((".ipynb", ".py")) and not name.startswith("."))


def own_modules(folder: Path, files: Iterable[Path]) -> frozenset[str]:
    """Return the names that notebooks and modules here can import because they lie beside them."""
    own = set()
    for file in files:
        if file.suffix == ".py":
            own.add(file.stem)
            own.update(file.relative_to(folder).parts[:-1])
    return frozenset(own)


def reason_unread(error: Exception) -> str:
    """Say why a file could not be looked into."""
    match error:
        case OSError():
            return error.strerror or str(error)
        case json.JSONDecodeError():
            return f"it is not JSON: {error.msg} in line {error.lineno}"
        case UnicodeDecodeError():
            return "it is not UTF-8"
        case RecursionError():
            return "it is nested too deeply"
        case _:
            return str(error)
