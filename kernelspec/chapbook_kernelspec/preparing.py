"""Preparing: `chapbook kernel prepare` as a child, so that neither a server nor its other kernels wait for it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from chapbook_core.commands.kernel_start import read_start
from chapbook_kernelspec.readiness import Ready, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chapbook_kernelspec.belonging import Belonging

_PATIENCE = 20.0
"""Seconds that a child may take to undo what it was at."""
_ERROR, _HINT = "error: ", "hint: "


class Preparation:
    """One child, and what it says."""

    def __init__(self, belonging: Belonging, variables: Mapping[str, str], tell: Callable[[str], None]) -> None:
        """`tell` is called for each line of progress, from whichever thread reads it."""
        self._belonging = belonging
        self._tell = tell
        self._lines: list[str] = []
        self._child = subprocess.Popen(  # noqa: S603  a list of words, no shell
            _words(belonging),
            env=dict(variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            # An interrupt that is meant for the server, or for a kernel, is not meant for it.
            start_new_session=True,
            encoding="utf-8",
            errors="replace",
        )

    def wait(self) -> Ready | Refused:
        """Read to the end, and tell what came of it."""
        child = self._child
        if child.stdout is None or child.stderr is None:
            raise AssertionError("both are pipes")
        with child, child.stdout, child.stderr:
            for line in child.stderr:
                self._lines.append(line.rstrip())
                self._tell(line.rstrip())
            output = child.stdout.read()
        if child.returncode:
            return self._refused()
        try:
            return Ready(self._belonging, read_start(json.loads(output)["start"]))
        except (ValueError, KeyError, TypeError):
            return Refused(f"the preparation of `{self._belonging.project}` gave no answer that can be read", ())

    def stop(self) -> None:
        """Ask it to undo what it has begun, and to end; one that cannot is ended."""
        if self._child.poll() is not None:
            return
        self._child.terminate()
        try:
            self._child.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._kill()

    def _kill(self) -> None:
        if sys.platform == "win32":
            self._child.kill()
            return
        with contextlib.suppress(OSError):
            os.killpg(self._child.pid, signal.SIGKILL)

    def _refused(self) -> Refused:
        """Find the error among the lines; what stands before it is progress."""
        first = next((place for place, line in enumerate(self._lines) if line.startswith(_ERROR)), None)
        if first is None:
            return Refused("\n".join(self._lines[-5:]) or f"it ended with the status {self._child.returncode}", ())
        lines = self._lines[first:]
        hints = tuple(line.removeprefix(_HINT) for line in lines if line.startswith(_HINT))
        story = "\n".join(line.removeprefix(_ERROR) for line in lines if not line.startswith(_HINT))
        return Refused(story, hints)


async def prepared(belonging: Belonging, variables: Mapping[str, str], tell: Callable[[str], None]) -> Ready | Refused:
    """Prepare a project while the loop goes on; being cancelled, it stops the child and waits for its undoing."""
    preparation = Preparation(belonging, variables, tell)
    # A thread of its own, for a loop on Windows may know no child processes, and the loop's own threads are few.
    with ThreadPoolExecutor(1, "chapbook-prepare") as thread:
        waiting = asyncio.get_running_loop().run_in_executor(thread, preparation.wait)
        try:
            return await asyncio.shield(waiting)
        except asyncio.CancelledError:
            await asyncio.to_thread(preparation.stop)
            raise


def _words(belonging: Belonging) -> list[str]:
    words = [sys.executable, "-m", "chapbook_core.cli", "kernel", "prepare", "--format", "json", "--no-interaction"]
    words += ["--no-ansi", "--project", str(belonging.project)]
    for option, names in (("--with", belonging.wants.groups), ("--extras", belonging.wants.extras)):
        for name in names:
            words += [option, name]
    return words
