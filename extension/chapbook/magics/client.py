"""The engine as a kernel sees it: a child process that is asked in lines of JSON, and started anew when it has died.

Only the standard library is used, and Python 3.8 has to do: this runs inside the kernels of projects.
"""

from __future__ import annotations

import atexit
import itertools
import os
import threading
import time
import weakref
from queue import Empty

from chapbook.magics.engine_process import PATIENCE_WITH_END, EngineProcess
from chapbook.magics.outcome import Interrupted, Outcome, failure
from chapbook.magics.request import Listening, Request
from chapbook.magics.wire import notice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Mapping

    from chapbook.magics.wire import Listener, Message

SLOW_START = 3.0
"""Seconds after which the person is told that the engine is still starting."""
LONGEST_START = 120.0
"""Seconds after which an engine that has not said hello is given up."""
INTERRUPTS_TO_KILL = 3
"""A person who interrupts that often wants the engine gone, whatever it is undoing; the next command will mend it."""
_GLANCE = 0.2


class Engine:
    """The engine of this kernel; its methods may be called from any thread.

    `on_event` is called in the calling thread with each event of the request, as the engine wrote it. What it returns
    for a `question` is the answer; `None` means that there is none, and cancels.
    """

    def __init__(self, python: str, arguments: tuple[str, ...] = ("-P", "-m", "chapbook_core.engine")) -> None:
        self._words = [python, *arguments]
        self._lock = threading.Lock()
        self._process: EngineProcess | None = None
        self._numbers = itertools.count(1)
        """Of requests; two threads never get the same one."""
        self._current: list[Request] = []
        self._crash = ""
        _engines.add(self)

    def start(self) -> None:
        """Start the engine in the background, unless it runs; returns at once."""
        self._started()

    @property
    def pid(self) -> int | None:
        """The number of the engine's process, once there is one."""
        process = self._process
        return process.pid if process is not None and process.is_alive() else None

    def run(self, params: Mapping[str, Any], on_event: Listener | None = None) -> Outcome:
        """Run a command, as `{"argv": [..], "cwd": ..}`, and wait for what comes of it.

        An interrupt cancels the command and waits until it is undone; then `Interrupted` is raised, unless the command
        had ended before it could be stopped.
        """
        return self.request("run", params, on_event)

    def status(self, params: Mapping[str, Any], on_event: Listener | None = None) -> Outcome:
        """Show the project of `cwd` at a glance."""
        return self.request("status", params, on_event)

    def complete(
        self, line: str, cursor: int, params: Mapping[str, Any], patience: float = 1.0
    ) -> tuple[list[str], int]:
        """Return what may stand at the cursor, and where it starts; nothing when the engine is not quick about it."""
        given = dict(params, line=line, cursor=cursor)
        outcome = self.request("complete", given, patience=patience)
        data = outcome.data if outcome.ok and isinstance(outcome.data, dict) else {}
        return list(data.get("matches", ())), int(data.get("start", cursor))

    def cancel(self) -> None:
        """Stop what is under way at the next safe point; `run` returns what came of that."""
        for request in list(self._current):
            self._cancel(request)

    def stop(self, patience: float = PATIENCE_WITH_END) -> None:
        """End the engine; a later request starts another."""
        with self._lock:
            process, self._process = self._process, None
        if process is not None:
            process.end(patience)

    def request(
        self,
        method: str,
        params: Mapping[str, Any],
        on_event: Listener | None = None,
        patience: float | None = None,
    ) -> Outcome:
        """Send a request of any method, and wait for its reply, but no longer than `patience` seconds."""
        request = Request(next(self._numbers), method, params)
        self._current.append(request)
        try:
            outcome = self._asked(request, Listening(on_event), patience)
        finally:
            self._current.remove(request)
        return outcome

    def _asked(self, request: Request, listening: Listening, patience: float | None) -> Outcome:
        deadline = None if patience is None else time.monotonic() + patience
        interrupts = 0
        while True:
            try:
                outcome = self._waited(request, listening, deadline)
                break
            except KeyboardInterrupt:
                # Nothing but these lines is done here: the next interrupt may come at any of them.
                interrupts += 1
                self._cancel(request)
                if interrupts >= INTERRUPTS_TO_KILL and request.process is not None:
                    request.process.kill()
        if listening.problem is not None:
            raise listening.problem
        if interrupts and outcome.kind in ("Cancelled", "EngineDied", "EngineNotStarted"):
            raise Interrupted(outcome)
        return outcome

    def _waited(self, request: Request, listening: Listening, deadline: float | None) -> Outcome:
        """Wait for the reply; after an interrupt it is called again, and goes on waiting."""
        while True:
            process = request.process or self._assigned(request, listening)
            if not request.is_sent:
                # After an interrupt between these two it is sent again, and the process drops the second.
                process.ask(request)
                request.is_sent = True
            if request.reply is not None:
                self._drain(request, listening)
                return request.reply
            if process.has_ended():
                if request.reply is not None:
                    continue
                self._drain(request, listening)
                died = self._died(request)
                if died is not None:
                    return died
                continue
            if deadline is not None and time.monotonic() >= deadline:
                self._cancel(request)
                return failure("TooSlow", "the engine did not answer in time")
            self._look_at_start(request, listening)
            try:
                message = request.inbox.get(timeout=_GLANCE)
            except Empty:
                continue
            self._hear(request, listening, message)

    def _assigned(self, request: Request, listening: Listening) -> EngineProcess:
        process = self._started()
        if self._crash:
            crash, self._crash = self._crash, ""
            listening.hear(notice(request.id, crash + "; it was started again"))
        request.began = time.monotonic()
        request.process = process
        return process

    def _started(self) -> EngineProcess:
        with self._lock:
            process = self._process
            if process is None or not process.is_alive():
                if process is not None and process.status and not process.is_told:
                    self._crash = process.crash()
                process = self._process = EngineProcess(self._words)
                process.start()
            return process

    def _died(self, request: Request) -> Outcome | None:
        """Say what the death of the engine means for a request; nothing when another one can take it."""
        process = request.process
        assert process is not None  # noqa: S101  it was sent before it was lost
        process.is_told = True
        if not process.has_said_hello:
            return failure("EngineNotStarted", process.crash(), hints=process.hints())
        if process.status == 0 and not request.is_heard and not request.is_cancelled:
            # It ended in order, idle, before it had read the request.
            request.process, request.is_sent = None, False
            return None
        what = " ".join(map(str, request.params.get("argv", ()))) or request.method
        hints = ["whatever was half done is undone by the next command; run it again"]
        return failure("EngineDied", f"{process.crash()} during `{what}`", hints=hints)

    def _look_at_start(self, request: Request, listening: Listening) -> None:
        process = request.process
        if process is None or process.has_said_hello:
            return
        waited = time.monotonic() - request.began
        if waited > LONGEST_START:
            process.kill()
        elif waited > SLOW_START and not request.is_slow:
            request.is_slow = True
            listening.hear({"id": request.id, "event": "waiting", "text": "waiting for the engine to start"})

    def _drain(self, request: Request, listening: Listening) -> None:
        while True:
            try:
                message = request.inbox.get_nowait()
            except Empty:
                return
            if message.get("event") != "question":
                self._hear(request, listening, message)

    def _hear(self, request: Request, listening: Listening, message: Message) -> None:
        event = message.get("event")
        if event is None or event == "child":
            return
        answer = listening.hear(message)
        if event == "question" and request.process is not None:
            params = {"target": request.id, "question": message.get("question"), "value": answer}
            request.process.send(next(self._numbers), "answer", params)

    def _cancel(self, request: Request) -> None:
        request.is_cancelled = True
        if request.process is not None:
            request.process.send(next(self._numbers), "cancel", {"target": request.id})

    def _forget(self) -> None:
        """Drop what belongs to the process that this one was forked from."""
        process, self._process = self._process, None
        self._lock = threading.Lock()
        self._current = []
        if process is not None:
            process.forget()

    def __del__(self) -> None:
        process = getattr(self, "_process", None)
        if process is not None:
            process.close()


_engines: weakref.WeakSet[Engine] = weakref.WeakSet()


def _stop_all() -> None:
    for engine in list(_engines):
        engine.stop()


def _forget_all() -> None:
    for engine in list(_engines):
        engine._forget()  # noqa: SLF001  of this module


atexit.register(_stop_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)
