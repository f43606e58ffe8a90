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
_MOST_NAMED = 32
"""So often a page may name a file in quotes; usually it does once."""
_DECODER = json.JSONDecoder()
_VERSION_MARK = b'"api-version"'
_BEGINNING = 4096
_VERSION = late_pattern(rb'"api-version"\s*:\s*"([0-9.]{1,20})"')
# What `page_html` tells apart, with an end for each: what looks like a link may stand in a comment or in an attribute.
_ATTRIBUTES = rb"""(?:[^>=]+|=\s*+(?:"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z))?)*+>"""
_PARTS = late_pattern(
    rb"<(?:(a)(?=[\s/])" + _ATTRIBUTES + rb"|(base|meta)(?=[\s/])" + _ATTRIBUTES + rb"|!--.*?(?:-->|\Z)"
    # One of these that does not end leaves nothing behind it, and is not read again from each of what it holds.
    rb"|(?:a|base|meta)(?=[\s/]).*"
    rb"|(?:script|style|textarea|template)(?=[\s/>]).*?(?:</(?:script|style|textarea|template)|\Z))",
    re.IGNORECASE | re.DOTALL,
)
# How indexes write a link, as in `page_html`, and what they put between two.
_USUAL_START = b'<a href="'
_USUAL = rb"""(<a href="[^"]*+"(?:\s[a-z-]*+="[^"]*+")*+\s*+>)[^<]*+</a>\s*+(?:<br ?/?>\s*+)?"""
_USUAL_LINK = late_pattern(_USUAL)
_USUAL_LINKS = late_pattern(rb"(?:" + _USUAL + rb")*+")
_MARK = b"\xef\xbb\xbf"


def excerpt(body: bytes | bytearray, filenames: Iterable[str], size: int | None = None) -> bytes | None:
    """Return a page with those files of a page, and only those; None when it cannot be made.

    The page is what comes first in the body, as much of it as is told.
    """
    size = len(body) if size is None else size
    if body[: min(_BEGINNING, size)].lstrip()[:1] == b"{":
        return _json_excerpt(body, size, filenames)
    return _html_excerpt(body, size, filenames)


def _json_excerpt(body: bytes | bytearray, size: int, filenames: Iterable[str]) -> bytes | None:
    entries: list[bytes] = []
    for filename in filenames:
        found = _json_entries(body, size, filename)
        if found is None:
            return None
        entries += found
    # Most indexes say it last. A pattern would look for it ten times as long.
    place = body.find(_VERSION_MARK, 0, min(_BEGINNING, size))
    version = _VERSION.match(body, place if place >= 0 else max(body.rfind(_VERSION_MARK, 0, size), 0), size)
    if not entries or version is None:
        return None
    return b'{"meta": {"api-version": "%b"}, "files": [%b]}' % (version[1], b", ".join(entries))


def _json_entries(body: bytes | bytearray, size: int, filename: str) -> list[bytes] | None:
    """Return each object that says `"filename": "..."` of this file; None when it is named too often to look."""
    name = json.dumps(filename).encode()
    entries: list[bytes] = []
    place = -1
    for _ in range(_MOST_NAMED):
        place = body.find(name, place + 1, size)
        if place < 0:
            return entries
        entry = _object_around(body, place, size, filename)
        if entry is not None:
            entries.append(entry)
    return None


def _object_around(body: bytes | bytearray, place: int, size: int, filename: str) -> bytes | None:
    """Return the innermost object around the name of a file that is the entry of it."""
    start = place
    for _ in range(_MOST_OPENED):
        start = body.rfind(b"{", max(place - _LONGEST_ENTRY, 0), start)
        if start < 0:
            return None
        entry = _object_at(body, start, min(start + _LONGEST_ENTRY, size), filename)
        if entry is not None:
            return entry
    return None


def _object_at(body: bytes | bytearray, start: int, stop: int, filename: str) -> bytes | None:
    """Return the object that begins at a place, if it says that of the file and is not too long to be one entry."""
    text = body[start:stop].decode("utf-8", "replace")
    try:
        found, end = _DECODER.raw_decode(text)
    except (ValueError, RecursionError):
        return None
    return text[:end].encode() if isinstance(found, dict) and found.get("filename") == filename else None


def _html_excerpt(body: bytes | bytearray, size: int, filenames: Iterable[str]) -> bytes | None:
    """Return the start tags of the links to files, after what the page says of itself."""
    names = [b"/" + filename.encode() for filename in filenames]
    wanted = [name for name in names if body.find(name, 0, size) >= 0]
    if not wanted:
        return None
    links: list[bytes] = []
    others: list[bytes] = []
    place = _usual_run(body, size, wanted, links, others)
    for part in _PARTS.finditer(body, place, size):
        _note(part, wanted, links, others)
    if not links:
        return None
    return (_MARK if body.startswith(_MARK) else b"") + b"\n".join([*others, *links])


def _note(part: re.Match[bytes], wanted: list[bytes], links: list[bytes], others: list[bytes]) -> None:
    is_link, is_other = part.groups()
    if is_link and any(name in part[0] for name in wanted):
        links.append(part[0] + b"</a>")
    elif is_other:
        others.append(part[0])


def _usual_run(body: bytes | bytearray, size: int, wanted: list[bytes], links: list[bytes], others: list[bytes]) -> int:
    """Note what stands before and among the first usual links, one behind the other; return where they end.

    What is not usual is for whoever reads on from there; nothing of it is noted.
    """
    start = body.find(_USUAL_START, 0, size)
    place = 0
    for part in _PARTS.finditer(body, 0, size):
        if part.start() >= start:
            if part.start() > start:
                # It is none, as it stands in a comment or in an attribute.
                return place
            break
        _note(part, wanted, links, others)
        place = part.end()
    else:
        return place
    place = start
    ahead = dict.fromkeys(wanted, -1)
    while True:
        for name in wanted:
            if ahead[name] < place:
                ahead[name] = at if (at := body.find(name, place, size)) >= 0 else size
        hit = min(ahead.values())
        # A hit is in the link that the run of links before it does not reach beyond.
        run = _USUAL_LINKS.match(body, place, hit)
        place = run.end() if run is not None else place
        link = _USUAL_LINK.match(body, place, size) if hit < size else None
        if link is None:
            return place
        if any(name in link[1] for name in wanted):
            links.append(link[1] + b"</a>")
        place = link.end()
