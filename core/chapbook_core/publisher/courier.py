"""Requests of publishing: each goes to one address alone, and no redirect is followed."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from chapbook_core.errors import ChapbookError
from chapbook_core.index.connection import basic
from chapbook_core.index.transport import Limits, Request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from chapbook_core.events import Watcher
    from chapbook_core.index.address import Login
    from chapbook_core.index.transport import Answer, Transport

AGENT = "chapbook"
_LARGEST_ANSWER = 1_000_000
_SILENCE = 180.0
"""Seconds; an index looks into a large file before it answers."""
_SMALL_TALK = 30.0


class NotJson(ChapbookError):
    """An answer that should have been JSON is something else."""


class Courier:
    """Carries uploads, and the small requests that go before them."""

    def __init__(self, transport: Transport, watcher: Watcher, *, silence: float = _SILENCE) -> None:
        self._transport = transport
        self._watcher = watcher
        self._limits = Limits(silence=silence, slowest=0, size=_LARGEST_ANSWER)

    def send(
        self, url: str, body: Iterable[bytes], *, length: int, content_type: str, login: Login | None = None
    ) -> Answer:
        """Post a body, and give the answer whatever it is; an `IndexFailure` when there is none."""
        headers = {
            "User-Agent": AGENT,
            # Indexes that would answer with a page for people can say the same for programs.
            "Accept": "application/json, text/plain;q=0.8, */*;q=0.1",
            "Content-Type": content_type,
            "Content-Length": str(length),
            **({"Authorization": basic(login)} if login is not None else {}),
        }
        return self._transport.get(
            Request(url, headers, limits=self._limits, tick=self._tick, method="POST", body=body)
        )

    def post_json(self, url: str, said: Mapping[str, str]) -> Answer:
        """Post a value as JSON."""
        body = json.dumps(said).encode()
        return self.send(url, [body], length=len(body), content_type="application/json")

    def get_json(self, url: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Ask for JSON."""
        sent = {"User-Agent": AGENT, "Accept": "application/json", **(headers or {})}
        deadline = time.monotonic() + _SMALL_TALK
        return self._transport.get(Request(url, sent, limits=self._limits, deadline=deadline, tick=self._tick))

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    @property
    def _tick(self) -> Callable[[float], None]:
        return lambda _waited: self._watcher.checkpoint()


def json_object(answer: Answer) -> Mapping[str, object]:
    """Return the object that an answer holds; raises NotJson."""
    try:
        value = json.loads(answer.body)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise NotJson(f"an answer that is not JSON (HTTP {answer.status})")
    return value
