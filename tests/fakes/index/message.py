"""A request as it was read, and the reply to it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

_BODILESS = (204, 304)
_REASONS = {status.value: status.phrase for status in HTTPStatus}


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asked for."""

    method: str
    path: str
    """Decoded, without the query."""
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    """By lower-case names."""
    body: bytes = b""
    origin: int = 0
    """Which of the index's origins was asked: 0 is its own, 1 is `elsewhere`."""

    def header(self, name: str) -> str:
        """Return a header by its lower-case name; empty when it was not sent."""
        return self.headers.get(name, "")


class Wire(Protocol):
    """The client's end of the connection, for deliveries that do not simply send a reply."""

    async def write(self, content: bytes) -> None:
        """Send bytes, as soon as the client has taken those before."""

    async def sleep(self, seconds: float) -> None:
        """Wait, unless the connection goes away first."""

    def reset(self) -> None:
        """Drop the connection the impolite way, so that the client reads a reset."""


@dataclass(frozen=True)
class Reply:
    """What the index answers."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    delivery: Delivery | None = None
    """How the bytes go out, where not at once and whole; the connection is closed afterwards."""
    delay: float = 0.0
    """Seconds before anything is sent, beside the latency of the index."""

    @cached_property
    def head(self) -> bytes:
        """The status line and the headers, with the length of the body."""
        lines = [f"HTTP/1.1 {self.status} {_REASONS.get(self.status, 'Unknown')}"]
        lines.extend(f"{name}: {value}" for name, value in self.headers.items())
        framed = {name.lower() for name in self.headers} & {"content-length", "transfer-encoding"}
        closed = self.headers.get("Connection") == "close"
        if self.status not in _BODILESS and not framed and not closed:
            lines.append(f"Content-Length: {len(self.body)}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    @cached_property
    def wire(self) -> bytes:
        """Everything that is sent."""
        return self.head if self.status in _BODILESS else self.head + self.body


Delivery = Callable[[Wire, Reply], Coroutine[None, None, None]]


def plain(status: int, text: str = "", **headers: str) -> Reply:
    """Return a short text as a reply; header names are written with underscores."""
    named = {name.replace("_", "-").title(): value for name, value in headers.items()}
    return Reply(status, text.encode(), {"Content-Type": "text/plain; charset=utf-8", **named})
