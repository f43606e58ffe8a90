"""What was asked of an index: every request, and how many of each kind."""

from __future__ import annotations

import threading
from collections import Counter, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.fakes.index.message import Reply, Request

Kind = Literal[
    "page",
    "root",
    "metadata",
    "file",
    "range",
    "head",
    "project-json",
    "release-json",
    "upload",
    "trusted",
    "find-links",
    "other",
]
"""What a request was for. `range` is a file of which a part was sent, `head` any file's or metadata's HEAD."""

_SECRET = ("authorization", "proxy-authorization", "cookie")
_MOST_REMEMBERED = 100_000


@dataclass(frozen=True, slots=True)
class Seen:
    """One request, without its secrets, and how it was answered."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    """By lower-case names; of credentials only the scheme is left."""
    status: int
    kind: Kind
    origin: int
    """0 for the index itself, 1 for `elsewhere`."""
    user: str | None = None
    """Whose credentials were sent."""

    @property
    def has_credentials(self) -> bool:
        """Whether the request carried any."""
        return "authorization" in self.headers


class Counts:
    """Counts and remembers requests; the server's thread writes, tests read."""

    def __init__(self, *, remember: bool = True) -> None:
        self._remember = remember
        self._counter: Counter[str] = Counter()
        self._seen: deque[Seen] = deque(maxlen=_MOST_REMEMBERED)
        self._lock = threading.Lock()

    def note(self, request: Request, reply: Reply, kind: Kind, user: str | None) -> None:
        """Count a request under its kind, and under the answer where that is not the content."""
        if reply.status == 206:
            kind = "range"
        elif request.method == "HEAD" and kind in ("file", "metadata"):
            kind = "head"
        with self._lock:
            self._counter[kind] += 1
            self._counter["bytes"] += 0 if request.method == "HEAD" else len(reply.body)
            if reply.status == 304:
                self._counter["not-modified"] += 1
            elif reply.status == 404:
                self._counter["not-found"] += 1
            elif reply.status in (401, 403):
                self._counter["refused"] += 1
            elif reply.status >= 500:
                self._counter["server-error"] += 1
            elif 300 < reply.status < 400:
                self._counter["redirect"] += 1
            if self._remember:
                self._seen.append(_seen(request, reply.status, kind, user))

    def reset(self) -> None:
        """Forget everything so far."""
        with self._lock:
            self._counter.clear()
            self._seen.clear()

    @property
    def counter(self) -> Counter[str]:
        """A copy of the counts at this moment."""
        with self._lock:
            return Counter(self._counter)

    @property
    def seen(self) -> list[Seen]:
        """The requests so far, in the order of their answers."""
        with self._lock:
            return list(self._seen)


_KINDS: Mapping[str, Kind] = {
    "simple": "page",
    "files": "file",
    "pypi": "project-json",
    "legacy": "upload",
    "_": "trusted",
    "find-links": "find-links",
}


def kind_of(parts: list[str]) -> Kind:
    """Return what the address, between its slashes, is for."""
    kind = _KINDS.get(parts[0], "other")
    if kind == "page" and parts[1:] in ([], [""]):
        return "root"
    if kind == "file" and parts[-1].endswith(".metadata"):
        return "metadata"
    if kind == "project-json" and len(parts) == 4:
        return "release-json"
    return kind


def _seen(request: Request, status: int, kind: Kind, user: str | None) -> Seen:
    headers = request.headers
    if any(name in headers for name in _SECRET):
        headers = {name: _masked(value) if name in _SECRET else value for name, value in headers.items()}
    return Seen(request.method, request.path, request.query, headers, status, kind, request.origin, user)


def _masked(value: str) -> str:
    scheme, _, secret = value.partition(" ")
    return f"{scheme} ***" if secret else "***"
