"""The messages between an engine and its client, one JSON object a line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, ClassVar, Literal

from chapbook_core.errors import ChapbookError
from chapbook_core.value import field, frozen, members

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chapbook_core.commands.report import Data

PROTOCOL = 1
"""Raised when a client of the former one would misunderstand; what is only added leaves it."""
LONGEST = 64_000_000
"""Bytes of a line; a longer one is nobody's request."""


class Malformed(ChapbookError):
    """A line is no request."""

    def __init__(self, identity: int | None, reason: str) -> None:
        super().__init__(f"the engine does not understand the request: {reason}")
        self.identity = identity
        """Of the request, when at least that could be read."""


# From the client


@frozen
class Where:
    """Where a request comes from."""

    folder: str
    """Absolute."""
    notebook: str | None = None
    variables: Mapping[str, str] | None = None
    """Absent for the engine's own."""
    kernel: Mapping[str, Data] | None = None
    """What the kernel told of itself; `commands.running_kernel` reads it."""
    width: int | None = None
    """Columns of the page that the text is for."""


@frozen
class Run:
    """Run a command, as a terminal would."""

    id: int
    argv: tuple[str, ...]
    where: Where
    interactive: bool = False
    """Whether somebody is there to answer questions."""


@frozen
class Complete:
    """Say what may stand at the cursor of a line that begins with the name of a command."""

    id: int
    line: str
    cursor: int
    where: Where


@frozen
class Status:
    """Show the project at a glance."""

    id: int
    where: Where


@frozen
class Cancel:
    """Stop a request at its next safe point."""

    id: int
    target: int


@frozen
class Answer:
    """Answer a question that a request has put; `None` means that there is no answer."""

    id: int
    target: int
    question: int
    value: Data


@frozen
class End:
    """Stop everything, and end the engine."""

    id: int


Incoming = Run | Complete | Status | Cancel | Answer | End


# To the client


@frozen
class Hello:
    """The first line."""

    event: ClassVar[str] = "hello"
    version: str
    pid: int
    protocol: int = PROTOCOL


@frozen
class Progress:
    """How far a task has come."""

    event: ClassVar[str] = "progress"
    id: int
    task: str
    label: str
    done: int
    total: int | None
    note: str


@frozen
class TaskEnded:
    """A task has ended, well or badly."""

    event: ClassVar[str] = "finished"
    id: int
    task: str
    seconds: float


@frozen
class Told:
    """A sentence for the person."""

    event: ClassVar[str] = "notice"
    id: int
    level: Literal["debug", "info", "warning"]
    message: str
    hints: tuple[str, ...]
    text: str
    html: str


@frozen
class Output:
    """What a program wrote that a request has started."""

    event: ClassVar[str] = "output"
    id: int
    stream: Literal["stdout", "stderr"]
    text: str


@frozen
class Question:
    """A question to the person; the request waits for its answer."""

    event: ClassVar[str] = "question"
    id: int
    question: int
    kind: Literal["ask", "secret", "confirm", "choose"]
    text: str
    default: Data = None
    choices: tuple[str, ...] = ()
    mistake: str = ""
    """What was wrong with the answer before, when there was one."""


@frozen
class Waiting:
    """The request has not begun, because another one of its project is under way."""

    event: ClassVar[str] = "waiting"
    id: int
    text: str


@frozen
class Child:
    """A program runs in a process group of its own, or has ended; a client whose engine has died ends the group."""

    event: ClassVar[str] = "child"
    id: int
    group: int
    state: Literal["started", "ended"]


Event = Hello | Progress | TaskEnded | Told | Output | Question | Waiting | Child


@frozen
class Outcome:
    """What a command that did not fail came to."""

    exit_status: int
    command: str
    data: Data
    text: str
    html: str
    environment_changed: bool = False
    project: str | None = None


@frozen
class Failure:
    """Why a request failed."""

    kind: str
    """The name of the error; `Bug` for one that nobody has foreseen, `Malformed` for what is no request."""
    message: str
    hints: tuple[str, ...]
    exit_status: int
    text: str
    html: str
    data: Data = None


