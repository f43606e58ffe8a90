"""A notebook that carries its project: files in its metadata, and a first cell that other tools read (PEP 723)."""

from __future__ import annotations

import base64
import json
import zlib
from typing import TYPE_CHECKING

from chapbook_core.errors import ChapbookError
from chapbook_core.project.notebook_metadata import (
    first_cell_removed,
    own_metadata,
    with_first_cell,
    with_own_metadata,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_KEY = "packed"
_CELL = "chapbook-metadata"
_PREFIX = "zlib+base64:"
_LARGEST = 64 * 2**20
"""Bytes of one file; no project file or lock is that long."""


class PackedDamaged(ChapbookError):
    """What a notebook carries cannot be read."""

    def __init__(self, file: Path, name: str) -> None:
        super().__init__(f"`{name}`, which `{file}` carries, is damaged", hints=["ask for the notebook anew"])


def packed(text: str, files: Mapping[str, str], metadata: str, file: Path) -> str:
    """Return a notebook with files in its metadata and inline metadata in its first cell; raises NoNotebook."""
    text = unpacked(text, file)
    own = {**own_metadata(text, file), _KEY: {name: _squeezed(content) for name, content in files.items()}}
    if not _has_metadata(text):
        cell = {
            "cell_type": "code",
            "execution_count": None,
            "id": _CELL,
            "metadata": {"jupyter": {"source_hidden": True}},
            "outputs": [],
            "source": metadata.splitlines(keepends=True),
        }
        text = with_first_cell(text, cell, file)
    return with_own_metadata(text, own, file)


def packed_files(text: str, file: Path) -> dict[str, str]:
    """Return the files that a notebook carries; raises NoNotebook and PackedDamaged."""
    match own_metadata(text, file).get(_KEY):
        case dict(files):
            return {str(name): _widened(content, file, str(name)) for name, content in files.items()}
        case _:
            return {}


def unpacked(text: str, file: Path) -> str:
    """Return the notebook as it was before it was packed, byte for byte; raises NoNotebook."""
    own = own_metadata(text, file)
    if _KEY in own:
        text = with_own_metadata(text, {key: value for key, value in own.items() if key != _KEY}, file)
    return first_cell_removed(text, _CELL, file)


def _squeezed(content: str) -> str:
    return _PREFIX + base64.b64encode(zlib.compress(content.encode(), 9)).decode()


def _widened(content: object, file: Path, name: str) -> str:
    text = str(content)
    opener = zlib.decompressobj()
    try:
        body = opener.decompress(base64.b64decode(text.removeprefix(_PREFIX), validate=True), _LARGEST).decode()
    except (ValueError, zlib.error):
        raise PackedDamaged(file, name) from None
    if not text.startswith(_PREFIX) or not opener.eof:
        raise PackedDamaged(file, name)
    return body


def _has_metadata(text: str) -> bool:
    for cell in json.loads(text)["cells"]:
        source = cell.get("source", "") if isinstance(cell, dict) else ""
        code = "".join(map(str, source)) if isinstance(source, list) else str(source)
        if any(line.rstrip() == "# /// script" for line in code.splitlines()):
            return True
    return False
