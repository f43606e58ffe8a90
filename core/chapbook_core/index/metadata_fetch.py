"""The metadata of one release by the cheapest way its index allows."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from chapbook_core.events import Notice
from chapbook_core.index.blob import StaleBlob
from chapbook_core.index.cache import source_key
from chapbook_core.index.failure import NoSuchFile, NotCached, TooLarge, WrongHash
from chapbook_core.index.metadata import Metadata, UnreadableMetadata, parse_metadata
from chapbook_core.index.mode import Mode
from chapbook_core.index.page_fetch import file_mark
from chapbook_core.index.sources import local_path
from chapbook_core.pattern import late_pattern
from chapbook_core.value import frozen

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from chapbook_core.events import Watcher
    from chapbook_core.index.cache import Cache
    from chapbook_core.index.client import Client
    from chapbook_core.index.file import File
    from chapbook_core.index.offer import Offer
    from chapbook_core.index.page_fetch import PageFetch
    from chapbook_core.index.sources import Place
    from chapbook_core.index.transport import Answer

_OK, _PARTIAL = 200, 206
_LARGEST_METADATA = 32_000_000
_LARGEST_FILE = 8_000_000_000
_ENOUGH_MISSES = 8
"""After so many `.metadata` files that were not there, and none that was, an index is not asked for any more."""
_BUILD = b"build"
"""Kept in place of metadata that only a build tells."""
_CONTENT_RANGE = late_pattern(r"bytes (\d+)-(\d+)/(\d+)")
_PREFERRED_HASHES = ("sha256", "sha512", "sha384", "blake2b")
_PYTHON_2 = late_pattern(r"-(?:py|cp|pp)2\d*(?:\.(?:py|cp|pp)2\d*)*-[^-]+-[^-]+\.whl")
"""The end of the name of a wheel that is for Python 2 alone."""


@frozen
class NeedBuild:
    """Only a build of this source archive tells the metadata."""

    name: str
    version: str
    file: File
    place: Place


class MetadataFetch:
    """Fetches metadata; used from many threads at once."""

    def __init__(
        self, client: Callable[[], Client], cache: Cache, watcher: Watcher, mode: Mode, pages: PageFetch
    ) -> None:
        self._client = client
        self._cache = cache
        self._watcher = watcher
        self._mode = mode
        self._pages = pages
        self._tally: Counter[tuple[str, bool]] = Counter()
        self._lock = threading.Lock()

    def kept(self, offer: Offer, name: str, version: str) -> Metadata | None:
        """Look into the memory and the cache alone."""
        if (known := offer.remembered.metadata.get(version)) is not None:
            return known
        blob = self._cache.metadata(source_key(offer.place.url), name, version)
        if not blob:
            return None
        try:
            known = offer.remembered.metadata[version] = Metadata.from_blob(blob)
        except StaleBlob:
            return None
        return known

    def read(self, offer: Offer, name: str, version: str) -> Metadata | NeedBuild:
        """Give the metadata of a release, or the archive that must be built for it."""
        source = source_key(offer.place.url)
        kept = self._cache.metadata(source, name, version)
        if kept:
            with suppress(StaleBlob):
                return Metadata.from_blob(kept)
        files = in_order_of_cost(offer.files(version))
        if not files:
            raise UnreadableMetadata(f"{name} {version}", "the release has no file that can be read")
        if kept == _BUILD:
            return NeedBuild(name, version, files[0], offer.place)
        if self._mode is Mode.OFFLINE and offer.place.folder is None:
            raise NotCached(offer.place.page_url(name), f"the metadata of {name} {version}")
        missing: list[NoSuchFile] = []
        for file in files:
            try:
                found = self._of_file(source, name, version, file)
            except NoSuchFile as failure:
                # The page lists a file that the index has lost: the release's other files tell the same.
                missing.append(failure)
                continue
            if found is None:
                continue
            self._cache.keep_metadata(source, name, version, _mark(file), found.blob())
            return found
        if missing:
            raise missing[0]
        self._cache.keep_metadata(source, name, version, _mark(files[0]), _BUILD)
        return NeedBuild(name, version, files[0], offer.place)

    def learn(self, need: NeedBuild, metadata: Metadata) -> None:
        """Keep what a build told."""
        source = source_key(need.place.url)
        self._cache.keep_metadata(source, need.name, need.version, _mark(need.file), metadata.blob())

    def _of_file(self, source: str, name: str, version: str, file: File) -> Metadata | None:
        found = self._beside(source, name, version, file)
        if found is None and file.is_wheel:
            # The document's requirements are those of one file of the release, as good as any other's.
            found = self._pages.described.get((source, name, version)) or self._inside_wheel(name, version, file)
        elif not file.is_wheel and (found is None or not found.is_static):
            found = self._inside_archive(name, version, file)
        if found is None:
            return None
        found.check_identity(name, version)
        return found

    def _beside(self, source: str, name: str, version: str, file: File) -> Metadata | None:
        """Take the `.metadata` file (PEP 658): when the page promises one, or says nothing and it may be there."""
        if file.metadata is False or not file.url.startswith(("http:", "https:")):
            return None
        if file.metadata is None and (not file.is_wheel or not self._is_worth_a_try(source)):
            return None
        answer = self._client().get(file.metadata_url, size=_LARGEST_METADATA)
        if answer.status != _OK:
            with self._lock:
                self._tally[source, False] += 1
            if file.metadata:
                text = f"{file.filename}: the index promises its metadata and does not have it"
                self._watcher.emit(Notice("debug", text))
            return None
        _check_hash(file.metadata_url, answer.body, file.metadata_hashes)
        if file.metadata is None and answer.body[:1] in b"<{":
            # A server that answers everything with a page of its own.
            return None
        with self._lock:
            self._tally[source, True] += 1
        return parse_metadata(answer.body, f"{name} {version}")

    def _is_worth_a_try(self, source: str) -> bool:
        return bool(self._tally[source, True]) or self._tally[source, False] < _ENOUGH_MISSES

    def _inside_wheel(self, name: str, version: str, file: File) -> Metadata:
        if (path := _local(file)) is not None:
            # Imported here because with all in the cache no wheel is opened.
            from chapbook_core.index.wheel_tail import metadata_of_wheel

            body = metadata_of_wheel(path, name, version)
        else:
            body = self._tail(name, version, file)
        return parse_metadata(body, f"{name} {version}")

    def _tail(self, name: str, version: str, file: File) -> bytes:
        """Read METADATA through byte ranges; through the whole file from a server that knows no ranges."""
        from chapbook_core.index.wheel_tail import TAIL, UnreadableWheel, read_wheel_metadata  # as above

        first = self._range(file, f"bytes=-{TAIL}" if file.size is None else _last(file.size))
        if first is None:
            return self._through_whole_file(name, version, file)
        answer, size = first
        steps = read_wheel_metadata(answer.body, size, name, version)
        try:
            wanted = next(steps)
            while True:
                part = self._range(file, f"bytes={wanted.start}-{wanted.stop - 1}")
                if part is None:
                    return self._through_whole_file(name, version, file)
                wanted = steps.send(part[0].body)
        except StopIteration as end:
            body: bytes = end.value
            return body
        except UnreadableWheel as problem:
            self._watcher.emit(Notice("debug", f"{file.filename}: {problem.message}; reading all of it"))
            return self._through_whole_file(name, version, file)

    def _range(self, file: File, asked: str) -> tuple[Answer, int] | None:
        """Ask for a range; a small file may come as a whole instead; nothing when neither is to be had."""
        headers = {"Range": asked, "Accept-Encoding": "identity"}
        try:
            answer = self._client().get(file.url, headers=headers, size=_LARGEST_METADATA)
        except TooLarge:
            return None
        if answer.status == _OK and asked.startswith(("bytes=-", "bytes=0-", _last(file.size or 0))):
            _check_hash(file.url, answer.body, file.hashes)
            return answer, len(answer.body)
        told = _CONTENT_RANGE.fullmatch(answer.headers.get("content-range", ""))
        if answer.status != _PARTIAL or told is None or not _fits(asked, told, len(answer.body)):
            return None
        return answer, int(told[3])

    def _through_whole_file(self, name: str, version: str, file: File) -> bytes:
        from chapbook_core.index.wheel_tail import metadata_of_wheel  # as above

        with _temporary_folder() as folder:
            return metadata_of_wheel(self._downloaded(file, folder), name, version)

    def _inside_archive(self, name: str, version: str, file: File) -> Metadata | None:
        # Imported here because the readers of archives cost 10 ms, and most releases have a wheel.
        from chapbook_core.index.sdist import read_source_files
        from chapbook_core.index.source_metadata import is_final, told_metadata

        if (path := _local(file)) is not None:
            files = read_source_files(path, file.filename, is_final)
        else:
            with _temporary_folder() as folder:
                files = read_source_files(self._downloaded(file, folder), file.filename, is_final)
        return told_metadata(files, name, version)

    def _downloaded(self, file: File, folder: Path) -> Path:
        path = folder / "archive"
        hashes = dict(file.hashes)
        chosen = next(({name: hashes[name]} for name in _PREFERRED_HASHES if name in hashes), hashes)
        with path.open("wb") as stream:
            # An index may err about a size; the hash decides.
            most = max(2 * file.size, _LARGEST_METADATA) if file.size else _LARGEST_FILE
            self._client().download(file.url, stream, hashes=chosen, size=most)
        return path


def in_order_of_cost(files: Iterable[File]) -> tuple[File, ...]:
    """Order a release's files by how cheaply they tell the metadata; yanked ones last, and never by luck.

    Metadata beside a file costs the same whatever the file's size. Then the name decides, as in Poetry: the wheels of a
    release do not always say the same. Those for Python 2 alone tell least about the Pythons of today.
    """
    return tuple(
        sorted(
            files,
            key=lambda file: (
                file.yanked,
                not file.is_wheel,
                _PYTHON_2.search(file.filename) is not None,
                not file.metadata,
                not file.filename.endswith("-none-any.whl"),
                0 if file.metadata else file.size or 0,
                file.filename,
            ),
        )
    )


def _mark(file: File) -> str:
    return file_mark(file.filename, file.digest())


def _check_hash(url: str, body: bytes, hashes: Iterable[tuple[str, str]]) -> None:
    told = dict(hashes)
    for algorithm in _PREFERRED_HASHES:
        if algorithm in told:
            actual = hashlib.new(algorithm, body).hexdigest()
            if actual != told[algorithm]:
                raise WrongHash(url, algorithm, told[algorithm], actual)
            return


def _last(size: int) -> str:
    from chapbook_core.index.wheel_tail import TAIL  # as above

    return f"bytes={max(0, size - TAIL)}-{size - 1}"


def _fits(asked: str, told: re.Match[str], length: int) -> bool:
    """Whether a `Content-Range` says what was asked for, and the body is as long as it says."""
    first, last, size = (int(number) for number in told.groups())
    start, _, stop = asked.removeprefix("bytes=").partition("-")
    if last - first + 1 != length:
        return False
    return first == int(start) and last == int(stop) if start else last == size - 1


@contextmanager
def _temporary_folder() -> Iterator[Path]:
    # Imported here because hardly a file is read as a whole.
    from pathlib import Path
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="chapbook-") as folder:
        yield Path(folder)


def _local(file: File) -> Path | None:
    return local_path(file.url) if file.url.startswith("file:") else None
