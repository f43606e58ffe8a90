"""Add, remove and show the project's package sources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.commands.report import Blank, Block, Line, Message, Result, Span, fields_table
from chapbook_core.errors import UsageError
from chapbook_core.pattern import late_pattern
from chapbook_core.project.discovery import PROJECT_FILE, find_project
from chapbook_core.project.document import Document, NoSuchSource, read_document
from chapbook_core.project.manifest import read_manifest
from chapbook_core.project.source import Priority, Source
from chapbook_core.requirements.origin import IndexOrigin
from chapbook_core.requirements.url import is_whole_url, split_userinfo
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from chapbook_core.commands.command import Invocation
    from chapbook_core.commands.report import Text
    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.events import Watcher
    from chapbook_core.project.manifest import Manifest

DEFAULT_INDEX = "pypi"
"""How a project lists the default index; it has no URL of its own."""
_NAME = late_pattern(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_SCHEMES = frozenset({"http", "https", "file"})


@frozen
class SourceChanged(Result):
    """A source was added, changed or removed."""

    verb: str
    name: str
    hides_default: bool = False
    """Whether from here on the default index is no longer asked."""
    orphans: tuple[str, ...] = ()
    """Packages that still name a source that is gone."""

    def report(self) -> tuple[Block, ...]:
        """Tell it."""
        blocks: list[Block] = [Line((f"{self.verb} the source ", Span(self.name, "name")))]
        if self.hides_default and self.name.lower() == DEFAULT_INDEX:
            blocks.append(
                Message("warning", "from here on the default index serves only packages that name it as their source")
            )
        elif self.hides_default:
            hints: tuple[str, ...] = (
                f"run `chapbook source add {DEFAULT_INDEX}` to have the default index too",
                f"run `chapbook source add --priority=supplemental {self.name} URL` to ask this one second",
            )
            blocks.append(
                Message("warning", f"`{self.name}` replaces the default index, as a primary source does", hints)
            )
        if self.orphans:
            names = ", ".join(f"`{name}`" for name in self.orphans)
            hints = ("take `source` out of what they require, or add the source again",)
            blocks.append(Message("warning", f"the source `{self.name}` is still named by {names}", hints))
        return tuple(blocks)


@frozen
class Shown:
    """A source as it is shown."""

    name: str
    url: str | None
    priority: Priority
    implicit: bool = False
    """It is asked without the project saying so."""


@frozen
class SourcesShown(Result):
    """The sources of a project."""

    sources: tuple[Shown, ...]

    def report(self) -> tuple[Block, ...]:
        """Tell them one after the other."""
        blocks: list[Block] = []
        for source in self.sources:
            pairs: dict[str, Text] = {
                "name": Span(source.name, "name"),
                "url": source.url or "(that of the default index)",
                "priority": source.priority.value + (" (implicit)" if source.implicit else ""),
            }
            blocks += [fields_table(pairs), Blank()]
        return tuple(blocks[:-1])


def add(invocation: Invocation, surroundings: Surroundings, _watcher: Watcher) -> SourceChanged:
    """Add a source, or change the one of that name."""
    source = _source(invocation.text("name") or "", invocation.text("url"), invocation.text("priority"))
    document = _document(surroundings)
    before = document.manifest()
    known = any(other.name.lower() == source.name.lower() for other in before.sources)
    document.add_source(source)
    after = document.manifest()
    document.write()
    hides_default = _asks_default(before) and not _asks_default(after)
    return SourceChanged("Changed" if known else "Added", source.name, hides_default)


def remove(invocation: Invocation, surroundings: Surroundings, _watcher: Watcher) -> SourceChanged:
    """Forget a source."""
    name = invocation.text("name") or ""
    document = _document(surroundings)
    orphans = _naming(name, document.manifest())
    document.remove_source(name)
    document.write()
    return SourceChanged("Removed", name, orphans=orphans)


def show(invocation: Invocation, surroundings: Surroundings, _watcher: Watcher) -> SourcesShown:
    """Show all sources, or the named ones."""
    manifest = read_manifest(find_project(surroundings.start) / PROJECT_FILE)
    sources = [Shown(source.name, source.url, source.priority) for source in manifest.sources]
    if _asks_default(manifest) and not _lists_default(manifest):
        sources.append(Shown(DEFAULT_INDEX, None, Priority.PRIMARY, implicit=True))
    wanted = invocation.texts("name")
    if not wanted:
        return SourcesShown(tuple(sources))
    by_name = {source.name.lower(): source for source in sources}
    for name in wanted:
        if name.lower() not in by_name:
            raise NoSuchSource(name)
    return SourcesShown(tuple(by_name[name.lower()] for name in wanted))


def _source(name: str, url: str | None, priority: str | None) -> Source:
    is_default = name.lower() == DEFAULT_INDEX
    if _NAME.fullmatch(name) is None:
        hints = ["a name has ASCII letters, digits, `-`, `_` and `.`, and begins and ends with a letter or digit"]
        raise UsageError(f"`{name}` cannot be the name of a source", hints=hints)
    if is_default and url is not None:
        raise UsageError(
            f"`{name}` is the default index, whose URL is known", hints=["leave the URL out, or take another name"]
        )
    if not is_default:
        url = _checked_url(name, url)
    return Source(name, url, Priority(priority or Priority.PRIMARY.value))


def _checked_url(name: str, url: str | None) -> str:
    example = f"run `chapbook source add {name} https://example.org/simple/`"
    if url is None:
        raise UsageError(f"the source `{name}` needs a URL", hints=[example])
    shown, credentials = split_userinfo(url)
    if credentials is not None:
        hints = [f"run `chapbook config http-basic.{name} USERNAME PASSWORD` and give the URL without them: {shown}"]
        raise UsageError("a URL with credentials would be seen by everybody who sees the project file", hints=hints)
    if url.partition(":")[0] not in _SCHEMES or not is_whole_url(url):
        raise UsageError(f"`{url}` is not the URL of an index", hints=[example])
    return url


def _document(surroundings: Surroundings) -> Document:
    return read_document(find_project(surroundings.start) / PROJECT_FILE)


def _lists_default(manifest: Manifest) -> bool:
    return any(source.name.lower() == DEFAULT_INDEX for source in manifest.sources)


def _asks_default(manifest: Manifest) -> bool:
    """Tell whether the default index is asked for any package: as it is listed, or else when no other is primary."""
    listed = [source for source in manifest.sources if source.name.lower() == DEFAULT_INDEX]
    if listed:
        return listed[0].priority is not Priority.EXPLICIT
    return all(source.priority is not Priority.PRIMARY for source in manifest.sources)


def _naming(source: str, manifest: Manifest) -> tuple[str, ...]:
    named = {
        requirement.pretty_name
        for group in manifest.groups
        for requirement in group.requirements
        if isinstance(requirement.origin, IndexOrigin) and (requirement.origin.source or "").lower() == source.lower()
    }
    return tuple(sorted(named))
