from __future__ import annotations

import asyncio
import os
import shutil
import sys
import threading
from typing import TYPE_CHECKING

import pytest
from jupyter_client.manager import AsyncKernelManager

from chapbook_kernelspec.announcing import Announcement, listen
from chapbook_kernelspec.preparing import stop_preparation
from chapbook_kernelspec.provisioner import KernelRefused
from tests.fakes.holding import held_by_another
from tests.fakes.kernel_ports import with_steady_ports

if TYPE_CHECKING:
    from pathlib import Path

    from tests.kernels.world import Running, World

TITLE = "This is not the project's kernel"


def tool_runs(kernel: Running) -> bool:
    return kernel.value("__import__('sys').prefix") == sys.prefix


def test_a_lock_that_was_edited_by_hand_is_told_once_and_mended_from_a_cell(world: World) -> None:
    folder = world.new_project("stale", ["six"])
    world.chapbook(folder, "kernel", "prepare")
    file = folder / "pyproject.toml"
    file.write_text(file.read_text().replace('"six"', '"six>=1.10"'))
    with world.kernel(folder, folder / "a.ipynb") as kernel:
        first = kernel.run("1 + 1")
        assert TITLE in first
        assert "%poetry lock" in first
        assert first.endswith("2")
        assert kernel.run("2 + 2") == "4"
        assert tool_runs(kernel)
        world.chapbook(folder, "lock")
        kernel.restart()
        assert str(folder / ".venv") == kernel.value("__import__('sys').prefix")


def test_a_project_that_nobody_trusts_is_neither_installed_nor_run(world: World) -> None:
    folder = world.root / "foreign"
    shutil.copytree(world.project("plain"), folder, symlinks=True)
    trap = folder / ".venv" / "bin" / "python"
    trap.unlink()
    trap.write_text(f"#!/bin/sh\ntouch {folder}/was-run\n")
    trap.chmod(0o755)
    for name in ("html.py", "traitlets.py", "chapbook_kernelspec.py"):
        (folder / name).write_text(f"open({str(folder / 'was-run')!r}, 'w')\n")
    with world.kernel(folder, folder / "a.ipynb") as kernel:
        assert "%poetry trust" in kernel.run("1")
    assert not (folder / "was-run").exists()


def test_an_environment_whose_python_is_gone_is_told(world: World) -> None:
    folder = world.new_project("gone")
    python = folder / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to(folder / "nothing" / "python3")
    with world.kernel(folder, folder / "a.ipynb") as kernel:
        told = kernel.run("1")
        assert TITLE in told
        assert ".venv" in told
        assert "%poetry env use" in told


def test_the_package_in_the_way_of_every_kernel_is_named(world: World) -> None:
    folder = world.new_project("blocked", ["traitlets==4.0.0"])
    with world.kernel(folder, folder / "a.ipynb") as kernel:
        told = kernel.run("1")
    assert "no ipykernel works beside `traitlets` 4.0.0" in told
    assert "%poetry add -G dev ipykernel" in told


def test_who_executes_notebooks_gets_an_error_and_no_other_python(world: World, tmp_path: Path) -> None:
    with pytest.raises(KernelRefused, match="no project in"), world.kernel(tmp_path):
        pass


def test_a_start_that_is_given_up_leaves_the_environment_as_it_was(world: World) -> None:
    folder = world.new_project("given-up", ["six"])

    async def give_up() -> None:
        manager = with_steady_ports(AsyncKernelManager)(kernel_name="chapbook")
        start = asyncio.ensure_future(manager.start_kernel(cwd=str(folder), env=dict(world.variables)))
        await asyncio.sleep(0.7)
        start.cancel()
        with pytest.raises(asyncio.CancelledError):
            # Nobody lets go of the project before.
            await asyncio.wait_for(start, 60)

    with held_by_another(folder, command="chapbook add x"):
        asyncio.run(give_up())
    assert not (folder / "poetry.lock").exists()


def test_a_preparation_that_a_person_stops_leaves_a_kernel_to_go_on_in(world: World) -> None:
    folder = world.new_project("stopped", ["six"])
    stopped: list[bool] = []

    def stop(announcement: Announcement) -> None:
        if announcement.state == "begun":
            later = threading.Timer(0.7, lambda: stopped.append(stop_preparation(announcement.kernel)))
            later.start()

    end = listen(stop)
    with held_by_another(folder), world.kernel(folder, folder / "a.ipynb") as kernel:
        assert "cancelled" in kernel.run("1")
    end()
    assert stopped == [True]
    assert not (folder / "poetry.lock").exists()


def test_two_notebooks_of_one_project_start_at_once(world: World) -> None:
    folder = world.new_project("together", ["six"])

    async def start(name: str) -> tuple[AsyncKernelManager, str]:
        manager = with_steady_ports(AsyncKernelManager)(kernel_name="chapbook")
        await manager.start_kernel(cwd=str(folder), env={**world.variables, "JPY_SESSION_NAME": str(folder / name)})
        assert manager.kernel_spec is not None
        return manager, manager.kernel_spec.argv[0]

    heard: list[Announcement] = []

    async def both() -> list[str]:
        started = await asyncio.gather(start("a.ipynb"), start("b.ipynb"))
        for manager, _ in started:
            await manager.shutdown_kernel(now=True)
        return [python for _, python in started]

    end = listen(heard.append)
    assert [os.fspath(folder / ".venv" / "bin" / "python")] * 2 == asyncio.run(both())
    end()
    assert [one.state for one in heard if one.state != "going on"] == ["begun", "begun", "ready", "ready"]
    assert {one.project for one in heard} == {folder}
