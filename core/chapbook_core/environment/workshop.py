"""The workshop: a folder beside an environment, on the same disk, for what is not yet, or no longer, an environment."""

from __future__ import annotations

import errno
import os
import shutil
import time
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING

from chapbook_core.environment.environment import CONFIGURATION
from chapbook_core.environment.place import VENV
from chapbook_core.errors import ChapbookError
from chapbook_core.project.kernel_lock import HAS_SHARED, try_lock, try_share
from chapbook_core.project.removal import remove_whole_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_WORKSHOP = ".chapbook"
PREFIX = "environment-"
_LEFT_BEHIND = 3600.0
"""Seconds after which what an interrupted command left in the workshop is nobody's, if nobody is in it."""
_GLANCE = 0.01


class NotBroughtBack(ChapbookError):
    """An environment was to be made in the place of another, which failed, and so did the way back."""

    def __init__(self, path: Path, trash: Path | None, first: BaseException, second: OSError) -> None:
        match first:
            case ChapbookError():
                told = first.message
            case OSError():
                told = f"{first.filename or path}: {first.strerror or first}"
            case KeyboardInterrupt():
                told = "cancelled"
            case _:
                told = f"{type(first).__name__}: {first}"
        hints = [*first.hints] if isinstance(first, ChapbookError) else []
        hints.append("close the programs and kernels that run in it, and run `chapbook install`")
        if trash is not None:
            hints.append(f"what was there before is in `{trash}`, for an hour at least")
        reason = f"{second.filename or path}: {second.strerror or second}"
        super().__init__(f"{told}\n`{path}` could not be made what it was before: {reason}", hints=hints)


@contextmanager
def open_workshop(path: Path) -> Iterator[Path]:
    """Provide the folder; it goes when nothing is left in it. Raises ChapbookError."""
    folder = path.parent / _WORKSHOP
    path.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(exist_ok=True)
    if folder.is_symlink():
        raise ChapbookError(f"cannot change `{path}`: `{folder}` is a link", hints=["move the link away"])
    ignore = folder / ".gitignore"
    was_ignored = ignore.exists()
    if not was_ignored:
        ignore.write_text("*\n", encoding="utf-8")
    try:
        with attended(folder, ignore):
            yield folder
    finally:
        # Elsewhere other projects' environments are made in the same folder, at the same time.
        if path.name == VENV and not was_ignored and list(folder.iterdir()) == [ignore]:
            with suppress(OSError):
                ignore.unlink()
                folder.rmdir()


def new_place(folder: Path) -> Path:
    """Return a path in it that nobody has."""
    return folder / f"{PREFIX}{os.urandom(6).hex()}"


@contextmanager
def attended(folder: Path, sign: Path) -> Iterator[None]:
    """Keep everybody from sweeping a folder while this lasts, and sweep it first; `sign` is what is locked."""
    sweep(folder, sign)
    with ExitStack() as closed:
        with suppress(OSError):
            descriptor = _open(sign)
            closed.callback(os.close, descriptor)
            # One who sweeps is done soon; where locks are not shared, the first who comes has it.
            while HAS_SHARED and not try_share(descriptor):
                time.sleep(_GLANCE)
            if not HAS_SHARED:
                try_lock(descriptor)
        yield


def sweep(folder: Path, sign: Path) -> None:
    """Remove what interrupted commands have left, unless somebody attends to the folder.

    Times alone say too little: a clock that leaps makes what was begun a moment ago as old as one likes. Where files
    cannot be locked nobody knows, and all stays.
    """
    limit = time.time() - _LEFT_BEHIND
    left = [path for path in folder.iterdir() if path.name.startswith(PREFIX) and _time(path) < limit]
    if not left:
        return
    with suppress(OSError):
        descriptor = _open(sign)
        try:
            for path in left if try_lock(descriptor) else ():
                with suppress(OSError):
                    discard(path)
        finally:
            os.close(descriptor)


def _open(sign: Path) -> int:
    # What is not open for writing cannot be locked on some network file systems, and folders cannot on Windows.
    return os.open(sign, os.O_RDONLY if sign.is_dir() else os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))


def _time(path: Path) -> float:
    try:
        return path.lstat().st_mtime
    except OSError:
        # Somebody else has removed it.
        return float("inf")


def put(staged: Path, path: Path, workshop: Path) -> None:
    """Move a finished environment into its place; what was there goes, or comes back when that fails."""
    trash = renamed_away(path, workshop) if is_occupied(path) else None
    try:
        with nullcontext() if trash is None else or_brought_back(trash, path):
            _move(staged, path)
    except BaseException:
        # What cannot go is swept away another time.
        with suppress(OSError):
            discard(staged)
        raise
    if trash is not None:
        discard(trash)


@contextmanager
def or_brought_back(trash: Path | None, path: Path) -> Iterator[None]:
    """Remove what has come into the place of an environment when an error ends this, and give that its place again.

    Where that fails as well, the first error is the one that is told, and what else went wrong is added to it: raises
    NotBroughtBack.
    """
    try:
        yield
    except BaseException as first:
        try:
            if os.path.lexists(path):
                discard(path)
            if trash is not None:
                trash.rename(path)
        except OSError as second:
            # Who is told to stop says nothing any more.
            if not isinstance(first, SystemExit):
                raise NotBroughtBack(path, trash, first, second) from first
        raise


def is_occupied(path: Path) -> bool:
    """Tell whether anything but an empty folder is there."""
    return os.path.lexists(path) and (path.is_symlink() or not path.is_dir() or any(path.iterdir()))


def _move(staged: Path, path: Path) -> None:
    if path.is_dir():
        try:
            path.rmdir()
        except OSError:
            # A folder that a container mounts: it stays, and is filled.
            for part in sorted(staged.iterdir(), key=lambda part: part.name == CONFIGURATION):
                shutil.move(part, path / part.name)
            staged.rmdir()
            return
    staged.rename(path)


def renamed_away(path: Path, workshop: Path) -> Path:
    """Give an environment another place, and return that."""
    trash = new_place(workshop)
    try:
        path.rename(trash)
    except OSError as problem:
        if not _is_of_an_image(path, problem):
            raise
        try:
            shutil.copytree(path, trash, symlinks=True)
        except BaseException:
            discard(trash)
            raise
        _remove_in_place(path)
    # The time decides when it is swept away, should this end too soon.
    with suppress(OSError):
        os.utime(trash)
    return trash


def remove_from(path: Path, workshop: Path) -> None:
    """Remove an environment, renamed away first, so that no half of it is ever taken for a whole."""
    trash = new_place(workshop)
    try:
        path.rename(trash)
    except OSError as problem:
        if not _is_of_an_image(path, problem):
            raise
        _remove_in_place(path)
    else:
        discard(trash)


def _is_of_an_image(path: Path, problem: OSError) -> bool:
    """Tell whether it came with the image of a container, whose folders can be copied and removed, and not renamed."""
    return problem.errno == errno.EXDEV and not path.is_symlink()


def _remove_in_place(path: Path) -> None:
    """Remove an environment where it is; what a kill leaves of it is taken for one that is broken, and replaced."""
    configuration = path / CONFIGURATION
    if configuration.is_file():
        configuration.write_bytes(b"")
    for part in sorted(path.iterdir(), key=lambda part: part.name == CONFIGURATION):
        discard(part)
    path.rmdir()


def discard(folder: Path) -> None:
    """Remove a folder, never what a link in it points to."""
    if folder.is_symlink() or not folder.is_dir():
        folder.unlink()
        return
    remove_whole_folder(folder)
