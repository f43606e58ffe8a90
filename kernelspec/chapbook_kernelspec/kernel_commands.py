"""Write, list and remove the kernels that Jupyter and editors list."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.commands.project_environment import present_condition, require_virtual
from chapbook_core.commands.report import Block, Line, Message, Result, Span, Table
from chapbook_core.commands.session import open_session
from chapbook_core.environment.condition import Absent
from chapbook_core.environment.environment import PROGRAM_SUFFIX
from chapbook_core.environment.place import VENV
from chapbook_core.errors import ChapbookError
from chapbook_core.project.discovery import ProjectNotFound, find_project
from chapbook_core.value import frozen, replace
from chapbook_kernelspec.jupyter_places import (
    KERNELS,
    data_folder_of,
    folders_of_jupyter,
    search_folders,
    user_data_folder,
)
from chapbook_kernelspec.registration import (
    Kernelspec,
    Registered,
    find_kernels,
    generic_kernel,
    kernel_name,
    remove_kernel,
    told_apart,
    unlike_others,
    write_kernel,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chapbook_core.commands.command import Invocation
    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.events import Watcher


_LIKENESS = 0.5
"""Of a name that is meant: they are few, so that a guess does no harm."""


class NoSuchKernel(ChapbookError):
    """No kernel has that name."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        # Only a mistake needs it.
        from difflib import get_close_matches

        hints = ["run `chapbook kernel list` to see them, with `--prefix` for one in an environment elsewhere"]
        if near := get_close_matches(name, sorted(set(known)), cutoff=_LIKENESS):
            hints.insert(0, f"did you mean {' or '.join(f'`{one}`' for one in near)}?")
        super().__init__(f"there is no kernel `{name}`", hints=hints)


@frozen
class KernelInstalled(Result):
    """A kernel is listed from here on."""

    name: str
    display_name: str
    folder: Path
    project: Path | None
    has_environment: bool = True

    def report(self) -> tuple[Block, ...]:
        """Tell how it is called."""
        blocks: list[Block] = [
            Line(("Wrote the kernel ", Span(self.display_name, "name"), f" (`{self.name}`)")),
            Line(Span(f"in {self.folder}", "dim"), detail=1),
        ]
        if not self.has_environment:
            hints = ("run `chapbook install` to make it",)
            blocks.append(Message("note", "the project has no environment yet, and the kernel needs one", hints))
        return tuple(blocks)


@frozen
class KernelsListed(Result):
    """The kernels that Chapbook has written."""

    kernels: tuple[Registered, ...]

    def report(self) -> tuple[Block, ...]:
        """Tell each on a line."""
        if not self.kernels:
            hints = ("run `chapbook kernel install` in a project to list its kernel",)
            return (Line("Chapbook has written no kernels"), Message("note", "a project needs none", hints))
        rows = tuple(
            (
                Span(kernel.name, "name"),
                kernel.display_name,
                "" if kernel.project is None else str(kernel.project),
                Span(kernel.trouble, "warn") if kernel.trouble else _place(kernel),
            )
            for kernel in self.kernels
        )
        stale = sum(bool(kernel.trouble) for kernel in self.kernels)
        hints = ("run `chapbook kernel prune` to remove what cannot start",)
        notes = (Message("note", f"{stale} of {len(self.kernels)} cannot start", hints),) if stale else ()
        return (Table(rows, ("name", "shown as", "project", "")), *notes)


@frozen
class KernelsRemoved(Result):
    """Kernels that are gone, or would be."""

    kernels: tuple[Registered, ...]
    is_done: bool = True

    def report(self) -> tuple[Block, ...]:
        """Tell each, and why."""
        if not self.kernels:
            return (Line("Every kernel that Chapbook has written can start"),)
        verb = "Removed" if self.is_done else "Would remove"
        return tuple(
            Line(
                (f"{verb} ", Span(kernel.name, "name"), Span(f": {kernel.trouble}" if kernel.trouble else "", "dim")),
            )
            for kernel in self.kernels
        )


