from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import chapbook_kernelspec
from chapbook_core.project.kernel_lock import HAS_SHARED, try_lock
from tests.kernels.world import find_python

LAUNCHER = Path(chapbook_kernelspec.__file__).with_name("launcher.py")
STUB = """
import json, os, sys
print(json.dumps({"name": __name__, "words": sys.argv, "path": sys.path, "variables": sorted(os.environ)}))
"""


@pytest.mark.parametrize("version", ["3.8", "3.9", "3.12", "3.13"])
def test_the_overlay_comes_behind_everything_and_the_launchers_own_folder_goes(tmp_path: Path, version: str) -> None:
    overlay, magics = tmp_path / "overlay", tmp_path / "magics"
    overlay.mkdir()
    magics.mkdir()
    (overlay / "ipykernel_launcher.py").write_text(STUB)
    variables = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"}
    ended = subprocess.run(
        [find_python(version), LAUNCHER, f"{overlay}{os.pathsep}{magics}", "-f", "connection.json", "--more"],
        env=variables,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(ended.stdout)
    assert found["name"] == "__main__"
    assert found["words"][1:] == ["-f", "connection.json", "--more"]
    assert [str(overlay), str(magics)] == found["path"][-2:]
    assert str(LAUNCHER.parent) not in found["path"]
    assert set(found["variables"]) <= {*variables, "LC_CTYPE", "PWD", "SHLVL", "_"}


def test_a_kernel_that_is_in_the_project_is_the_one_that_runs(tmp_path: Path) -> None:
    overlay, own = tmp_path / "overlay", tmp_path / "own"
    for folder in (overlay, own):
        folder.mkdir()
        (folder / "ipykernel_launcher.py").write_text(f"print({folder.name!r})")
    ended = subprocess.run(
        [sys.executable, LAUNCHER, overlay, "-f", "x"],
        env={**os.environ, "PYTHONPATH": str(own)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout == "own\n"


STARTING_ANOTHER = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
print("runs", flush=True)
sys.stdin.readline()
"""


@pytest.mark.skipif(not HAS_SHARED, reason="nobody knows here who else uses a folder")
@pytest.mark.parametrize("version", ["3.8", "3.13"])
def test_a_kernel_holds_its_folders_for_as_long_as_it_runs(tmp_path: Path, version: str) -> None:
    overlay, magics = tmp_path / "overlay", tmp_path / "magics"
    for folder in (overlay, magics):
        folder.mkdir()
    (overlay / "ipykernel_launcher.py").write_text(STARTING_ANOTHER)
    for folder in (overlay, magics):
        os.utime(folder, (1.0, 1.0))
    words = [str(find_python(version)), str(LAUNCHER), f"{overlay}{os.pathsep}{magics}", "-f", "x"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=tmp_path) as kernel:
        assert kernel.stdout is not None
        assert kernel.stdout.readline() == b"runs\n"
        assert [is_free(folder) for folder in (overlay, magics)] == [False, False]
        # A kernel of yesterday shows when its folders were last needed.
        assert min(folder.stat().st_mtime for folder in (overlay, magics)) > 1.0
        kernel.kill()
        kernel.wait()
        # The program that it has started may run on.
        assert [is_free(folder) for folder in (overlay, magics)] == [True, True]


def is_free(folder: Path) -> bool:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        return try_lock(descriptor)
    finally:
        os.close(descriptor)


def test_a_kernel_that_fails_ends_at_once_whatever_it_has_opened(tmp_path: Path) -> None:
    # ipykernel waits at its end for sockets that its own failure has left open.
    stub = "import atexit, threading\natexit.register(threading.Event().wait)\nraise OSError('the port is taken')\n"
    (tmp_path / "ipykernel_launcher.py").write_text(stub)
    ended = subprocess.run(
        [find_python("3.12"), LAUNCHER, str(tmp_path), "-f", "connection.json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert 1 == ended.returncode
    assert "OSError: the port is taken" in ended.stderr
