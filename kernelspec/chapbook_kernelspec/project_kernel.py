"""The kernel of a project for programs that start kernels themselves, whether or not Jupyter lists it."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any, cast

import zmq
import zmq.asyncio
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager

from chapbook_core.commands.command import Invocation
from chapbook_core.commands.declarations.kernel_start import KERNEL_PREPARE
from chapbook_core.commands.dispatch import perform
from chapbook_core.commands.kernel_preparation import Prepared
from chapbook_core.errors import ChapbookError
from chapbook_core.project.locations import find_locations
from chapbook_core.project.trust import note_trust
from chapbook_core.value import replace
from chapbook_kernelspec.belonging import NOTEBOOK, PROJECT, find_belonging
from chapbook_kernelspec.launching import kernel_command
from chapbook_kernelspec.ports import forget_ports, keep_ports
from chapbook_kernelspec.registration import GENERIC_DISPLAY_NAME
from chapbook_kernelspec.variables import kernel_variables

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from chapbook_core.commands.command import Given
    from chapbook_core.commands.kernel_start import KernelStart
    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.events import Watcher

_ENCRYPTION = "transport_encryption"
"""Newer managers have it, and let nothing be encrypted unless they are told."""
_STARTS = 3
_PATIENCE = 30.0
"""After so many seconds a kernel that lives has its ports; how long it may take to answer is not decided here."""
_GLANCE = 100
"""Milliseconds between looks at whether it lives."""


def make_ready(notebook: Path | None, surroundings: Surroundings, watcher: Watcher) -> type[AsyncKernelManager]:
    """Make the project of a notebook ready, and return the manager of its kernels.

    Without a notebook it is the project of the present folder. Whoever runs the code of a project trusts it, so it is
    trusted from here on. Raises whatever is in the way, where a server would start a kernel in which to mend it.
    """
    named = {} if notebook is None else {NOTEBOOK: str(notebook)}
    if surroundings.project is not None:
        named[PROJECT] = str(surroundings.project)
    variables = {**surroundings.variables, **named}
    belonging = find_belonging(variables, surroundings.folder)
    note_trust(belonging.project, find_locations(variables, surroundings.home))
    wants: dict[str, Given] = {"with": belonging.wants.groups, "extras": belonging.wants.extras}
    invocation = Invocation(KERNEL_PREPARE, {name: names for name, names in wants.items() if names})
    prepared = perform(invocation, replace(surroundings, project=belonging.project), watcher)
    if not isinstance(prepared, Prepared):
        raise ChapbookError(f"the environment of `{belonging.project}` is not ready")
    return manager_class(prepared.start, variables)


def manager_class(start: KernelStart, variables: Mapping[str, str]) -> type[AsyncKernelManager]:
    """Return a manager whose kernels are those of a project, whatever they are called.

    Whoever makes the manager, as nbclient does, knows nothing of projects, so that this has to be in its class.
    """
    # A client that is told wrongly that a kernel encrypts waits for it for ever.
    metadata = {"supported_encryption": ["curve"]} if start.has_encryption else {}
    spec = KernelSpec(
        argv=kernel_command(start), display_name=GENERIC_DISPLAY_NAME, language="python", metadata=metadata
    )
    environment = kernel_variables(start, variables)

    class ProjectKernelManager(AsyncKernelManager):
        """Starts the kernel of the project."""

        @property
        def kernel_spec(self) -> KernelSpec:
            """Return how it is started."""
            return spec

        async def start_kernel(self, **options: Any) -> None:  # type: ignore[override]  # as the class above does
            """Start it; whoever executes a notebook calls this.

            One that dies before its first answer is started again elsewhere, as a server does: what is most often the
            matter is that somebody has taken one of its ports, and nothing of the notebook has run.
            """
            if start.has_encryption and self.has_trait(_ENCRYPTION) and zmq.has("curve"):
                self.set_trait(_ENCRYPTION, "auto")
            kept = keep_ports(self) if self.cache_ports else None
            # What is chosen for good here, the provisioner would choose again.
            self.cache_ports = False
            try:
                await super().start_kernel(**{**options, "env": environment})
                for _ in range(1, _STARTS):
                    if await _has_answered(self):
                        return
                    forget_ports(self)
                    await self.restart_kernel(now=True)
            finally:
                if kept is not None:
                    kept.release()

    return ProjectKernelManager


async def _has_answered(manager: AsyncKernelManager) -> bool:
    """Wait for a kernel's first answer; False when it has died before."""
    # A name of its own, lest the kernel takes the client that comes next for this one.
    asking = cast("zmq.asyncio.Socket", manager.connect_shell(identity=os.urandom(16)))
    try:
        manager.session.send(asking, "kernel_info_request")
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end:
            if await asking.poll(_GLANCE):
                return True
            if not await manager.is_alive():
                return False
        return True
    finally:
        asking.close(linger=0)
