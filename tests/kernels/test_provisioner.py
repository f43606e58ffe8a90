from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from jupyter_client.manager import AsyncKernelManager

from chapbook_kernelspec.ports import CAN_KEEP, NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.kernels.world import Running, World


@pytest.fixture(scope="module", params=["3.9", "3.11", "3.13"])
def folder(request: pytest.FixtureRequest, world: World) -> Path:
    return world.project("old", ["packaging==20.9", "pip"], request.param)


@pytest.fixture(scope="module")
def kernel(folder: Path, world: World) -> Iterator[Running]:
    # Made before the variables of the process are that person's.
    with pytest.MonkeyPatch.context() as patch:
        for name, value in world.variables.items():
            patch.setenv(name, value)
        with world.kernel(folder) as running:
            yield running


def test_the_kernel_is_the_projects_own_python_and_no_process_stands_between(kernel: Running, folder: Path) -> None:
    assert str(folder / ".venv") == kernel.value("__import__('sys').prefix")
    assert kernel.pid == kernel.value("__import__('os').getpid()")
    assert os.getpid() == kernel.value("__import__('os').getppid()")


def test_locked_versions_win_over_what_the_kernel_brings(kernel: Running) -> None:
    assert kernel.value("__import__('packaging').__version__") == "20.9"
    folders = kernel.value("__import__('sys').path")
    assert isinstance(folders, list)
    own = [place for place, folder in enumerate(folders) if folder.endswith("site-packages")]
    beside = [place for place, folder in enumerate(folders) if "chapbook" in Path(folder).parts]
    assert own
    assert max(own) < min(beside)


def test_what_the_kernel_starts_sees_the_projects_packages_alone(kernel: Running) -> None:
    listed = json.loads(kernel.run("!pip list --format json --disable-pip-version-check"))
    assert {entry["name"] for entry in listed} == {"packaging", "pip", "pyparsing"}
    assert "overlays" not in kernel.run("!python -c 'import sys; print(sys.path)'")
    assert "overlays" not in kernel.run("!env")


def test_the_variables_are_those_of_the_active_environment(kernel: Running, folder: Path) -> None:
    assert str(folder / ".venv") == kernel.value("__import__('os').environ['VIRTUAL_ENV']")
    assert kernel.value("[n for n in __import__('os').environ if n in ('PYTHONHOME', 'PYTHONPATH')]") == []


def test_nothing_of_the_tool_is_loaded_before_the_magic_is_used(kernel: Running) -> None:
    loaded = "[n for n in __import__('sys').modules if n.startswith('chapbook')]"
    kernel.restart()
    assert kernel.value(loaded) == []
    assert "old 1.0" in kernel.run("%poetry")
    assert kernel.value(loaded) != []


def test_a_module_that_is_missing_is_followed_by_what_brings_it(kernel: Running) -> None:
    kernel.restart()
    assert "%poetry add scikit-learn" in kernel.run("import sklearn")


def test_what_brings_a_module_is_told_once_behind_the_first_magic(kernel: Running) -> None:
    kernel.restart()
    kernel.run("%poetry")
    assert 1 == kernel.run("import sklearn").count("%poetry add scikit-learn")


def test_encryption_is_declared_where_the_kernel_has_it(kernel: Running) -> None:
    spec = kernel.manager.kernel_spec
    assert spec is not None
    version = str(kernel.value("__import__('ipykernel').__version__"))
    assert (int(version.split(".", maxsplit=1)[0]) >= 7) == ("supported_encryption" in spec.metadata)


def test_restarts_add_nothing_to_the_path(kernel: Running, folder: Path) -> None:
    for _ in range(3):
        kernel.restart()
    path = str(kernel.value("__import__('os').environ['PATH']"))
    assert path.split(os.pathsep).count(str(folder / ".venv" / "bin")) == 1
    assert path.startswith(str(folder / ".venv" / "bin"))


def test_one_interrupt_is_one_signal(kernel: Running) -> None:
    # Outside of a cell a kernel does not listen.
    counted = kernel.run(
        "import signal, time\n"
        "count = []\n"
        "before = signal.signal(signal.SIGINT, lambda *_: count.append(1))\n"
        "print(end='begun ', flush=True)\n"
        "end = time.monotonic() + 30\n"
        "while not count and time.monotonic() < end:\n"
        "    time.sleep(0.02)\n"
        "time.sleep(0.4)\n"
        "signal.signal(signal.SIGINT, before)\n"
        "print(len(count))",
        interrupt_at="stream",
    )
    assert counted == "begun 1\n"


def test_a_killed_kernel_leaves_no_process_behind(world: World) -> None:
    folder = world.project("plain")
    with world.kernel(folder) as kernel:
        file = kernel.manager.connection_file
        os.kill(kernel.pid, signal.SIGKILL)
        end = time.monotonic() + 60
        while (left := _running_with(file)) and time.monotonic() < end:
            time.sleep(0.05)
    assert left == []


def _running_with(word: str) -> list[str]:
    listed = subprocess.run(["ps", "-eo", "stat=,args="], capture_output=True, text=True, check=True).stdout
    # What has ended and was not waited for yet has no words left but its name.
    return [line for line in listed.splitlines() if word in line and not line.startswith("Z")]


@pytest.mark.skipif(not CAN_KEEP, reason="this system lets nobody keep a port for another")
def test_nobody_is_given_the_ports_of_a_kernel_while_it_starts_or_is_started_again(world: World) -> None:
    folder = world.project("plain")

    def takers(manager: AsyncKernelManager) -> list[str]:
        """Return the ports that somebody else could have at this moment."""
        found = []
        for name in NAMES:
            with socket.socket() as one:
                try:
                    one.bind((manager.ip, getattr(manager, name)))
                except OSError:
                    continue
            found.append(name)
        return found

    async def live() -> None:
        manager = AsyncKernelManager(kernel_name="chapbook")
        await manager.start_kernel(cwd=str(folder), env=dict(world.variables))
        assert [] == takers(manager)
        before = {name: getattr(manager, name) for name in NAMES}
        await manager.shutdown_kernel(now=True, restart=True)
        assert [] == takers(manager)
        await manager.restart_kernel(now=True)
        client = manager.client()
        client.start_channels()
        await client.wait_for_ready(timeout=300)
        client.stop_channels()
        assert before == {name: getattr(manager, name) for name in NAMES}
        await manager.shutdown_kernel(now=True)
        # Where somebody was connected, the system itself keeps them for a while.
        assert getattr(manager.provisioner, "_kept", None) is None

    asyncio.run(live())
