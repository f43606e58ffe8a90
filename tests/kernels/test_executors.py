from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.kernels.world import World

CODE = "import sys; print(sys.prefix)"

NBCLIENT = """
import sys, nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], 4)
NotebookClient(notebook, kernel_name="chapbook", resources={"metadata": {"path": sys.argv[3]}}).execute()
nbformat.write(notebook, sys.argv[2])
"""


def write_notebook(file: Path) -> None:
    cell: dict[str, object] = {
        "cell_type": "code",
        "id": "a",
        "execution_count": None,
        "metadata": {},
        "outputs": [],
        "source": CODE,
    }
    kernel = {"name": "chapbook", "display_name": "Project (Chapbook)", "language": "python"}
    content = {"cells": [cell], "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    file.write_text(json.dumps(content))


@pytest.mark.parametrize(
    "words",
    [
        ["-c", NBCLIENT, "a.ipynb", "out.ipynb", "."],
        ["-m", "jupyter", "execute", "a.ipynb", "--output", "out.ipynb"],
        ["-m", "papermill", "--cwd", ".", "--no-progress-bar", "a.ipynb", "out.ipynb"],
    ],
    ids=["nbclient", "jupyter execute", "papermill"],
)
def test_programs_that_execute_notebooks_run_them_in_the_project(world: World, words: list[str]) -> None:
    folder = world.project("plain")
    write_notebook(folder / "a.ipynb")
    (folder / "out.ipynb").unlink(missing_ok=True)
    ended = subprocess.run(
        [sys.executable, *words], cwd=folder, env=world.variables, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    outputs = json.loads((folder / "out.ipynb").read_text())["cells"][-1]["outputs"]
    assert [f"{folder / '.venv'}\n"] == ["".join(output["text"]) for output in outputs]


def test_who_runs_the_words_of_the_kernelspec_becomes_the_kernel(world: World) -> None:
    folder = world.project("plain")
    file = folder / "connection.json"
    file.unlink(missing_ok=True)
    specification = Path(__file__).parents[2] / "kernelspec/share/jupyter/kernels/chapbook/kernel.json"
    argv = json.loads(specification.read_text())["argv"]
    assert argv[0] == "python"
    words = [sys.executable, *(word.replace("{connection_file}", str(file)) for word in argv[1:])]
    process = subprocess.Popen(words, cwd=folder, env=world.variables, stderr=subprocess.PIPE)
    try:
        end = time.monotonic() + 60
        while not file.exists() and time.monotonic() < end and process.poll() is None:
            time.sleep(0.05)
        # The kernel itself has written the file, and it is the very process that was started.
        assert str(folder / ".venv" / "bin" / "python") == read_words(process.pid)[0]
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()


def read_words(pid: int) -> list[str]:
    if not Path("/proc").is_dir():
        pytest.skip("this system does not tell the words of a process in files")
    return Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
