"""What comes of a request to the engine."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Mapping

    from chapbook.magics.wire import Message


class Outcome:
    """What came of a request; `ok` tells whether it is a result or an error."""

    __slots__ = (
        "command",
        "data",
        "environment_changed",
        "exit_status",
        "hints",
        "html",
        "kind",
        "message",
        "ok",
        "project",
        "text",
    )

    def __init__(self, ok: bool, reply: Mapping[str, Any]) -> None:  # noqa: FBT001  it is read only here
        self.ok = ok
        self.exit_status: int = reply.get("exit_status", 0 if ok else 1)
        self.command: str = reply.get("command", "")
        self.data: Any = reply.get("data")
        self.text: str = reply.get("text", "")
        self.html: str = reply.get("html", "")
        self.environment_changed: bool = bool(reply.get("environment_changed", False))
        self.project: str | None = reply.get("project")
        self.kind: str = reply.get("kind", "")
        """The name of the error; `EngineDied` and `EngineNotStarted` come from here."""
        self.message: str = reply.get("message", "")
        self.hints: tuple[str, ...] = tuple(reply.get("hints", ()))

    def __repr__(self) -> str:
        return "<Outcome {} {}>".format(self.command or self.kind or "ok", self.exit_status)


class Interrupted(KeyboardInterrupt):
    """The person interrupted the kernel; the engine has stopped, and `outcome` is what it said to that."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.message)
        self.outcome = outcome


def outcome_of(message: Message) -> Outcome:
    """Read the reply of an engine."""
    error = message.get("error")
    if isinstance(error, dict):
        return Outcome(False, error)  # noqa: FBT003  the one flag it has
    result = message.get("result")
    if isinstance(result, dict) and "exit_status" in result:
        return Outcome(True, result)  # noqa: FBT003  likewise
    return Outcome(True, {"data": result})  # noqa: FBT003  likewise


def failure(kind: str, message: str, hints: list[str] | None = None) -> Outcome:
    """Say what no engine is there to say."""
    from html import escape  # only failures need it

    hints = hints or []
    text = "".join([f"error: {message}\n", *(f"hint: {hint}\n" for hint in hints)])
    html = f'<div style="white-space: pre-wrap">{escape(text.rstrip())}</div>'
    reply = {"kind": kind, "message": message, "hints": hints, "exit_status": 1, "text": text, "html": html}
    return Outcome(False, reply)  # noqa: FBT003  the one flag it has
