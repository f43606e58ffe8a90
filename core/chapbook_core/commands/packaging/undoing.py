"""Taking back what was done to the files of a project, unless everything goes well."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from chapbook_core.project.discovery import LOCK_FILE, PROJECT_FILE
from chapbook_core.project.writing import write_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Keeping:
    """Whether what was done stays."""

    def __init__(self) -> None:
        self.is_wanted = False


@contextmanager
def undone_unless_kept(folder: Path) -> Iterator[Keeping]:
    """Put project file and lock back as they were, unless the block says that they are to be kept.

    The project is held by the command, so nobody else has written them meanwhile.
    """
    before = {folder / name: _content(folder / name) for name in (PROJECT_FILE, LOCK_FILE)}
    keeping = Keeping()
    try:
        yield keeping
    finally:
        if not keeping.is_wanted:
            for file, content in before.items():
                _put_back(file, content)


def _put_back(file: Path, content: bytes | None) -> None:
    if content is None:
        file.unlink(missing_ok=True)
    elif _content(file) != content:
        write_file(file, content)


def _content(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return None
