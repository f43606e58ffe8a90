"""Source archives: downloaded once, kept by their digest, checked each time before anything reads them."""

from __future__ import annotations

import hashlib
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

from chapbook_core.index.failure import NotCached, WrongHash
from chapbook_core.index.mode import Mode
from chapbook_core.requirements.url import masked_url

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chapbook_core.index.client import Client

_LARGEST = 2_000_000_000
_KEPT = 30 * 24 * 3600.0
_SHA256 = "sha256"


class SourceArchives:
    """The archives in one folder; used from many threads and processes at once."""

    def __init__(self, folder: Path, client: Callable[[], Client], mode: Mode) -> None:
        self._folder = folder
        self._client = client
        self._mode = mode

    def path(self, url: str, filename: str, hashes: Mapping[str, str], digest_known: str = "") -> tuple[Path, str]:
        """Return the file with its SHA-256; raises WrongHash, NotCached and what downloading fails with.

        `digest_known` is the digest under which an earlier command may have kept it, if nobody tells one.
        """
        expected = (hashes.get(_SHA256) or digest_known).lower()
        if expected and self._is_whole(self._place(expected), expected):
            return self._place(expected), expected
        is_local = urlsplit(url).scheme == "file"
        if self._mode is Mode.OFFLINE and not is_local:
            raise NotCached(masked_url(url), f"the source `{filename}`")
        self._folder.mkdir(parents=True, exist_ok=True)
        draft = self._folder / f"{os.urandom(8).hex()}.part"
        try:
            with draft.open("xb") as stream:
                if is_local:
                    with Path(url2pathname(urlsplit(url).path)).open("rb") as source:
                        while piece := source.read(1 << 20):
                            stream.write(piece)
                else:
                    self._client().download(url, stream, hashes=dict(hashes), size=_LARGEST)
            digest = _checked(draft, url, hashes)
            place = self._place(digest)
            place.parent.mkdir(parents=True, exist_ok=True)
            draft.replace(place)
        finally:
            draft.unlink(missing_ok=True)
        self._sweep()
        return place, digest

    def _place(self, digest: str) -> Path:
        return self._folder / digest[:2] / digest

    def _is_whole(self, path: Path, digest: str) -> bool:
        try:
            with path.open("rb") as stream:
                if hashlib.file_digest(stream, _SHA256).hexdigest() == digest:
                    path.touch()
                    return True
        except OSError:
            return False
        return False

    def _sweep(self) -> None:
        """Forget what nobody has built for a month."""
        limit = time.time() - _KEPT
        with suppress(OSError):
            for path in self._folder.glob("??/*"):
                if path.stat().st_mtime < limit:
                    path.unlink()


def _checked(draft: Path, url: str, hashes: Mapping[str, str]) -> str:
    with draft.open("rb") as stream:
        digest = hashlib.file_digest(stream, _SHA256).hexdigest()
        for algorithm, expected in hashes.items():
            if algorithm not in hashlib.algorithms_available:
                continue
            stream.seek(0)
            actual = digest if algorithm == _SHA256 else hashlib.file_digest(stream, algorithm).hexdigest()
            if actual != expected.lower():
                raise WrongHash(masked_url(url), algorithm, expected, actual)
    return digest
