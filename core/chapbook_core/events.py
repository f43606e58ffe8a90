"""What long work tells whoever watches it."""

from __future__ import annotations

from typing import Literal, Protocol

from chapbook_core.value import frozen


@frozen
class Started:
    """A task begins; `total` is unknown until somebody can count."""

    task: str
    label: str
    total: int | None = None


@frozen
class Advanced:
    """A task has done `done` of `total`; `note` names what it is at."""

    task: str
    done: int
    total: int | None = None
    note: str = ""


@frozen
class Finished:
    """A task has ended, well or badly; a `Notice` or an error says which."""

    task: str
    seconds: float
    note: str = ""


@frozen
class Notice:
    """A sentence for the person; what is shown depends on how much they asked to hear."""

    level: Literal["debug", "info", "warning"]
    message: str
    hints: tuple[str, ...] = ()
    is_waiting: bool = False
    """Whether it says that the work waits for somebody else's."""


@frozen
class Committed:
    """What was asked for has happened: from here on there is nothing left to cancel."""


Event = Started | Advanced | Finished | Notice | Committed


class Watcher(Protocol):
    """Receives the events of one command; the front ends implement it."""

    def emit(self, event: Event, /) -> None:
        """Take note of an event; called from any thread, must return at once."""

    def checkpoint(self) -> None:
        """Raise `Cancelled` when the person has asked to stop; called where stopping is safe."""


class Unwatched:
    """The watcher of work that nobody looks at."""

    def emit(self, event: Event, /) -> None:
        """Forget the event."""

    def checkpoint(self) -> None:
        """Go on."""
