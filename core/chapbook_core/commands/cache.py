"""What is kept of package indexes: shown, listed, forgotten."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.commands.report import Block, Line, Result, Span, fields_table
from chapbook_core.index.opening import open_cache
from chapbook_core.project.discovery import ProjectNotFound, find_project
from chapbook_core.project.settings import read_settings
from chapbook_core.requirements.name import canonical_name
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from chapbook_core.commands.command import Invocation
    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.events import Watcher
    from chapbook_core.index.cache import Cache

_UNITS = ("B", "kB", "MB", "GB")
_STEP = 1000


@frozen
class Info(Result):
    """Where the cache is, and what it holds."""

    path: Path
    size: int
    pages: int
    metadata: int

    def report(self) -> tuple[Block, ...]:
        """Tell it."""
        return (
            fields_table(
                {
                    "file": str(self.path),
                    "size": readable_size(self.size),
                    "packages": str(self.pages),
                    "metadata": f"{self.metadata} releases",
                }
            ),
        )


@frozen
class Packages(Result):
    """Names that the cache knows."""

    names: tuple[str, ...]

    def report(self) -> tuple[Block, ...]:
        """Tell each on a line, for scripts."""
        if not self.names:
            return (Line((Span("the cache knows no such package", "dim"),)),)
        return tuple(Line((Span(name, "name"),)) for name in self.names)


@frozen
class Cleared(Result):
    """How much was forgotten."""

    entries: int

    def report(self) -> tuple[Block, ...]:
        """Tell it."""
        return (Line(f"{self.entries} entries were forgotten" if self.entries else "there was nothing to forget"),)


def info(_invocation: Invocation, surroundings: Surroundings, watcher: Watcher) -> Info:
    """Show where the cache is, and how large."""
    with closing(_opened(surroundings, watcher)) as cache:
        found = cache.info()
    return Info(found.path, found.size, found.pages, found.metadata)


def list_packages(invocation: Invocation, surroundings: Surroundings, watcher: Watcher) -> Packages:
    """List the packages that the cache knows."""
    text = canonical_name(invocation.text("text") or "")
    with closing(_opened(surroundings, watcher)) as cache:
        return Packages(tuple(sorted(name for name in cache.names() if text in name)))


def clear(invocation: Invocation, surroundings: Surroundings, watcher: Watcher) -> Cleared:
    """Forget everything, or what is kept about some packages."""
    names = () if invocation.flag("all") else invocation.texts("package")
    with closing(_opened(surroundings, watcher)) as cache:
        return Cleared(cache.clear([canonical_name(name) for name in names]))


def readable_size(size: float) -> str:
    """Write a number of bytes for people."""
    for unit in _UNITS:
        if size < _STEP or unit == _UNITS[-1]:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= _STEP
    raise AssertionError("the last unit takes every size")


def _opened(surroundings: Surroundings, watcher: Watcher) -> Cache:
    try:
        project = find_project(surroundings.start)
    except ProjectNotFound:
        project = None
    settings = read_settings(project, variables=surroundings.variables, home=surroundings.home)
    folder = settings.text("cache-dir")
    return open_cache(Path(folder).expanduser() if folder else settings.locations.cache, watcher)
