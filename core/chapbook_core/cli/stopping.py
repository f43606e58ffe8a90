"""Being told to stop: a signal unwinds the work like an interrupt, so that what is half done is undone."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

from chapbook_core.cli.interrupts import Interrupts, ToldToStop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

_SIGNALS = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))


@contextmanager
def stopping_by_signals(is_committed: Callable[[], bool], interrupts: Interrupts | None = None) -> Iterator[None]:
    """Turn the signals that end a program into `SystemExit` while the work lasts, and an interrupt into an exception.

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
    hearing = interrupts or Interrupts()
    hearing.is_committed = is_committed
    hearing.is_working = True
    heard_by = signal.getsignal(signal.SIGINT)
    # Where the process is the command's, they are heard already.
    is_lent = heard_by is signal.default_int_handler or (isinstance(heard_by, Interrupts) and heard_by is not hearing)
    if is_lent:
        signal.signal(signal.SIGINT, hearing)
    try:
        yield
    finally:
        hearing.is_working = False
        if is_lent and not hearing.is_too_late:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        for number, handler in before.items():
            if handler is signal.SIG_DFL:
                signal.signal(number, signal.SIG_DFL)


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    raise ToldToStop(number)
