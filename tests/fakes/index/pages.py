"""The simple repository pages: a listing in, JSON (PEP 691, 700, 792) or HTML (PEP 503, 592, 658, 714) out."""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING

from tests.fakes.index.dialect import DIALECTS, Dialect

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.fakes.index.listing import Entry, Listing

JSON = "application/vnd.pypi.simple.v1+json"
HTML = "application/vnd.pypi.simple.v1+html"
PLAIN_HTML = "text/html"

_LINKS_ONLY = DIALECTS["html-bare"]


def json_page(listing: Listing, dialect: Dialect) -> bytes:
    """Return a project's page as JSON."""
    page: dict[str, object] = {
        "files": [_json_entry(entry, dialect) for entry in listing.entries],
        "meta": {"_last-serial": listing.serial, "api-version": dialect.api_version},
        "name": listing.name,
    }
    if dialect.versions:
        page["alternate-locations"] = []
        page["versions"] = listing.versions
    if dialect.status:
        reason = {"reason": listing.status_reason} if listing.status_reason else {}
        page["project-status"] = {"status": listing.status, **reason}
    return _compact(page)


def json_root(names: Iterable[str], dialect: Dialect) -> bytes:
    """Return the list of all projects as JSON."""
    return _compact({"meta": {"api-version": dialect.api_version}, "projects": [{"name": name} for name in names]})


def html_page(listing: Listing, dialect: Dialect) -> bytes:
    """Return a project's page as HTML."""
    head = [f"<title>Links for {escape(listing.name)}</title>"]
    if dialect.status:
        head.insert(0, f'<meta name="pypi:repository-version" content="{escape(dialect.api_version)}">')
        head.append(f'<meta name="pypi:project-status" content="{listing.status}">')
        if listing.status_reason:
            head.append(f'<meta name="pypi:project-status-reason" content="{escape(listing.status_reason)}">')
    body = [f"<h1>Links for {escape(listing.name)}</h1>"]
    body.extend(_anchor(entry, dialect) for entry in listing.entries)
    return _document(head, body)


def html_root(names: Iterable[str]) -> bytes:
    """Return the list of all projects as HTML."""
    return _document(["<title>Simple index</title>"], [f'<a href="{name}/">{name}</a><br />' for name in names])


def html_links(entries: Iterable[Entry]) -> bytes:
    """Return a page of links for `--find-links`."""
    return _document(["<title>Links</title>"], [_anchor(entry, _LINKS_ONLY) for entry in entries])


def _json_entry(entry: Entry, dialect: Dialect) -> dict[str, object]:
    value: dict[str, object] = {
        "filename": entry.filename,
        "hashes": entry.hashes if dialect.hashes else {},
        "url": entry.url,
    }
    metadata = {"sha256": entry.metadata} if isinstance(entry.metadata, str) else entry.metadata
    if dialect.core_metadata:
        value["core-metadata"] = metadata
    if dialect.dist_info_metadata:
        value["data-dist-info-metadata"] = metadata
    if dialect.requires_python:
        value["requires-python"] = entry.python
    if dialect.yanked:
        value["yanked"] = entry.yanked
    if dialect.sizes and entry.size is not None:
        value["size"] = entry.size
    if dialect.upload_times and entry.uploaded:
        value["upload-time"] = entry.uploaded
    return value


def _anchor(entry: Entry, dialect: Dialect) -> str:
    fragment = "".join(f"#{name}={digest}" for name, digest in entry.hashes.items()) if dialect.hashes else ""
    attributes = "".join(f' {name}="{escape(value)}"' for name, value in _attributes(entry, dialect))
    return f'<a href="{escape(entry.url)}{fragment}"{attributes}>{escape(entry.filename)}</a><br />'


def _attributes(entry: Entry, dialect: Dialect) -> Iterator[tuple[str, str]]:
    if dialect.requires_python and entry.python:
        yield "data-requires-python", entry.python
    if entry.metadata:
        value = f"sha256={entry.metadata}" if isinstance(entry.metadata, str) else "true"
        if dialect.dist_info_metadata:
            yield "data-dist-info-metadata", value
        if dialect.core_metadata:
            yield "data-core-metadata", value
    if dialect.yanked and entry.yanked is not False:
        yield "data-yanked", entry.yanked if isinstance(entry.yanked, str) else ""
    if dialect.html_upload_times and entry.uploaded:
        yield "data-upload-time", entry.uploaded


def _document(head: Iterable[str], body: Iterable[str]) -> bytes:
    lines = ["<!DOCTYPE html>", "<html>", "<head>", *head, "</head>", "<body>", *body, "</body>", "</html>", ""]
    return "\n".join(lines).encode()


def _compact(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
