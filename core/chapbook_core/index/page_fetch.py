"""One package's page from one source: out of the cache, asked about when stale, fetched when unknown."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from chapbook_core.events import Notice
from chapbook_core.index.blob import StaleBlob
from chapbook_core.index.cache import KeptPage, source_key
from chapbook_core.index.candidate import Page
from chapbook_core.index.failure import IndexFailure, NotAnIndex, NotCached
from chapbook_core.index.file_table import FileTable, files_in
from chapbook_core.index.http_cache import renewed, validity_of
from chapbook_core.index.memory import Remembered
from chapbook_core.index.mode import Mode
from chapbook_core.index.offer import Offer
from chapbook_core.index.page_summary import PageSummary
from chapbook_core.index.reach import Reach
from chapbook_core.index.sources import Shape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from chapbook_core.events import Watcher
    from chapbook_core.index.cache import Cache
    from chapbook_core.index.client import Client
    from chapbook_core.index.file import File
    from chapbook_core.index.find_links import Listing
    from chapbook_core.index.http_cache import Validity
    from chapbook_core.index.memory import Memory
    from chapbook_core.index.metadata import Metadata
    from chapbook_core.index.sources import Place
    from chapbook_core.index.transport import Answer

_NOT_MODIFIED = 304
_ABSENT = frozenset({404, 410})
_UNCHANGED = Page(PageSummary(""), FileTable("", {}))
"""Stands for a page of which the server says that the kept one is still good."""
_DIALECT = "dialect"
_PAGES = "pages"
_DOCUMENTS = "documents"
"""An index whose HTML pages tell nothing of Requires-Python, and whose project documents beside them do."""


class PageFetch:
    """Fetches pages; used from many threads at once, but for one package of one source by one at a time."""

    def __init__(
        self,
        client: Callable[[], Client],
        cache: Cache,
        watcher: Watcher,
        mode: Mode,
        *,
        memory: Memory,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._memory = memory
        self._cache = cache
        self._watcher = watcher
        self._mode = mode
        self._now = now
        self._dialects: dict[str, _Dialect] = {}
        self._listings: dict[Path, Listing] = {}
        self._links: dict[str, tuple[Listing, Validity]] = {}
        self._lock = threading.Lock()
        self._stamp = cache.stamp()
        """Taken before anything is read: what is read may be newer than it says, and never older."""
        self._unknown: set[tuple[str, str]] = set()
        """What the cache was found not to know, so that it is not looked up twice."""
        self._not_kept: set[tuple[str, str]] = set()
        """Pages of which their server says that nobody may keep them."""
        self._reach = Reach(client)
        self.described: dict[tuple[str, str, str], Metadata] = {}
        """By source, name and version: metadata that came along with a project document."""

    def look_up(self, pages: Iterable[tuple[Place, str]]) -> None:
        """Take note of what the cache knows nothing of, which takes one look for all instead of one for each."""
        asked: dict[str, list[str]] = {}
        for place, name in pages:
            if place.folder is None:
                asked.setdefault(place.url, []).append(name)
        for url, names in asked.items():
            known = self._cache.known(source_key(url), names)
            self._unknown.update((url, name) for name in names if name not in known)

    def kept(self, place: Place, name: str) -> tuple[bool, Offer | None]:
        """Look into the cache alone: whether it has a good answer, and the answer."""
        if place.folder is not None or (place.url, name) in self._unknown:
            return False, None
        source = source_key(place.url)
        if (remembered := self._memory.recall(source, name)) is not None:
            validity = remembered.validity_at(self._stamp)
            if validity is None and (validity := self._cache.validity(source, name)) is not None:
                remembered.note(self._stamp, validity)
            if validity is not None and self._is_good(validity) and remembered.is_of(validity):
                return True, Offer(place, remembered, partial(self._kept_files, place, name))
        found = self._cache.page(source, name)
        if found is None:
            self._unknown.add((place.url, name))
        if found is None or not self._is_good(found.validity):
            return False, None
        try:
            return True, self._offer_of_kept(place, name, found)
        except StaleBlob:
            return False, None

    def read(self, place: Place, name: str) -> Offer | None:
        """Give the offer of a place; nothing when it does not have the package."""
        if (folder := place.folder) is not None:
            with self._lock:
                # Imported here because few sources are folders.
                from chapbook_core.index.folder import folder_page

                page = folder_page(folder, name, self._listings)
            return _offer(place, page) if page is not None else None
        source = source_key(place.url)
        found = self._cache.page(source, name) if (place.url, name) not in self._unknown else None
        if found is not None:
            try:
                offer = self._offer_of_kept(place, name, found)
            except StaleBlob:
                found = None
            else:
                if self._is_good(found.validity):
                    return offer
                return self._asked_about(place, name, found, offer)
        if self._mode is Mode.OFFLINE:
            raise NotCached(place.page_url(name), f"the page of {name}")
        return self._fetched(place, name, None)

    def release(self, place: Place, name: str, version: str, filenames: tuple[str, ...]) -> tuple[File, ...]:
        """Give at least those files of a release that the place has.

        A page that has to be asked for is not read for that: nothing of it is kept but what was asked.
        """
        key = place.url, name
        is_good, offer = self.kept(place, name) if key not in self._unknown else (False, None)
        if key in self._unknown and self._mode is not Mode.OFFLINE and place.shape is not Shape.LINKS:
            return self._excerpted(place, name, version, filenames)
        offer = offer if is_good else self.read(place, name)
        return offer.files(version) if offer is not None else ()

    def _excerpted(self, place: Place, name: str, version: str, filenames: tuple[str, ...]) -> tuple[File, ...]:
        # As in `_requested_page`.
        from chapbook_core.index.page import ACCEPT, parse_page
        from chapbook_core.index.page_excerpt import excerpt

        def brief(body: bytes | bytearray, size: int) -> bytes | None:
            return excerpt(body, filenames, size)

        answer = self._reach.ask(place, place.page_url(name), {"Accept": ACCEPT}, brief)
        if answer.status in _ABSENT:
            return ()
        content_type = answer.headers.get("content-type", "")
        return parse_page(answer.body, content_type, answer.base_url, name).files.of(version)

    def _asked_about(self, place: Place, name: str, found: KeptPage, offer: Offer | None) -> Offer | None:
        """Ask about a stale page; when nobody can answer, the stale one is better than nothing.

        Not for whoever has asked for what is new: that would be told of what is old as if it were.
        """
        if self._mode is not Mode.REFRESH and self._reach.is_lost(place):
            return offer
        try:
            return self._fetched(place, name, found)
        except IndexFailure as failure:
            if not failure.passing or self._mode is Mode.REFRESH:
                raise
            self._tell_of_stale(place, name, found, failure)
            return offer

    def _tell_of_stale(self, place: Place, name: str, found: KeptPage, failure: IndexFailure) -> None:
        minutes = max(0.0, self._now() - found.validity.fetched) / 60
        using = f"using the page of {name} kept {minutes:.0f} minutes ago"
        if not self._reach.lose(place, failure):
            return
        if self._reach.is_lost(place):
            using = f"{using}, and whatever else is kept of this index"
        self._watcher.emit(Notice("warning", f"{failure.message}; {using}", failure.hints))

    def _is_good(self, validity: Validity) -> bool:
        match self._mode:
            case Mode.OFFLINE:
                return True
            case Mode.REFRESH:
                return False
            case Mode.ONLINE:
                return validity.is_fresh(self._now())

    def _offer_of_kept(self, place: Place, name: str, found: KeptPage) -> Offer | None:
        """Give the offer of a kept value; nothing for a kept 404; `StaleBlob` for a damaged one."""
        if not found.value:
            return None

        page = Remembered(PageSummary.from_blob(found.value), found.validity)
        page.note(self._stamp, found.validity)
        self._memory.keep(source_key(place.url), name, page)
        return Offer(place, page, partial(self._kept_files, place, name))

    def _kept_files(self, place: Place, name: str, version: str) -> tuple[File, ...]:
        with suppress(StaleBlob):
            known = self._cache.files(source_key(place.url), name, lambda stream: files_in(stream, version))
            if known is not None:
                return known
        # The summary was kept and the files were lost: they are fetched again, whatever the summary's age.
        if self._mode is Mode.OFFLINE:
            raise NotCached(place.page_url(name), f"the list of files of {name}")
        page = self._requested(place, name, None)
        return page.files.of(version) if page is not None else ()

    def _fetched(self, place: Place, name: str, found: KeptPage | None) -> Offer | None:
        page = self._requested(place, name, found)
        if page is _UNCHANGED:
            assert found is not None  # noqa: S101  only a conditional request is answered so
            return self._offer_of_kept(place, name, found)
        return Offer(place, Remembered(page.summary), self._reading(place, name, page)) if page is not None else None

    def _reading(self, place: Place, name: str, page: Page) -> Callable[[str], tuple[File, ...]]:
        """Give what reads the files of a page that just came.

        Only those of a page that may not be kept stay in memory: what a large lock never looks at of all the others
        is more than everything else that it holds.
        """
        if (place.url, name) in self._not_kept:
            return page.files.of
        return partial(self._kept_files, place, name)

    def _requested(self, place: Place, name: str, found: KeptPage | None) -> Page | None:
        """Ask the place; `_UNCHANGED` when what was found is still good, nothing when the package is not there."""
        if place.shape is Shape.LINKS:
            return self._requested_links(place, name)
        dialect = self._dialect(source_key(place.url))
        if not dialect.is_settled:
            # While nobody knows how the index speaks, one asks and the others wait, so that all ask the right question.
            with dialect.gate:
                if not dialect.is_settled:
                    try:
                        return self._requested_page(place, name, found, dialect)
                    finally:
                        dialect.is_settled = True
        return self._requested_page(place, name, found, dialect)

    def _requested_page(self, place: Place, name: str, found: KeptPage | None, dialect: _Dialect) -> Page | None:
        if dialect.value == _DOCUMENTS:
            answer = self._ask(place, document_url(place, name), found, {"Accept": "application/json"})
            if answer.status not in _ABSENT:
                return self._taken(place, name, found, answer, self._document)
            found = None
        # What reads pages is imported when there is one to read: with all in the cache a run needs none of it.
        from chapbook_core.index.page import ACCEPT

        answer = self._ask(place, place.page_url(name), found, {"Accept": ACCEPT})
        page = self._taken(place, name, found, answer, self._page)
        if not dialect.value and page is not None and page is not _UNCHANGED:
            return self._learnt(place, name, page, answer, dialect)
        return page

    def _learnt(self, place: Place, name: str, page: Page, answer: Answer, dialect: _Dialect) -> Page:
        """Find out how the index speaks, from the first page it gives; a bare one is exchanged for the document."""
        source = source_key(place.url)
        summary = page.summary
        if not summary.versions:
            return page
        url = document_url(place, name)
        is_bare = "json" not in answer.headers.get("content-type", "") and not any(summary.requires_python)
        if is_bare and url:
            try:
                document = self._ask(place, url, None, {"Accept": "application/json"})
                better = None if document.status in _ABSENT else self._document(document, place, name)
            except IndexFailure:
                better = None
            if better is not None and set(better.summary.keys) >= set(summary.keys):
                dialect.value = _DOCUMENTS
                self._cache.keep_fact(source, _DIALECT, _DOCUMENTS)
                self._keep(place, name, better, validity_of(document.headers, self._now()), changed=False)
                return better
        dialect.value = _PAGES
        self._cache.keep_fact(source, _DIALECT, _PAGES)
        return page

    def _dialect(self, source: str) -> _Dialect:
        with self._lock:
            if source not in self._dialects:
                self._dialects[source] = _Dialect(self._cache.fact(source, _DIALECT))
            return self._dialects[source]

    def _ask(self, place: Place, url: str, found: KeptPage | None, headers: dict[str, str]) -> Answer:
        conditions = found.validity.conditions() if found is not None and found.value else {}
        return self._reach.ask(place, url, {**headers, **conditions})

    def _taken(
        self,
        place: Place,
        name: str,
        found: KeptPage | None,
        answer: Answer,
        read: Callable[[Answer, Place, str], Page],
    ) -> Page | None:
        """Read an answer and keep what it says."""
        source = source_key(place.url)
        if answer.status == _NOT_MODIFIED and found is not None:
            self._cache.renew_page(source, name, renewed(found.validity, answer.headers, self._now()))
            return _UNCHANGED
        validity = validity_of(answer.headers, self._now())
        if answer.status in _ABSENT:
            if validity.keep:
                self._cache.keep_page(source, name, KeptPage(b"", validity), b"")
            return None
        page = read(answer, place, name)
        self._keep(place, name, page, validity, changed=found is not None)
        return page

    def _keep(self, place: Place, name: str, page: Page, validity: Validity, *, changed: bool) -> None:
        source = source_key(place.url)
        if validity.keep:
            self._cache.keep_page(source, name, KeptPage(page.summary_blob(), validity), page.files_blob())
            self._unknown.discard((place.url, name))
        else:
            self._not_kept.add((place.url, name))
        if changed:
            for version, mark in self._cache.metadata_files(source, name):
                if mark not in {file_mark(file.filename, file.digest()) for file in page.files.of(version)}:
                    self._cache.forget_metadata(source, name, version)

    def _page(self, answer: Answer, _place: Place, name: str) -> Page:
        from chapbook_core.index.page import parse_page  # as above

        page = parse_page(answer.body, answer.headers.get("content-type", ""), answer.base_url, name)
        for skipped in page.skipped:
            self._watcher.emit(Notice("debug", f"{name}: {skipped.filename} is left out: {skipped.reason}"))
        return page

    def _document(self, answer: Answer, place: Place, name: str) -> Page:
        from chapbook_core.index.project_json import parse_project_document  # as above

        document = parse_project_document(answer.body, answer.base_url, name)
        if document.tells_requirements:
            self.described[source_key(place.url), name, document.described.version] = document.described
        return document.page

    def _requested_links(self, place: Place, name: str) -> Page | None:
        with self._lock:
            if place.url not in self._links:
                answer = self._reach.ask(place, place.url, {"Accept": "text/html"})
                if answer.status in _ABSENT:
                    raise NotAnIndex(place.url, f"there is no such page (HTTP {answer.status})")
                validity = validity_of(answer.headers, self._now())
                from chapbook_core.index.find_links import list_page  # as above

                self._links[place.url] = list_page(answer.body, answer.base_url), validity
            listing, validity = self._links[place.url]
        if name not in listing.names():
            self._cache.keep_page(source_key(place.url), name, KeptPage(b"", validity), b"")
            return None
        page = listing.page(name)
        self._keep(place, name, page, validity, changed=True)
        return page


class _Dialect:
    """How an index speaks, as far as anybody has found out."""

    def __init__(self, value: str) -> None:
        self.value = value
        self.is_settled = bool(value)
        self.gate = threading.Lock()


def _offer(place: Place, page: Page) -> Offer:
    return Offer(place, Remembered(page.summary), page.files.of)


def document_url(place: Place, name: str) -> str:
    """Give the address of a package's document beside the simple pages; empty where there can be none."""
    root, simple, rest = place.url.rstrip("/").rpartition("/simple")
    if not simple or rest or urlsplit(place.url).query:
        return ""
    return f"{root}/pypi/{name}/json"


def file_mark(filename: str, sha256: str | None) -> str:
    """Mark the very file that metadata was read from."""
    return f"{filename}|{sha256 or ''}"
