"""A request to the engine, from its first word to its last."""

from __future__ import annotations

from queue import SimpleQueue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Mapping

    from chapbook.magics.engine_process import EngineProcess
    from chapbook.magics.outcome import Outcome
    from chapbook.magics.wire import Listener, Message


class Request:
    """A request, and what has come back so far."""

    def __init__(self, identity: int, method: str, params: Mapping[str, Any]) -> None:
        self.id = identity
        self.method = method
        self.params = params
        self.inbox: SimpleQueue[Message] = SimpleQueue()
        self.process: EngineProcess | None = None
        self.reply: Outcome | None = None
        """Kept here and not in the inbox, from which an interrupt could lose it."""
        self.began = 0.0
        self.is_heard = False
        self.is_sent = False
        self.is_cancelled = False
        self.is_slow = False


class Listening:
    """The listener of a request; when it fails it is spared the rest, and the request goes on."""

    def __init__(self, on_event: Listener | None) -> None:
        self._on_event = on_event
        self.problem: Exception | None = None

    def hear(self, message: Message) -> object:
        """Tell the listener of an event, and return its answer."""
        if self._on_event is None or self.problem is not None:
            return None
        try:
            return self._on_event(message)
        except Exception as problem:  # noqa: BLE001  it is raised when the engine has finished
            self.problem = problem
            return None
