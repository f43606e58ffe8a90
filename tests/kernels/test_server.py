from __future__ import annotations

import http.client
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.fakes.holding import held_by_another
from tests.kernels.server import running_server, url_of_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.kernels.server import Server
    from tests.kernels.world import World

PREFIX = "import sys; print(sys.prefix)"
NOTEBOOK = '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'


@pytest.fixture(scope="module")
def server(world: World) -> Iterator[Server]:
    with running_server(world) as started:
        yield started


def test_a_notebook_that_was_moved_gets_the_kernel_of_its_new_project(server: Server, world: World) -> None:
    before, after = world.project("plain"), world.project("other", ["six"])
    (before / "a.ipynb").write_text(NOTEBOOK)
    session = server.open_notebook(f"{before.name}/a.ipynb")
    assert f"{before / '.venv'}\n" == session.run(PREFIX)
    (before / "a.ipynb").rename(after / "b.ipynb")
    session.rename(f"{after.name}/b.ipynb")
    session.restart()
    assert f"{after / '.venv'}\n" == session.run(PREFIX)
    session.close()


def test_a_notebook_that_a_collaborative_server_names_by_its_drive_gets_its_project(
    server: Server, world: World
) -> None:
    folder = world.new_project("shared", ["six"])
    (folder / "a.ipynb").write_text(NOTEBOOK)
    notebook = server.open_notebook(f"RTC:{folder.name}/a.ipynb")
    assert str(folder / ".venv") == notebook.run("import sys; print(sys.prefix)").strip()
    notebook.close()


def test_two_notebooks_of_one_project_add_at_once(server: Server, world: World) -> None:
    folder = world.new_project("both")
    world.chapbook(folder, "kernel", "prepare")
    shown: dict[str, str] = {}

    def add(notebook: str, package: str, version: str) -> None:
        (folder / notebook).write_text(NOTEBOOK)
        session = server.open_notebook(f"{folder.name}/{notebook}")
        shown[package] = session.run(
            f"%poetry add {package}=={version}\nimport {package}\nprint({package}.__version__)"
        )
        session.close()

    adding = [
        threading.Thread(target=add, args=arguments)
        for arguments in (("a.ipynb", "toolz", "1.0.0"), ("b.ipynb", "six", "1.17.0"))
    ]
    for thread in adding:
        thread.start()
    for thread in adding:
        thread.join()
    assert shown["toolz"].endswith("1.0.0\n")
    assert shown["six"].endswith("1.17.0\n")
    assert "All is well" in world.chapbook(folder, "check")
    listed = world.chapbook(folder, "show")
    assert "toolz" in listed
    assert "six" in listed


def test_a_server_is_there_as_soon_as_it_listens(tmp_path: Path) -> None:
    # As a Jupyter server does: it says where it will be, and listens once its loop runs.
    program = """
import json, socket, sys, time
from pathlib import Path
server = socket.socket()
server.bind(("127.0.0.1", 0))
Path(sys.argv[1]).write_text(json.dumps({"url": f"http://127.0.0.1:{server.getsockname()[1]}/"}))
time.sleep(0.5)
server.listen()
time.sleep(60)
"""
    file = tmp_path / "file"
    with subprocess.Popen([sys.executable, "-c", program, str(file)]) as process:
        parts = urlsplit(url_of_server(file, process, tmp_path / "log"))
        socket.create_connection((parts.hostname, parts.port or 80)).close()
        process.kill()


def test_a_server_that_ends_stops_its_preparations(world: World) -> None:
    folder = world.new_project("ended", ["six"])
    (folder / "a.ipynb").write_text(NOTEBOOK)

    def preparing() -> list[str]:
        files = [path / "cmdline" for path in Path("/proc").iterdir() if path.name.isdigit()]
        words = [_text(file).split("\0") for file in files]
        return [" ".join(each) for each in words if "prepare" in each and str(folder) in each]

    problems: list[Exception] = []

    def open_notebook(server: Server) -> None:
        try:
            server.open_notebook(f"{folder.name}/a.ipynb")
        except (OSError, http.client.HTTPException) as problem:
            problems.append(problem)

    with held_by_another(folder) as other:
        with running_server(world) as own:
            threading.Thread(target=open_notebook, args=(own,), daemon=True).start()
            _wait_until(lambda: bool(preparing() or problems))
            # That it is broken off comes later.
            assert [] == problems
        _wait_until(lambda: not preparing())
        other.let_go()


def _text(file: Path) -> str:
    try:
        return file.read_text(errors="replace")
    except OSError:
        return ""


def _wait_until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_slow_preparation_delays_nobody_else(server: Server, world: World) -> None:
    folder = world.new_project("slow", ["six"])
    (folder / "a.ipynb").write_text(NOTEBOOK)
    with held_by_another(folder) as other:
        opening = threading.Thread(target=lambda: server.open_notebook(f"{folder.name}/a.ipynb").close())
        opening.start()
        waits = []
        end = time.monotonic() + 2.5
        while time.monotonic() < end:
            began = time.monotonic()
            server.ask("GET", "api/status")
            waits.append(time.monotonic() - began)
            time.sleep(0.02)
        # It is waiting for its turn in the project all the while.
        assert opening.is_alive()
        other.let_go()
        opening.join(60)
    assert not opening.is_alive()
    # Not the longest one, which may have waited for the machine.
    assert sorted(waits)[len(waits) // 2] < 0.5
    assert "Chapbook prepares" in (world.root / "server.log").read_text()
