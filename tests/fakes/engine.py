"""An engine process as a test holds it, and the lines that go in and out."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from types import TracebackType

Message = dict[str, Any]
PATIENCE = 30.0


class EngineProcess:
    """The raw protocol; every message that came is kept."""

    def __init__(self, variables: Mapping[str, str], *words: str, module: str = "chapbook_core.engine") -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", module, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(variables),
            start_new_session=True,
        )
        self.messages: list[Message] = []
        self.lines: list[bytes] = []
        self._last = 0
        self._incoming: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            try:
                self._incoming.put(json.loads(line))
            except ValueError:
                self._incoming.put({"garbage": line.decode("utf-8", "replace")})
        self._incoming.put(None)

    def write(self, line: bytes) -> None:
        """Write a line as it is."""
        assert self.process.stdin is not None
        self.process.stdin.write(line)
        self.process.stdin.flush()

    def send(self, method: str, **params: object) -> int:
        """Send a request, and return its number."""
        self._last += 1
        self.write(json.dumps({"id": self._last, "method": method, "params": params}).encode() + b"\n")
        return self._last

    def run(self, *argv: str, cwd: Path, **params: object) -> int:
        """Send a command."""
        return self.send("run", argv=list(argv), cwd=str(cwd), **params)

    def until(self, is_wanted: Callable[[Message], bool], seconds: float = PATIENCE) -> Message:
        """Return the first message that is wanted, among those that came and those that come."""
        for message in self.messages:
            if is_wanted(message):
                return message
        end = time.monotonic() + seconds
        while True:
            try:
                message_or_end = self._incoming.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"nothing of that came: {self.messages}") from None
            if message_or_end is None:
                raise AssertionError(f"the engine has ended: {self.messages} {self.errors()}")
            self.messages.append(message_or_end)
            if is_wanted(message_or_end):
                return message_or_end

    def reply(self, identity: int | None, seconds: float = PATIENCE) -> Message:
        """Return the reply to a request."""
        return self.until(lambda message: message.get("id", 0) == identity and "event" not in message, seconds)

    def event(self, name: str, identity: int | None = None, seconds: float = PATIENCE) -> Message:
        """Return the first event of a name."""
        return self.until(
            lambda message: message.get("event") == name and identity in (None, message.get("id")), seconds
        )

    def events(self, name: str) -> list[Message]:
        """Return what came so far."""
        return [message for message in self.messages if message.get("event") == name]

    def end_of_input(self) -> None:
        """Close its input."""
        assert self.process.stdin is not None
        self.process.stdin.close()

    def errors(self) -> str:
        """Return what an engine that has ended wrote on its error stream."""
        assert self.process.stderr is not None
        return self.process.stderr.read().decode("utf-8", "replace")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for stream in (self.process.stdin,):
            if stream is not None and not stream.closed:
                try:
                    stream.close()
                except OSError:
                    continue
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._reader.join(5)
        for output in (self.process.stdout, self.process.stderr):
            if output is not None:
                output.close()


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; one that has died and waits to be looked at does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:
        with open(f"/proc/{pid}/stat") as file:  # noqa: PTH123  a name, not a path
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return True


def wait_until(is_so: Callable[[], bool], seconds: float = PATIENCE) -> bool:
    """Wait for something; return whether it came."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if is_so():
            return True
        time.sleep(0.01)
    return is_so()
