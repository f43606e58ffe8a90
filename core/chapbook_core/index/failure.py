"""What can go wrong between us and an index, each as a fact: the URL (masked), the cause, what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from chapbook_core.errors import ChapbookError
from chapbook_core.index.address import masked

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class IndexFailure(ChapbookError):
    """An index could not be used as asked."""

    passing: ClassVar[bool] = False
    """Whether asking again may help."""

    def __init__(self, url: str, cause: str, *, hints: Iterable[str] = ()) -> None:
        self.url = masked(url)
        self.cause = cause
        super().__init__(f"{self.url}: {cause}", hints=hints)


class Unreachable(IndexFailure):
    """No connection: the name, the route, the port or the TLS handshake failed."""

    passing: ClassVar[bool] = True

    def __init__(self, url: str, cause: str, *, hints: Iterable[str] = ()) -> None:
        super().__init__(url, cause, hints=hints or ["check the network, the proxy settings and the source's `url`"])


class NotAnAddress(IndexFailure):
    """Nothing can be asked there: what stands for the address of an index, or of a file of it, is none."""

    def __init__(self, url: str, cause: str) -> None:
        where = "`PIP_INDEX_URL`, pip's configuration, or the `url` of a source or repository"
        super().__init__(url, cause, hints=[f"write it as in `https://example.org/simple/`, where it is set: {where}"])


class Untrusted(IndexFailure):
    """The server's certificate does not convince, or ours could not be read."""

    def __init__(self, url: str, cause: str) -> None:
        hint = "name the certificate file of your organisation in `SSL_CERT_FILE` or `certificates.<source>.cert`"
        super().__init__(url, cause, hints=[hint])


class Truncated(IndexFailure):
    """The answer ended before it was complete, or was not HTTP."""

    passing: ClassVar[bool] = True

    def __init__(self, url: str, cause: str) -> None:
        super().__init__(url, cause, hints=["try again; if it stays, the index or a proxy before it is broken"])


class TooSlow(IndexFailure):
    """The server was silent, or too slow for the time allowed."""

    passing: ClassVar[bool] = True

    def __init__(self, url: str, cause: str) -> None:
        super().__init__(url, cause, hints=["try again later, or use another source or mirror"])


class NoAnswer(TooSlow):
    """The server took the connection, and not a byte came back."""


class ServerTrouble(IndexFailure):
    """The server says that it has trouble, or that we ask too often."""

    passing: ClassVar[bool] = True

    def __init__(self, url: str, status: int, *, retry_after: float | None = None) -> None:
        self.status = status
        self.retry_after = retry_after
        cause = "the server limits requests" if status == 429 else "the server has trouble"  # noqa: PLR2004 HTTP
        super().__init__(url, f"{cause} (HTTP {status})", hints=["try again later"])


class AccessDenied(IndexFailure):
    """The server wants credentials, or refuses the ones it was sent."""

    def __init__(self, url: str, status: int, tried: Sequence[str], source: str | None) -> None:
        self.status = status
        sent = (
            f"refuses the credentials from {' and '.join(tried)}" if tried else "wants credentials, and none are known"
        )
        hint = f"set them with `chapbook config http-basic.{source or '<source>'} USER`"
        super().__init__(url, f"the server {sent} (HTTP {status})", hints=[hint])


class UnexpectedStatus(IndexFailure):
    """The server answered with a status that no index gives."""

    def __init__(self, url: str, status: int) -> None:
        self.status = status
        super().__init__(url, f"unexpected answer (HTTP {status})", hints=["check the source's `url`"])


class NoSuchFile(IndexFailure):
    """The address of a file leads to nothing."""

    def __init__(self, url: str, status: int) -> None:
        hint = "check the address; where an index lists this file, run again with `--refresh` or take another version"
        super().__init__(url, f"there is no such file (HTTP {status})", hints=[hint])


class RedirectRefused(IndexFailure):
    """A redirect leads round in a circle, away from https, or to something that is not the web."""

    def __init__(self, url: str, cause: str) -> None:
        super().__init__(url, cause, hints=["check the source's `url`; write its final address there"])


class NotAnIndex(IndexFailure):
    """The server answers, but not as a package index does: a login page, a portal, another service."""

    def __init__(self, url: str, cause: str) -> None:
        super().__init__(
            url, cause, hints=["check the source's `url`; a login page or captive portal may stand before it"]
        )


class WrongHash(IndexFailure):
    """What was received is not what the index announced."""

    passing: ClassVar[bool] = True

    def __init__(self, url: str, algorithm: str, expected: str, actual: str) -> None:
        self.expected = expected
        self.actual = actual
        super().__init__(
            url,
            f"wrong {algorithm}: the index announces {expected}, received was {actual}",
            hints=["the file was changed or damaged; do not use it, and tell the index's owner if it stays"],
        )


class TooLarge(IndexFailure):
    """The answer is larger than an answer of its kind may be."""

    def __init__(self, url: str, limit: int) -> None:
        super().__init__(
            url,
            f"more than the {limit:,} bytes that such an answer may have",
            hints=["check the source's `url`, and tell the index's owner"],
        )


class NotCached(IndexFailure):
    """Offline, and the cache does not hold it."""

    def __init__(self, url: str, what: str) -> None:
        super().__init__(
            url, f"{what} is not in the cache, and `--offline` forbids asking", hints=["run once without `--offline`"]
        )


class PackageNotFound(ChapbookError):
    """No source that may be asked knows the name."""

    def __init__(self, name: str, asked: Sequence[str], suggestions: Sequence[str], notice: str = "") -> None:
        """`notice` is what an index says of a project that has no releases."""
        self.name = name
        self.asked = tuple(asked)
        self.suggestions = tuple(suggestions)
        hints = [f"did you mean {', '.join(f'`{known}`' for known in suggestions)}?"] if suggestions else []
        where = ", ".join(asked) or "any source"
        super().__init__(
            f"`{name}` {notice}" if notice else f"package not found: {name} (asked {where})",
            hints=[*hints, "check its spelling and the project's sources"],
        )


class SourceUnknown(ChapbookError):
    """A requirement names a source that the project does not declare."""

    def __init__(self, source: str, known: Sequence[str]) -> None:
        listed = ", ".join(known) or "none"
        super().__init__(f"unknown source: {source}", hints=[f"declared sources: {listed}"])
