from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from tests.fakes.holding import held_by_another
from tests.kernels.server import running_server

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    assert max(waits) < 0.5
    assert "Chapbook prepares" in (world.root / "server.log").read_text()
