"""Packages by name: what the indexes offer of them, and what similar names the cache knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.commands.index_mode import index_mode
from chapbook_core.commands.report import Block, Line, Message, Result, Span, Table
from chapbook_core.commands.session import open_session
from chapbook_core.index.default_index import default_index
from chapbook_core.index.failure import PackageNotFound
from chapbook_core.index.metadata import Metadata
from chapbook_core.index.names import did_you_mean
from chapbook_core.index.opening import open_index
from chapbook_core.index.sources import arrange
from chapbook_core.project.discovery import ProjectNotFound
from chapbook_core.project.own_cache import cache_place, own_cache
from chapbook_core.project.settings import read_settings
from chapbook_core.requirements.name import canonical_name, is_valid_name
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from chapbook_core.commands.command import Invocation
    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.events import Watcher
    from chapbook_core.index.mode import Mode
    from chapbook_core.index.opening import OpenIndex
    from chapbook_core.index.page_summary import PageSummary

_MOST_KNOWN = 20
"""How many names out of the cache are shown."""


@frozen
class Found:
    """A package that an index offers."""

    name: str
    version: str
    """The newest release, or the newest pre-release where there is nothing else."""
    source: str
    summary: str = ""


@frozen
class Search(Result):
    """What was found for some words."""

    words: tuple[str, ...]
    found: tuple[Found, ...]
    known: tuple[str, ...]
    """Further names that the cache knows, and that hold one of the words or look like it."""

    def report(self) -> tuple[Block, ...]:
        """Tell the packages in a table, and the names below it."""
        told: list[Block] = []
        if self.found:
            rows = tuple(
                (Span(one.name, "name"), Span(one.version, "version"), Span(one.source, "dim"), one.summary)
                for one in self.found
            )
            told.append(Table(rows, ("package", "newest", "source", "summary")))
        else:
            hint = "indexes find packages by their exact name only"
            told.append(Message("note", f"no package is called {' or '.join(self.words)}", (hint,)))
        if self.known:
            told.append(Line(("known names like it: ", ", ".join(self.known))))
        return tuple(told)

    @property
    def exit_status(self) -> int:
        """Failure when there is nothing of any word, for scripts."""
        return 0 if self.found or self.known else 1


def run(invocation: Invocation, surroundings: Surroundings, watcher: Watcher) -> Search:
    """Look for each word as a name at the indexes, and as a part of a name in the cache."""
    words = invocation.texts("name")
    names = list(dict.fromkeys(canonical_name(word) for word in words if is_valid_name(word)))
    with _opened(surroundings, watcher, index_mode(invocation)) as index:
        for name in names:
            index.reader.want_versions(name)
        found = tuple(one for name in names if (one := _look_up(index, name)) is not None)
        known = index.cache.names()
    told = {one.name for one in found}
    similar = [name for name in sorted(known) if any(word in name for word in names)]
    similar += [name for word in names for name in did_you_mean(word, known)]
    more = tuple(name for name in dict.fromkeys(similar) if name not in told)
    return Search(words, found, more[:_MOST_KNOWN])


def newest(summary: PageSummary) -> str:
    """Give the version a person means by the newest."""
    for mask in (
        summary.every & ~summary.yanked & ~summary.prereleases,
        summary.every & ~summary.yanked,
        summary.every,
    ):
        if mask:
            return summary.versions[mask.bit_length() - 1]
    return ""


def _look_up(index: OpenIndex, name: str) -> Found | None:
    try:
        offers = index.reader.versions(name)
    except PackageNotFound:
        return None
    version = newest(offers.summary)
    offer = offers.offer_of(version)
    metadata = index.reader.metadata(name, version)
    summary = metadata.summary if isinstance(metadata, Metadata) else ""
    return Found(name, version, offer.place.shown if offer is not None else "", summary)


def _opened(surroundings: Surroundings, watcher: Watcher, mode: Mode) -> OpenIndex:
    """Open the project's indexes; outside a project the default one."""
    try:
        return open_session(surroundings, watcher).open_index(mode)
    except ProjectNotFound:
        settings = read_settings(None, variables=surroundings.variables, home=surroundings.home)
        return open_index(
            arrange((), lambda: default_index(surroundings.variables, surroundings.home)),
            variables=surroundings.variables,
            home=surroundings.home,
            watcher=watcher,
            cache_folder=own_cache(cache_place(settings), watcher) if surroundings.cache else None,
            mode=mode,
        )
