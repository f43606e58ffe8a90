"""Content that is served over HTTP: conditions, ranges and encodings are the same for all of it."""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from tests.fakes.index.message import Reply

if TYPE_CHECKING:
    from tests.fakes.index.message import Request

Ranges = Literal["serve", "ignore", "no-suffix", "refuse"]
"""Partial content; the whole file whatever is asked for; no `bytes=-n`, as some storage services; 501 as others."""

_ONE_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_FASTEST = 1


@dataclass(frozen=True)
class Resource:
    """One version of the content at an address."""

    body: bytes
    content_type: str
    cache_control: str = ""
    modified: str = ""
    compressed: bool = False
    """Whether clients that accept gzip get gzip."""
    ranged: bool = False
    """Whether parts of it can be asked for."""
    validated: bool = True
    """Whether clients can ask if it has changed."""

    @cached_property
    def etag(self) -> str:
        """The validator of this version."""
        return f'"{hashlib.sha256(self.body + self.content_type.encode()).hexdigest()[:32]}"'

    @cached_property
    def headers(self) -> dict[str, str]:
        """The headers that tell about the content, whatever part of it is sent."""
        headers = {"Content-Type": self.content_type}
        if self.validated:
            headers["ETag"] = self.etag
        if self.cache_control:
            headers["Cache-Control"] = self.cache_control
        if self.modified:
            headers["Last-Modified"] = self.modified
        if self.compressed:
            headers["Vary"] = "Accept, Accept-Encoding"
        if self.ranged:
            headers["Accept-Ranges"] = "bytes"
        return headers

    @cached_property
    def whole(self) -> Reply:
        """The reply with all of it."""
        return Reply(200, self.body, self.headers)

    @cached_property
    def zipped(self) -> Reply:
        """The reply with all of it, compressed."""
        return Reply(200, gzip.compress(self.body, _FASTEST, mtime=0), {**self.headers, "Content-Encoding": "gzip"})

    @cached_property
    def unchanged(self) -> Reply:
        """The reply to a client that has it already."""
        return Reply(304, b"", {name: value for name, value in self.headers.items() if name != "Content-Type"})


def respond(request: Request, resource: Resource, ranges: Ranges = "serve") -> Reply:
    """Return the reply that the request's conditions, ranges and encodings ask for."""
    if resource.validated and _is_known(request, resource):
        return resource.unchanged
    if resource.compressed and _accepts_gzip(request.header("accept-encoding")):
        return resource.zipped
    asked = request.headers.get("range")
    if asked and resource.ranged and ranges != "ignore" and _applies(request, resource):
        return _part(asked, resource, ranges)
    return resource.whole


def _is_known(request: Request, resource: Resource) -> bool:
    known = request.headers.get("if-none-match")
    if known is not None:
        tags = {tag.strip().removeprefix("W/") for tag in known.split(",")}
        return resource.etag in tags or "*" in tags
    return bool(resource.modified) and request.headers.get("if-modified-since") == resource.modified


def _accepts_gzip(accepted: str) -> bool:
    for choice in accepted.split(","):
        coding, _, quality = choice.partition(";")
        if coding.strip().lower() in ("gzip", "*"):
            return quality.replace(" ", "") not in ("q=0", "q=0.0")
    return False


def _applies(request: Request, resource: Resource) -> bool:
    return request.headers.get("if-range") in (None, resource.etag, resource.modified or None)


def _part(asked: str, resource: Resource, ranges: Ranges) -> Reply:
    match = _ONE_RANGE.fullmatch(asked.strip())
    if match is None or match.groups() == ("", ""):
        # Several ranges, other units: a server may answer with everything.
        return resource.whole
    if ranges == "refuse" or (ranges == "no-suffix" and not match[1]):
        return Reply(501, b"", {"Content-Type": "text/plain"})
    size = len(resource.body)
    if match[1]:
        first, last = int(match[1]), min(int(match[2]), size - 1) if match[2] else size - 1
    else:
        first, last = max(0, size - int(match[2])), size - 1
    if first >= size or last < first:
        return Reply(416, b"", {"Content-Range": f"bytes */{size}"})
    headers = {**resource.headers, "Content-Range": f"bytes {first}-{last}/{size}"}
    return Reply(206, resource.body[first : last + 1], headers)
