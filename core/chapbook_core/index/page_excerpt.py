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
    from collections.abc import Iterable, Iterator

_MOST_OPENED = 16
"""How many objects may be open, or have been closed, between the start of an entry and the name of its file."""
_LONGEST_ENTRY = 8192
_DECODER = json.JSONDecoder()
_VERSION_MARK = b'"api-version"'
_BEGINNING = 4096
_VERSION = late_pattern(rb'"api-version"\s*:\s*"([0-9.]{1,20})"')
# What `page_html` tells apart, with an end for each: what looks like a link may stand in a comment or in an attribute.
_ATTRIBUTES = rb"""(?:[^>=]+|=\s*+(?:"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z))?)*+>"""
_PARTS = late_pattern(
    rb"<(?:(a)(?=[\s/])" + _ATTRIBUTES + rb"|(base|meta)(?=[\s/])" + _ATTRIBUTES + rb"|!--.*?(?:-->|\Z)"
    rb"|(?:script|style|textarea|template)(?=[\s/>]).*?(?:</(?:script|style|textarea|template)|\Z))",
    re.IGNORECASE | re.DOTALL,
)
_MARK = b"\xef\xbb\xbf"


def excerpt(body: bytes, filenames: Iterable[str]) -> bytes | None:
    """Return a page with those files of a page, and only those; None when it cannot be made."""
    if body.lstrip()[:1] == b"{":
        return _json_excerpt(body, filenames)
    return _html_excerpt(body, filenames)


def _json_excerpt(body: bytes, filenames: Iterable[str]) -> bytes | None:
    entries = [entry for filename in filenames for entry in _json_entries(body, filename)]
    # Most indexes say it last. A pattern would look for it ten times as long.
    place = body.find(_VERSION_MARK, 0, _BEGINNING)
    version = _VERSION.match(body, place if place >= 0 else max(body.rfind(_VERSION_MARK), 0))
    if not entries or version is None:
        return None
    return json.dumps({"meta": {"api-version": version[1].decode()}, "files": entries}).encode()


def _json_entries(body: bytes, filename: str) -> Iterator[dict[str, object]]:
    """Give each object that says `"filename": "..."` of this file."""
    place = -1
    while (place := body.find(json.dumps(filename).encode(), place + 1)) >= 0:
        start = place
        for _ in range(_MOST_OPENED):
            start = body.rfind(b"{", 0, start)
            if start < 0:
                break
            entry = _object_at(body, start)
            if entry is not None and entry.get("filename") == filename:
                yield entry
                break


def _object_at(body: bytes, start: int) -> dict[str, object] | None:
    """Return the object that begins at a place, if it is not too long to be one entry."""
    text = body[start : start + _LONGEST_ENTRY].decode("utf-8", "replace")
    try:
        found, _ = _DECODER.raw_decode(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _html_excerpt(body: bytes, filenames: Iterable[str]) -> bytes | None:
    """Return the start tags of the links to files, after what the page says of itself."""
    wanted = [b"/" + name for filename in filenames if b"/" + (name := filename.encode()) in body]
    if not wanted:
        return None
    links: list[bytes] = []
    others: list[bytes] = []
    for part in _PARTS.finditer(body):
        is_link, is_other = part.groups()
        if is_link and any(name in part[0] for name in wanted):
            links.append(part[0] + b"</a>")
        elif is_other:
            others.append(part[0])
    if not links:
        return None
    return (_MARK if body.startswith(_MARK) else b"") + b"\n".join([*others, *links])
