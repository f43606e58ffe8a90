"""A system that neither renames nor removes a file that is open or read-only, as Windows does not."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

_DESCRIPTORS = "/proc/self/fd"
IS_POSSIBLE = os.path.isdir(_DESCRIPTORS)  # noqa: PTH112  as below


def be_strict(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process meet such a system until the end of a test."""
    for name in ("unlink", "remove"):
        monkeypatch.setattr(os, name, partial(_unless_held, getattr(os, name), is_removal=True))
    for name in ("rename", "replace"):
        monkeypatch.setattr(os, name, partial(_unless_held, getattr(os, name), is_removal=False))


def _unless_held(
    act: Callable[..., None], path: Any, *words: Any, is_removal: bool, dir_fd: int | None = None, **named: Any
) -> None:
    place = os.fspath(path)
    if dir_fd is not None:
        place = os.path.join(os.readlink(f"{_DESCRIPTORS}/{dir_fd}"), place)  # noqa: PTH115, PTH118  texts
        named["dir_fd"] = dir_fd
    place = os.path.abspath(place)  # noqa: PTH100  a link is no other file
    with suppress(FileNotFoundError):
        is_read_only = is_removal and not os.lstat(place).st_mode & stat.S_IWUSR
        if is_read_only or place in _opened():
            raise PermissionError(errno.EACCES, "a file that is open, or read-only", place)
    act(path, *words, **named)


def _opened() -> set[str]:
    found = set()
    for name in os.listdir(_DESCRIPTORS):  # noqa: PTH208  names suffice
        with suppress(OSError):
            found.add(os.readlink(f"{_DESCRIPTORS}/{name}"))  # noqa: PTH115  as above
    return found
