"""The engine as a kernel sees it: a child process that is asked in lines of JSON, and started anew when it has died.

Only the standard library is used, and Python 3.8 has to do: this runs inside the kernels of projects.
"""

from __future__ import annotations

import atexit
import itertools
import json
import os
import signal
import subprocess
import tempfile
import threading
import time
import weakref
from contextlib import suppress
from queue import Empty, SimpleQueue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import IO, Any, Callable, Dict, Mapping

    Message = Dict[str, Any]
    Listener = Callable[[Message], object]

PROTOCOL = 1
SLOW_START = 3.0
"""Seconds after which the person is told that the engine is still starting."""
LONGEST_START = 120.0
"""Seconds after which an engine that has not said hello is given up."""
PATIENCE_WITH_END = 3.0
"""Seconds that an engine has to undo what it is at, when the kernel ends."""
INTERRUPTS_TO_KILL = 3
"""A person who interrupts that often wants the engine gone, whatever it is undoing; the next command will mend it."""
_GLANCE = 0.2
_POSIX = os.name == "posix"
_LAST_WORDS = 4000
_SECONDS_OF_AFTERMATH = 0.5
_HARMFUL = (
    "PYTHONPATH",
    "PYTHONHOME",
    "PYTHONSTARTUP",
    "PYTHONWARNINGS",
    "PYTHONINSPECT",
    "PYTHONDEVMODE",
    "PYTHONASYNCIODEBUG",
    "PYTHONTRACEMALLOC",
    "PYTHONPROFILEIMPORTTIME",
    "PYTHONPLATLIBDIR",
    "PYTHONEXECUTABLE",
    "PYTHONIOENCODING",
    "PYTHONUNBUFFERED",
    "__PYVENV_LAUNCHER__",
)
"""Variables that are meant for the kernel's Python, and would mislead the engine's."""


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


