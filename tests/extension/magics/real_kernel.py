"""A real kernel that runs in the environment of a project, as the project's own kernel does."""

from __future__ import annotations

import json
import os
import sys
import sysconfig
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import KernelManager

from chapbook_core.commands.thin_magics import place_thin_magics
from tests.fakes.kernel_ports import with_steady_ports

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from jupyter_client.blocking.client import BlockingKernelClient

LAUNCHER = """
import json, runpy, sys
sys.path[:] = sys.path[1:]
sys.path += json.loads(sys.argv.pop(1))
runpy.run_module("ipykernel_launcher", run_name="__main__", alter_sys=True)
"""
LIMIT = 300.0


@dataclass
class Shown:
    """What stands below a cell after it has run."""

    status: str
    displays: dict[str, dict[str, str]] = field(default_factory=dict)
    """By their names; each in its last state."""
    states: list[dict[str, str]] = field(default_factory=list)
    """Every state that a display has had."""
    stdout: str = ""
    error: dict[str, Any] = field(default_factory=dict)
    values: list[dict[str, str]] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The plain text of all displays."""
        return "\n".join(data["text/plain"] for data in self.displays.values())


class RealKernel:
    """A kernel and its one client; `python` is the one it runs with, ipykernel and the magics come from outside."""

    def __init__(self, python: Path, folder: Path, variables: Mapping[str, str], shelf: Path) -> None:
        magics = place_thin_magics(shelf)
        assert magics is not None
        outside = json.dumps([str(magics), sysconfig.get_path("purelib")])
        argv = [str(python), "-c", LAUNCHER, outside, "-f", "{connection_file}"]
        argv += ["--InteractiveShell.colors=nocolor", "--HistoryManager.enabled=False"]
        self._manager = with_steady_ports(KernelManager)()
        self._manager._kernel_spec = KernelSpec(argv=argv, display_name="test", language="python")
        self._folder = folder
        self._variables = {**os.environ, **variables}
        for name in ("VIRTUAL_ENV", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "JPY_SESSION_NAME", "CHAPBOOK_PROJECT"):
            if name not in variables:
                self._variables.pop(name, None)
        self.client: BlockingKernelClient

    def __enter__(self) -> Self:
        self._manager.start_kernel(cwd=str(self._folder), env=self._variables)
        self.client = self._manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=LIMIT)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.client.stop_channels()
        self._manager.shutdown_kernel(now=False)
        self._manager.cleanup_resources()

    def run(self, source: str, *, interrupt_at: str = "", answers: list[str] | None = None) -> Shown:
        """Run a cell; interrupts it when a display shows a text, and answers its questions one after the other."""
        identity = self.client.execute(source, allow_stdin=answers is not None)
        shown = Shown("")
        end = time.monotonic() + LIMIT
        while time.monotonic() < end:
            if answers and self.client.stdin_channel.msg_ready():
                self.client.get_stdin_msg(timeout=1)
                self.client.input(answers.pop(0))
            if not self.client.iopub_channel.msg_ready():
                time.sleep(0.005)
                continue
            message = self.client.get_iopub_msg(timeout=LIMIT)
            if message["parent_header"].get("msg_id") != identity:
                continue
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                break
            self._take(message, shown)
            if interrupt_at and any(interrupt_at in state.get("text/plain", "") for state in shown.states):
                interrupt_at = ""
                self._manager.interrupt_kernel()
        reply = self.client.get_shell_msg(timeout=LIMIT)
        while reply["parent_header"].get("msg_id") != identity:
            reply = self.client.get_shell_msg(timeout=LIMIT)
        shown.status = reply["content"]["status"]
        return shown

    def complete(self, source: str) -> list[str]:
        """Return what may stand at the end of the source, as a whole each."""
        identity = self.client.complete(source, len(source))
        while True:
            reply = self.client.get_shell_msg(timeout=LIMIT)
            if reply["parent_header"].get("msg_id") == identity:
                content = reply["content"]
                return [source[: content["cursor_start"]] + match for match in content["matches"]]

    def _take(self, message: Mapping[str, Any], shown: Shown) -> None:
        content = message["content"]
        match message["msg_type"]:
            case "display_data" | "update_display_data":
                name = content.get("transient", {}).get("display_id") or f"plain {len(shown.displays)}"
                shown.displays[name] = content["data"]
                shown.states.append(content["data"])
            case "stream":
                shown.stdout += content["text"]
            case "error":
                shown.error = content
            case "execute_result":
                shown.values.append(content["data"])


def plain_python() -> Path:
    """Return the Python in which Chapbook itself is installed."""
    return Path(sys.executable)
