"""Faults of what a page lists: hashes, addresses and files that are not what they should be."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from tests.fakes.index.faults import Fault
from tests.fakes.index.listing import Entry

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fakes.index.listing import Listing

_WRONG = hashlib.sha256(b"another file").hexdigest()
_UPWARDS = "%252e%252e%252f" * 6


def wrong_hash() -> Fault:
    """Give every file the hash of another."""
    return _each("wrong hash", lambda entry: replace(entry, hashes={"sha256": _WRONG}))


def no_hash() -> Fault:
    """Give no file a hash."""
    return _each("no hash", lambda entry: replace(entry, hashes={}))


def weak_hash() -> Fault:
    """Give every file a hash of a kind that proves nothing."""
    return _each("weak hash", lambda entry: replace(entry, hashes={"md5": _WRONG[:32]}))


def wrong_size() -> Fault:
    """Say that every file is one byte longer than it is."""
    return _each("wrong size", lambda entry: replace(entry, size=(entry.size or 0) + 1))


def wrong_metadata_hash() -> Fault:
    """Give every `.metadata` file the hash of another."""
    return _each("wrong metadata hash", lambda entry: replace(entry, metadata=_WRONG if entry.metadata else False))


def metadata_without_hash() -> Fault:
    """Announce `.metadata` files without saying what is in them."""
    return _each("metadata without hash", lambda entry: replace(entry, metadata=bool(entry.metadata)))


def link_to(address: str) -> Fault:
    """Let every link lead under another address, such as `file:///etc/` or another host."""
    return _each(f"links to {address}", lambda entry: replace(entry, url=address + entry.filename))


def double_encoded_href() -> Fault:
    """Hide `../` in every address from clients that decode it once, and serve the file there."""

    def change(entry: Entry) -> Entry:
        folder, _, filename = entry.url.rpartition("/")
        return replace(entry, url=f"{folder}/{_UPWARDS}{filename}")

    return _each("double-encoded ..", change)


def escaping_filename() -> Fault:
    """Call every file `../` something."""
    return _each("escaping file name", lambda entry: replace(entry, filename=f"../../{entry.filename}"))


def wrong_python(text: str = "not a version range") -> Fault:
    """Give every file a Requires-Python that cannot be read."""
    return _each("wrong requires-python", lambda entry: replace(entry, python=text))


def entries(*others: Entry) -> Fault:
    """Add links: files of other projects, names that no standard knows."""
    return Fault("other entries", None, lambda listing: replace(listing, entries=(*listing.entries, *others)))


def foreign_name(name: str) -> Fault:
    """Call the page another project's."""
    return Fault("foreign name", None, lambda listing: replace(listing, name=name))


def many_links(number: int = 100_000) -> Fault:
    """List very many files, each a version of its own; the project's real files stay the last."""

    def change(listing: Listing) -> Listing:
        return replace(listing, entries=(*_filling(listing.name, number), *listing.entries))

    return Fault("many links", None, change)


@lru_cache(maxsize=4)
def _filling(name: str, number: int) -> tuple[Entry, ...]:
    return tuple(
        Entry(
            filename=f"{name.replace('-', '_')}-0.0.{place}-py3-none-any.whl",
            url=f"../../files/0/{name}/{place}.whl",
            hashes={"sha256": _WRONG},
        )
        for place in range(number)
    )


def _each(name: str, change: Callable[[Entry], Entry]) -> Fault:
    return Fault(name, None, lambda listing: replace(listing, entries=tuple(map(change, listing.entries))))