class Engine:
    """The engine of this kernel; its methods may be called from any thread.

    `on_event` is called in the calling thread with each event of the request, as the engine wrote it. What it returns
    for a `question` is the answer; `None` means that there is none, and cancels.
    """

    def __init__(self, python: str, arguments: tuple[str, ...] = ("-P", "-m", "chapbook_core.engine")) -> None:
        self._words = [python, *arguments]
        self._lock = threading.Lock()
        self._connection: _Connection | None = None
        self._numbers = itertools.count(1)
        """Of requests; two threads never get the same one."""
        self._current: list[_Request] = []
        self._crash = ""
        _engines.add(self)

    def start(self) -> None:
        """Start the engine in the background, unless it runs; returns at once."""
        self._connected()

    @property
    def pid(self) -> int | None:
        """The number of the engine's process, once there is one."""
        connection = self._connection
        return connection.pid if connection is not None and connection.is_alive() else None

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
            connection, self._connection = self._connection, None
        if connection is not None:
            connection.end(patience)

    def request(
        self,
        method: str,
        params: Mapping[str, Any],
        on_event: Listener | None = None,
        patience: float | None = None,
    ) -> Outcome:
        """Send a request of any method, and wait for its reply, but no longer than `patience` seconds."""
        request = _Request(next(self._numbers), method, params)
        self._current.append(request)
        try:
            outcome = self._asked(request, _Listening(on_event), patience)
        finally:
            self._current.remove(request)
        return outcome

    def _asked(self, request: _Request, listening: _Listening, patience: float | None) -> Outcome:
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
                if interrupts >= INTERRUPTS_TO_KILL and request.connection is not None:
                    request.connection.kill()
        if listening.problem is not None:
            raise listening.problem
        if interrupts and outcome.kind in ("Cancelled", "EngineDied", "EngineNotStarted"):
            raise Interrupted(outcome)
        return outcome

    def _waited(self, request: _Request, listening: _Listening, deadline: float | None) -> Outcome:
        """Wait for the reply; after an interrupt it is called again, and goes on waiting."""
        while True:
            connection = request.connection or self._assigned(request, listening)
            if not request.is_sent:
                # After an interrupt between these two it is sent again, and the connection drops the second.
                connection.ask(request)
                request.is_sent = True
            if request.reply is not None:
                self._drain(request, listening)
                return request.reply
            if connection.has_ended():
                if request.reply is not None:
                    continue
                self._drain(request, listening)
                died = self._died(request)
                if died is not None:
                    return died
                continue
            if deadline is not None and time.monotonic() >= deadline:
                self._cancel(request)
                return _failure("TooSlow", "the engine did not answer in time")
            self._look_at_start(request, listening)
            try:
                message = request.inbox.get(timeout=_GLANCE)
            except Empty:
                continue
            self._hear(request, listening, message)

    def _assigned(self, request: _Request, listening: _Listening) -> _Connection:
        connection = self._connected()
        if self._crash:
            crash, self._crash = self._crash, ""
            listening.hear(_notice(request.id, crash + "; it was started again"))
        request.began = time.monotonic()
        request.connection = connection
        return connection

    def _connected(self) -> _Connection:
        with self._lock:
            connection = self._connection
            if connection is None or not connection.is_alive():
                if connection is not None and connection.status and not connection.is_told:
                    self._crash = connection.crash()
                connection = self._connection = _Connection(self._words)
                connection.start()
            return connection

    def _died(self, request: _Request) -> Outcome | None:
        """Say what the death of the engine means for a request; nothing when another one can take it."""
        connection = request.connection
        assert connection is not None  # noqa: S101  it was sent before it was lost
        connection.is_told = True
        if not connection.has_said_hello:
            return _failure("EngineNotStarted", connection.crash(), hints=connection.hints())
        if connection.status == 0 and not request.is_heard and not request.is_cancelled:
            # It ended in order, idle, before it had read the request.
            request.connection, request.is_sent = None, False
            return None
        what = " ".join(map(str, request.params.get("argv", ()))) or request.method
        hints = ["whatever was half done is undone by the next command; run it again"]
        return _failure("EngineDied", f"{connection.crash()} during `{what}`", hints=hints)

    def _look_at_start(self, request: _Request, listening: _Listening) -> None:
        connection = request.connection
        if connection is None or connection.has_said_hello:
            return
        waited = time.monotonic() - request.began
        if waited > LONGEST_START:
            connection.kill()
        elif waited > SLOW_START and not request.is_slow:
            request.is_slow = True
            listening.hear({"id": request.id, "event": "waiting", "text": "waiting for the engine to start"})

    def _drain(self, request: _Request, listening: _Listening) -> None:
        while True:
            try:
                message = request.inbox.get_nowait()
            except Empty:
                return
            if message.get("event") != "question":
                self._hear(request, listening, message)

    def _hear(self, request: _Request, listening: _Listening, message: Message) -> None:
        event = message.get("event")
        if event is None or event == "child":
            return
        answer = listening.hear(message)
        if event == "question" and request.connection is not None:
            params = {"target": request.id, "question": message.get("question"), "value": answer}
            request.connection.send(next(self._numbers), "answer", params)

    def _cancel(self, request: _Request) -> None:
        request.is_cancelled = True
        if request.connection is not None:
            request.connection.send(next(self._numbers), "cancel", {"target": request.id})

    def _forget(self) -> None:
        """Drop what belongs to the process that this one was forked from."""
        connection, self._connection = self._connection, None
        self._lock = threading.Lock()
        self._current = []
        if connection is not None:
            connection.forget()

    def __del__(self) -> None:
        connection = getattr(self, "_connection", None)
        if connection is not None:
            connection.close()


class _Request:
    """A request, and what has come back so far."""

    def __init__(self, identity: int, method: str, params: Mapping[str, Any]) -> None:
        self.id = identity
        self.method = method
        self.params = params
        self.inbox: SimpleQueue[Message] = SimpleQueue()
        self.connection: _Connection | None = None
        self.reply: Outcome | None = None
        """Kept here and not in the inbox, from which an interrupt could lose it."""
        self.began = 0.0
        self.is_heard = False
        self.is_sent = False
        self.is_cancelled = False
        self.is_slow = False


class _Listening:
    """The listener of a request; when it fails it is spared the rest, and the request goes on."""

    def __init__(self, on_event: Listener | None) -> None:
        self._on_event = on_event
        self.problem: Exception | None = None

    def hear(self, message: Message) -> object:
        if self._on_event is None or self.problem is not None:
            return None
        try:
            return self._on_event(message)
        except Exception as problem:  # noqa: BLE001  it is raised when the engine has finished
            self.problem = problem
            return None


