"""Projects whose kernels are real: made once, with packages of the index that pip is configured for."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from jupyter_client.manager import AsyncKernelManager

from chapbook_core.errors import ChapbookError
from chapbook_core.index.default_index import default_index
from tests.fakes.kernel_ports import with_steady_ports

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator, Sequence

    from jupyter_client.asynchronous.client import AsyncKernelClient

REPOSITORY = Path(__file__).parents[2]
_PYTHONS = Path.home() / ".pyenv" / "versions"
_SECONDS = 300.0


@dataclass(frozen=True)
class World:
    """One person's folders; everything that kernels share is in them, and made once a session."""

    root: Path
    variables: dict[str, str]
    _made: dict[object, Path] = field(default_factory=dict)

    def project(self, name: str, dependencies: Sequence[str] = (), python: str = "3.11") -> Path:
        """Return a project that is ready, made when it is first asked for."""
        key = (name, tuple(dependencies), python)
        if key not in self._made:
            self._made[key] = self.new_project(f"{name}-{python}", dependencies, python)
            self.chapbook(self._made[key], "kernel", "prepare")
        return self._made[key]

    def new_project(self, name: str, dependencies: Sequence[str] = (), python: str = "3.11") -> Path:
        """Make a project with an environment that nothing was put into."""
        program = find_python(python)
        folder = self.root / name
        folder.mkdir()
        (folder / "pyproject.toml").write_text(
            f'[project]\nname = "{name.partition("-")[0]}"\nversion = "1.0"\nrequires-python = ">={python}"\n'
            f"dependencies = {json.dumps(list(dependencies))}\n\n[tool.poetry]\npackage-mode = false\n"
        )
        self.chapbook(folder, "env", "use", str(program))
        self.chapbook(folder, "trust")
        return folder

    def chapbook(self, folder: Path, *words: str) -> str:
        """Run a command, which must succeed."""
        ended = subprocess.run(
            [sys.executable, "-m", "chapbook_core.cli", *words],
            cwd=folder,
            env=self.variables,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    @contextmanager
    def kernel(self, folder: Path, notebook: Path | None = None) -> Iterator[Running]:
        """Start the project kernel of a folder, or of a notebook as a server does."""
        variables = dict(self.variables)
        if notebook is not None:
            variables["JPY_SESSION_NAME"] = str(notebook)
        with asyncio.Runner() as runner:
            running = Running(with_steady_ports(AsyncKernelManager)(kernel_name="chapbook"), runner)
            try:
                running.start(cwd=str(folder), env=variables)
                yield running
            finally:
                running.stop()


class Running:
    """A kernel, and the loop that whoever started it waits in."""

    def __init__(self, manager: AsyncKernelManager, runner: asyncio.Runner) -> None:
        self.manager = manager
        self._runner = runner
        self._client: AsyncKernelClient | None = None

    @property
    def pid(self) -> int:
        """The process that was started."""
        pid = getattr(self.manager.provisioner, "pid", None)
        assert isinstance(pid, int)
        return pid

    def start(self, **options: object) -> None:
        """Start it, and wait for its first answer."""
        self._wait(self.manager.start_kernel(**options))
        self._client = self.manager.client()
        self._client.start_channels()
        self._wait(self._client.wait_for_ready(timeout=_SECONDS))

    def restart(self) -> None:
        """Restart it as the button does."""
        self._wait(self.manager.restart_kernel(now=True))
        self._wait(self.client.wait_for_ready(timeout=_SECONDS))

    def stop(self) -> None:
        """End it, if it runs."""
        if self._client is not None:
            self._client.stop_channels()
        if self.manager.has_kernel:
            self._wait(self.manager.shutdown_kernel(now=True))

    @property
    def client(self) -> AsyncKernelClient:
        """The connection to a kernel that runs."""
        assert self._client is not None
        return self._client

    def run(self, code: str, *, interrupt_at: str = "") -> str:
        """Run a cell and return everything it shows as text; interrupt it when it shows something of a kind."""
        shown: list[str] = []
        begun = asyncio.Event()

        def take(message: dict[str, object]) -> None:
            if message["msg_type"] == interrupt_at:
                begun.set()
            match message["content"]:
                case {"text": str(text)} | {"data": {"text/plain": str(text)}}:
                    shown.append(text)
                case {"traceback": list(lines)}:
                    shown.extend(map(str, lines))
                case _:
                    pass

        async def interrupt() -> None:
            await begun.wait()
            await self.manager.interrupt_kernel()

        async def execute() -> None:
            running = self.client.execute_interactive(code, output_hook=take, timeout=_SECONDS)
            await asyncio.gather(running, *([interrupt()] if interrupt_at else []))

        self._wait(execute())
        return "".join(shown)

    def complete(self, line: str) -> list[str]:
        """Return what Tab offers at the end of a line."""
        found: list[str] = []

        async def ask() -> None:
            reply = await self.client.complete(line, len(line), reply=True, timeout=_SECONDS)
            found.extend(reply["content"]["matches"])

        self._wait(ask())
        return found

    def _wait(self, awaited: Awaitable[object]) -> None:
        async def wait() -> None:
            await awaited

        self._runner.run(wait())

    def value(self, expression: str) -> object:
        """Return the value of an expression, as JSON has it."""
        return json.loads(self.run(f"import json; print(json.dumps({expression}))"))


def find_python(version: str) -> Path:
    """Return a Python of a minor version, or skip the test."""
    found = sorted(_PYTHONS.glob(f"{version}.*/bin/python"))
    if not found:
        pytest.skip(f"there is no Python {version} in {_PYTHONS}")
    return found[-1]


def index_url() -> str:
    """Return the index that pip asks, or skip: kernels are made of packages that are not in the repository."""
    try:
        url = default_index(os.environ, Path.home()).url.rstrip("/") + "/"
    except ChapbookError as problem:
        pytest.skip(f"pip is configured for no index: {problem}")
    try:
        with urlopen(f"{url}ipykernel/", timeout=300):
            return url
    except (URLError, OSError) as problem:
        pytest.skip(f"the index that pip asks cannot be reached: {problem}")
