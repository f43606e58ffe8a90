"""Reads a small file with as few steps as there are: commands that have little to do mostly read such files."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from os import PathLike


def read_small(file: str | PathLike[str]) -> bytes:
    """Return what a file holds; raises OSError."""
    # Without a buffer nobody asks whether it is a terminal, nor for the place in it.
    with open(file, "rb", buffering=0) as stream:  # noqa: PTH123  a path takes as long to make as the file to read
        return stream.read()
