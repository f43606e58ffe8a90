from __future__ import annotations

import os
import socket
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Self

import papermill  # type: ignore[import-untyped]  # it has no types
import pytest
import zmq
from jupyter_client.manager import AsyncKernelManager

from chapbook_kernelspec import papermill_engine, ports
from chapbook_kernelspec.ports import NAMES, keep_ports
from chapbook_kernelspec.project_kernel import manager_class
from chapbook_kernelspec.running import main
from tests.fakes.kernel_ports import steady_port, with_steady_ports
from tests.kernelspec.notebooks import code, own_start, read_cells, streams, write_notebook

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings("ignore")  # of the libraries that speak with kernels

on_linux = pytest.mark.skipif(not ports.CAN_KEEP, reason="this system lets nobody keep a port for another")


class Thief:
    """Takes a port of a kernel between its choice and the kernel's start, as often as it is told."""

    def __init__(self, times: int, name: str = "shell_port") -> None:
        self.starts: list[int] = []
        self._times = times
        self._name = name
        self._taken = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._taken.close()

    def ready(self, *_: object) -> type[AsyncKernelManager]:
        """Stand in for `make_ready`."""
        thief = self

        class Robbed(with_steady_ports(manager_class(own_start(), os.environ))):  # type: ignore[misc]  # made here
            async def _async_launch_kernel(self, words: list[str], **options: Any) -> None:
                thief.look(getattr(self, thief._name))
                await super()._async_launch_kernel(words, **options)

        return Robbed

    def look(self, port: int) -> None:
        """See where a kernel is to start."""
        self.starts.append(port)
        if len(self.starts) <= self._times:
            taken = self._taken.enter_context(socket.socket())
            taken.bind(("127.0.0.1", port))
            taken.listen()


@pytest.fixture
def notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return write_notebook(tmp_path / "a.ipynb", code("open('runs', 'a').write('once'); print('done')"))


@pytest.mark.parametrize("name", ["shell_port", "iopub_port"])
def test_a_kernel_whose_port_was_taken_starts_again_elsewhere(
    notebook: Path, capfd: pytest.CaptureFixture[str], name: str
) -> None:
    with Thief(1, name) as thief:
        assert 0 == main(["a.ipynb"], thief.ready)
    assert 2 == len(set(thief.starts))
    assert "done\n" == capfd.readouterr().out
    assert "once" == (notebook.parent / "runs").read_text()


def test_papermill_starts_such_a_kernel_again(notebook: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Thief(2) as thief:
        monkeypatch.setattr(papermill_engine, "make_ready", thief.ready)
        papermill.execute_notebook(str(notebook), "out.ipynb", engine_name="chapbook", progress_bar=False)
    assert 3 == len(set(thief.starts))
    assert "done\n" == streams(read_cells(notebook.parent / "out.ipynb")[0])


def test_a_kernel_that_never_lives_is_given_up(notebook: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with Thief(99) as thief:
        assert 1 == main(["a.ipynb"], thief.ready)
    assert 3 == len(thief.starts)
    assert "error: the kernel did not start\n" in capfd.readouterr().err
    assert not (notebook.parent / "runs").exists()


@pytest.fixture
def manager() -> AsyncKernelManager:
    return AsyncKernelManager()


@pytest.fixture
def kept(manager: AsyncKernelManager) -> Iterator[list[int]]:
    found = keep_ports(manager)
    assert found is not None
    yield [getattr(manager, name) for name in NAMES]
    found.release()


@on_linux
def test_kept_ports_are_those_that_a_kernel_can_listen_at(kept: list[int]) -> None:
    assert 5 == len(set(kept))
    with zmq.Context() as context, ExitStack() as opened:
        for port in kept:
            opened.enter_context(context.socket(zmq.ROUTER)).bind(f"tcp://127.0.0.1:{port}")
        asking = opened.enter_context(context.socket(zmq.DEALER))
        asking.connect(f"tcp://127.0.0.1:{kept[0]}")
        asking.setsockopt(zmq.LINGER, 0)


@on_linux
def test_kept_ports_are_given_to_nobody_else(kept: list[int]) -> None:
    with ExitStack() as opened:
        for _ in range(300):
            other = opened.enter_context(socket.socket())
            other.bind(("127.0.0.1", 0))
            assert other.getsockname()[1] not in kept
    for port in kept:
        with socket.socket() as other, pytest.raises(OSError, match="in use"):
            other.bind(("127.0.0.1", port))


@on_linux
def test_ports_that_are_released_are_anybodys(manager: AsyncKernelManager) -> None:
    kept = keep_ports(manager)
    assert kept is not None
    kept.release()
    with socket.socket() as other:
        other.bind(("127.0.0.1", manager.shell_port))


def test_what_cannot_be_kept_is_left_to_jupyter_client(
    manager: AsyncKernelManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    manager.ip = "192.0.2.1"
    assert keep_ports(manager) is None
    assert 0 == manager.shell_port
    monkeypatch.setattr(ports, "CAN_KEEP", False)
    assert keep_ports(AsyncKernelManager()) is None


def test_ports_of_tests_are_none_that_the_system_gives_away() -> None:
    own = {steady_port() for _ in range(20)}
    assert 20 == len(own)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        assert max(own) < other.getsockname()[1]
