from __future__ import annotations

from pathlib import Path

import pytest

from chapbook_core.commands.running_kernel import RunningKernel, read_running_kernel


def test_a_kernel_is_read_from_what_the_engine_is_sent() -> None:
    parameters = {
        "prefix": "/p/.venv",
        "pid": 12,
        "version": "3.9.1",
        "modules": {"a": "/p/.venv/lib/a.py", "odd": None, 3: "x"},
        "started": {"a": "1.0", "b": 2},
        "fresh": True,
    }
    kernel = read_running_kernel(parameters)
    assert (
        RunningKernel(Path("/p/.venv"), 12, "3.9.1", {"a": "/p/.venv/lib/a.py"}, {"a": "1.0"}, is_fresh=True) == kernel
    )


@pytest.mark.parametrize("parameters", [None, {}, {"prefix": ""}, {"prefix": 3}, "text", []])
def test_what_does_not_say_where_it_runs_is_no_kernel(parameters: object) -> None:
    assert read_running_kernel(parameters) is None


def test_only_modules_of_the_environment_count(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir()
    linked = tmp_path / "linked"
    linked.symlink_to(real)
    modules = {
        "a": f"{linked}/lib/python3.11/site-packages/a/__init__.py",
        "b": f"{real}/lib64/python3.11/site-packages/b.so",
        "json": "/usr/lib/python3.11/json/__init__.py",
        "near": f"{real}-more/lib/near.py",
    }
    kernel = RunningKernel(linked, modules=modules)
    expected = {"lib/python3.11/site-packages/a/__init__.py": "a", "lib/python3.11/site-packages/b.so": "b"}
    assert expected == kernel.loaded_below(real)
    assert kernel.runs_in(real)
    assert not kernel.runs_in(tmp_path)


def test_what_is_added_to_a_python_may_lie_below_its_top(tmp_path: Path) -> None:
    """As on Debian, where that is `/usr`, and `/usr/local` what is installed below."""
    modules = {"a": f"{tmp_path}/local/lib/python3.11/dist-packages/a.py", "json": f"{tmp_path}/lib/json/__init__.py"}
    kernel = RunningKernel(tmp_path, modules=modules)
    assert "lib/python3.11/dist-packages/a.py" in kernel.loaded_below(tmp_path / "local")
