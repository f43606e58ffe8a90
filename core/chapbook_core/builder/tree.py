"""The files of a project's folder, found by pattern or below a folder, with links followed as far as they may lead."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from chapbook_core.builder.cannot_build import CannotBuild, DeadLink, LinkLoop, NoFile, OutsideProject
from chapbook_core.pattern import late_pattern
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_MAGIC = late_pattern(r"[*?\[]")
_CACHE = "__pycache__"


@frozen
class Found:
    """A file or folder of the project."""

    relative: str
    """From the project's folder, with `/`."""
    path: str
    is_folder: bool


class Tree:
    """A project's folder."""

    def __init__(self, folder: Path, is_left_out: Callable[[str], bool] = lambda _relative: False) -> None:
        self.folder = folder
        self.is_left_out = is_left_out
        """Asked with the name of each link and file below a folder."""
        self._real = os.path.realpath(folder)

    def matches(self, pattern: str, base: str = "") -> list[Found]:
        """Return what a pattern matches, from a folder of the project, in order; raises CannotBuild."""
        start = self.folder / base
        if not _MAGIC.search(pattern):
            name = os.path.normpath(start / pattern)
            return [self._checked(name)] if os.path.lexists(name) else []
        # Not every Python lets `**` at the end match files.
        wanted = f"{pattern}/*" if pattern.endswith("**") else pattern
        try:
            names = sorted(os.path.normpath(path) for path in start.glob(wanted))
        except (ValueError, NotImplementedError, IndexError) as problem:
            raise CannotBuild(f"`{pattern}` is no pattern of files in the project: {problem}") from None
        return [self._checked(name) for name in names]

    def below(self, found: Found) -> Iterator[Found]:
        """Yield the files below a folder, without compiled ones, or the file itself."""
        if not found.is_folder:
            yield found
            return
        yield from self._walk(found.path, found.relative, (os.path.realpath(found.path),))

    def _walk(self, folder: str, relative: str, above: tuple[str, ...]) -> Iterator[Found]:
        with os.scandir(folder) as scan:
            entries = sorted(scan, key=lambda entry: entry.name)
        prefix = f"{relative}/" if relative else ""
        for entry in entries:
            name = prefix + entry.name
            if entry.is_symlink():
                yield from self._followed(entry, name, above)
            elif entry.is_dir():
                if entry.name != _CACHE:
                    yield from self._walk(entry.path, name, (*above, os.path.join(above[-1], entry.name)))  # noqa: PTH118  a hot path
            elif not entry.name.endswith(".pyc") and not self.is_left_out(name):
                if not entry.is_file():
                    raise NoFile(name)
                yield Found(name, entry.path, is_folder=False)

    def _followed(self, entry: os.DirEntry[str], name: str, above: tuple[str, ...]) -> Iterator[Found]:
        if self.is_left_out(name) or entry.name == _CACHE or entry.name.endswith(".pyc"):
            return
        real = self._target(entry.path, name)
        if os.path.isdir(real):  # noqa: PTH112  a hot path
            if real in above:
                raise LinkLoop(name)
            yield from self._walk(entry.path, name, (*above, real))
        elif os.path.isfile(real):  # noqa: PTH113  likewise
            yield Found(name, entry.path, is_folder=False)
        else:
            raise NoFile(name)

    def _checked(self, path: str) -> Found:
        """Return what a name stands for; raises OutsideProject, DeadLink and LinkLoop."""
        relative = os.path.relpath(path, self.folder).replace(os.sep, "/")
        if relative == ".." or relative.startswith("../") or os.path.isabs(relative):  # noqa: PTH117  text, no path
            raise OutsideProject(relative)
        real = self._target(path, relative)
        return Found("" if relative == "." else relative, path, os.path.isdir(real))  # noqa: PTH112  likewise

    def _target(self, path: str, name: str) -> str:
        try:
            real = os.path.realpath(path, strict=True)
        except FileNotFoundError:
            raise DeadLink(name) from None
        except OSError as problem:
            if os.path.islink(path):  # noqa: PTH114  likewise
                raise LinkLoop(name) from None
            raise CannotBuild(f"`{name}` cannot be read: {problem.strerror or problem}") from None
        if real != self._real and not real.startswith(self._real + os.sep):
            raise OutsideProject(name, target=real)
        return real
