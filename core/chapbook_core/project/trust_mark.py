"""The mark of a trusted project: a secret in its state folder, without which another one has come into its place."""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from chapbook_core.project.lock_place import LockPlace, LockRefused, make_ignore, project_place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NAME = "trust"
_BYTES = 16
_LENGTH = 2 * _BYTES
_NEVER_FOLLOW = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)


def read_mark(folder: Path) -> str | None:
    """Return the mark of a project; None when it has none, or only a link to one."""
    with suppress(OSError, LockRefused), _inside(project_place(folder)) as (target, inside):
        if inside is None and os.path.islink(target):  # noqa: PTH114  a name within a folder, elsewhere
            return None
        descriptor = os.open(target, os.O_RDONLY | _NEVER_FOLLOW, dir_fd=inside)
        try:
            text = b""
            if stat.S_ISREG(os.fstat(descriptor).st_mode):
                text = os.read(descriptor, _LENGTH + 1)
        finally:
            os.close(descriptor)
        return text.decode("ascii") if len(text) == _LENGTH and text.isalnum() else None
    return None


def write_mark(folder: Path) -> str:
    """Give a project a mark that nobody knows; one that came with it is replaced. Raises OSError and LockRefused."""
    place = project_place(folder)
    place.folder.mkdir(exist_ok=True)
    mark = os.urandom(_BYTES).hex()
    with _inside(place) as (target, inside):
        make_ignore(place.folder, inside)
        with suppress(FileNotFoundError):
            os.unlink(target, dir_fd=inside)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NEVER_FOLLOW
        descriptor = os.open(target, flags, 0o600, dir_fd=inside)
        try:
            os.write(descriptor, mark.encode())
        finally:
            os.close(descriptor)
    return mark


def remove_mark(folder: Path) -> None:
    """Take the mark away where that can be done; without a record of it, it means nothing."""
    with suppress(OSError, LockRefused), _inside(project_place(folder)) as (target, inside):
        os.unlink(target, dir_fd=inside)


@contextmanager
def _inside(place: LockPlace) -> Iterator[tuple[str, int | None]]:
    """Open the state folder itself, so that no link leads elsewhere, and name the mark as seen from there."""
    inside = place.open_folder()
    try:
        yield (str(place.folder / _NAME) if inside is None else _NAME), inside
    finally:
        if inside is not None:
            os.close(inside)
