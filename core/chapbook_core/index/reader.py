"""The index as the rest of Chapbook sees it: ask for versions and metadata, in parallel, each thing once.

    with IndexReader(sources, client, cache) as reader:
        reader.want_versions("b")                 # begins in the background
        offers = reader.versions("a")             # waits
        metadata = reader.metadata("a", "1.0")    # Metadata, or NeedBuild

What is asked is remembered for the reader's life, so every answer of one run is of one moment.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Protocol, Self, TypeAlias

from chapbook_core.events import Unwatched
from chapbook_core.index.crew import Crew, Wish
from chapbook_core.index.failure import NotCached, PackageNotFound, SourceUnknown
from chapbook_core.index.memory import Memory
from chapbook_core.index.metadata_fetch import MetadataFetch
from chapbook_core.index.mode import Mode
from chapbook_core.index.names import did_you_mean
from chapbook_core.index.offer import Offers
from chapbook_core.index.page_fetch import PageFetch
from chapbook_core.index.progress import Progress
from chapbook_core.requirements.name import canonical_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from concurrent.futures import Future
    from types import TracebackType

    from chapbook_core.events import Watcher
    from chapbook_core.index.cache import Cache
    from chapbook_core.index.client import Client
    from chapbook_core.index.file import File
    from chapbook_core.index.hearsay import Hearsay
    from chapbook_core.index.metadata import Metadata
    from chapbook_core.index.metadata_fetch import NeedBuild
    from chapbook_core.index.offer import Offer
    from chapbook_core.index.sources import Place, Sources

_PATIENCE = 5.0
WantedRelease: TypeAlias = tuple[str, str, tuple[str, ...], str | None]
"""The name of a package, its version, the names of the files that will do, and the source that it is taken from."""
WORKERS = 50
"""Requests at once, when so many things are wanted; as many as uv allows itself."""
_EAGER = 4
"""So many of them before anybody knows how long an answer takes."""


class Follower(Protocol):
    """Somebody who knows what should be read next; called in many threads at once."""

    def page_came(self, name: str, source: str | None, page: Future[Offers], /) -> None:
        """Take note of a page, or that there is none."""

    def metadata_came(self, name: str, metadata: Future[Metadata | NeedBuild], /) -> None:
        """Take note of metadata, or of why there is none."""


class IndexReader:
    """Answers for all sources of a project; safe to use from many threads."""

    def __init__(
        self,
        sources: Sources,
        client: Callable[[], Client],
        cache: Cache,
        *,
        watcher: Watcher | None = None,
        mode: Mode = Mode.ONLINE,
        memory: Memory | None = None,
        workers: int = WORKERS,
        now: Callable[[], float] = time.time,
    ) -> None:
        """`client` makes the client once something has to be fetched; `memory` is of a long-lived process."""
        self._sources = sources
        self._client = client
        self._cache = cache
        self._watcher = watcher or Unwatched()
        self._pages = PageFetch(client, cache, self._watcher, mode, memory=memory or Memory(), now=now)
        self._metadata = MetadataFetch(client, cache, self._watcher, mode, self._pages)
        self._crew = Crew(workers, eager=_EAGER)
        self._lock = threading.Lock()
        self._follower: Follower | None = None
        self._known: dict[tuple[str, str | None], Offers] = {}
        """What the cache had; it is read where it is asked for, which costs less than to hand it to a thread."""
        self._kept_places: dict[tuple[str, str], Offer | None] = {}
        self._known_metadata: dict[tuple[str, str, str | None], Metadata] = {}
        self._offer_wishes: dict[tuple[str, str], Wish[Offer | None]] = {}
        self._offers: dict[tuple[str, str | None], Wish[Offers]] = {}
        self._metadata_wishes: dict[tuple[str, str, str | None], Wish[Metadata | NeedBuild]] = {}
        self._release_wishes: dict[tuple[str, str, str | None], Wish[tuple[File, ...]]] = {}
        self._progress = Progress(self._watcher)
        self._hearsay: Callable[[str], Sequence[Hearsay]] = lambda _name: ()
        self.believed: dict[str, NotCached] = {}
        """The packages that are known by hearsay, each with what there would be to say otherwise."""

    def follow(self, follower: Follower) -> None:
        """Tell somebody of all that has to be fetched from here on, as it comes, in the thread that fetched it."""
        self._follower = follower

    def believe(self, hearsay: Callable[[str], Sequence[Hearsay]]) -> None:
        """Take the word of somebody else for what is not in the cache where nobody may be asked."""
        self._hearsay = hearsay

    # Versions.

    def versions(self, name: str, source: str | None = None) -> Offers:
        """Give what the sources offer of a package; `PackageNotFound` when none of them has it."""
        name = canonical_name(name)
        known = self.known_versions(name, source)
        return (
            known
            if known is not None
            else self._wish_versions(name, source, urgent=True).waited(self._watcher.checkpoint)
        )

    def known_versions(self, name: str, source: str | None = None) -> Offers | None:
        """Give what the cache knows of a package, by its canonical name; nothing when somebody has to be asked."""
        known = self._known.get((name, source))
        if known is None and (name, source) not in self._offers:
            known = self._kept_offers(name, source)
            if known is not None:
                known = self._known.setdefault((name, source), known)
        return known

    def want_versions(self, name: str, source: str | None = None) -> Future[Offers]:
        """Begin to read the pages of a package; the future's callbacks run in the thread that read them."""
        return self._wish_versions(canonical_name(name), source, urgent=False).future

    def files(self, name: str, version: str, source: str | None = None) -> tuple[File, ...]:
        """Give the files of a release, with their hashes, from the source it is taken from."""
        return self.versions(name, source).files(version)

    def want_releases(self, releases: Iterable[WantedRelease]) -> list[Future[tuple[File, ...]]]:
        """Begin to find out where files of locked releases are to be had, of the first ones first; see `release`."""
        wanted = [(canonical_name(name), version, filenames, source) for name, version, filenames, source in releases]
        self._look_up({(name, source) for name, _version, _filenames, source in wanted})
        wishes = [self._wish_release(*each) for each in wanted]
        # Together, because from then on the threads that do it take turns with this one.
        self._crew.ask(*[wish for wish in wishes if not wish.future.done()])
        return [wish.future for wish in wishes]

    def release(
        self, name: str, version: str, filenames: tuple[str, ...], source: str | None = None
    ) -> tuple[File, ...]:
        """Give at least those files of a release that the first source has which has any of them.

        No more is read, and kept, of an index than that takes. Raises PackageNotFound when nobody has the package.
        """
        wish = self._wish_release(canonical_name(name), version, filenames, source)
        if not wish.future.done():
            self._crew.ask(wish)
        return wish.waited(self._watcher.checkpoint)

    def _wish_release(
        self, name: str, version: str, filenames: tuple[str, ...], source: str | None
    ) -> Wish[tuple[File, ...]]:
        """Give the wish for files, fulfilled if the cache knows them, and queued by whoever asks for it."""
        mine = Wish(lambda: self._read_release(name, version, filenames, source))
        with self._lock:
            wish = self._release_wishes.setdefault((name, version, source), mine)
        if wish is mine:
            known = self.known_versions(name, source)
            files = known.files(version) if known is not None else ()
            if _are_among(filenames, files):
                wish.give(files)
        return wish

    def _look_up(self, packages: Iterable[tuple[str, str | None]]) -> None:
        """Find out of which packages, each with the source it is taken from, the cache has nothing; all in one look."""
        wanted: list[tuple[Place, str]] = []
        for name, source in packages:
            # Who waits for the answer will be told of a source that there is not.
            with suppress(SourceUnknown):
                wanted += [(place, name) for places in self._sources.searched(name, source)[:1] for place in places]
        self._pages.look_up(wanted)

    def _read_release(
        self, name: str, version: str, filenames: tuple[str, ...], source: str | None
    ) -> tuple[File, ...]:
        with self._progress.of(name):
            for places in self._sources.searched(name, source):
                for place in places:
                    files = self._pages.release(place, name, version, filenames)
                    if _are_among(filenames, files):
                        return files
        # Who has read everything can say what is wrong. It is done here: were it only queued, and every thread waiting
        # for such a wish, none would be left for them.
        wish = self._wish_versions(name, source, urgent=True)
        wish.do()
        return wish.future.result().files(version)

    def _wish_versions(self, name: str, source: str | None, *, urgent: bool) -> Wish[Offers]:
        with self._lock:
            wish = self._offers.get((name, source))
        if wish is not None:
            if urgent and not wish.future.done():
                self._crew.ask(wish, urgent=True)
            return wish
        known = self.known_versions(name, source)
        mine = Wish(lambda: self._read_versions(name, source))
        with self._lock:
            wish = self._offers.setdefault((name, source), mine)
        if known is not None:
            wish.give(known)
            return wish
        if wish is mine and self._follower is not None:
            wish.future.add_done_callback(partial(self._follower.page_came, name, source))
        self._crew.ask(wish, urgent=urgent)
        return wish

    def _kept_offers(self, name: str, source: str | None) -> Offers | None:
        """Give the offers when the cache has all that the first round asks for, and something in it."""
        try:
            rounds = self._sources.searched(name, source)
        except SourceUnknown:
            # Who waits for the answer will be told.
            return None
        found: list[Offer] = []
        complete = bool(rounds)
        for place in rounds[0] if rounds else ():
            is_good, offer = self._pages.kept(place, name)
            complete = complete and is_good
            if offer is not None:
                found.append(offer)
            if is_good:
                self._kept_places[place.url, name] = offer
        return Offers(name, tuple(found)) if complete and any(offer.summary.versions for offer in found) else None

    def _read_versions(self, name: str, source: str | None) -> Offers:
        rounds = self._sources.searched(name, source)
        notice = ""
        for places in rounds:
            try:
                found = [offer for offer in self._round(places, name) if offer is not None]
            except NotCached as failure:
                if (believed := self._believed_offers(name, rounds, failure)) is None:
                    raise
                return believed
            if any(offer.summary.versions for offer in found):
                return Offers(name, tuple(found))
            notice = notice or next((offer.summary.status.notice for offer in found), "")
        asked = [place.shown for places in rounds for place in places]
        raise PackageNotFound(name, asked, did_you_mean(name, self._cache.names()), notice)

    def _believed_offers(self, name: str, rounds: Sequence[Sequence[Place]], failure: NotCached) -> Offers | None:
        # Imported here because there is nearly always a cache, or somebody to be asked.
        from chapbook_core.index.hearsay import offers_by

        offers = offers_by(self._hearsay(name), name, rounds)
        if offers is not None:
            self.believed[name] = failure
        return offers

    def _round(self, places: tuple[Place, ...], name: str) -> list[Offer | None]:
        """Ask several places at once; this thread takes one of them itself, so that waiting never needs a thread."""
        wishes = [self._offer_wish(place, name) for place in places]
        for wish in wishes[1:]:
            if not wish.future.done():
                self._crew.ask(wish, urgent=True)
        for wish in wishes:
            # A wish that another thread has begun is waited for below, one that nobody has begun is done here.
            wish.do()
        return [wish.future.result() for wish in wishes]

    def _offer_wish(self, place: Place, name: str) -> Wish[Offer | None]:
        def work() -> Offer | None:
            with self._progress.of(name):
                return self._pages.read(place, name)

        with self._lock:
            wish = self._offer_wishes.setdefault((place.url, name), Wish(work))
        if (place.url, name) in self._kept_places:
            wish.give(self._kept_places[place.url, name])
        return wish

    # Metadata.

    def metadata(self, name: str, version: str, source: str | None = None) -> Metadata | NeedBuild:
        """Give the metadata of a version that `versions` told, or say that only a build knows it."""
        name = canonical_name(name)
        known = self.known_metadata(name, version, source)
        return (
            known
            if known is not None
            else self._wish_metadata(name, version, source, urgent=True).waited(self._watcher.checkpoint)
        )

    def known_metadata(self, name: str, version: str, source: str | None = None) -> Metadata | None:
        """Give what the cache knows of a release, by canonical name; nothing when somebody has to be asked."""
        key = (name, version, source)
        known = self._known_metadata.get(key)
        if known is None and key not in self._metadata_wishes and (offers := self.known_versions(name, source)):
            offer = offers.offer_of(version)
            known = self._metadata.kept(offer, name, version) if offer is not None else None
            if known is not None:
                self._known_metadata[key] = known
        return known

    def want_metadata(self, name: str, version: str, source: str | None = None) -> Future[Metadata | NeedBuild]:
        """Begin to read the metadata of a version; the future's callbacks run in the thread that read it."""
        return self._wish_metadata(canonical_name(name), version, source, urgent=False).future

    def learn(self, need: NeedBuild, metadata: Metadata) -> None:
        """Take what a build told; from here on it is the answer."""
        self._metadata.learn(need, metadata)
        wish: Wish[Metadata | NeedBuild] = Wish(lambda: metadata)
        wish.give(metadata)
        with self._lock:
            for key in list(self._metadata_wishes):
                if key[:2] == (need.name, need.version):
                    self._metadata_wishes[key] = wish

    def _wish_metadata(
        self, name: str, version: str, source: str | None, *, urgent: bool
    ) -> Wish[Metadata | NeedBuild]:
        key = (name, version, source)
        with self._lock:
            wish = self._metadata_wishes.get(key)
            is_new = wish is None
            if wish is None:
                wish = self._metadata_wishes[key] = Wish(lambda: self._read_metadata(name, version, source))
        if is_new:
            versions = self._wish_versions(name, source, urgent=urgent)
            if versions.future.done() and (kept := self._kept_metadata(versions.future, name, version)):
                wish.give(kept)
                return wish
            if self._follower is not None:
                wish.future.add_done_callback(partial(self._follower.metadata_came, name))
            # Queued behind the page, so that no thread waits for another.
            versions.future.add_done_callback(lambda _page: self._crew.ask(wish, urgent=urgent))
        elif urgent and not wish.future.done():
            self._wish_versions(name, source, urgent=True).future.add_done_callback(
                lambda _page: self._crew.ask(wish, urgent=True)
            )
        return wish

    def _kept_metadata(self, page: Future[Offers], name: str, version: str) -> Metadata | None:
        if page.cancelled() or page.exception() is not None:
            return None
        offer = page.result().offer_of(version)
        return self._metadata.kept(offer, name, version) if offer is not None else None

    def _read_metadata(self, name: str, version: str, source: str | None) -> Metadata | NeedBuild:
        offers = self._wish_versions(name, source, urgent=True).future.result()
        offer = offers.offer_of(version)
        if offer is None or version not in offer.summary.versions:
            raise PackageNotFound(f"{name} {version}", [one.place.shown for one in offers.offers], ())
        with self._progress.of(f"{name} {version}"):
            try:
                return self._metadata.read(offer, name, version)
            except NotCached as failure:
                for told in self._hearsay(name):
                    if told.is_of(offer.place) and version in told.metadata:
                        self.believed[name] = failure
                        return told.metadata[version]
                raise

    # Its life.

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self, patience: float = _PATIENCE) -> None:
        """Stop the threads, and write what the cache still holds back; client and cache stay open.

        What is being read is waited for, so many seconds, because the cache will have it then.
        """
        self._crew.close(patience)
        self._cache.flush()
        self._progress.end()


def _are_among(filenames: tuple[str, ...], files: tuple[File, ...]) -> bool:
    return any(file.filename in filenames for file in files)
