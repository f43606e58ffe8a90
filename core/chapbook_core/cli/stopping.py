"""Being told to stop: a signal unwinds the work like an interrupt, so that what is half done is undone."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

_SIGNALS = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
_BASE_STATUS = 128
"""A shell reports the number of the signal above this."""


@contextmanager
def stopping_by_signals(is_too_late: Callable[[], bool]) -> Iterator[None]:
    """Turn the signals that end a program into `SystemExit` while the work lasts.

    A first interrupt that comes too late is not heard, not even while the process ends: what was asked for is done, and
    its result is told.
    """
    if threading.current_thread() is not threading.main_thread():
        # Only the main thread receives signals; whoever runs commands in another one has rules of its own.
        yield
        return
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    for number, handler in before.items():
        # What is ignored stays so, as under `nohup`; what somebody handles is theirs.
        if handler is signal.SIG_DFL:
            signal.signal(number, _stop)
    interrupt = signal.getsignal(signal.SIGINT)
    is_ours = interrupt is signal.default_int_handler or isinstance(interrupt, _Interrupts)
    if is_ours:
        signal.signal(signal.SIGINT, _Interrupts(is_too_late))
    try:
        yield
    finally:
        if is_ours and not is_too_late():
            signal.signal(signal.SIGINT, signal.default_int_handler)
        for number, handler in before.items():
            if handler is signal.SIG_DFL:
                signal.signal(number, signal.SIG_DFL)


class _Interrupts:
    """Hears interrupts; a second one is heard always."""

    def __init__(self, is_too_late: Callable[[], bool]) -> None:
        self._is_too_late = is_too_late
        self._is_first = True

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Hear one."""
        if self._is_first and self._is_too_late():
            self._is_first = False
            return
        signal.default_int_handler(number, frame)


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(_BASE_STATUS + number)
