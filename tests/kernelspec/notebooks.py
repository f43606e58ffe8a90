"""Notebooks for tests, and the kernel of the Python that runs them in place of a project's."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

from chapbook_core.commands.kernel_start import KernelStart, KernelStarts, KernelWants
from chapbook_kernelspec.project_kernel import manager_class
from tests.fakes.kernel_ports import with_steady_ports

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from jupyter_client.manager import AsyncKernelManager

    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.events import Watcher

Cell = dict[str, Any]


def code(source: str, *tags: str) -> Cell:
    metadata = {"tags": list(tags)} if tags else {}
    return {"cell_type": "code", "source": source, "metadata": metadata, "outputs": [], "execution_count": None}


def text(source: str) -> Cell:
    return {"cell_type": "markdown", "source": source, "metadata": {}}


def write_notebook(path: Path, *cells: Cell, language: str = "python") -> Path:
    metadata = {"kernelspec": {"name": "chapbook", "display_name": "Project (Chapbook)", "language": language}}
    content = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 4}
    path.write_text(json.dumps(content))
    return path


def read_cells(path: Path) -> list[Cell]:
    cells: list[Cell] = json.loads(path.read_bytes())["cells"]
    return cells


def streams(cell: Cell) -> str:
    return "".join("".join(output["text"]) for output in cell["outputs"] if output["output_type"] == "stream")


def own_kernel(_notebook: Path | None, _surroundings: Surroundings, _watcher: Watcher, /) -> type[AsyncKernelManager]:
    """Stand in for a project that is ready."""
    return with_steady_ports(manager_class(own_start(), os.environ))


def own_start(environment: Path | None = None) -> KernelStart:
    """Return how a kernel is started in the Python that runs the tests."""
    prefix, library = (sys.prefix, "") if environment is None else (str(environment), str(environment / "library"))
    return KernelStart(prefix, sys.executable, library, (), (), ("-Xfrozen_modules=off",), "7.0")


def make_ready(project: Path, home: Path, variables: Mapping[str, str]) -> None:
    """Make a project whose kernel is remembered to be that Python, so that nothing is installed."""
    environment = project / ".venv"
    (environment / "library").mkdir(parents=True)
    (environment / "pyvenv.cfg").write_text("home = nowhere\n")
    (project / "pyproject.toml").write_text('[project]\nname = "ready"\nversion = "1.0"\n')
    (project / "poetry.lock").write_text("")
    starts = KernelStarts(project.resolve(), KernelWants(), variables, home)
    starts.remember(own_start(environment), starts.key(environment, environment / "library"))
