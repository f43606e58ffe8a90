"""The engine: reads requests, gives each a thread, and ends in good order."""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, assert_never

from chapbook_core.commands.text import Writing
from chapbook_core.engine.inlet import read_lines
from chapbook_core.engine.lanes import Lanes
from chapbook_core.engine.messages import (
    LONGEST,
    Answer,
    Cancel,
    Complete,
    End,
    Failure,
    Incoming,
    Malformed,
    Outcome,
    Reply,
    Run,
    Status,
    Waiting,
    decode,
)
from chapbook_core.engine.underway import Underway
from chapbook_core.events import Unwatched

if TYPE_CHECKING:
    from collections.abc import Callable

    from chapbook_core.commands.report import Data
    from chapbook_core.engine.life import Life
    from chapbook_core.engine.outbox import Outbox
    from chapbook_core.index.memory import Memory

SECONDS_TO_STOP = 1.5
"""In which a request has to notice that it is to stop; one that does not is left, and mended by the next command."""
SECONDS_TO_UNDO = 20.0
"""In which a request that has noticed it takes back what it has done."""
_GLANCE = 0.02
_LAST_WORDS = 1.0
_PROGRAM = "%poetry"


class Engine:
    """One process's requests."""

    def __init__(self, outbox: Outbox, life: Life, *, version: str) -> None:
        self._outbox = outbox
        self._life = life
        self._version = version
        self._lanes = Lanes()
        self._lock = threading.Lock()
        self._underway: dict[int, Underway] = {}
        self._memory: Memory | None = None

    def read(self, descriptor: int) -> None:
        """Take requests until there are no more; then the engine is over."""
        try:
            for line in read_lines(descriptor):
                if not self._take(line):
                    break
        finally:
            self._life.finish()

    def is_quiet(self) -> bool:
        """Tell whether nothing is under way."""
        return not self._life.is_busy()

    def end(self) -> None:
        """Stop what is under way, and wait until it is undone."""
        self._life.finish()
        with self._lock:
            left = list(self._underway.values())
        for underway in left:
            underway.cancel()
        began = time.monotonic()
        while self._is_waiting_worth(time.monotonic() - began):
            time.sleep(_GLANCE)
        self._outbox.close(_LAST_WORDS)

    def _is_waiting_worth(self, waited: float) -> bool:
        with self._lock:
            left = list(self._underway.values())
        if waited < SECONDS_TO_STOP:
            return bool(left)
        return waited < SECONDS_TO_UNDO and any(underway.is_unwinding for underway in left)

    # In the thread that reads

    def _take(self, line: bytes | None) -> bool:
        """Take a line; return whether more are wanted."""
        try:
            if line is None:
                raise Malformed(None, f"it is longer than {LONGEST} bytes")  # noqa: TRY301  answered like the others
            request = decode(line)
        except Malformed as error:
            self._fail(error.identity, error)
            return True
        try:
            return self._dispatch(request)
        except Exception as error:  # noqa: BLE001  as when no further thread can be started; the engine goes on
            self._fail(request.id, error)
            return True

    def _dispatch(self, request: Incoming) -> bool:
        match request:
            case Run():
                self._run(request)
            case Complete():
                self._begin(request.id, lambda _underway: self._completed(request))
            case Status():
                self._begin(request.id, lambda underway: self._glance(request, underway))
            case Cancel(identity, target):
                found = self._find(target)
                if found is not None:
                    found.cancel()
                self._outbox.put(Reply(identity, {"cancelled": found is not None}))
            case Answer(identity, target, question, value):
                found = self._find(target)
                if found is not None:
                    found.give(question, value)
                self._outbox.put(Reply(identity, {"taken": found is not None}))
            case End(identity):
                self._outbox.put(Reply(identity, {}))
                return False
            case _:
                assert_never(request)
        return True

    def _find(self, identity: int) -> Underway | None:
        with self._lock:
            return self._underway.get(identity)

    def _run(self, run: Run) -> None:
        try:
            # Loaded with the first request, so that the client is greeted before.
            from chapbook_core.engine.running import prepare, run_prepared

            prepared = prepare(run)
        except BaseException as error:  # noqa: BLE001  whatever it is, it is the reply to this request alone
            self._fail(run.id, error, Writing(program=_PROGRAM, width=run.where.width))
            return
        place = self._lanes.join(prepared.lane, prepared.call)

        def work(underway: Underway) -> Outcome:
            return run_prepared(
                prepared,
                underway,
                self._outbox,
                memory=self._remembered(),
                interactive=run.interactive,
                version=self._version,
                turn=lambda: self._lanes.turn(
                    place,
                    underway.checkpoint,
                    lambda call: self._outbox.put(Waiting(run.id, f"waiting for {call}, which runs in this project")),
                ),
            )

        def afterwards(outcome: Outcome | Data) -> None:
            # A kernel that is restarted after a change is there at once.
            if isinstance(outcome, Outcome) and outcome.environment_changed and run.where.kernel is not None:
                from chapbook_core.commands.kernel_preparation import foresee

                foresee(prepared.surroundings, Unwatched())

        self._begin(run.id, work, prepared.writing, lambda: self._lanes.leave(place), afterwards)

    def _begin(
        self,
        identity: int,
        work: Callable[[Underway], Outcome | Data],
        writing: Writing = Writing(program=_PROGRAM),  # noqa: B008  a frozen value
        leave: Callable[[], None] = lambda: None,
        afterwards: Callable[[Outcome | Data], None] = lambda _outcome: None,
    ) -> None:
        """Do some work in a thread of its own, reply what comes of it, and do what can be done when nobody waits."""
        underway = Underway(identity)
        with self._lock:
            is_taken = identity in self._underway
            if not is_taken:
                self._underway[identity] = underway
        if is_taken:
            leave()
            self._fail(identity, Malformed(identity, f"another request with the id {identity} is under way"), writing)
            return
        if not self._life.begin():
            leave()
            return

        def live() -> None:
            outcome: Outcome | Data = None
            try:
                outcome = work(underway)
                reply = Reply(identity, outcome)
            except BaseException as error:  # noqa: BLE001  the engine goes on, and the reply says what happened
                reply = Reply(identity, error=_failure(error, writing))
            finally:
                leave()
            with self._lock:
                del self._underway[identity]
            self._outbox.put(reply)
            with suppress(Exception):
                afterwards(outcome)
            self._life.end()

        threading.Thread(target=live, name=f"chapbook-request-{identity}", daemon=True).start()

    # In the thread of a request

    def _completed(self, request: Complete) -> Data:
        # Loaded when it is asked for.
        from chapbook_core.engine.completions import complete_line

        return complete_line(request)

    def _glance(self, request: Status, underway: Underway) -> Outcome:
        from chapbook_core.engine.glances import look  # as above

        return look(request, underway, self._outbox)

    def _remembered(self) -> Memory:
        with self._lock:
            if self._memory is None:
                from chapbook_core.index.memory import Memory  # as above

                self._memory = Memory()
            return self._memory

    def _fail(
        self,
        identity: int | None,
        error: BaseException,
        writing: Writing = Writing(program=_PROGRAM),  # noqa: B008  a frozen value
    ) -> None:
        self._outbox.put(Reply(identity, error=_failure(error, writing)))


def _failure(error: BaseException, writing: Writing) -> Failure:
    from chapbook_core.engine.replies import failure_of  # as above

    return failure_of(error, writing)


def protect_streams() -> tuple[int, int]:
    """Keep the streams of the protocol for ourselves, so that nothing that is printed or read by others gets there."""
    inlet, outlet = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    try:
        os.dup2(2, 1)
    except OSError:
        # There is no error stream.
        os.dup2(nothing, 1)
        with suppress(OSError):
            os.dup2(nothing, 2)
    os.close(nothing)
    return inlet, outlet
