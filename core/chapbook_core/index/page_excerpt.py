"""Excerpt: what a page says of a few of its files, cut out of it.

Whoever installs a lock wants one file of a page that lists thousands. The excerpt is a page of the same dialect, a
thousandth of the size, for the same readers; what they say of it they would say of the whole.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from chapbook_core.pattern import late_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable

_MOST_OPENED = 16
"""How many objects may be open, or have been closed, between the start of an entry and the name of its file."""
_LONGEST_ENTRY = 8192
_DECODER = json.JSONDecoder()
_VERSION = late_pattern(rb'"api-version"\s*:\s*"([0-9.]{1,20})"')
_LINK = late_pattern(rb"<a[\s/]", re.IGNORECASE)


def excerpt(body: bytes, filenames: Iterable[str]) -> bytes | None:
    """Return a page with those files of a page, and only those; None when it cannot be made."""
    if body.lstrip()[:1] == b"{":
        return _json_excerpt(body, filenames)
    return _html_excerpt(body, filenames)


def _json_excerpt(body: bytes, filenames: Iterable[str]) -> bytes | None:
    entries = [entry for filename in filenames if (entry := _json_entry(body, filename)) is not None]
    version = _VERSION.search(body)
    if not entries or version is None:
        return None
    return json.dumps({"meta": {"api-version": version[1].decode()}, "files": entries}).encode()


def _json_entry(body: bytes, filename: str) -> dict[str, object] | None:
    """Return the object that says `"filename": "..."` of this file."""
    place = -1
    while (place := body.find(json.dumps(filename).encode(), place + 1)) >= 0:
        start = place
        for _ in range(_MOST_OPENED):
            start = body.rfind(b"{", 0, start)
            if start < 0:
                break
            entry = _object_at(body, start)
            if entry is not None and entry.get("filename") == filename:
                return entry
    return None


def _object_at(body: bytes, start: int) -> dict[str, object] | None:
    """Return the object that begins at a place, if it is not too long to be one entry."""
    text = body[start : start + _LONGEST_ENTRY].decode("utf-8", "replace")
    try:
        found, _ = _DECODER.raw_decode(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _html_excerpt(body: bytes, filenames: Iterable[str]) -> bytes | None:
    first = _LINK.search(body)
    if first is None:
        return None
    links = [link for filename in filenames for link in _html_links(body, filename.encode())]
    return body[: first.start()] + b"\n".join(links) if links else None


def _html_links(body: bytes, filename: bytes) -> list[bytes]:
    """Return the start tags of the links to a file."""
    links = []
    place = -1
    while (place := body.find(b"/" + filename, place + 1)) >= 0:
        start, end = body.rfind(b"<", 0, place), body.find(b">", place)
        if start >= 0 and end >= 0 and _LINK.match(body, start):
            links.append(body[start : end + 1] + b"</a>")
    return links
