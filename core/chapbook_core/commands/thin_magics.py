"""The thin magics: a copy of what a kernel needs for `%poetry`, which knows where the tool's own Python is.

Beside them is a `pip` for `!pip`: environments have none of their own, and another one would be found behind them on
the path of programs, which lists and changes the packages of another Python.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING

from chapbook_core.commands.kernel_start import thin_magics_files, tool_python
from chapbook_core.commands.own_version import own_version
from chapbook_core.installer.workshop import Workshop

if TYPE_CHECKING:
    from pathlib import Path

_FOLDER = "magics"
_PACKAGE = "chapbook"
_PROGRAMS = "magics/programs"
_PIP = f"{_PROGRAMS}/pip"


def place_thin_magics(shelf: Path) -> Path | None:
    """Return a folder for the path of modules that holds the magics and nothing else; None when there are none.

    Its name follows from its content, so kernels of other versions keep theirs.
    """
    files = thin_magics_files()
    if not files:
        return None
    top = files[0].parent
    contents = {file.relative_to(top).as_posix(): file.read_bytes() for file in files}
    contents["magics/tool.json"] = json.dumps({"python": tool_python(), "version": own_version()}).encode()
    if os.name != "nt":
        contents[_PIP] = b'#!/bin/sh\nexec "$VIRTUAL_ENV/bin/python" "${0%/*}/../environment_pip.py" "$@"\n'
    place = shelf / _FOLDER / _digest(contents)
    if not place.is_dir():
        _make(shelf, place, contents)
    return place


def programs_of(magics: Path) -> str:
    """Return the folder of the programs beside some magics; empty where there are none."""
    folder = magics / _PACKAGE / _PROGRAMS
    return str(folder) if folder.is_dir() else ""


def _digest(contents: dict[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, content in sorted(contents.items()):
        for part in (name.encode(), content):
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
    return digest.hexdigest()[:24]


def _make(shelf: Path, place: Path, contents: dict[str, bytes]) -> None:
    workshop = Workshop(shelf / "workshops")
    try:
        folder = workshop.new_folder()
        for name, content in contents.items():
            file = folder / _PACKAGE / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
            if name == _PIP:
                file.chmod(0o755)
        publish(folder, place)
    finally:
        workshop.close()


def publish(folder: Path, place: Path) -> None:
    """Move a finished folder to its place by one rename, unless another process was first."""
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        folder.rename(place)
    except OSError:
        if not place.is_dir():
            raise
        with suppress(OSError):
            shutil.rmtree(folder)
