"""Kernelspecs as files: written for one project or for all, found again, and removed when they are ours."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections import Counter
from fnmatch import fnmatch
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.commands.own_version import own_version
from chapbook_core.errors import ChapbookError
from chapbook_core.project.discovery import PROJECT_FILE
from chapbook_core.project.writing import WriteFailed, passing_name, write_file
from chapbook_core.value import frozen, replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

GENERIC_NAME = "chapbook"
GENERIC_DISPLAY_NAME = "Project (Chapbook)"
PROJECT_VARIABLE = "CHAPBOOK_PROJECT"
PROVISIONER = "chapbook-provisioner"
_CREATED_BY = "chapbook"
_FILE = "kernel.json"
_NAME = re.compile(r"[a-z0-9._\-]+")
_LAUNCHER = "chapbook_kernelspec.ipykernel_launcher"
_HASH_LENGTH = 8


class BadKernelName(ChapbookError):
    """Jupyter knows no kernels of such names."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"a kernel cannot be called `{name}`",
            hints=["use small letters, digits, dots, dashes and underscores, as in `chapbook-demo`"],
        )


class KernelNotOurs(ChapbookError):
    """Somebody else has made the kernel of that name."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"the kernel in `{folder}` was not made by Chapbook, and stays as it is",
            hints=["take another name with `--name`, or remove it with `jupyter kernelspec remove`"],
        )


@frozen
class Kernelspec:
    """What Jupyter, or any editor, has to know of a kernel."""

    name: str
    display_name: str
    tool: Path
    """The Python that Chapbook is installed in; it starts the project's."""
    project: Path | None = None
    """None for the kernel of whatever project a notebook is in."""
    interpreter: Path | None = None
    """The project's Python, for editors that want to know."""
    provisioner: str = ""
    """Only where Jupyter runs on the tool's own Python; elsewhere it would not find the kernel at all."""

    def data(self) -> dict[str, object]:
        """Return what the file holds."""
        about: dict[str, object] = {"created_by": _CREATED_BY, "version": own_version()}
        metadata: dict[str, object] = {"debugger": True, "chapbook": about}
        if self.interpreter is not None:
            metadata["interpreter"] = {"path": str(self.interpreter)}
        if self.provisioner:
            metadata["kernel_provisioner"] = {"provisioner_name": self.provisioner, "config": {}}
        data: dict[str, object] = {
            "argv": [str(self.tool), "-m", _LAUNCHER, "-f", "{connection_file}"],
            "display_name": self.display_name,
            "language": "python",
            "interrupt_mode": "signal",
            "metadata": metadata,
        }
        if self.project is not None:
            about["project"] = str(self.project)
            data["env"] = {PROJECT_VARIABLE: str(self.project)}
        return data


@frozen
class Registered:
    """A kernelspec that was found."""

    name: str
    folder: Path
    display_name: str
    is_ours: bool
    project: Path | None = None
    trouble: str = ""
    """Why it cannot start anything; empty when it can, and for others' kernels."""
    hidden_by: Path | None = None
    """The folder of the kernel of the same name that Jupyter takes in its place."""
    is_alone: bool = True
    """Whether no other kernel of its name was found."""


def generic_kernel(tool: Path | None = None) -> Kernelspec:
    """Return the kernel that finds the project by the notebook's folder."""
    return Kernelspec(GENERIC_NAME, GENERIC_DISPLAY_NAME, tool or Path(sys.executable))


def kernel_name(project: Path, shown: str) -> str:
    """Return a name for a project's kernel that no other project's has: projects elsewhere may be called the same."""
    words = re.sub(r"[^a-z0-9]+", "-", shown.lower()).strip("-") or "project"
    digest = sha256(os.fsencode(os.path.realpath(project))).hexdigest()
    return f"{GENERIC_NAME}-{words}-{digest[:_HASH_LENGTH]}"


def unlike_others(display_name: str, name: str, project: Path, others: Iterable[Registered]) -> str:
    """Return a name to be shown that no other kernel is shown with."""
    taken = {other.display_name for other in others if other.name != name}
    if display_name not in taken:
        return display_name
    return f"{display_name} in {project}"


