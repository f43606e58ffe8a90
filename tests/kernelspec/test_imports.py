from __future__ import annotations

import subprocess
import sys

import pytest

JUPYTER = ("IPython", "ipykernel", "jupyter_client", "jupyter_core", "jupyterlab", "nbclient", "nbformat", "traitlets")


@pytest.mark.parametrize("module", ["kernel_commands", "lab", "registration", "running"])
def test_what_needs_no_jupyter_loads_none(module: str) -> None:
    program = f"import sys, chapbook_kernelspec.{module}; print([name for name in {JUPYTER} if name in sys.modules])"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "[]\n" == ended.stdout
