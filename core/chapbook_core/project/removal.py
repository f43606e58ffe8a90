"""Removing a folder with all in it, also where the system removes no read-only file."""

from __future__ import annotations

import os
import stat
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

IS_STRICT = os.name == "nt"
"""Whether a file that is read-only, or open, stays. Elsewhere its mode has no say in that, and must not be changed."""


def remove_folder(folder: str | Path) -> None:
    """Remove a folder as far as that can be; raises nothing."""
    import shutil  # hardly a command removes any, and this takes as long to load as some take in all

    # Some Pythons go into a folder in a folder by calling themselves, and no deeper than that can be.
    with suppress(RecursionError):
        if IS_STRICT:
            _remove_all(folder, _unlock_or_leave)
        else:
            shutil.rmtree(folder, ignore_errors=True)


def remove_whole_folder(folder: Path) -> None:
    """Remove a folder; raises OSError."""
    import shutil  # as above

    if IS_STRICT:
        _remove_all(folder, _unlock)
    else:
        shutil.rmtree(folder)


def _remove_all(folder: str | Path, helped: Callable[[Callable[[str], object], str, object], None]) -> None:
    """Remove a folder; `helped` is called with what has failed, for which file, and how."""
    import shutil  # as above

    if sys.version_info >= (3, 12):
        shutil.rmtree(folder, onexc=helped)
    else:
        shutil.rmtree(folder, onerror=helped)


def _unlock(function: Callable[[str], object], name: str, _error: object) -> None:
    Path(name).chmod(stat.S_IWRITE)
    function(name)


def _unlock_or_leave(function: Callable[[str], object], name: str, error: object) -> None:
    with suppress(OSError):
        _unlock(function, name, error)