@frozen
class Reply:
    """The one reply to a request, and its last message."""

    id: int | None
    """Absent when the request could not even be read so far."""
    result: Outcome | Data = None
    error: Failure | None = None


Outgoing = Event | Reply


def encode(message: Outgoing) -> bytes:
    """Write a message as its line; only ASCII, so that nobody needs to agree on an encoding."""
    match message:
        case Reply(identity, result, None):
            content: dict[str, object] = {"id": identity, "result": _members(result)}
        case Reply(identity, _, error):
            content = {"id": identity, "error": _members(error)}
        case _:
            content = {"event": message.event, **members(message)}
    return json.dumps(content, separators=(",", ":")).encode("ascii") + b"\n"


def _members(value: object) -> object:
    return members(value) if isinstance(value, Outcome | Failure) else value


def decode(line: bytes) -> Incoming:
    """Read a request; raises Malformed."""
    try:
        content = json.loads(line)
    except (ValueError, RecursionError):
        raise Malformed(None, "it is not JSON") from None
    if not isinstance(content, dict):
        raise Malformed(None, "it is not an object")
    identity = content.get("id")
    if not isinstance(identity, int) or isinstance(identity, bool):
        raise Malformed(None, "its `id` is not a whole number")
    params = content.get("params", {})
    if not isinstance(params, dict):
        raise Malformed(identity, "its `params` are not an object")
    return _request(content.get("method"), _Params(identity, params))


def _request(method: object, params: _Params) -> Incoming:
    match method:
        case "run":
            return Run(params.identity, params.texts("argv"), params.where(), params.flag("interactive"))
        case "complete":
            line = params.text("line")
            return Complete(params.identity, line, params.number("cursor", len(line)), params.where())
        case "status":
            return Status(params.identity, params.where())
        case "cancel":
            return Cancel(params.identity, params.number("target"))
        case "answer":
            return Answer(params.identity, params.number("target"), params.number("question"), params.given("value"))
        case "end":
            return End(params.identity)
        case _:
            raise Malformed(params.identity, f"there is no method {json.dumps(method)[:80]}")


@frozen
class _Params:
    """The parameters of a request, and what they have to be."""

    identity: int
    values: Mapping[str, Data] = field(repr=False)

    def given(self, name: str) -> Data:
        return self.values.get(name)

    def text(self, name: str) -> str:
        value = self.values.get(name)
        if isinstance(value, str):
            return value
        raise self._wrong(name, "a text")

    def optional_text(self, name: str) -> str | None:
        return None if self.values.get(name) is None else self.text(name)

    def number(self, name: str, default: int | None = None) -> int:
        value = self.values.get(name, default)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        raise self._wrong(name, "a whole number")

    def flag(self, name: str) -> bool:
        value = self.values.get(name, False)
        if isinstance(value, bool):
            return value
        raise self._wrong(name, "true or false")

    def texts(self, name: str) -> tuple[str, ...]:
        value = self.values.get(name)
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            return tuple(str(one) for one in value)
        raise self._wrong(name, "a list of texts")

    def variables(self, name: str) -> Mapping[str, str] | None:
        value = self.values.get(name)
        if value is None:
            return None
        if isinstance(value, dict) and all(isinstance(one, str) for one in value.values()):
            return {key: str(one) for key, one in value.items()}
        raise self._wrong(name, "an object of texts")

    def facts(self, name: str) -> Mapping[str, Data] | None:
        value = self.values.get(name)
        if value is None or isinstance(value, dict):
            return value
        raise self._wrong(name, "an object")

    def where(self) -> Where:
        folder = self.text("cwd")
        if "\0" in folder:
            raise self._wrong("cwd", "the path of a folder")
        return Where(
            folder,
            notebook=self.optional_text("notebook"),
            variables=self.variables("variables"),
            kernel=self.facts("kernel"),
            width=None if self.values.get("width") is None else self.number("width"),
        )

    def _wrong(self, name: str, expected: str) -> Malformed:
        return Malformed(self.identity, f"`{name}` of its `params` is not {expected}")
