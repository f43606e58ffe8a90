"""The provisioner: jupyter_client asks it to start the kernel of a notebook, in the environment of its project."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from chapbook_kernelspec.announcing import Announcement, announce
from chapbook_kernelspec.belonging import SESSION
from chapbook_kernelspec.launching import can_repair, kernel_command, repair_command
from chapbook_kernelspec.ports import keep_ports
from chapbook_kernelspec.preparing import prepared
from chapbook_kernelspec.readiness import Ready, Refused, Unprepared, look
from chapbook_kernelspec.variables import kernel_variables

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chapbook_kernelspec.announcing import State
    from chapbook_kernelspec.ports import KeptPorts
    from chapbook_kernelspec.readiness import Readiness

_ENCRYPTION = "supported_encryption"


class KernelRefused(RuntimeError):
    """The kernel of a project cannot start, and nobody is there to mend it in another one."""

    def __init__(self, refused: Refused) -> None:
        super().__init__("\n".join([refused.reason, *(f"hint: {hint}" for hint in refused.hints)]))


class ProjectProvisioner(LocalProvisioner):
    """Starts kernels as the local provisioner does, with another command line at each start."""

    _kept: KeptPorts | None = None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Called before each start and restart: finds the project, has it prepared, and says what is to be run.

        The loop goes on meanwhile. What a server is given for a kernel is used again for a restart, so nothing of it
        is changed in place.
        """
        given = dict(kwargs.get("env") or os.environ)
        # What the kernelspec sets is added later, and by then everything is decided.
        variables = {**given, **self.kernel_spec.env}
        # In a thread, because the folder may be on a slow disk.
        readiness = await asyncio.to_thread(_look, variables, kwargs.get("cwd"))
        if isinstance(readiness, Unprepared):
            readiness = await self._prepared(readiness, variables)
        match readiness:
            case Ready(start=start):
                self._become(kernel_command(start), has_encryption=start.has_encryption)
                kwargs["env"] = kernel_variables(start, given)
            case Refused() as refused:
                self.log.warning("Chapbook starts no project kernel: %s", refused.reason)
                self._become(_repairing(refused, given), has_encryption=_can_encrypt())
                kwargs["env"] = given
        self._keep_ports()
        return await super().pre_launch(**kwargs)

    async def cleanup(self, restart: bool = False) -> None:  # noqa: FBT001, FBT002  as jupyter_client calls it
        """Called when a kernel has ended; one that is restarted has the same ports again."""
        if self._kept is not None and not restart:
            self._kept.release()
            self._kept = None
            # They are none of those that the local provisioner shares out among its kernels.
            self.ports_cached = False
        await super().cleanup(restart=restart)

    def _keep_ports(self) -> None:
        """Choose the ports where the local provisioner would, which leaves them to everybody until the kernel is up."""
        manager = self.parent
        if manager is not None and getattr(manager, "cache_ports", False) and not self.ports_cached:
            self._kept = keep_ports(manager)
            self.ports_cached = self._kept is not None

    async def _prepared(self, unprepared: Unprepared, variables: Mapping[str, str]) -> Ready | Refused:
        project = unprepared.belonging.project

        def say(state: State, text: str = "") -> None:
            announce(Announcement(str(self.kernel_id), project, state, text))

        def tell(line: str) -> None:
            if line:
                self.log.info("Chapbook: %s", line)
                say("going on", line)

        self.log.info("Chapbook prepares %s", project)
        say("begun")
        try:
            readiness = await prepared(unprepared.belonging, variables, tell, kernel=str(self.kernel_id))
        except BaseException:
            say("refused")
            raise
        say("ready" if isinstance(readiness, Ready) else "refused")
        return readiness

    def _become(self, command: list[str], *, has_encryption: bool) -> None:
        """Say what is to be run, and whether it can encrypt: a client that is told so wrongly waits for ever."""
        self.kernel_spec.argv = command
        metadata = dict(self.kernel_spec.metadata)
        metadata.pop(_ENCRYPTION, None)
        if has_encryption:
            metadata[_ENCRYPTION] = ["curve"]
        self.kernel_spec.metadata = metadata
        manager = self.parent
        if manager is not None and not has_encryption and getattr(manager, "curve_publickey", None) is not None:
            # Of a kernel that ran before this one, and could.
            manager.curve_publickey = manager.curve_secretkey = None


def _look(variables: Mapping[str, str], folder: object) -> Readiness:
    return look(variables, Path(str(folder)).absolute() if folder else Path.cwd(), Path.home())


def _repairing(refused: Refused, variables: Mapping[str, str]) -> list[str]:
    """Return the command of the repair kernel; raises KernelRefused where no person would see what it says.

    A program that executes a notebook must not get results from another Python than the project's.
    """
    if not variables.get(SESSION) or not can_repair():
        raise KernelRefused(refused)
    return repair_command(refused)


def _can_encrypt() -> bool:
    # Only a repair kernel wants to know.
    from importlib.metadata import version

    major = version("ipykernel").split(".")[0]
    return major.isdecimal() and int(major) >= 7  # noqa: PLR2004  the first that can
