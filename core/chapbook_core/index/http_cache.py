"""How long an answer stays good, and how to ask whether it still is (RFC 9111)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.value import frozen, replace

if TYPE_CHECKING:
    from collections.abc import Mapping

UNTOLD_LIFETIME = 600.0
"""Seconds an answer is good for when its server does not say; the public index says ten minutes too."""
LONGEST_LIFETIME = 86_400.0
"""Seconds after which a page is asked about again, whatever its server said: a wrong header must not freeze it."""


@frozen
class Validity:
    """What an answer's headers said about keeping it."""

    fetched: float
    """When, in seconds since the epoch."""
    lifetime: float
    etag: str = ""
    last_modified: str = ""
    keep: bool = True
    """False when the server forbids keeping the answer at all (`no-store`)."""

    def is_fresh(self, now: float) -> bool:
        """Whether it may be used without asking; a clock that was turned back makes nothing fresh."""
        return 0 <= now - self.fetched < self.lifetime

    def conditions(self) -> dict[str, str]:
        """Give the headers that make the server answer 304 when nothing changed."""
        headers: dict[str, str] = {}
        if self.etag:
            headers["If-None-Match"] = self.etag
        if self.last_modified:
            headers["If-Modified-Since"] = self.last_modified
        return headers


def validity_of(headers: Mapping[str, str], now: float) -> Validity:
    """Read the headers of an answer received just now."""
    directives = _directives(headers.get("cache-control", ""))
    lifetime = UNTOLD_LIFETIME
    if "no-cache" in directives:
        lifetime = 0.0
    elif (told := _seconds(directives.get("max-age"))) is not None:
        lifetime = max(0.0, told - (_seconds(headers.get("age")) or 0.0))
    return Validity(
        fetched=now,
        lifetime=min(lifetime, LONGEST_LIFETIME),
        etag=headers.get("etag", ""),
        last_modified=headers.get("last-modified", ""),
        keep="no-store" not in directives,
    )


def renewed(old: Validity, headers: Mapping[str, str], now: float) -> Validity:
    """Take over what a 304 says; what it leaves out stays as it was (section 4.3.4)."""
    fresh = validity_of(headers, now)
    says_lifetime = "cache-control" in headers
    return replace(
        fresh,
        etag=fresh.etag or old.etag,
        last_modified=fresh.last_modified or old.last_modified,
        lifetime=fresh.lifetime if says_lifetime else old.lifetime,
    )


def _directives(text: str) -> dict[str, str]:
    directives: dict[str, str] = {}
    for part in text.split(","):
        name, _, value = part.strip().partition("=")
        if name:
            directives.setdefault(name.lower(), value.strip('"'))
    return directives


def _seconds(text: str | None) -> float | None:
    text = (text or "").strip()
    return float(text) if text.isascii() and text.isdigit() else None
