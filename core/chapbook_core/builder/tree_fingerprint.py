"""Fingerprint: what a folder held when it was built, so that nothing is built twice and no edit is missed."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_NO_SOURCES = frozenset({
    ".git", ".hg", ".svn", ".venv", "venv", ".tox", ".nox", "__pycache__", "node_modules", ".mypy_cache",
    ".pytest_cache", ".ruff_cache", ".ipynb_checkpoints", ".chapbook", "build", "dist",
})  # fmt: skip
_NO_SOURCE_ENDINGS = (".egg-info", ".pyc", ".pyo", ".swp", "~")
_BUILT_FROM = ("pyproject.toml", "setup.py", "setup.cfg", "MANIFEST.in")


def tree_fingerprint(tree: Path) -> str:
    """Return the digest of the names, sizes and times of a tree's files; those that builds and tools make aside."""
    digest = hashlib.sha256()
    for path, status in sorted(_files(tree), key=lambda file: file[0]):
        digest.update(
            f"{path}\0{status.st_size}\0{status.st_mtime_ns}\0{status.st_mode:o}\n".encode("utf-8", "replace")
        )
    # A version out of tags changes with the commit, not with the files.
    for head in _texts(tree / ".git", ("HEAD", "logs/HEAD")):
        digest.update(head)
    return digest.hexdigest()


def settings_fingerprint(tree: Path) -> str:
    """Return the digest of the files that say how a tree is built: all that an editable wheel depends on."""
    digest = hashlib.sha256()
    for content in _texts(tree, _BUILT_FROM):
        digest.update(hashlib.sha256(content).digest())
    return digest.hexdigest()


def _texts(folder: Path, names: Iterable[str]) -> Iterator[bytes]:
    for name in names:
        try:
            yield (folder / name).read_bytes()
        except OSError:
            yield b""


def _files(tree: Path) -> Iterator[tuple[str, os.stat_result]]:
    folders = [("", tree)]
    while folders:
        start, folder = folders.pop()
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name in _NO_SOURCES or entry.name.endswith(_NO_SOURCE_ENDINGS):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    folders.append((f"{start}{entry.name}/", tree / start / entry.name))
                else:
                    yield start + entry.name, entry.stat(follow_symlinks=False)
