from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chapbook_kernelspec.readiness import Ready, look

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.kernels.world import Running, World


@pytest.fixture(scope="module", params=["3.9", "3.11", "3.13"])
def folder(request: pytest.FixtureRequest, world: World) -> Path:
    return world.project("magic", ["six==1.16.0"], request.param)


@pytest.fixture(scope="module")
def kernel(folder: Path, world: World) -> Iterator[Running]:
    # Made before the variables of the process are that person's.
    with pytest.MonkeyPatch.context() as patch:
        for name, value in world.variables.items():
            patch.setenv(name, value)
        with world.kernel(folder) as running:
            yield running


def test_commands_are_completed_and_told_of_before_the_first_one(kernel: Running) -> None:
    assert [] == kernel.value("[n for n in __import__('sys').modules if n.startswith('chapbook')]")
    assert "%poetry add" in str(kernel.value("get_ipython().find_line_magic('poetry').__doc__"))
    assert "add" in kernel.complete("%poetry ad")


def test_pip_knows_the_projects_packages_alone(kernel: Running) -> None:
    listed = json.loads(kernel.run("!pip list --format json"))
    assert {entry["name"] for entry in listed} == {"six"}
    assert "six" in kernel.run("%pip list")
    shown = kernel.run("!pip uninstall --yes nothing-of-that-name")
    assert "changes the environment and not the project; `%poetry remove PACKAGE` does both" in shown


def test_what_has_changed_since_the_kernel_began_is_told_by_the_first_command(
    kernel: Running, folder: Path, world: World
) -> None:
    world.chapbook(folder, "add", "toolz==1.0.0")
    shown = kernel.run("%poetry status")
    assert "note: the environment was changed outside of this kernel: toolz 1.0.0 came" in shown
    assert "note" not in kernel.run("%poetry status")
    world.chapbook(folder, "remove", "toolz")


def test_what_is_added_is_there_in_the_next_line_and_in_the_next_kernel(
    kernel: Running, folder: Path, world: World
) -> None:
    shown = kernel.run("%poetry add toolz==1.0.0\nimport toolz\nprint(toolz.__version__)")
    assert "Ready to import: tlz, toolz" in shown
    assert shown.endswith("1.0.0\n")
    # What the next kernel is started with was found out meanwhile.
    end = time.monotonic() + 60
    while not isinstance(look(world.variables, folder, Path.home()), Ready):
        assert time.monotonic() < end
        time.sleep(0.05)
    kernel.restart()
    assert kernel.value("__import__('toolz').__version__") == "1.0.0"
    assert "`toolz` 1.0.0, which goes" in kernel.run("%poetry remove toolz --no-interaction")
    assert kernel.value("__import__('toolz').__version__") == "1.0.0"
    kernel.restart()
    assert "No module named 'toolz'" in kernel.run("import toolz")


def test_what_is_loaded_stays_until_the_kernel_restarts(kernel: Running) -> None:
    kernel.run("import six")
    shown = kernel.run("%poetry add six==1.17.0 toolz==1.0.0 --no-interaction")
    assert "`six` 1.16.0 -> 1.17.0 (1 module loaded)" in shown
    assert "the rest of the environment stays as it is until the kernel restarts" in shown
    assert kernel.value("[__import__('six').__version__, __import__('toolz').__version__]") == ["1.16.0", "1.0.0"]
    kernel.restart()
    assert kernel.value("__import__('six').__version__") == "1.17.0"


def test_a_kernel_that_is_killed_leaves_no_engine_behind(world: World) -> None:
    folder = world.project("quiet", ["six==1.16.0"], "3.11")
    with world.kernel(folder) as kernel:
        kernel.run("%poetry status")
        engine = kernel.value("__import__('chapbook.magics.connection', fromlist=['x']).engine().pid")
        assert isinstance(engine, int)
        os.kill(kernel.pid, signal.SIGKILL)
        end = time.monotonic() + 60
        while _is_alive(engine):
            assert time.monotonic() < end
            time.sleep(0.05)


def test_an_interrupted_command_leaves_everything_as_it_was(world: World) -> None:
    folder = world.project("quiet", ["six==1.16.0"], "3.11")
    before = {name: (folder / name).read_bytes() for name in ("pyproject.toml", "poetry.lock")}
    installed = sorted(path.name for path in next(folder.glob(".venv/lib/*/site-packages")).iterdir())
    with world.kernel(folder) as kernel:
        kernel.run("%poetry status")
        shown = kernel.run("%poetry add jupyterlab scikit-learn pandas matplotlib", interrupt_at="display_data")
        assert "cancelled; nothing was changed" in shown
        assert before == {name: (folder / name).read_bytes() for name in before}
        assert installed == sorted(path.name for path in next(folder.glob(".venv/lib/*/site-packages")).iterdir())
        assert kernel.value("__import__('six').__version__") == "1.16.0"
        assert "Everything agrees" in kernel.run("%poetry status")


def _is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
