"""What is kept for all projects: shown, listed, forgotten."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from chapbook_core.commands.cache_folders import STORE_FOLDER
from chapbook_core.commands.report import Blank, Block, Line, Result, Span, Table, fields_table
from chapbook_core.errors import UsageError
from chapbook_core.index.opening import open_cache
from chapbook_core.project.discovery import ProjectNotFound, find_project
from chapbook_core.project.own_cache import cache_place, require_own
from chapbook_core.project.settings import read_settings
from chapbook_core.requirements.name import canonical_name
from chapbook_core.value import field, frozen

if TYPE_CHECKING:
    from pathlib import Path

    from chapbook_core.commands.cache_contents import Holding
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
    folder: Path
    holdings: tuple[Holding, ...] = ()
    """What is in the folder besides."""

    def report(self) -> tuple[Block, ...]:
        """Tell it."""
        index = fields_table(
            {
                "file": str(self.path),
                "size": readable_size(self.size),
                "packages": str(self.pages),
                "metadata": f"{self.metadata} releases",
            }
        )
        if not self.holdings:
            return (index,)
        rows = tuple(
            (holding.what, str(holding.count), readable_size(holding.size), _below(holding.path, self.folder))
            for holding in self.holdings
        )
        total = self.size + sum(holding.size for holding in self.holdings)
        table = Table(rows, ("kept", "count", "size", "folder"))
        return (index, Blank(), table, Line(f"{readable_size(total)} in all, in {self.folder}"))


@frozen
class Packages(Result):
    """Names that the cache knows."""

    names: tuple[str, ...]
    text: str = field(default="", repr=False)
    """What was looked for in them."""

    def report(self) -> tuple[Block, ...]:
        """Tell each on a line, for scripts."""
        if not self.names:
            missing = f"no package with `{self.text}` in its name" if self.text else "no packages yet"
            return (Line((Span(f"the cache knows {missing}", "dim"),)),)
        return tuple(Line((Span(name, "name"),)) for name in self.names)


@frozen
class Cleared(Result):
    """How much was forgotten."""

    entries: int

    def report(self) -> tuple[Block, ...]:
        """Tell it."""
        return (Line(f"{self.entries} entries were forgotten" if self.entries else "there was nothing to forget"),)


def info(_invocation: Invocation, surroundings: Surroundings, watcher: Watcher) -> Info:
    """Show where the cache is, what is in it, and how large that is."""
    from chapbook_core.commands.cache_contents import holdings  # looks at every file there is

    folder = cache_folder_of(surroundings)
    with closing(_opened(surroundings, watcher)) as cache:
        found = cache.info()
    kept = holdings(folder, folder / STORE_FOLDER)
    return Info(found.path, found.size, found.pages, found.metadata, folder, kept)


def list_packages(invocation: Invocation, surroundings: Surroundings, watcher: Watcher) -> Result:
    """List the packages that the index cache knows, the wheels that are kept, or what is kept besides."""
    text = canonical_name(invocation.text("text") or "")
    if invocation.flag("wheels"):
        from chapbook_core.commands.cache_store import list_wheels  # brings the installer along

        return list_wheels(text, surroundings)
    if invocation.flag("others"):
        from chapbook_core.commands.cache_store import list_others  # likewise

        return list_others(invocation.text("text") or "", surroundings)
    with closing(_opened(surroundings, watcher)) as cache:
        return Packages(tuple(sorted(name for name in cache.names() if text in name)), text)


def clear(invocation: Invocation, surroundings: Surroundings, watcher: Watcher) -> Result:
    """Forget everything that indexes have said, or about some packages; or remove wheels or other things."""
    names = () if invocation.flag("all") else invocation.texts("package")
    if invocation.flag("wheels"):
        from chapbook_core.commands.cache_prune import clear_wheels  # brings the installer along

        return clear_wheels(map(_package, names), surroundings)
    if invocation.flag("others"):
        from chapbook_core.commands.cache_prune import clear_others  # likewise

        if names:
            raise UsageError("`--others` takes no names: it is about what belongs to no package")
        return clear_others(surroundings)
    with closing(_opened(surroundings, watcher)) as cache:
        return Cleared(cache.clear([_package(name) for name in names]))


def _package(text: str) -> str:
    """Return the package that is meant, also as Poetry's users write it: `source:package:version`."""
    before, _, after = text.partition(":")
    return canonical_name(after.partition(":")[0] or before)


def readable_size(size: float) -> str:
    """Write a number of bytes for people."""
    for unit in _UNITS:
        if size < _STEP or unit == _UNITS[-1]:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= _STEP
    raise AssertionError("the last unit takes every size")


def cache_folder_of(surroundings: Surroundings) -> Path:
    """Return the folder of all caches, for commands that need no project."""
    try:
        project = find_project(surroundings.start)
    except ProjectNotFound:
        project = None
    settings = read_settings(project, variables=surroundings.variables, home=surroundings.home)
    return cache_place(settings)


def _below(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()


def _opened(surroundings: Surroundings, watcher: Watcher) -> Cache:
    folder = cache_folder_of(surroundings)
    # Opening makes what is not there, which its owner could not write then.
    require_own(folder)
    return open_cache(folder, watcher)
