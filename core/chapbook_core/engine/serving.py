"""The threads of an engine, and the signals that end it."""

from __future__ import annotations

import _thread
import signal
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chapbook_core.engine.engine import Engine
    from chapbook_core.engine.life import Life

_GLANCE = 0.5
_SECONDS_BEFORE_WARMING = 0.05
"""In which a first request comes that was waiting for the engine."""


def serve(engine: Engine, life: Life, inlet: int) -> int:
    """Serve until the input ends, the parent dies, a signal says so or nothing happens for long; return the status."""
    over = threading.Event()

    def read() -> None:
        engine.read(inlet)
        over.set()

    def finish() -> None:
        life.finish()
        over.set()

    def end(_number: int, _frame: object) -> None:
        # In a thread, because the code that the signal has come into may hold the locks that this takes; and in one
        # that is started without any.
        _thread.start_new_thread(finish, ())

    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), end)
    # Interrupts are the client's to interpret; programs that are started do not inherit a handler.
    signal.signal(signal.SIGINT, lambda _number, _frame: None)
    threading.Thread(target=read, name="chapbook-inlet", daemon=True).start()
    threading.Thread(target=_warm, args=(engine, over), name="chapbook-warming", daemon=True).start()
    while not life.is_over():
        over.wait(_GLANCE)
    engine.end()
    return 0


def _warm(engine: Engine, over: threading.Event) -> None:
    from chapbook_core.engine.warming import warm_up  # not before the client was greeted

    def wait_for_quiet() -> bool:
        time.sleep(0)
        while not over.is_set():
            if engine.is_quiet():
                return True
            over.wait(_GLANCE)
        return False

    if not over.wait(_SECONDS_BEFORE_WARMING):
        warm_up(wait_for_quiet)
