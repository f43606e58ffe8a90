"""Kernels: the kernel that each notebook is run in, of projects that are made ready once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.commands.command import Invocation
from chapbook_core.commands.declarations.kernel_start import KERNEL_PREPARE
from chapbook_core.commands.dispatch import perform
from chapbook_core.commands.kernel_preparation import Prepared
from chapbook_core.commands.kernel_start import KernelStarts
from chapbook_core.commands.kernel_wants import read_wants
from chapbook_core.commands.part_of_more import PartOfMore
from chapbook_core.errors import ChapbookError
from chapbook_core.project.discovery import find_project
from chapbook_core.project.locations import find_locations
from chapbook_core.project.trust import note_trust
from chapbook_core.value import replace

if TYPE_CHECKING:
    from pathlib import Path

    from chapbook_core.commands.command import Given
    from chapbook_core.commands.kernel_start import KernelStart, KernelWants
    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.events import Watcher


class Kernels:
    """Makes projects ready; whoever runs their code trusts them."""

    def __init__(self, surroundings: Surroundings, watcher: Watcher) -> None:
        self._surroundings = surroundings
        # Notebooks are run after this.
        self._watcher = PartOfMore(watcher)
        self._starts: dict[tuple[Path, tuple[str, ...]], KernelStart] = {}

    def start(self, notebook: Path) -> KernelStart:
        """Return how the kernel of a notebook is started; raises whatever keeps its project from being ready."""
        project = self._surroundings.project or find_project(notebook)
        wants = read_wants(notebook)
        key = (project, wants.words)
        if key not in self._starts:
            self._watcher.checkpoint()
            self._starts[key] = self._made_ready(find_project(project), wants)
        return self._starts[key]

    def _made_ready(self, project: Path, wants: KernelWants) -> KernelStart:
        surroundings = self._surroundings
        note_trust(project, find_locations(surroundings.variables, surroundings.home))
        known = KernelStarts(project, wants, surroundings.variables, surroundings.home).remembered()
        if known is not None:
            return known
        values: dict[str, Given] = {"with": wants.groups, "extras": wants.extras}
        invocation = Invocation(KERNEL_PREPARE, {name: names for name, names in values.items() if names})
        prepared = perform(invocation, replace(surroundings, project=project), self._watcher)
        if not isinstance(prepared, Prepared):
            raise ChapbookError(f"the environment of `{project}` is not ready")
        return prepared.start
