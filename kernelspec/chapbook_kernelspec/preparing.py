"""Preparing: `chapbook kernel prepare` as a child, so that neither a server nor its other kernels wait for it."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import json
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, TypeVar, cast

from chapbook_core.commands.kernel_start import read_start
from chapbook_core.process_group import kill_group
from chapbook_kernelspec.readiness import Ready, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chapbook_kernelspec.belonging import Belonging

_Done = TypeVar("_Done")
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
        self._is_stopped = False
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
        if child.returncode and self._is_stopped:
            return Refused("the preparation was cancelled; nothing was changed", ("run `chapbook install`",))
        if child.returncode:
            return self._refused()
        try:
            return Ready(self._belonging, read_start(json.loads(output)["start"]))
        except (ValueError, KeyError, TypeError):
            return Refused(f"the preparation of `{self._belonging.project}` gave no answer that can be read", ())

    def stop(self) -> None:
        """Ask it to undo what it has begun, and to end; one that cannot is ended."""
        self.ask_to_stop()
        try:
            self._child.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            kill_group(self._child)

    def ask_to_stop(self) -> None:
        """Ask it, and wait for nothing."""
        if self._child.poll() is None:
            self._is_stopped = True
            self._child.terminate()

    def _refused(self) -> Refused:
        """Find the error among the lines; what stands before it is progress."""
        first = next((place for place, line in enumerate(self._lines) if line.startswith(_ERROR)), None)
        if first is None:
            return Refused("\n".join(self._lines[-5:]) or f"it ended with the status {self._child.returncode}", ())
        lines = self._lines[first:]
        hints = tuple(line.removeprefix(_HINT) for line in lines if line.startswith(_HINT))
        story = "\n".join(line.removeprefix(_ERROR) for line in lines if not line.startswith(_HINT))
        return Refused(story, hints)


async def prepared(
    belonging: Belonging, variables: Mapping[str, str], tell: Callable[[str], None], *, kernel: str = ""
) -> Ready | Refused:
    """Prepare a project while the loop goes on; being cancelled, it stops the child and waits for its undoing.

    `kernel` is an id by which `stop_preparation` finds it.
    """
    preparation = Preparation(belonging, variables, tell)
    _under_way[kernel] = preparation
    try:
        return await _from_thread(preparation.wait)
    except asyncio.CancelledError:
        await _from_thread(preparation.stop)
        raise
    finally:
        _under_way.pop(kernel, None)


def stop_preparation(kernel: str) -> bool:
    """Ask the preparation for a kernel to undo what it has begun; tell whether there is one.

    The kernel that starts is then one in which a person can go on.
    """
    preparation = _under_way.get(kernel)
    if preparation is not None:
        preparation.ask_to_stop()
    return preparation is not None


_under_way: dict[str, Preparation] = {}


@atexit.register
def _stop_all() -> None:
    """Leave no child behind that nobody waits for."""
    for preparation in tuple(_under_way.values()):
        preparation.ask_to_stop()


async def _from_thread(work: Callable[[], _Done]) -> _Done:
    """Wait for a thread that does not keep a server from ending.

    A loop on Windows may know no child processes, and the loop's own threads are few, and are waited for at the end.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[_Done] = loop.create_future()

    def settle(result: _Done | None, problem: BaseException | None) -> None:
        if done.cancelled():
            return
        if problem is not None:
            done.set_exception(problem)
        else:
            done.set_result(cast("_Done", result))

    def run() -> None:
        result, problem = None, None
        try:
            result = work()
        except BaseException as raised:  # noqa: BLE001  it is raised where the result is waited for
            problem = raised
        with contextlib.suppress(RuntimeError):
            # A loop that was closed meanwhile has nobody who waits.
            loop.call_soon_threadsafe(settle, result, problem)

    threading.Thread(target=run, name="chapbook-prepare", daemon=True).start()
    return await done


def _words(belonging: Belonging) -> list[str]:
    words = [sys.executable, "-P", "-m", "chapbook_core.cli", "kernel", "prepare", "--format", "json"]
    words += ["--no-interaction", "--no-ansi", "--project", str(belonging.project)]
    for option, names in (("--with", belonging.wants.groups), ("--extras", belonging.wants.extras)):
        for name in names:
            words += [option, name]
    return words