class _Connection:
    """One engine process from its start to its end; threads do all the reading and writing, so no interrupt hits it."""

    def __init__(self, words: list[str]) -> None:
        self._words = words
        self._outbox: SimpleQueue[bytes | _Request | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._requests: dict[int, _Request] = {}
        self._admitted: set[int] = set()
        self._process: subprocess.Popen[bytes] | None = None
        self._errors: IO[bytes] | None = None
        self._groups: dict[int, int] = {}
        self._ended = threading.Event()
        self._is_over = False
        self._is_unwanted = False
        self._garbage = b""
        self._last_words = ""
        self._problem = ""
        self._owner = os.getpid()
        self.has_said_hello = False
        self.is_told = False
        """Whether the person has been told of its death."""
        self.status: int | None = None

    @property
    def pid(self) -> int | None:
        process = self._process
        return None if process is None else process.pid

    def is_alive(self) -> bool:
        """Tell whether a request may be given to it."""
        return not self._is_over

    def start(self) -> None:
        """Start the process, in a thread."""
        threading.Thread(target=self._live, name="chapbook-engine", daemon=True).start()

    def has_ended(self) -> bool:
        """Tell whether the process is gone, and everything was heard that it said."""
        return self._ended.is_set()

    def ask(self, request: _Request) -> None:
        """Send a request, and tell it what comes back; asked twice it is sent once."""
        self._outbox.put(request)

    def admit(self, request: _Request) -> bool:
        """Note where a reply is to go; called before a request is written. False when that was done before."""
        with self._lock:
            if request.id in self._admitted:
                return False
            self._admitted.add(request.id)
            self._requests[request.id] = request
            return True

    def send(self, identity: int, method: str, params: Mapping[str, Any]) -> None:
        """Queue a line."""
        self._outbox.put(_line(identity, method, params))

    def close(self) -> None:
        """Let the engine end; it sees the end of its input."""
        self._is_unwanted = True
        self._outbox.put(None)

    def end(self, patience: float) -> None:
        """Let the engine end, and make sure that it does."""
        self.close()
        if not self._ended.wait(patience):
            self.kill()
            self._ended.wait(1.0)

    def kill(self) -> None:
        """End the engine and every program that it has started, whatever they are at."""
        process = self._process
        self._is_unwanted = True
        if process is not None and self._owner == os.getpid():
            _kill_groups([*self._groups, process.pid])
            if process.poll() is None:
                process.kill()

    def forget(self) -> None:
        """Let go of an engine that belongs to the process that this one was forked from."""
        self._is_over = True
        process = self._process
        if process is None:
            return
        # The copy of the pipe must not keep the engine alive once its owner is gone.
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                try:
                    os.close(stream.fileno())
                except (OSError, ValueError):
                    continue
        process.returncode = 0

    def crash(self) -> str:
        """Say how the process ended."""
        if self._problem:
            return self._problem
        words = self._words[0]
        if not self.has_said_hello:
            said = self._last_words
            return "the engine did not start with `{}`{}".format(words, ": " + said if said else "")
        status = self.status or 0
        if status < 0:
            return f"the engine was ended by signal {-status}"
        return f"the engine ended unexpectedly (exit status {status})"

    def hints(self) -> list[str]:
        """Say what can be done when it does not start."""
        if "No module named" in self._last_words:
            return [f"install Chapbook for `{self._words[0]}`"]
        return [f"check that `{self._words[0]}` works, and that Chapbook is installed for it"]

    # The threads

    def _live(self) -> None:
        try:
            self._errors = tempfile.TemporaryFile()  # noqa: SIM115  it lives as long as this object
            self._process = process = subprocess.Popen(  # noqa: S603  a list of words, no shell
                self._words,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                env=_variables(),
                cwd=_folder(),
                start_new_session=_POSIX,
                creationflags=0 if _POSIX else 0x08000200,  # no window, and a process group of its own
            )
        except (OSError, ValueError) as problem:
            reason = getattr(problem, "strerror", None) or str(problem)
            self._problem = f"the engine did not start with `{self._words[0]}`: {reason}"
            self._conclude()
            return
        writer = threading.Thread(
            target=_write, args=(process.stdin, self._outbox, self.admit), name="chapbook-asking", daemon=True
        )
        reader = threading.Thread(target=self._read, args=(process,), name="chapbook-hearing", daemon=True)
        writer.start()
        reader.start()
        self.status = process.wait()
        # What it wrote last may still be on its way, such as which programs it has started; one that it has left behind
        # may hold the pipe for long.
        reader.join(_SECONDS_OF_AFTERMATH)
        if self.status:
            _kill_groups(list(self._groups))
            reader.join(_SECONDS_OF_AFTERMATH)
        self._outbox.put(None)
        if process.stdout is not None and not reader.is_alive():
            process.stdout.close()
        self._conclude()

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        stream = process.stdout
        while stream is not None:
            try:
                line = stream.readline()
            except (OSError, ValueError):
                break
            if not line:
                break
            try:
                message = json.loads(line.decode("utf-8"))
            except ValueError:
                message = None
            if isinstance(message, dict):
                self._sort(message)
            else:
                self._garbage = line[:_LAST_WORDS]
        try:
            process.wait(PATIENCE_WITH_END)
        except subprocess.TimeoutExpired:
            # Nothing can be heard of it any more.
            process.kill()

    def _sort(self, message: Message) -> None:
        event, identity = message.get("event"), message.get("id")
        if event == "hello":
            if message.get("protocol") == PROTOCOL:
                self.has_said_hello = True
            else:
                self._problem = (
                    "Chapbook was updated while this kernel runs: its engine speaks protocol {}, and the kernel {}; "
                    "restart the kernel"
                ).format(message.get("protocol"), PROTOCOL)
                self.kill()
            return
        if event == "child":
            self._count_child(message)
        with self._lock:
            request = self._requests.get(identity) if isinstance(identity, int) else None
            if request is not None and event is None:
                del self._requests[request.id]
        if request is None:
            return
        request.is_heard = True
        if event is None:
            request.reply = _outcome(message)
        request.inbox.put(message)

    def _count_child(self, message: Message) -> None:
        group = message.get("group")
        if isinstance(group, int) and group > 1:
            if message.get("state") == "started":
                self._groups[group] = group
            else:
                self._groups.pop(group, None)

    def _conclude(self) -> None:
        """Tell whoever waits that the engine has ended."""
        self._keep_last_words()
        with self._lock:
            self._is_over = True
            lost = list(self._requests.values())
        self.is_told = self.is_told or self._is_unwanted
        self._ended.set()
        for request in lost:
            # Whoever waits need not wait for the next glance.
            request.inbox.put({})

    def _keep_last_words(self) -> None:
        text = b""
        if self._errors is not None:
            with suppress(OSError, ValueError), self._errors as errors:
                end = errors.seek(0, os.SEEK_END)
                errors.seek(max(0, end - _LAST_WORDS))
                text = errors.read()
        lines = (text or self._garbage).decode("utf-8", "replace").strip().splitlines()
        self._last_words = lines[-1].strip()[:300] if lines else ""


def _write(stream: IO[bytes], outbox: SimpleQueue[bytes | _Request | None], admit: Callable[[_Request], bool]) -> None:
    """Write what is queued, until nothing more comes or nobody reads."""
    with suppress(OSError, ValueError):
        while True:
            item = outbox.get()
            if item is None:
                break
            if isinstance(item, _Request):
                if not admit(item):
                    continue
                item = _line(item.id, item.method, item.params)
            stream.write(item)
            stream.flush()
    with suppress(OSError, ValueError):
        stream.close()


def _line(identity: int, method: str, params: Mapping[str, Any]) -> bytes:
    line = json.dumps({"id": identity, "method": method, "params": params}, default=str)
    return line.encode("ascii") + b"\n"


def _outcome(message: Message) -> Outcome:
    error = message.get("error")
    if isinstance(error, dict):
        return Outcome(False, error)  # noqa: FBT003  the one flag it has
    result = message.get("result")
    if isinstance(result, dict) and "exit_status" in result:
        return Outcome(True, result)  # noqa: FBT003  likewise
    return Outcome(True, {"data": result})  # noqa: FBT003  likewise


def _failure(kind: str, message: str, hints: list[str] | None = None) -> Outcome:
    from html import escape  # only failures need it

    hints = hints or []
    text = "".join([f"error: {message}\n", *(f"hint: {hint}\n" for hint in hints)])
    html = f'<div style="white-space: pre-wrap">{escape(text.rstrip())}</div>'
    reply = {"kind": kind, "message": message, "hints": hints, "exit_status": 1, "text": text, "html": html}
    return Outcome(False, reply)  # noqa: FBT003  the one flag it has


def _notice(identity: int, message: str) -> Message:
    from html import escape  # as above

    text = f"warning: {message}\n"
    return {
        "id": identity,
        "event": "notice",
        "level": "warning",
        "message": message,
        "hints": [],
        "text": text,
        "html": f"<div>{escape(text)}</div>",
    }


def _variables() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in _HARMFUL}


def _folder() -> str | None:
    """Start it where no module can be imported by accident, and no folder is kept from being removed."""
    home = os.path.expanduser("~")  # noqa: PTH111  `pathlib` is slow to import, and a kernel may not have it loaded
    return home if os.path.isdir(home) else None  # noqa: PTH112  as above


def _kill_groups(groups: list[int]) -> None:
    if not hasattr(os, "killpg"):
        return
    for group in groups:
        with suppress(OSError):
            os.killpg(group, signal.SIGKILL)


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
