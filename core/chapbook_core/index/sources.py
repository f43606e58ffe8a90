"""Which indexes are asked for a package, in which order, and which must never hear its name."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from chapbook_core.index.address import masked
from chapbook_core.index.failure import SourceUnknown
from chapbook_core.project.source import Priority, Source
from chapbook_core.requirements.url import split_userinfo
from chapbook_core.value import field, frozen, replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from chapbook_core.requirements.url import Userinfo

DEFAULT_NAME = "PyPI"
"""How Poetry calls the default index; a source of this name without `url` stands for it."""


class Shape(Enum):
    """How a place shows its files."""

    INDEX = "index"
    """One page a package, below a root (PEP 503)."""
    LINKS = "links"
    """One page, or one folder, for the files of all packages (`--find-links`)."""


@frozen(repr=False)
class Place:
    """An index, a page of links or a folder, with the name the project gives it."""

    name: str
    url: str
    """Without userinfo; of an index with a slash at its end."""
    priority: Priority = Priority.PRIMARY
    shape: Shape = Shape.INDEX
    credentials: Userinfo | None = None
    """From its URL."""
    is_default: bool = False
    """Whether it is the index that is asked when a project declares none."""
    mirror: str = ""
    """What it is called in words where it only stands for the one of that name."""

    @property
    def shown(self) -> str:
        """What a person is told was asked."""
        return self.mirror or self.name

    def __repr__(self) -> str:
        # A query may hold a token.
        return f"Place({self.name!r}, {masked(self.url)!r}, {self.priority.value}, {self.shape.value})"

    @property
    def folder(self) -> Path | None:
        """Where it is on this machine, if it is."""
        try:
            parts = urlsplit(self.url)
        except ValueError:
            # Whoever asks there is told what is wrong with it.
            return None
        if parts.scheme != "file" or parts.netloc not in {"", "localhost"}:
            return None
        return local_path(self.url)

    def page_url(self, name: str) -> str:
        """Give the address of a package's page."""
        return f"{self.url}{name}/" if self.shape is Shape.INDEX else self.url


@frozen
class Sources:
    """The places of a project, and the packages that belong to some of them alone."""

    places: tuple[Place, ...]
    pinned: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))
    """By canonical name the sources that its requirements name; nobody else ever hears of these packages."""

    def searched(self, name: str, source: str | None = None) -> tuple[tuple[Place, ...], ...]:
        """Give the places to ask for a package, in rounds: the next round only when the one before knows nothing."""
        if source is not None:
            return ((self.place(source),),)
        if names := self.pinned.get(name):
            return (tuple(place for place in self.places if _same(place.name, names)),)
        rounds = (self._of(Priority.PRIMARY), self._of(Priority.SUPPLEMENTAL))
        return tuple(places for places in rounds if places)

    def place(self, source: str) -> Place:
        """Give the place of that name; `SourceUnknown` when the project declares none."""
        for place in self.places:
            if place.name.lower() == source.lower():
                return place
        raise SourceUnknown(source, [place.name for place in self.places])

    def _of(self, priority: Priority) -> tuple[Place, ...]:
        return tuple(place for place in self.places if place.priority is priority)


def local_path(url: str) -> Path:
    """Give the path of a `file:` URL."""
    # Imported here because it brings all of `http.client` along, and few sources are folders.
    from urllib.request import url2pathname

    return Path(url2pathname(urlsplit(url).path))


def arrange(
    declared: Iterable[Source],
    default: Callable[[], Place],
    *,
    pinned: Mapping[str, Iterable[str]] | None = None,
    find_links: Iterable[str] = (),
    folder: Path | None = None,
) -> Sources:
    """Make the places of a project.

    As in Poetry the default index is asked as well unless a declared source is primary; `default` is called only when
    it is needed.  `find_links` are folders (relative to `folder`) and URLs of pages, searched beside the primary ones.
    """
    places: list[Place] = []
    for source in declared:
        if source.url is None:
            places.append(_renamed(default(), source))
        else:
            places.append(index_place(source.name, source.url, source.priority, source.credentials))
    if not any(place.priority is Priority.PRIMARY for place in places) and not any(p.is_default for p in places):
        places.insert(0, default())
    places += [_links_place(text, folder or Path()) for text in find_links]
    named = {name: frozenset(sources) for name, sources in (pinned or {}).items()}
    return Sources(tuple(places), MappingProxyType(named))


def index_place(
    name: str, url: str, priority: Priority = Priority.PRIMARY, credentials: Userinfo | None = None
) -> Place:
    """Make the place of an index whose URL may hold userinfo."""
    bare, found = split_userinfo(url)
    credentials = credentials or found
    return Place(name, bare.partition("#")[0].rstrip("/") + "/", priority, credentials=credentials)


def _renamed(place: Place, source: Source) -> Place:
    return replace(place, name=source.name, priority=source.priority, is_default=True)


def _links_place(text: str, folder: Path) -> Place:
    if "://" not in text:
        path = folder / Path(text).expanduser()
        return Place(text, path.absolute().as_uri() + "/", shape=Shape.LINKS)
    bare, credentials = split_userinfo(text)
    return Place(masked(bare), bare, shape=Shape.LINKS, credentials=credentials)


def _same(name: str, names: frozenset[str]) -> bool:
    return name in names or name.lower() in {one.lower() for one in names}