def write_kernel(kernels: Path, kernel: Kernelspec) -> Path:
    """Write a kernel into a folder of kernels, and return its own; raises BadKernelName, KernelNotOurs, WriteFailed."""
    if _NAME.fullmatch(kernel.name) is None:
        raise BadKernelName(kernel.name)
    folder = kernels / kernel.name
    if os.path.lexists(folder) and not (folder.is_symlink() or _is_empty(folder)):
        present = read_kernel(folder)
        if present is None or not present.is_ours:
            raise KernelNotOurs(folder)
    elif folder.is_symlink():
        raise KernelNotOurs(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for left in folder.glob(passing_name("*")):
            left.unlink(missing_ok=True)
    except OSError as cause:
        raise WriteFailed(folder, cause) from cause
    write_file(folder / _FILE, json.dumps(kernel.data(), indent=1, ensure_ascii=False).encode() + b"\n")
    return folder


def read_kernel(folder: Path) -> Registered | None:
    """Return the kernel in a folder; None when there is none."""
    try:
        data = json.loads((folder / _FILE).read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(data, dict):
        return None
    shown = str(data.get("display_name", folder.name))
    metadata = data.get("metadata")
    about = metadata.get("chapbook") if isinstance(metadata, dict) else None
    if not isinstance(about, dict) or about.get("created_by") != _CREATED_BY or folder.is_symlink():
        return Registered(folder.name, folder, shown, is_ours=False)
    named = about.get("project")
    project = Path(named) if isinstance(named, str) else None
    return Registered(folder.name, folder, shown, is_ours=True, project=project, trouble=_trouble(data, project))


def find_kernels(folders: Iterable[Path]) -> Iterator[Registered]:
    """Yield every kernel in folders of kernels."""
    for folder in folders:
        try:
            entries = sorted(folder.iterdir())
        except OSError:
            continue
        for entry in entries:
            if (kernel := read_kernel(entry)) is not None:
                yield kernel


def told_apart(kernels: Sequence[Registered], folders: Iterable[Path]) -> Iterator[Registered]:
    """Give the kernels with what Jupyter takes of each name; it looks into `folders`, whatever the case of names."""
    order = list(folders)
    names = Counter(kernel.name.lower() for kernel in kernels)
    taken: dict[str, Path] = {}
    for kernel in find_kernels(order):
        taken.setdefault(kernel.name.lower(), kernel.folder)
    for kernel in kernels:
        first = taken.get(kernel.name.lower())
        is_seen = kernel.folder.parent in order
        yield replace(
            kernel,
            hidden_by=first if is_seen and first != kernel.folder else None,
            is_alone=names[kernel.name.lower()] == 1,
        )


def remove_kernel(kernel: Registered) -> None:
    """Remove a kernel of ours, at once: nobody sees a half of it. Raises KernelNotOurs and WriteFailed."""
    if not kernel.is_ours:
        raise KernelNotOurs(kernel.folder)
    passing = kernel.folder.with_name(f".{kernel.name}.removed")
    try:
        shutil.rmtree(passing, ignore_errors=True)
        kernel.folder.rename(passing)
    except OSError as cause:
        raise WriteFailed(kernel.folder, cause) from cause
    shutil.rmtree(passing, ignore_errors=True)


def _trouble(data: Mapping[str, object], project: Path | None) -> str:
    argv = data.get("argv")
    tool = argv[0] if isinstance(argv, list) and argv else ""
    if not isinstance(tool, str) or not Path(tool).exists():
        return f"Chapbook is no longer in `{tool}`"
    if project is None:
        return ""
    if not (project / PROJECT_FILE).is_file():
        return "the project is gone"
    metadata = data.get("metadata")
    interpreter = metadata.get("interpreter") if isinstance(metadata, dict) else None
    path = interpreter.get("path") if isinstance(interpreter, dict) else None
    if isinstance(path, str) and not Path(path).exists():
        return "the project has no environment"
    return ""


def _is_empty(folder: Path) -> bool:
    """Tell whether nothing is in a folder, or only what one of us was writing when it was killed."""
    return folder.is_dir() and all(fnmatch(path.name, passing_name("*")) for path in folder.iterdir())
