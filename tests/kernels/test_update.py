from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.kernels.world import World

VERSION = "import numpy; print(numpy.__version__)"


def test_a_kernel_survives_that_its_compiled_modules_are_replaced(world: World) -> None:
    folder = world.project("numbers", ["numpy==1.26.4"])
    file = folder / "pyproject.toml"
    file.write_text(file.read_text().replace("numpy==1.26.4", "numpy>=1.26"))
    world.chapbook(folder, "lock")
    with world.kernel(folder) as kernel:
        assert kernel.run(VERSION) == "1.26.4\n"
        waiting = kernel.run("%poetry update numpy --no-interaction")
        assert "the environment stays as it is until the kernel restarts: `numpy` 1.26.4 -> 2." in waiting
        replaced = kernel.run("%poetry install --apply-now")
        assert "restart the kernel to use what has changed: `numpy` 1.26.4 -> 2." in replaced
        # What is loaded goes on, whatever has become of its files.
        assert kernel.run(VERSION) == "1.26.4\n"
        assert kernel.run("a = numpy.eye(200); print((a @ a).sum())") == "200.0\n"
        assert "numpy    >=1.26    2." in kernel.run("%poetry status")
        kernel.restart()
        assert kernel.run(VERSION).startswith("2.")


def test_project_file_lock_and_environment_may_be_spoilt_by_hand(world: World) -> None:
    folder = world.new_project("spoilt", ["six==1.16.0"])
    world.chapbook(folder, "kernel", "prepare")
    before = (folder / "poetry.lock").read_text()
    (folder / "poetry.lock").write_text(before.replace('version = "1.16.0"', "version = 1.16.0"))
    with world.kernel(folder, folder / "a.ipynb") as kernel:
        assert "poetry.lock" in kernel.run("1")
        (folder / "poetry.lock").write_text(before)
        kernel.restart()
        assert str(folder / ".venv") == kernel.value("__import__('sys').prefix")
    (folder / ".venv" / "pyvenv.cfg").unlink()
    with world.kernel(folder, folder / "a.ipynb") as kernel:
        assert "This is not the project's kernel" in kernel.run("1")
        kernel.run("!mv .venv away")
        kernel.restart()
        assert str(folder / ".venv") == kernel.value("__import__('sys').prefix")
