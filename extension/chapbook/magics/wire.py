"""Lines of JSON, as the engine reads and writes them."""

from __future__ import annotations

import json
from contextlib import suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from queue import SimpleQueue
    from typing import IO, Any, Callable, Dict, Mapping

    from chapbook.magics.request import Request

    Message = Dict[str, Any]
    Listener = Callable[[Message], object]

PROTOCOL = 1


def line_of(identity: int, method: str, params: Mapping[str, Any]) -> bytes:
    """Return a request as a line."""
    line = json.dumps({"id": identity, "method": method, "params": params}, default=str)
    return line.encode("ascii") + b"\n"


def message_of(line: bytes) -> Message | None:
    """Return what a line says; nothing when it is garbage."""
    try:
        message = json.loads(line.decode("utf-8"))
    except ValueError:
        return None
    return message if isinstance(message, dict) else None


def notice(identity: int, message: str) -> Message:
    """Return a warning like those of an engine."""
    from html import escape  # only notices need it

    text = f"warning: {message}\n"
    return {
        "id": identity,
        "event": "notice",
        "level": "warning",
        "message": message,
        "hints": [],
        "text": text,
        "html": f"<div>{escape(text)}</div>",
    }


def write_lines(
    stream: IO[bytes], outbox: SimpleQueue[bytes | Request | None], admit: Callable[[Request], bool]
) -> None:
    """Write what is queued, until nothing more comes or nobody reads."""
    with suppress(OSError, ValueError):
        while True:
            item = outbox.get()
            if item is None:
                break
            if not isinstance(item, bytes):
                if not admit(item):
                    continue
                item = line_of(item.id, item.method, item.params)
            stream.write(item)
            stream.flush()
    with suppress(OSError, ValueError):
        stream.close()
