"""Putting a set of new files into a folder, all of them or none."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from chapbook_core.errors import ChapbookError
from chapbook_core.project.lock_place import STATE_FOLDER
from chapbook_core.project.removal import remove_folder
from chapbook_core.project.writing import WriteFailed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


class FolderNotEmpty(ChapbookError):
    """A new project would mix with what is there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        super().__init__(
            f"`{folder}` exists and is not empty",
            hints=["take another folder, or run `chapbook init` in it to make it a project as it is"],
        )


class NotAFolder(ChapbookError):
    """Something else has the folder's name."""

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(f"`{path}` exists and is not a folder", hints=["take another name"])


def require_free(folder: Path) -> None:
    """Raise unless the folder is new, or holds nothing that is the person's."""
    try:
        # What a command keeps for itself does not make a project.
        if any(path.name != STATE_FOLDER for path in folder.iterdir()):
            raise FolderNotEmpty(folder)
    except FileNotFoundError:
        if folder.is_symlink():
            raise NotAFolder(folder) from None
    except NotADirectoryError:
        raise NotAFolder(folder) from None
    except OSError as cause:
        raise WriteFailed(folder, cause) from cause


def place_files(folder: Path, files: Mapping[str, str]) -> None:
    """Make a folder that holds these files; it must not exist, or be empty.

    The files are written elsewhere first and appear by renaming; a failure or an interruption leaves what was before.
    """
    require_free(folder)
    try:
        if folder.is_dir():
            # The folder itself is kept: it may be somebody's working directory, or have permissions of its own.
            _fill(folder, files)
        else:
            with _parents(folder), _written(folder.parent, files) as scratch:
                scratch.rename(folder)
    except OSError as cause:
        raise WriteFailed(folder, cause) from cause


def _fill(folder: Path, files: Mapping[str, str]) -> None:
    with _written(folder, files) as scratch:
        placed: list[Path] = []
        try:
            for entry in sorted(scratch.iterdir()):
                # Noted first: an interruption may come between the two.
                placed.append(folder / entry.name)
                entry.rename(folder / entry.name)
        except BaseException:
            for path in placed:
                _remove(path)
            raise
        scratch.rmdir()


@contextmanager
def _written(parent: Path, files: Mapping[str, str]) -> Iterator[Path]:
    """Write the files below a passing name, which is gone afterwards unless it was renamed."""
    scratch = parent / f".chapbook-{os.urandom(8).hex()}.tmp"
    scratch.mkdir()
    try:
        for name, text in files.items():
            path = scratch / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8", newline="") as stream:
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())
        yield scratch
    except BaseException:
        _remove(scratch)
        raise


@contextmanager
def _parents(folder: Path) -> Iterator[None]:
    """Make the folders above, and take back those it made when something fails."""
    missing = []
    for parent in folder.parents:
        if parent.exists():
            break
        missing.append(parent)
    made: list[Path] = []
    try:
        for parent in reversed(missing):
            parent.mkdir()
            made.append(parent)
        yield
    except BaseException:
        for parent in reversed(made):
            with suppress(OSError):
                parent.rmdir()
        raise


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        remove_folder(path)
    else:
        path.unlink(missing_ok=True)
