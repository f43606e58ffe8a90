"""A plain HTTP client for tests: what is asked is sent as it is, what comes back is not interpreted."""

from __future__ import annotations

import gzip
import json
import ssl
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPSConnection
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    """By lower-case names."""
    body: bytes

    @property
    def text(self) -> str:
        """The body, unpacked."""
        packed = self.headers.get("content-encoding") == "gzip"
        return (gzip.decompress(self.body) if packed else self.body).decode()

    @property
    def json(self) -> dict[str, object]:
        """The body as a JSON object."""
        value = json.loads(self.text)
        assert isinstance(value, dict)
        return value


def connect(url: str, *, patience: float = _PATIENCE, trusted: Path | None = None) -> HTTPConnection:
    """Open a connection to the host of an address."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    if parts.scheme == "https":
        context = ssl.create_default_context(cafile=trusted)
        return HTTPSConnection(parts.hostname, parts.port, timeout=patience, context=context)
    return HTTPConnection(parts.hostname, parts.port, timeout=patience)


def ask_on(
    connection: HTTPConnection,
    url: str,
    headers: Mapping[str, str] | None = None,
    *,
    method: str = "GET",
    body: bytes | None = None,
) -> Answer:
    """Ask on an open connection."""
    parts = urlsplit(url)
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    connection.request(method, target, body, dict(headers or {}))
    response = connection.getresponse()
    content = response.read()
    return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, content)


def ask(  # the keywords of `connect` and `ask_on` together
    url: str,
    headers: Mapping[str, str] | None = None,
    *,
    method: str = "GET",
    body: bytes | None = None,
    patience: float = _PATIENCE,
    trusted: Path | None = None,
) -> Answer:
    """Ask once, on a connection of its own."""
    connection = connect(url, patience=patience, trusted=trusted)
    try:
        return ask_on(connection, url, headers, method=method, body=body)
    finally:
        connection.close()


def follow(url: str, headers: Mapping[str, str] | None = None, *, most: int = 5) -> Answer:
    """Ask, and go where the answers lead."""
    for _ in range(most):
        answer = ask(url, headers)
        if answer.status not in (301, 302, 303, 307, 308):
            return answer
        url = urljoin(url, answer.headers["location"])
    raise AssertionError(f"more than {most} redirects")
