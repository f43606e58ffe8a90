"""A Jupyter server in a process of its own, spoken to as its pages do."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from queue import Empty
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from jupyter_client.asynchronous.client import AsyncKernelClient

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.kernels.world import World

_TOKEN = "secret"
_SECONDS = 300.0
_SECONDS_TO_START = 180.0
"""It loads JupyterLab, on a machine that may be busy."""


class Server:
    """A server that listens."""

    def __init__(self, url: str, runtime: Path) -> None:
        self._url = url
        self._runtime = runtime

    def ask(self, method: str, path: str, content: object = None) -> dict[str, object]:
        """Put one request, and return the answer."""
        body = None if content is None else json.dumps(content).encode()
        request = Request(f"{self._url}{path}", body, {"Authorization": f"token {_TOKEN}"}, method=method)
        with urlopen(request, timeout=_SECONDS) as answer:
            text = answer.read()
        found = json.loads(text) if text else {}
        assert isinstance(found, dict)
        return found

    def open_notebook(self, path: str, kernel: str = "chapbook") -> Session:
        """Open a notebook with its kernel, as a page does."""
        content = {"path": path, "name": path.rpartition("/")[2], "type": "notebook", "kernel": {"name": kernel}}
        return Session(self, self._runtime, self.ask("POST", "api/sessions", content))


class Session:
    """A notebook that is open."""

    def __init__(self, server: Server, runtime: Path, model: dict[str, object]) -> None:
        self._server = server
        self._runtime = runtime
        self.identity = str(model["id"])
        match model["kernel"]:
            case {"id": str(kernel)}:
                self.kernel = kernel
            case other:
                raise AssertionError(other)

    def rename(self, path: str) -> None:
        """Tell the server the notebook's new place, as a page does that has moved it."""
        content = {"path": path, "name": path.rpartition("/")[2], "type": "notebook"}
        self._server.ask("PATCH", f"api/sessions/{self.identity}", content)

    def restart(self) -> None:
        """Restart the kernel."""
        self._server.ask("POST", f"api/kernels/{self.kernel}/restart")

    def close(self) -> None:
        """Shut the kernel down."""
        self._server.ask("DELETE", f"api/sessions/{self.identity}")

    def run(self, code: str) -> str:
        """Run a cell and return everything it shows as text."""
        shown: list[str] = []

        def take(message: dict[str, object]) -> None:
            match message["content"]:
                case {"text": str(text)} | {"data": {"text/plain": str(text)}}:
                    shown.append(text)
                case _:
                    pass

        async def execute() -> None:
            client = AsyncKernelClient()
            client.load_connection_file(str(self._runtime / f"kernel-{self.kernel}.json"))
            client.start_channels()
            try:
                await _answered(client)
                await client.execute_interactive(code, output_hook=take, timeout=_SECONDS)
            finally:
                client.stop_channels()

        asyncio.run(execute())
        return "".join(shown)


async def _answered(client: AsyncKernelClient) -> None:
    """Wait for a kernel that may be starting: by its heart alone, which is late then, it would be taken for dead."""
    end = time.monotonic() + _SECONDS
    while time.monotonic() < end:
        client.kernel_info()
        with suppress(Empty):
            await client.get_shell_msg(timeout=1)
            await client.get_iopub_msg(timeout=0.2)
            return
    raise AssertionError("the kernel does not answer")


@contextmanager
def running_server(world: World) -> Iterator[Server]:
    """Start a server on the folder of all projects."""
    runtime = world.root / "jupyter-runtime"
    log = world.root / "server.log"
    words = [sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root", "--ip=127.0.0.1", "--port=0"]
    words += [f"--IdentityProvider.token={_TOKEN}", f"--ServerApp.root_dir={world.root}"]
    with log.open("w") as stream:
        process = subprocess.Popen(words, cwd=world.root, env=world.variables, stdout=stream, stderr=stream)
    try:
        file = runtime / f"jpserver-{process.pid}.json"
        yield Server(url_of_server(file, process, log), runtime)
    finally:
        process.terminate()
        process.wait(_SECONDS)


def url_of_server(file: Path, process: subprocess.Popen[bytes], log: Path) -> str:
    """Wait until a server listens, which it does a moment after it has written down where, and return its address."""
    end = time.monotonic() + _SECONDS_TO_START
    while time.monotonic() < end and process.poll() is None:
        with suppress(OSError, ValueError):
            url = str(json.loads(file.read_text())["url"])
            parts = urlsplit(url)
            socket.create_connection((parts.hostname, parts.port or 80), timeout=_SECONDS).close()
            return url
        time.sleep(0.05)
    raise AssertionError(log.read_text())
