"""Announcements: what the preparation of a kernel is at, for whoever can show it while there is no kernel yet."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

State = Literal["begun", "going on", "ready", "refused"]


@dataclass(frozen=True, slots=True)
class Announcement:
    """One thing that has happened before a kernel was started."""

    kernel: str
    """The kernel's id, which pages know it by."""
    project: Path
    state: State
    text: str = ""


_listeners: list[Callable[[Announcement], None]] = []


def listen(listener: Callable[[Announcement], None]) -> Callable[[], None]:
    """Have a function called for every announcement, from any thread; return what ends that.

    The server extension uses it to tell its pages.
    """
    _listeners.append(listener)

    def end() -> None:
        if listener in _listeners:
            _listeners.remove(listener)

    return end


def announce(announcement: Announcement) -> None:
    """Tell every listener; one that fails keeps no kernel from starting."""
    for listener in tuple(_listeners):
        try:
            listener(announcement)
        except Exception:
            logging.getLogger(__name__).exception("a listener has failed")
