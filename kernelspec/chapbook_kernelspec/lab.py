"""Open a project in JupyterLab."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from chapbook_core.commands.command import Invocation
from chapbook_core.commands.declarations.kernel_start import KERNEL_PREPARE
from chapbook_core.commands.declarations.project import INIT
from chapbook_core.commands.dispatch import perform
from chapbook_core.commands.lab_extra import require_extra
from chapbook_core.commands.programs import Program, Programs
from chapbook_core.errors import Cancelled, ChapbookError, UsageError
from chapbook_core.events import Notice
from chapbook_core.project.discovery import ProjectNotFound, find_project
from chapbook_core.project.locations import find_locations
from chapbook_core.project.trust import note_trust
from chapbook_core.value import replace
from chapbook_kernelspec.jupyter_places import KERNELS, data_folder_of
from chapbook_kernelspec.registration import GENERIC_NAME, PROVISIONER, generic_kernel, write_kernel

if TYPE_CHECKING:
    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.events import Watcher

_SUFFIX = ".ipynb"
_NATIVE_NAME = "python3"
_NATIVE_DISPLAY_NAME = "Python 3 (ipykernel)"
"""As everywhere, lest saving a notebook changes what it says of its kernel."""
_HIGHEST_PORT = 65535


def run(invocation: Invocation, surroundings: Surroundings, watcher: Watcher) -> Programs:
    """Make the project ready, and leave starting the server to the front end."""
    port = _port(invocation)
    require_extra("`chapbook lab`", "jupyterlab")
    told, words = invocation.text("path") or "", invocation.texts("words")
    if told.startswith("-"):
        # Behind `--` stand options of JupyterLab's, with or without a folder before them.
        told, words = "", (told, *words)
    path = surroundings.folder / Path(told or str(surroundings.start)).expanduser()
    if not path.exists():
        raise ChapbookError(f"there is no `{path}`", hints=["run `chapbook new` to make a project in a new folder"])
    folder = path if path.is_dir() else path.parent
    project = _project(folder, surroundings, watcher)
    note_trust(project, find_locations(surroundings.variables, surroundings.home))
    _make_ready(project, surroundings, watcher)
    notebook = first_notebook(path)
    options = _options(project, notebook)
    options += ["--no-browser"] if invocation.flag("no-browser") else []
    options += [f"--port={port}"] if port else []
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        watcher.emit(Notice("warning", "the server runs as root: whoever has its address may do anything here"))
        options.append("--allow-root")
    server = (sys.executable, "-P", "-m", "jupyterlab", *options, *words)
    return Programs((Program(Path(sys.executable), server, project, _variables(surroundings)),))


def first_notebook(path: Path) -> Path | None:
    """Return the notebook to open: the one that is named, or the first of a folder."""
    if not path.is_dir():
        return path
    found = (entry for entry in path.iterdir() if entry.suffix == _SUFFIX and not entry.name.startswith("."))
    return min(found, default=None, key=lambda entry: entry.name)


def _port(invocation: Invocation) -> str:
    text = invocation.text("port") or ""
    if text and not (text.isascii() and text.isdecimal() and 0 < int(text) <= _HIGHEST_PORT):
        raise UsageError(f"`--port` is not the number of a port: {text}")
    return text


def _project(folder: Path, surroundings: Surroundings, watcher: Watcher) -> Path:
    """Return the project, made when there is none and the person wants one."""
    try:
        return find_project(folder)
    except ProjectNotFound:
        question = f"`{folder}` is no project yet; make it one?"
        if surroundings.ask is None or not surroundings.ask.confirm(question, default=True):
            raise
    perform(Invocation(INIT, {}), replace(surroundings, folder=folder, project=folder), watcher)
    return find_project(folder)


def _make_ready(project: Path, surroundings: Surroundings, watcher: Watcher) -> None:
    """Install what the first kernel needs; where that fails the kernel says so itself, and helps to mend it."""
    try:
        perform(Invocation(KERNEL_PREPARE, {}), replace(surroundings, project=project), watcher)
    except Cancelled:
        raise
    except ChapbookError as error:
        watcher.emit(Notice("warning", f"the project is not ready: {error.message}", error.hints))


def _options(project: Path, notebook: Path | None) -> list[str]:
    address = "/lab"
    if notebook is not None:
        # Found through a link, it may be outside of what the server shows.
        real = notebook.parent.resolve() / notebook.name
        if real.is_relative_to(project):
            address = f"/lab/tree/{quote(real.relative_to(project).as_posix())}"
    return [
        f"--ServerApp.root_dir={project}",
        f"--LabApp.default_url={address}",
        f"--MultiKernelManager.default_kernel_name={GENERIC_NAME}",
    ]


def _variables(surroundings: Surroundings) -> dict[str, str]:
    """Return the variables of the server, which finds our kernels before all others.

    In a project, Python is the project's: a notebook that was saved with the kernel `python3` gets it without being
    changed, and is what it was for everybody else.
    """
    data = find_locations(surroundings.variables, surroundings.home).data / "jupyter"
    kernel = replace(generic_kernel(), provisioner=PROVISIONER)
    if not (data_folder_of(Path(sys.prefix)) / KERNELS / GENERIC_NAME).is_dir():
        write_kernel(data / KERNELS, kernel)
    write_kernel(data / KERNELS, replace(kernel, name=_NATIVE_NAME, display_name=_NATIVE_DISPLAY_NAME))
    former = surroundings.variables.get("JUPYTER_PATH", "")
    return {**surroundings.variables, "JUPYTER_PATH": os.pathsep.join(filter(None, (str(data), former)))}
