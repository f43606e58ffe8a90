"""Being told to stop: a signal unwinds the work like an interrupt, so that what is half done is undone."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

_SIGNALS = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
_BASE_STATUS = 128
"""A shell reports the number of the signal above this."""


@contextmanager
def stopping_by_signals() -> Iterator[None]:
    """Turn the signals that end a program into `SystemExit` while the work lasts."""
    if threading.current_thread() is not threading.main_thread():
        # Only the main thread receives signals; whoever runs commands in another one has rules of its own.
        yield
        return
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    for number, handler in before.items():
        # What is ignored stays so, as under `nohup`; what somebody handles is theirs.
        if handler is signal.SIG_DFL:
            signal.signal(number, _stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            if handler is signal.SIG_DFL:
                signal.signal(number, signal.SIG_DFL)


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(_BASE_STATUS + number)
