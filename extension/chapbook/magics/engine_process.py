"""The process of an engine, from its start to its end."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import threading
from contextlib import suppress
from queue import SimpleQueue

from chapbook.magics.outcome import outcome_of
from chapbook.magics.wire import PROTOCOL, line_of, message_of, write_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import IO, Any, Mapping

    from chapbook.magics.request import Request
    from chapbook.magics.wire import Message

PATIENCE_WITH_END = 3.0
"""Seconds that an engine has to undo what it is at, when the kernel ends."""
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


class EngineProcess:
    """One engine process from its start to its end; threads do all the reading and writing, so no interrupt hits it."""

    def __init__(self, words: list[str]) -> None:
        self._words = words
        self._outbox: SimpleQueue[bytes | Request | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._requests: dict[int, Request] = {}
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
        """Its number, once it has started."""
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

    def ask(self, request: Request) -> None:
        """Send a request, and tell it what comes back; asked twice it is sent once."""
        self._outbox.put(request)

    def admit(self, request: Request) -> bool:
        """Note where a reply is to go; called before a request is written. False when that was done before."""
        with self._lock:
            if request.id in self._admitted:
                return False
            self._admitted.add(request.id)
            self._requests[request.id] = request
            return True

    def send(self, identity: int, method: str, params: Mapping[str, Any]) -> None:
        """Queue a line."""
        self._outbox.put(line_of(identity, method, params))

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
            target=write_lines, args=(process.stdin, self._outbox, self.admit), name="chapbook-asking", daemon=True
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
            message = message_of(line)
            if message is None:
                self._garbage = line[:_LAST_WORDS]
            else:
                self._sort(message)
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
            request.reply = outcome_of(message)
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