def install(invocation: Invocation, surroundings: Surroundings, watcher: Watcher) -> KernelInstalled:
    """Write the kernel of the project, or the one for all."""
    if invocation.flag("generic"):
        kernel, environment, has_environment = generic_kernel(), None, True
    else:
        session = open_session(surroundings, watcher)
        project = session.manifest.folder
        require_virtual(session)
        condition = present_condition(session)
        environment, has_environment = condition.path, not isinstance(condition, Absent)
        shown = session.manifest.name or project.name
        python = environment / ("Scripts" if sys.platform == "win32" else "bin") / f"python{PROGRAM_SUFFIX}"
        kernel = Kernelspec(
            kernel_name(project, shown), f"Python ({shown})", Path(sys.executable), project, interpreter=python
        )
    if name := invocation.text("name"):
        kernel = replace(kernel, name=name)
    folder = _destination(invocation, surroundings, environment)
    if text := invocation.text("display-name"):
        kernel = replace(kernel, display_name=text)
    elif kernel.project is not None:
        others = find_kernels(dict.fromkeys((*_folders(invocation, surroundings), folder)))
        kernel = replace(kernel, display_name=unlike_others(kernel.display_name, kernel.name, kernel.project, others))
    if environment is not None and invocation.flag("in-project") and not has_environment:
        raise ChapbookError(
            f"the project has no environment to write the kernel into: there is no `{environment}`",
            hints=["run `chapbook install` first"],
        )
    written = write_kernel(folder, kernel)
    return KernelInstalled(kernel.name, kernel.display_name, written, kernel.project, has_environment)


def list_all(invocation: Invocation, surroundings: Surroundings, _watcher: Watcher) -> KernelsListed:
    """List ours."""
    order = folders_of_jupyter(surroundings.variables, surroundings.home)
    return KernelsListed(tuple(told_apart(_ours(invocation, surroundings), order)))


def remove(invocation: Invocation, surroundings: Surroundings, _watcher: Watcher) -> KernelsRemoved:
    """Remove those of a name, wherever they are."""
    name = invocation.text("name") or ""
    kernels = tuple(find_kernels(_folders(invocation, surroundings)))
    named = [kernel for kernel in kernels if kernel.name == name]
    if not named:
        raise NoSuchKernel(name, (kernel.name for kernel in kernels if kernel.is_ours))
    ours = [kernel for kernel in named if kernel.is_ours]
    # Without one of ours, the first of the others says whose it is.
    for kernel in ours or named:
        remove_kernel(kernel)
    return KernelsRemoved(tuple(replace(kernel, trouble="") for kernel in ours))


def prune(invocation: Invocation, surroundings: Surroundings, watcher: Watcher) -> KernelsRemoved:
    """Remove ours that cannot start any more."""
    stale = tuple(kernel for kernel in _ours(invocation, surroundings) if kernel.trouble)
    if invocation.flag("dry-run"):
        return KernelsRemoved(stale, is_done=False)
    for kernel in stale:
        watcher.checkpoint()
        remove_kernel(kernel)
    return KernelsRemoved(stale)


def _place(kernel: Registered) -> str:
    """Tell where a kernel is whose name does not say which it is."""
    if kernel.hidden_by is not None:
        return f"in {kernel.folder.parent}; Jupyter takes the one in {kernel.hidden_by.parent}"
    return "" if kernel.is_alone else f"in {kernel.folder.parent}"


def _ours(invocation: Invocation, surroundings: Surroundings) -> tuple[Registered, ...]:
    return tuple(kernel for kernel in find_kernels(_folders(invocation, surroundings)) if kernel.is_ours)


def _destination(invocation: Invocation, surroundings: Surroundings, environment: Path | None) -> Path:
    """Return the folder of kernels to write into."""
    if invocation.flag("in-project") and environment is not None:
        return data_folder_of(environment) / KERNELS
    if invocation.flag("sys-prefix"):
        return data_folder_of(Path(sys.prefix)) / KERNELS
    if prefix := invocation.text("prefix"):
        return data_folder_of(_folder(prefix, surroundings)) / KERNELS
    return user_data_folder(surroundings.variables, surroundings.home) / KERNELS


def _folders(invocation: Invocation, surroundings: Surroundings) -> tuple[Path, ...]:
    """Return where kernels are looked for: where Jupyter does, in the project's environment, and where it is said."""
    told = () if invocation.command.name == "kernel install" else invocation.texts("prefix")
    prefixes = [_folder(text, surroundings) for text in told]
    with suppress(ProjectNotFound):
        prefixes.append(find_project(surroundings.start) / VENV)
    return search_folders(surroundings.variables, surroundings.home, (*prefixes, Path(sys.prefix)))


def _folder(text: str, surroundings: Surroundings) -> Path:
    return surroundings.folder / Path(text).expanduser()
