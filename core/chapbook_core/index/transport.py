"""The port through which requests leave: what a back end is asked, and what it answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from chapbook_core.value import field, frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


@frozen
class Limits:
    """How long and how large one answer may be; all of it is named in the error when exceeded."""

    connect: float = 10.0
    """Seconds until a connection stands."""
    silence: float = 20.0
    """Seconds without a byte."""
    slowest: int = 1_000
    """Bytes a second, averaged from the tenth second on."""
    size: int = 64_000_000
    """Bytes of a body, as sent and as unpacked."""


def _patient(_waited: float) -> None:
    """Wait on."""


def _never() -> bool:
    return False


@frozen
class Request:
    """A URL without userinfo, its headers and its limits; a GET unless it says otherwise."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = Limits()
    deadline: float = float("inf")
    """When to give up, on the monotonic clock, whatever happens."""
    tick: Callable[[float], None] = _patient
    """Called at least every half second while waiting, with the seconds waited; may raise to stop."""
    sink: Callable[[bytes | memoryview], object] | None = None
    """Takes the body of a good answer piece by piece, each only until it returns; without one the answer holds it."""
    method: str = "GET"
    is_vain: Callable[[], bool] = _never
    """Asked as often, while nothing has come: whether others have found out that nothing will."""
    body: Iterable[bytes] | None = None
    """What is sent after the head, in pieces; a header tells its length. Such a request is never sent twice."""


@frozen
class Answer:
    """Status, headers (names in lower case) and body, as they came."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    url: str = field(repr=False)
    """Where it came from; its query may hold a token."""

    @property
    def base_url(self) -> str:
        """What relative links in it start from."""
        return self.url.partition("?")[0]


class Transport(Protocol):
    """Sends one request and gives one answer; used from many threads at once."""

    def get(self, request: Request, /) -> Answer:
        """Send the request, and answer with whatever status the server gave; an `IndexFailure` when there is none."""

    def close(self) -> None:
        """Close every connection."""
